#!/usr/bin/env python3
"""Checks on hosts under load: load.py BINARY MAKE_SOCKETS

Somewhere in each load a destination has used up its ports. Every command must answer within its --timeout, with the truth
or saying what it left out; never OK. One line a load. MAKE_SOCKETS is a program of bench/.
Exit code: 0 all did, 1 some did not, 77 skipped (no root, or no network namespaces).
"""
import argparse
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "lab"))
import harness  # noqa: E402
import lab as the_lab  # noqa: E402
import network  # noqa: E402
from harness import Skip, scenario  # noqa: E402

HERE = ("127.0.0.1", 80)
MARGIN = 5  # seconds that a busy machine may take to start and end a process
LEFT_OUT = ("the time was up", "no answer within")  # how an answer says that it is not a whole one


def exhaust(lab, to=HERE):
    """All of the few ports towards one destination are taken."""
    lab.keep(network.listen(*to))
    lab.keep(network.fill(to))


class Answers:
    """How commands fared: which of them said the whole truth, and how long the slowest took."""

    def __init__(self, lab):
        self.lab, self.whole, self.partial, self.slowest = lab, 0, 0, 0

    def judge(self, what, exit_code, out, seconds, timeout):
        """An alarm about the destination, or UNKNOWN which says that time was lacking."""
        says_so = any(words in out for words in LEFT_OUT)
        self.lab.true(f"{what}: {seconds:.1f} s are within {timeout} s", seconds < timeout + MARGIN)
        self.lab.true(f"{what}: exit {exit_code}, {out[:500]}", exit_code == 2 and ":80" in out or exit_code == 3 and says_so)
        self.whole, self.partial = self.whole + (exit_code == 2), self.partial + says_so
        self.slowest = max(self.slowest, seconds)

    def ask(self, *arguments, timeout=10):
        """One command that gives a verdict."""
        begin = time.monotonic()
        answer = self.lab.tool.run(*arguments, "--timeout", str(timeout))
        self.judge(" ".join(arguments), answer.exit, answer.out + answer.err, time.monotonic() - begin, timeout)
        return answer

    def look(self, *arguments, timeout=10):
        """One command that gives none: it answers, or says what it lacks."""
        begin = time.monotonic()
        answer = self.lab.tool.run(*arguments, "--timeout", str(timeout))
        seconds = time.monotonic() - begin
        what = f"{' '.join(arguments)}: exit {answer.exit}, {seconds:.1f} s, {(answer.out + answer.err)[:500]}"
        self.lab.true(what, seconds < timeout + MARGIN and answer.exit in (0, 3))
        self.lab.true(what, answer.exit == 0 or any(words in answer.out + answer.err for words in (*LEFT_OUT, "not all sockets")))
        self.slowest = max(self.slowest, seconds)

    def show(self, text):
        self.lab.shown.append(f"{text}: {self.whole} CRITICAL, {self.partial} said what was left out, at most {self.slowest:.1f} s")


