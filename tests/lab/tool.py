"""Runs the program under test and reads its answers."""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACES = {"--replay", "--netns", "--pid", "--all-netns", "--this-netns"}
DENY_NETLINK = [sys.executable, str(HERE / "deny_netlink.py")]


class Answer:
    def __init__(self, arguments, exit_code, out, err):
        self.arguments, self.exit, self.out, self.err = arguments, exit_code, out, err

    @property
    def line1(self):
        return self.out.split("\n", 1)[0]

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def perfdata(self):
        """Label -> number of line 1 ('U' stays text)."""
        values = {}
        for item in self.line1.partition("|")[2].split():
            label, _, rest = item.partition("=")
            number = rest.split(";")[0].rstrip("%csB")
            values[label] = float(number) if number not in ("U", "") else number
        return values

    def finding(self, rule):
        """The first finding of `rule` in a JSON answer, or None."""
        return next((finding for finding in self.json["findings"] if finding["rule"] == rule), None)

    def __str__(self):
        shown = self.out if len(self.out) < 3000 else self.out[:3000] + "..."
        return f"$ {' '.join(self.arguments)}\nexit {self.exit}\n{shown}{self.err and 'stderr: ' + self.err}"


class Tool:
    """`scratch` is an empty directory: no configuration of this host may change a verdict."""

    def __init__(self, binary, scratch):
        self.binary, self.scratch = str(binary), Path(scratch)
        (self.scratch / "rules.d").mkdir(exist_ok=True)
        (self.scratch / "site.toml").touch()
        self.answers = []

    def add_rule(self, text):
        """A rule of the site, beside the shipped ones."""
        (self.scratch / "rules.d" / "lab.toml").write_text(text, encoding="utf-8")

    def add_settings(self, text):
        """Settings of the site, which are none without it."""
        (self.scratch / "site.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments, wrapper=(), name=None, everywhere=False, env=None, **popen):
        """`wrapper`: a command that execs the rest; `name`: argv[0]; `everywhere`: `report` looks where it likes; `env`:
        more of the environment; other options go to Popen."""
        isolated = list(arguments)
        if arguments[0] == "report" and not everywhere and not PLACES.intersection(arguments):
            isolated.append("--this-netns")  # other scenarios run in other ones
        if arguments[0] in ("check", "report", "audit"):
            isolated += ["--config", str(self.scratch / "site.toml"), "--rules", str(self.scratch / "rules.d")]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.scratch), "COLUMNS": "80",
                       "STATE_DIRECTORY": str(self.scratch / "state")}
        environment |= env or {}
        popen.setdefault("stdout", subprocess.PIPE)
        done = subprocess.run([*wrapper, name or self.binary, *isolated], executable=None if wrapper else self.binary,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True, timeout=30,
                              check=False, **popen)
        answer = Answer(["tcpadvisor", *arguments], done.returncode, done.stdout or "", done.stderr)
        self.answers.append(answer)
        return answer

    def check(self, *arguments, **options):
        return self.run("check", *arguments, **options)

    def check_json(self, *arguments, **options):
        return self.run("check", "--format", "json", *arguments, **options)

    def states(self, **options):
        return self.run("states", "--format", "json", **options).json["states"]

    def destination(self, to, source=None, *arguments):
        """The port arithmetic of one destination from one source, without a name the one that routing chooses."""
        address, port = to
        end_point = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        chosen = ["--from", source] if source else []
        answer = self.run("ports", "--format", "json", "--to", end_point, *chosen, *arguments)
        (namespace,) = answer.json["namespaces"]
        destinations = namespace["destinations"]
        assert destinations and (source is None or len(destinations) == 1), answer
        return next((destination for destination in destinations if destination["routed"]), destinations[0])
