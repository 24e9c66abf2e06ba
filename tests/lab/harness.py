"""What a scenario is, and how one is run: in a child process, in a network namespace of its own."""
import contextlib
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

TIME_LIMIT = 60  # seconds for one scenario, beside those that it sleeps; --patience multiplies both
SCENARIOS = {}


class Skip(Exception):
    """This machine lacks what the scenario needs."""


@dataclass
class Scenario:
    """`sleeps`: seconds that it mostly waits, beside the others; `slow`: left out of the quick part."""
    function: callable
    settings: dict
    sleeps: int
    slow: bool


def scenario(ports="40000-40999", sleeps=0, slow=False, **sysctls):
    """Registers a function of one argument (a Lab). Sysctls of net.ipv4 by name: tcp_tw_reuse=0."""

    def register(function):
        settings = {"net.ipv4.ip_local_port_range": ports.replace("-", " ")}
        settings |= {f"net.ipv4.{name}": value for name, value in sysctls.items()}
        SCENARIOS[function.__name__] = Scenario(function, settings, sleeps, slow)
        return function

    return register


def prepare_namespace(settings):
    """A fresh namespace for this process, with the sysctls of every scenario and those of `settings`."""
    network.enter_fresh_namespace()
    for sysctl, value in (network.BASE_SYSCTLS | settings).items():
        if not network.has_sysctl(sysctl):
            raise Skip(f"this kernel has no {sysctl}")
        network.set_sysctl(sysctl, value)


class Lab:
    """What a scenario works with: the tool, and the list of what was predicted and what was measured."""

    def __init__(self, name, tool, options):
        self.name, self.tool, self.options = name, tool, options  # `options`: those of the command line of lab.py
        self.shown, self.notes, self.mismatches = [], [], []
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

    def ports(self, to, source=None, model=None, ask=(), **options):
        """Asks the tool for the free ports towards `to`, then takes them all.

        `model`: what docs/kernel-model.md, 0 says; `ask`: more arguments of the question.
        """
        said = self.tool.destination(to, source, *ask)["ports"]
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
    details: list = field(default_factory=list)  # lines below the first one
    seconds: float = 0

    def __str__(self):
        return f"{self.status:8}{self.name:34} {self.seconds:5.1f} s  {self.shown}"


def run_here(name, binary, options):
    """Runs a scenario in this process, which is the child's."""
    scratch = tempfile.mkdtemp(prefix="tcpadvisor-lab-")
    os.chmod(scratch, 0o755)
    lab = Lab(name, Tool(binary, scratch), options)
    try:
        network.raise_file_limit()
        prepare_namespace(SCENARIOS[name].settings)
        SCENARIOS[name].function(lab)
    except Skip as reason:
        return Result(name, "skipped", str(reason))
    except Exception:  # whatever it was, the other scenarios go on
        lab.mismatches.append(traceback.format_exc())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    answers = [str(answer) for answer in lab.tool.answers[-2:]] if lab.mismatches else []
    status = "FAILED" if lab.mismatches else "ok"
    return Result(name, status, ", ".join(lab.shown), lab.notes + lab.mismatches + answers)


class Running:
    """A scenario under way in a child process."""

    def __init__(self, name, binary, options):
        self.name, self.started = name, time.monotonic()
        self.sleeps = SCENARIOS[name].sleeps
        self.limit = (TIME_LIMIT + self.sleeps) * options.patience
        read_end, write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.close(read_end)
            result = run_here(name, binary, options)
            with os.fdopen(write_end, "w", encoding="utf-8") as pipe:
                print(json.dumps(vars(result)), file=pipe)
            os._exit(0)
        os.close(write_end)
        self.pipe = os.fdopen(read_end, encoding="utf-8")

    def overdue(self):
        return time.monotonic() - self.started > self.limit

    def stop(self):
        """Ends the child and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def result(self):
        """To be called when the pipe is readable or the child was stopped. Nothing that the child started lives on."""
        text = self.pipe.readline()
        self.stop()
        os.waitpid(self.pid, 0)
        self.pipe.close()
        result = Result(**json.loads(text)) if text else Result(self.name, "FAILED", "died or took too long")
        result.seconds = time.monotonic() - self.started
        return result
