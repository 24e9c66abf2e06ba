#!/usr/bin/env python3
"""What finding the owners of 100 leaked sockets costs, on a host with 200 processes and 20 000 descriptors.

Compares the CPU time of `tcpadvisor check` with that of `ss -tanp`, medians of alternating runs, for a leaking process
that is easy to find, one that is looked at last, and sockets that no process holds. Needs root; see README.md.
Exit code: 0 measured (target met or not), 1 could not be measured, 77 no root or no namespaces.
"""
import argparse
import ctypes
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "lab"))
import network  # noqa: E402  the namespaces of the lab

PROCESSES, DESCRIPTORS, LEAKED = 200, 20_000, 100
OLD_ENOUGH = 5.5  # seconds
TO = ("127.0.0.1", 8080)


def open_some(count):
    """Descriptors as servers have them: files, pipes, sockets."""
    kept = []
    while len(kept) < count:
        kept.append(os.open("/usr/bin/env", os.O_RDONLY))
        kept += os.pipe()
        kept += [end.detach() for end in socket.socketpair()]
        kept.append(os.open("/dev/null", os.O_RDWR))
    return kept


def leak():
    """100 connections that the peer closed, read to the end."""
    server = network.listen(*TO)
    kept = []
    for client, accepted in network.pairs(server, TO, LEAKED):
        client.close()
        assert accepted.recv(1) == b""
        kept.append(accepted)
    return [server, *kept]


def in_flight(sockets):
    """Sockets that no process holds: sent over a socket pair, which is never read."""
    ends = socket.socketpair()
    for start in range(0, len(sockets), 50):
        socket.send_fds(ends[0], [b"x"], [each.fileno() for each in sockets[start:start + 50]])
    for each in sockets:
        each.close()
    return ends


def child(work):
    """A process that does `work` and stays until this one ends."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        os.closerange(3, read_end)
        kept = work()
        os.write(write_end, b"x" if kept else b"")
        signal.pause()
    os.close(write_end)
    ready = os.read(read_end, 1)
    os.close(read_end)
    if ready != b"x":
        raise OSError("a child failed")
    return pid


def measure(program, command):
    """CPU milliseconds."""
    done = subprocess.run([program, *command], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout.split()[1]) / 1000


def prepared(case):
    """The children of a case."""
    each = DESCRIPTORS // PROCESSES
    leaking = {
        "the leaking process has most descriptors": lambda: [leak(), open_some(each)],
        "the leaking process is looked at last": leak,
        "no process holds the sockets": lambda: in_flight(leak()),
    }[case]
    crowd = each if "most" in case else each + LEAKED
    children = [child(lambda: open_some(crowd)) for _ in range(PROCESSES - 1)]
    return [*children, child(leaking)]


def run_case(case, programs, rounds):
    network.enter_fresh_namespace()
    children = prepared(case)
    try:
        time.sleep(OLD_ENOUGH)
        samples = {name: [] for name in programs["commands"]}
        for _ in range(rounds):
            for name, command in programs["commands"].items():
                samples[name].append(measure(programs["measure"], command))
        answer = subprocess.run([programs["commands"]["check"][0], "report", "--format", "json"], stdout=subprocess.PIPE,
                                check=False)
        gaps = [gap for gap in json.loads(answer.stdout)["gaps"] if "who holds" in str(gap)]
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    cpu = {name: statistics.median(values) for name, values in samples.items()}
    ratio = cpu["check"] / cpu["ss -tanp"]
    print(f"{case:44}{cpu['check']:>9.1f}{cpu['quiet']:>9.1f}{cpu['ss -tanp']:>9.1f}{ratio:>8.2f}  "
          f"{'met' if ratio < 1 else 'MISSED'}: less than ss -tanp{'; ' + str(gaps) if gaps else ''}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="DIR", type=Path, default=HERE.parent / "build", help="build directory (default build)")
    parser.add_argument("--rounds", type=int, default=15, help="alternating runs (default 15)")
    options = parser.parse_args()
    build = options.build.resolve()
    check = str(build / "src" / "cli" / "tcpadvisor")
    programs = {"measure": str(build / "bench" / "measure"),
                "commands": {"check": [check, "check"], "quiet": [check, "check", "--rule", "ephemeral-port-exhaustion"],
                             "ss -tanp": ["ss", "-tanp"]}}
    try:
        network.enter_fresh_namespace()
    except network.Unavailable as reason:
        print(f"SKIPPED: {reason}")
        return 77
    network.raise_file_limit()
    print(f"{'CPU ms, medians of ' + str(options.rounds):44}{'check':>9}{'no look':>9}{'ss -tanp':>9}{'ratio':>8}")
    try:
        for case in ("the leaking process has most descriptors", "the leaking process is looked at last",
                     "no process holds the sockets"):
            run_case(case, programs, options.rounds)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"owners.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
