#!/usr/bin/env python3
"""The lab: real sockets in fresh network namespaces; what tcpadvisor says against what the kernel does.

One line a scenario. Exit code: 0 all agree, 1 a mismatch, 77 skipped (no root, or no network namespaces).
"""
import argparse
import os
import select
import shutil
import sys
import time

import harness
import network
import scenarios  # registers them all

SKIPPED = 77


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", nargs="?", help="the program under test")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--only", metavar="NAME", action="append", help="only this one (repeatable; a prefix will do)")
    parser.add_argument("--quick", action="store_true", help="not the slow scenarios, and fewer random mixtures")
    parser.add_argument("--mixtures", metavar="COUNT", type=int, help="random mixtures (default 200, with --quick 40)")
    parser.add_argument("--seed", metavar="N", type=int, help="only the random mixture of this seed")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first mismatch")
    parser.add_argument("--record", metavar="DIR", type=os.path.abspath, help="keep the captures of incident_ scenarios")
    parser.add_argument("--patience", metavar="N", type=float, default=1, help="a machine N times slower")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="busy namespaces at a time (default 2)")
    options = parser.parse_args()
    options.mixtures = options.mixtures or (40 if options.quick else 200)
    return options


AN_HOUR = 3600  # seconds; who sleeps so long runs only when it is named


def chosen(options):
    """The scenarios to run: those that mostly sleep first, for they run beside all others."""
    def wanted(name):
        return any(name.startswith(prefix) for prefix in options.only)

    names = [name for name, scenario in harness.SCENARIOS.items()
             if (wanted(name) if options.only else scenario.sleeps < AN_HOUR and not (options.quick and scenario.slow))]
    return sorted(names, key=lambda name: -harness.SCENARIOS[name].sleeps)


def reason_to_skip():
    """Why this machine cannot run the lab, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not shutil.which("ip"):
        return "needs ip(8)"
    pid = os.fork()
    if pid == 0:
        try:
            network.enter_fresh_namespace()
            network.set_sysctl("net.ipv4.tcp_rfc1337", 1)
            os._exit(0)
        except (network.Unavailable, OSError):
            os._exit(1)
    return "cannot make a network namespace" if os.waitpid(pid, 0)[1] != 0 else None


def run_all(names, options):
    """Yields results as they come; after a mismatch it starts nothing new, unless told to keep going."""
    waiting, running, stopped = list(names), [], False
    while running or (waiting and not stopped):
        while waiting and not stopped and (harness.SCENARIOS[waiting[0]].sleeps or
                                           sum(not child.sleeps for child in running) < options.jobs):
            running.append(harness.Running(waiting.pop(0), os.path.abspath(options.binary), options))
        ready, _, _ = select.select([child.pipe for child in running], [], [], 0.5)
        for child in list(running):
            if child.overdue():
                child.stop()
            elif child.pipe not in ready:
                continue
            result = child.result()
            running.remove(child)
            stopped |= result.status == "FAILED" and not options.keep_going
            yield result


def main():
    options = arguments()
    names = chosen(options)
    if options.list:
        for name in names:
            print(f"{name:34} {(harness.SCENARIOS[name].function.__doc__ or '').splitlines()[0]}")
        return 0
    if not options.binary or not names:
        print("lab.py: name the program under test, and scenarios that exist (--list)", file=sys.stderr)
        return 2
    if reason := reason_to_skip():
        print(f"SKIPPED: {reason}")
        return SKIPPED

    started, results = time.monotonic(), []
    for result in run_all(names, options):
        print(result, *("    " + line for detail in result.details for line in detail.splitlines()), sep="\n", flush=True)
        results.append(result)
    count = {status: sum(result.status == status for result in results) for status in ("ok", "FAILED", "skipped")}
    print(f"{count['ok']} agree, {count['FAILED']} do not, {count['skipped']} skipped, {len(names) - len(results)} not run; "
          f"{time.monotonic() - started:.0f} s")
    return 1 if count["FAILED"] or len(results) != len(names) else 0


if __name__ == "__main__":
    sys.exit(main())