def child(work):
    """A process that does `work` and then stays as it is; (its number, what it wrote with `say`) when it is ready."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        os.close(read_end)
        kept = work(lambda text: os.write(write_end, text.encode()))
        os.close(write_end)
        while kept is not None:
            signal.pause()
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, encoding="ascii") as pipe:
        return pid, pipe.read()


def end(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def make_sockets(lab, *job):
    """Runs make_sockets: its sockets stay for a minute, in TIME_WAIT."""
    done = subprocess.run([lab.options.make_sockets, *map(str, job)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != 0:
        raise Skip(f"make_sockets: {done.stderr}")


def wide():
    """What make_sockets wants: all of 10.0.0.0/8 here, and TIME_WAIT that stays."""
    network.ip("route add local 10.0.0.0/8 dev lo")
    network.set_sysctl("net.ipv4.tcp_max_tw_buckets", 4_000_000)
    network.set_sysctl("net.ipv4.tcp_tw_reuse", 0)


@scenario(ports="40000-40999")
def load_parallel(lab):
    """Checks at the same time with one state directory, which is usable after that."""
    exhaust(lab)
    answers, count, timeout = Answers(lab), 12 if lab.options.quick else 50, 10
    lab.tool.check("--no-state")
    command = [lab.tool.binary, "check", "--config", str(lab.tool.scratch / "site.toml"), "--rules", str(lab.tool.scratch / "rules.d"),
               "--state-dir", str(lab.tool.scratch / "state"), "--timeout", str(timeout)]
    begin = time.monotonic()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(count)]
    for process in running:
        out, _ = process.communicate()
        answers.judge("one of many", process.returncode, out, time.monotonic() - begin, timeout)
    after = lab.tool.check("-v", "--state-dir", str(lab.tool.scratch / "state"))
    lab.true(f"the state is whole after that: {after}", all(words not in after.out for words in ("earlier runs are not used", "is not kept")))
    lab.true("nothing is left in its directory", len(list((lab.tool.scratch / "state").iterdir())) == 1)
    answers.show(f"{count} checks at once")


@scenario(ports="10000-64999")
def load_churn(lab):
    """Checks while connections come and go as fast as this machine makes them."""
    wide()
    count = 60_000 if lab.options.quick else 600_000
    make_sockets(lab, "exhausted", 55_000, 55_000)
    answers, begin = Answers(lab), time.monotonic()
    with subprocess.Popen([lab.options.make_sockets, "outgoing", str(count), str(count // 500), "1"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, start_new_session=True) as flood:
        while flood.poll() is None and time.monotonic() < begin + 30:  # what is exhausted lasts for a minute
            answers.ask("check")
            answers.ask("report", "--format", "json")
        took, made = time.monotonic() - begin, network.time_waits_of_kernel() - 55_000
        with contextlib.suppress(ProcessLookupError):
            os.killpg(flood.pid, signal.SIGKILL)
    lab.true("connections were made meanwhile", made > 0)
    answers.show(f"{made / took:.0f} connections a second for {took:.0f} s")


def come_and_go():
    """Namespaces with a socket that live for some milliseconds, one after the other, until the parent ends."""
    while True:
        pid = os.fork()
        if pid == 0:
            network.enter_fresh_namespace()
            network.listen("127.0.0.1", 80)
            time.sleep(0.02)
            os._exit(0)
        os.waitpid(pid, 0)


@scenario(ports="40000-40999")
def load_vanishing(lab):
    """Checks of all namespaces while some appear and vanish."""
    exhaust(lab)
    answers, pids = Answers(lab), []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
            come_and_go()
        pids.append(pid)
    try:
        stop = time.monotonic() + (2 if lab.options.quick else 20)
        while time.monotonic() < stop:
            answers.ask("check", "--all-netns")
            answers.ask("report", "--all-netns")
            answers.look("states", "--all-netns")
    finally:
        end(pids)
    answers.show("4 namespaces at a time, each for 20 ms")


def hold_namespaces(count):
    """One process in the last of them, with a descriptor of each; every tenth has a socket, and in the last one a
    destination is exhausted."""

    def work(say):
        kept = []
        for number in range(count):
            network.enter_fresh_namespace()
            kept.append(os.open("/proc/self/ns/net", os.O_RDONLY))
            if number % 10 == 0:
                kept.append(network.listen("127.0.0.1", 8080))
        network.set_sysctl("net.ipv4.ip_local_port_range", "40000 40499")
        kept.append(network.listen(*HERE))
        kept.append(network.fill(HERE))
        say("ready")
        return kept

    return work


@scenario(sleeps=0)
def load_namespaces(lab):
    """Many namespaces, one of which has an exhausted destination."""
    count = 60 if lab.options.quick else 5000
    pid, said = child(hold_namespaces(count))
    answers = Answers(lab)
    try:
        if said != "ready":
            raise Skip(f"no {count} namespaces can be made here")
        for timeout in (10, 1) if lab.options.quick else (25, 10, 3, 1):
            answers.ask("check", "--all-netns", timeout=timeout)
            answers.ask("report", "--all-netns", timeout=timeout)
        answers.look("ports", "--all-netns")
        answers.look("states", "--all-netns")
        answers.look("record", "--all-netns", str(lab.tool.scratch / "capture"))
    finally:
        end([pid])
    answers.show(f"{count} namespaces")


@scenario(ports="40000-40499")
def load_listeners(lab):
    """Many listening sockets beside an exhausted destination."""
    exhaust(lab)
    count = 2000 if lab.options.quick else 10_000
    lab.keep([network.listen("127.0.0.1", 20_000 + number, backlog=8) for number in range(count)])
    answers = Answers(lab)
    answers.ask("check")
    answers.ask("check", timeout=1)
    answers.ask("report")
    answers.look("ports")
    answers.look("port", "20001")
    answers.show(f"{count} listeners")


SITE_RULE = """
[[rule]]
id = "site-pool"
tags = ["health", "ports"]
for_each = "destination"
value = "time_wait"
warning = "60000"
summary = "{remote} has {time_wait} connections"
"""
OVERRIDE = """
[[override]]
rule = "site-pool"
remote = "10.9.%d.%d:443"
warning = "99999"
reason = "a batch"
"""


@scenario(ports="10000-64999")
def load_destinations(lab):
    """Many destinations, and a rule about each of them with many overrides."""
    wide()
    count, overrides = (5000, 500) if lab.options.quick else (100_000, 2200)
    lab.tool.add_rule(SITE_RULE)
    lab.tool.add_settings("".join(OVERRIDE % divmod(number, 256) for number in range(overrides)))
    make_sockets(lab, "outgoing", count, count, 1)
    make_sockets(lab, "exhausted", 55_000, 55_000)
    answers = Answers(lab)
    for timeout in (10, 2) if lab.options.quick else (10, 3, 1):
        answers.ask("check", timeout=timeout)
    answers.ask("report")
    answers.ask("check", "--format", "json", timeout=5)
    answers.look("ports")
    answers.show(f"{count} destinations, {overrides} overrides")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="the program under test")
    parser.add_argument("make_sockets", type=os.path.abspath, help="bench/make_sockets of the build directory")
    parser.add_argument("--quick", action="store_true", help="small loads")
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="only this load (repeatable)")
    options = parser.parse_args()
    options.jobs, options.keep_going, options.patience = 1, True, 3
    if reason := the_lab.reason_to_skip():
        print(f"SKIPPED: {reason}")
        return the_lab.SKIPPED
    names = [name for name in harness.SCENARIOS if name.startswith("load_")]
    failed = False
    for result in the_lab.run_all([name for name in names if not options.only or name in options.only], options):
        print(result, *("    " + line for detail in result.details for line in detail.splitlines()), sep="\n", flush=True)
        failed |= result.status == "FAILED"
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
