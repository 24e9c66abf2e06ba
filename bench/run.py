#!/usr/bin/env python3
"""The benchmarks: what `tcpadvisor check` costs, as ratios to the kernel's floor and to what people used so far.

Needs root, network namespaces, and the programs of this folder, built. See README.md for the method.
Exit code: 0 measured (targets met or not), 1 something could not be measured, 77 no root or no namespaces.
"""
import argparse
import contextlib
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lab"))
import network  # noqa: E402  the namespaces of the lab

LIFE = 59  # seconds that a TIME_WAIT socket surely lives
MEMORY_LIMIT = 24 * 1024  # KiB
AWK = "awk '{ count[$%d]++ } END { for (state in count) print state, count[state] }'"


class Unmeasurable(Exception):
    """This case gave no numbers."""


# What else there is while a case is measured: each ends with the block.

@contextlib.contextmanager
def namespace():
    """Another network namespace, held by a process: its number."""
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
    try:
        while os.path.samefile(f"/proc/{holder.pid}/ns/net", "/proc/self/ns/net"):
            time.sleep(0.001)
        yield holder.pid
    finally:
        holder.communicate()


@contextlib.contextmanager
def sockets_elsewhere():
    """5000 connections in another network namespace."""
    with namespace() as pid:
        def connect():
            network.bring_up("lo")
            server = network.listen("127.0.0.1", 80)
            return server, network.pairs(server, ("127.0.0.1", 80), 5000)

        server, pairs = network.inside(pid, connect)
        yield
        network.abort(pairs)
        server.close()


def hold(sockets, share, made, done):
    """A process with that share of the sockets, until they are no longer wanted."""
    with sockets(share):
        made.release()
        done.wait()


@contextlib.contextmanager
def in_processes(sockets, shares=4):
    """Sockets that are too many for the open-file limit of one process: sockets(share) makes a share."""
    made, done = multiprocessing.Semaphore(0), multiprocessing.Event()
    holders = [multiprocessing.Process(target=hold, args=(sockets, share, made, done)) for share in range(shares)]
    try:
        for holder in holders:
            holder.start()
        if not all([made.acquire(timeout=60) for _ in holders]):
            raise Unmeasurable("the sockets could not be made")
        yield
    finally:
        done.set()
        for holder in holders:
            holder.join()


@contextlib.contextmanager
def close_waits(count, share=0):
    """Our clients whose peer has closed. (Port 443: make_sockets listens at 80 and the next ones.)"""
    to = (f"127.0.0.{share + 1}", 443)
    with contextlib.ExitStack() as closing:
        server = closing.enter_context(network.listen(*to))
        for _ in range(count):
            closing.enter_context(network.connect(to))
            server.accept()[0].close()
        yield


@contextlib.contextmanager
def established(share):
    """5000 open connections to ten destinations, both ends here."""
    with contextlib.ExitStack() as closing:
        for last in range(10):
            to = (f"10.2.{share}.{last}", 80)
            server = closing.enter_context(network.listen(*to))
            closing.callback(network.abort, network.pairs(server, to, 500))
        yield


@contextlib.contextmanager
def idle_namespaces():
    with contextlib.ExitStack() as closing:
        for _ in range(100):
            closing.enter_context(namespace())
        yield


