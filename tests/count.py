#!/usr/bin/env python3
"""Sums up the last `meson test` run: count.py BUILD

Test programs that count for themselves (Catch2, unittest, the lab, or a closing line "N passed, N failed") count with
their own numbers, the others as one. A program that skipped itself (exit code 77) is never a pass.
"""
import json
import pathlib
import re
import sys


def counted(test):
    """(passed, failed, skipped) of one program."""
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    result = test["result"]
    if result in ("SKIP",):
        return 0, 0, 1
    summary = re.findall(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", output)
    catch = re.search(r"test cases:\s*\d+ \|\s*(?:(\d+) passed)?(?: \|\s*)?(?:(\d+) failed)?", output)
    lab = re.search(r"(\d+) agree, (\d+) do not, (\d+) skipped", output)
    ran = re.search(r"^Ran (\d+) tests?", output, re.MULTILINE)
    all_passed = re.search(r"All tests passed \(\d+ assertions? in (\d+) test cases?\)", output)
    if all_passed:
        passed, failed, skipped = int(all_passed.group(1)), 0, 0
    elif catch:
        passed, failed, skipped = int(catch.group(1) or 0), int(catch.group(2) or 0), 0
    elif lab:
        passed, failed, skipped = (int(number) for number in lab.groups())
    elif ran:
        bad = sum(int(number) for number in re.findall(r"(?:failures|errors)=(\d+)", output))
        skipped = sum(int(number) for number in re.findall(r"skipped=(\d+)", output))
        passed, failed = int(ran.group(1)) - bad - skipped, bad
    elif summary:
        passed, failed, skipped = (int(number or 0) for number in summary[-1])
    else:
        passed, failed, skipped = 1, 0, 0
    if result not in ("OK", "EXPECTEDFAIL") and failed == 0:
        failed = 1  # it died, or timed out, after whatever it had counted
    return passed, failed, skipped


def main():
    log = pathlib.Path(sys.argv[1]) / "meson-logs" / "testlog.json"
    totals = [0, 0, 0]
    for line in log.read_text(encoding="utf-8").splitlines():
        for place, number in enumerate(counted(json.loads(line))):
            totals[place] += number
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


sys.exit(main())
