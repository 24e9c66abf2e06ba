"""What a scenario is, and how one is run: in a child process, in a network namespace of its own."""
import json
import os
import shutil
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass, field

import network
from tool import Tool

TIME_LIMIT = 60  # seconds for one scenario
SCENARIOS = {}


class Skip(Exception):
    """This machine lacks what the scenario needs."""


def scenario(ports="40000-40999", **sysctls):
    """Registers a function of one argument (a Lab). Sysctls of net.ipv4 by name: tcp_tw_reuse=0."""

    def register(function):
        settings = {"net.ipv4.ip_local_port_range": ports.replace("-", " ")}
        settings |= {f"net.ipv4.{name}": value for name, value in sysctls.items()}
        SCENARIOS[function.__name__] = (function, settings)
        return function

    return register


class Lab:
    """What a scenario works with: the tool, and the list of what was predicted and what was measured."""

    def __init__(self, tool):
        self.tool = tool
        self.shown, self.mismatches = [], []
        self.kept = []  # sockets that must live until the end

    def keep(self, sockets):
        self.kept.append(sockets)
        return sockets

    def equal(self, what, predicted, measured):
        self.shown.append(f"{what} {measured}")
        if predicted != measured:
            self.mismatches.append(f"{what}: predicted {predicted}, measured {measured}")

    def within(self, what, low, high, measured):
        self.shown.append(f"{what} {measured} in [{low}..{high}]")
        if not low <= measured <= high:
            self.mismatches.append(f"{what}: predicted {low}..{high}, measured {measured}")

    def true(self, what, condition):
        if not condition:
            self.mismatches.append(f"not so: {what}")

    def ports(self, to, source=None, model=None, **options):
        """Asks the tool for the free ports towards `to`, then takes them all. `model`: what the kernel model says."""
        said = self.tool.destination(to, source)["ports"]
        got = len(self.keep(network.fill(to, source=source, **options)))
        self.shown.append(f"{source or ''}->{to[0]}: estimate {said['free']}")
        self.within("connects", said["free_min"], said["free_max"], got)
        self.true(f"the estimate {said['free']} lies in its interval", said["free_min"] <= said["free"] <= said["free_max"])
        if said["free_min"] == said["free_max"]:
            self.true(f"the estimate {said['free']} is exact", said["free"] == got)
        if model is not None:
            self.true(f"the kernel gives {model} ports (it gave {got})", got == model)
        return said, got


@dataclass
class Result:
    name: str
    status: str  # ok, FAILED, skipped
    shown: str = ""
    details: list = field(default_factory=list)
    seconds: float = 0

    def __str__(self):
        return f"{self.status:8}{self.name:34} {self.seconds:5.1f} s  {self.shown}"


def run_here(name, binary):
    """Runs a scenario in this process, which is the child's."""
    function, settings = SCENARIOS[name]
    scratch = tempfile.mkdtemp(prefix="tcpadvisor-lab-")
    os.chmod(scratch, 0o755)
    lab = Lab(Tool(binary, scratch))
    try:
        network.enter_fresh_namespace()
        network.raise_file_limit()
        for sysctl, value in (network.BASE_SYSCTLS | settings).items():
            if not network.has_sysctl(sysctl):
                raise Skip(f"this kernel has no {sysctl}")
            network.set_sysctl(sysctl, value)
        function(lab)
    except Skip as reason:
        return Result(name, "skipped", str(reason))
    except Exception:  # whatever it was, the other scenarios go on
        lab.mismatches.append(traceback.format_exc())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    details = lab.mismatches + [str(answer) for answer in lab.tool.answers[-2:]] if lab.mismatches else []
    return Result(name, "FAILED" if details else "ok", ", ".join(lab.shown), details)


class Running:
    """A scenario under way in a child process."""

    def __init__(self, name, binary):
        self.name, self.started = name, time.monotonic()
        read_end, write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.close(read_end)
            result = run_here(name, binary)
            with os.fdopen(write_end, "w", encoding="utf-8") as pipe:
                json.dump(vars(result), pipe)
            os._exit(0)
        os.close(write_end)
        self.pipe = os.fdopen(read_end, encoding="utf-8")

    def overdue(self):
        return time.monotonic() - self.started > TIME_LIMIT

    def stop(self):
        """Ends the child and what it started."""
        os.killpg(self.pid, signal.SIGKILL)

    def result(self):
        """To be called when the pipe is readable or the child was stopped."""
        text = self.pipe.read()
        os.waitpid(self.pid, 0)
        self.pipe.close()
        result = Result(**json.loads(text)) if text else Result(self.name, "FAILED", "died or took too long")
        result.seconds = time.monotonic() - self.started
        return result