@dataclass
class Case:
    name: str
    mode: str  # of make_sockets; empty: no TIME_WAIT
    many: int  # its third argument
    floor_limit: float | None
    ss_limit: float | None = None
    beside: callable = contextlib.nullcontext
    arguments_of_check: tuple = ()
    old_limit: float | None = None  # of the CPU time of the program that --old names

    def arguments(self, count):
        many = min(self.many, count * 9 // 10) if self.mode == "exhausted" else min(self.many, count)
        return [self.mode, str(count), str(many)]

    def port_range(self, count):
        """All ports; or so few that one destination nearly exhausts them."""
        if self.mode != "exhausted":
            return "1024 65535"
        return f"10000 {10000 + int(self.arguments(count)[2]) * 20 // 19}"


CASES = [
    Case("40 destinations", "outgoing", 40, 1.15, 0.3),
    Case("100 000 clients, listener there", "incoming", 100_000, 1.15),
    Case("100 000 clients, listener gone", "gone", 100_000, 1.15),
    Case("100 000 destinations", "outgoing", 100_000, 1.3),
    Case("one destination nearly exhausted", "exhausted", 52_000, 1.8),
    Case("40, and 5000 sockets elsewhere", "outgoing", 40, 1.2, beside=sockets_elsewhere),
    Case("40, and one in CLOSE_WAIT", "outgoing", 40, 1.25, beside=lambda: close_waits(1)),
]
WITHOUT_TIME_WAIT = [
    Case("quiet", "", 0, None, 0.9),
    Case("20 000 in ESTABLISHED", "", 0, 1.5, beside=lambda: in_processes(established)),
    Case("20 000 in CLOSE_WAIT", "", 0, 2.5, beside=lambda: in_processes(lambda share: close_waits(5000, share))),
    Case("100 idle namespaces", "", 0, None, beside=idle_namespaces, arguments_of_check=("--all-netns",), old_limit=0.3),
]


class Programs:
    """The commands that are compared, and the program that measures them."""

    def __init__(self, build, old=None):
        self.measure, self.make_sockets = build / "bench" / "measure", build / "bench" / "make_sockets"
        self.quick = {
            "check": [str(build / "src" / "cli" / "tcpadvisor"), "check"],
            "floor": [str(build / "bench" / "floor")],
        } | ({"old": [str(old), "check"]} if old else {})
        self.slow = {
            "ss": ["ss", "-tan"],
            "ss|awk": ["sh", "-c", "ss -tan | " + AWK % 1],
            "netstat|awk": ["sh", "-c", "netstat -tan | " + AWK % 6],
            "/proc": ["cat", "/proc/net/tcp", "/proc/net/tcp6"],
        }
        self.slow = {name: command for name, command in self.slow.items()
                     if name != "netstat|awk" or shutil.which("netstat")}

    def run(self, command):
        """(CPU milliseconds, peak KiB)"""
        done = subprocess.run([self.measure, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
        code, microseconds, peak = (int(word) for word in done.stdout.split())
        if code > 2:
            raise Unmeasurable(f"{' '.join(command)}: exit {code}: {done.stderr.strip()}")
        return microseconds / 1000, peak


def prepare_namespace(port_range):
    network.enter_fresh_namespace()
    network.ip("route add local 10.0.0.0/8 dev lo")
    settings = {"ip_local_port_range": port_range, "tcp_rfc1337": 1, "tcp_tw_reuse": 0, "tcp_max_tw_buckets": 4_000_000}
    for name, value in settings.items():
        network.set_sysctl("net.ipv4." + name, value)


def time_waits():
    with open("/proc/net/sockstat", encoding="ascii") as file:
        return int(re.search(r"^TCP:.* tw (\d+)", file.read(), re.MULTILINE)[1])


def alternate(programs, case, rounds, deadline):
    """Runs the commands in turn, the slow ones one a round, until the sockets are about to expire: samples by name."""
    samples, longest = {name: [] for name in {**programs.quick, **programs.slow}}, {}
    slow = list(programs.slow.items())
    ours = {"check", "old"}
    quick = [(name, [*command, *case.arguments_of_check] if name in ours else command)
             for name, command in programs.quick.items()]
    for turn in range(rounds):
        for name, command in [*quick, slow[turn % len(slow)], *quick]:
            started = time.monotonic()
            if started + longest.get(name, 0) * 1.3 > deadline:
                return samples
            samples[name].append(programs.run(command))
            longest[name] = max(longest.get(name, 0), time.monotonic() - started)
    return samples


def measure_case(programs, case, count, rounds):
    """Samples by command name, with `count` sockets made for them."""
    prepare_namespace(case.port_range(count))
    with case.beside():
        if not case.mode:
            return alternate(programs, case, rounds, time.monotonic() + 600)
        return measure_time_waits(programs, case, count, rounds)


def measure_time_waits(programs, case, count, rounds):
    started = time.monotonic()
    maker = subprocess.Popen([programs.make_sockets, *case.arguments(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if maker.stdout.readline() != "ready\n" or time_waits() != count:
            raise Unmeasurable(f"{time_waits()} sockets after {time.monotonic() - started:.0f} s: is the machine busy?")
        samples = alternate(programs, case, rounds, started + LIFE)
        if time_waits() != count:
            raise Unmeasurable(f"{count - time_waits()} sockets expired during the measurement")
    finally:
        maker.communicate("")
    if missing := [name for name, got in samples.items() if not got]:
        raise Unmeasurable(f"making the sockets took {LIFE} s or nearly so: no time for {', '.join(missing)}")
    return samples


def table_row(case, count, samples):
    """One line: what check costs, and its ratio to each other command."""
    cpu = {name: statistics.median(run[0] for run in got) for name, got in samples.items()}
    peak = max(run[1] for run in samples["check"])
    ratio = {name: cpu["check"] / cpu[name] for name in cpu}
    cells = [f"{count:>9}  {case.name:34}{cpu['check']:>9.1f}{cpu['floor']:>9.1f}"]
    cells += [f"{ratio.get(name, float('nan')):>8.2f}" for name in ("floor", "ss", "ss|awk", "netstat|awk", "/proc", "old")]
    return "".join(cells) + f"{peak / 1024:>8.1f}  {len(samples['check'])}x  {verdict(case, count, ratio, peak)}"


def verdict(case, count, ratio, peak):
    """Whether the targets are met; the ratios to the floor are promised for a million sockets."""
    limits = {"floor": case.floor_limit, "ss": case.ss_limit, "old": case.old_limit}
    targets = [(f"{limit} x {name}", ratio[name] <= limit) for name, limit in limits.items() if limit and name in ratio]
    targets += [("24 MiB", peak <= MEMORY_LIMIT)]
    shown = ", ".join(("met: " if met else "MISSED: ") + what for what, met in targets)
    return shown if count >= 1_000_000 or not case.mode else f"({shown})"


def instructions(command):
    """Instructions that callgrind counts, the process from exec to exit."""
    shown = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False).stderr
    found = re.search(r"Collected\s*:\s*(\d+)", shown)
    if not found:
        raise Unmeasurable(f"callgrind: {shown.strip()[-300:]}")
    return int(found[1])


def start_up(programs, runs):
    """Instructions and CPU time on a quiet namespace."""
    prepare_namespace("32768 60999")
    check, floor = programs.quick["check"], programs.quick["floor"]
    commands = {"check": check, "tcpadvisor --version": [check[0], "--version"], "floor": floor, "ss -tan": ["ss", "-tan"]}
    samples = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            samples[name].append(programs.run(command))
    print(f"{'':22}{'instructions':>14}{'CPU ms':>9}{'peak MiB':>10}   (medians of {runs})")
    cpu = {}
    for name, command in commands.items():
        cpu[name] = statistics.median(run[0] for run in samples[name])
        counted = instructions(command) if shutil.which("valgrind") else "no valgrind"
        print(f"{name:22}{counted:>14}{cpu[name]:>9.2f}{max(run[1] for run in samples[name]) / 1024:>10.1f}")
    ratio = cpu["check"] / cpu["ss -tan"]
    print(f"check takes {ratio:.2f} x the CPU time of ss -tan: {'met' if ratio <= 0.9 else 'MISSED'} (0.9)")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="DIR", type=Path, default=HERE.parent / "build", help="build directory (default build)")
    parser.add_argument("--old", metavar="PROGRAM", type=Path, help="an older build of the program, measured in the same run")
    parser.add_argument("--quick", action="store_true", help="10 000 and 100 000 sockets, few rounds")
    parser.add_argument("--startup", action="store_true", help="only the cost of starting, in instructions too")
    parser.add_argument("--only", metavar="TEXT", default="", help="only cases whose name contains TEXT")
    parser.add_argument("--sockets", metavar="N", type=int, action="append", help="only this many sockets (repeatable)")
    parser.add_argument("--rounds", type=int, help="rounds at most (default 12, quick 4)")
    return parser.parse_args()


def run_cases(programs, options):
    """Prints the table; False if something could not be measured."""
    counts = options.sockets or ([0, 10_000, 100_000] if options.quick else [0, 10_000, 100_000, 1_000_000])
    rounds = options.rounds or (4 if options.quick else 12)
    print(f"{'sockets':>9}  {'case':34}{'check ms':>9}{'floor ms':>9}   check's CPU time as a multiple of")
    print(f"{'':63}{'floor':>8}{'ss':>8}{'ss|awk':>8}{'netst|a':>8}{'/proc':>8}{'old':>8}{'MiB':>8}  runs  targets", flush=True)
    complete = True
    for count in counts:
        for case in CASES if count else WITHOUT_TIME_WAIT:
            if options.only not in case.name:
                continue
            try:
                print(table_row(case, count, measure_case(programs, case, count, rounds)), flush=True)
            except (Unmeasurable, OSError, subprocess.SubprocessError) as error:
                complete = False
                print(f"{count:>9}  {case.name:34}not measured: {error}", flush=True)
            time.sleep(0.5 + count / 500_000)  # the kernel clears the namespace away
    return complete


def main():
    options = arguments()
    network.raise_file_limit()
    programs = Programs(options.build.resolve(), options.old)
    needed = [programs.measure, programs.make_sockets, *(Path(command[0]) for command in programs.quick.values())]
    if missing := [str(path) for path in needed if not os.access(path, os.X_OK)]:
        print(f"run.py: build these first: {', '.join(missing)}", file=sys.stderr)
        return 1
    try:
        network.enter_fresh_namespace()
    except network.Unavailable as reason:
        print(f"SKIPPED: {reason}")
        return 77
    try:
        with tempfile.TemporaryDirectory(prefix="tcpadvisor-bench-") as states:
            os.environ["STATE_DIRECTORY"] = states  # check leaves a state, as it does every minute
            if options.startup:
                start_up(programs, 10 if options.quick else 50)
                return 0
            return 0 if run_cases(programs, options) else 1
    except (Unmeasurable, OSError, subprocess.SubprocessError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
