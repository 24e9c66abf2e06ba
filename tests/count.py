#!/usr/bin/env python3
"""Sums up the last `meson test` run: count.py BUILD

Test programs that count for themselves (Catch2, unittest, the lab, or a closing line "N passed, N failed") count with
their own numbers, the others as one. A program that skipped itself (exit code 77) is never a pass. Above the numbers
stands each failure: the test program, and the line that tells what was not so.
"""
import json
import os
import pathlib
import re
import signal
import sys

MOST_FAILURES = 20  # shown of one program
MOST_CHARACTERS = 300  # of one failure
GOOD = ("OK", "EXPECTEDFAIL", "SKIP")


def output_of(test):
    return (test.get("stdout") or "") + (test.get("stderr") or "")


def counted(test):
    """(passed, failed, skipped) of one program."""
    output = output_of(test)
    result = test["result"]
    if result == "SKIP":
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
        passed, failed = max(int(ran.group(1)) - bad - skipped, 0), bad  # one test may fail several times
    elif summary:
        passed, failed, skipped = (int(number or 0) for number in summary[-1])
    else:
        passed, failed, skipped = int(result in GOOD), 0, 0
    if result not in GOOD and failed == 0:
        failed = 1  # it died, or timed out, after whatever it had counted
    return passed, failed, skipped


def of_catch2(output):
    """Versions 2 and 3: "file:line: FAILED:", then what was checked and what it was, up to an empty line."""
    for place, said in re.findall(r"^(\S+:\d+): FAILED:\n(.*?)(?:\n\n|\n={79}|\Z)", output, re.M | re.S):
        yield f"{place}: {said}"


def of_traceback(text):
    """The last place that is in no library, and what was raised: the first line after the last place with less indent."""
    places = re.findall(r'^( *)File "(.+)", line (\d+)', text, re.M)
    if not places:
        return text
    own = [place for place in places if not re.search(r"/lib\w*/python|^<", place[1])] or places
    after = re.split(r'^ *File ".+", line \d+.*\n', text, flags=re.M)[-1].splitlines()
    indent = len(places[-1][0])
    raised = next((line for line in after if line.strip() and len(line) - len(line.lstrip()) < indent), "")
    return f"{own[-1][1]}:{own[-1][2]}: {raised}"


def of_unittest(output):
    """A line of "=", the name of a test, a line of "-", and what happened."""
    for block in re.split(r"^={70}\n(?=FAIL: |ERROR: )", output, flags=re.M)[1:]:
        head, _, said = block.partition("\n" + "-" * 70 + "\n")
        name = re.sub(r"^\w+: (\w+) \(\S+\)", r"\1", head.splitlines()[0])
        yield f"{name}: {of_traceback(said)}"


def of_list(output):
    """The lab, the days, and what else prints "FAILED  NAME" and below it, indented, why; the lab also its answers."""
    for name, said, below in re.findall(r"^FAILED +([^\s(].*?)(?:  +(.*))?\n((?:    .*\n)*)", output, re.M):
        why, _, _ = below.partition("\n    $ ")
        why, raised, trace = why.partition("    Traceback")
        lines = why.splitlines() + ([of_traceback(trace)] if raised else [])
        for line in lines or [said]:
            yield f"{name}: {line}" if line else name


def of_sanitizer(output):
    return re.findall(r"^.*: runtime error: .*|^=+\d+=+\s*ERROR: \w+Sanitizer.*", output, re.M)


def of_others(output):
    """A traceback, or lines that name a place, or the last ones."""
    if "Traceback (most recent call last)" in output:
        return [of_traceback(output)]
    lines = [line for line in output.splitlines() if line.strip() and not re.match(r"\d+ passed, \d+ failed", line)]
    return [line for line in lines if re.match(r"\S+:\d+:", line)] or lines[-5:]


def how_it_ended(test):
    code = test.get("returncode", 0)
    if test["result"] == "TIMEOUT":
        return f"took too long: stopped after {test.get('duration', 0):.0f} s"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def failures(test, build):
    """What was not so in one program, a line each, with paths from here."""
    if test["result"] in GOOD:
        return []
    output = output_of(test)
    found = [line for reader in (of_sanitizer, of_catch2, of_unittest, of_list) for line in reader(output)]
    if not found or test["result"] == "TIMEOUT" or test.get("returncode", 0) < 0:
        found = (found or of_others(output)) + [how_it_ended(test)]
    if len(found) > MOST_FAILURES:
        found[MOST_FAILURES:] = [f"and {len(found) - MOST_FAILURES} more"]
    return [shown(line, build) for line in found]


def shown(line, build):
    """One line, not too long; a path at any place of it is relative to this directory."""
    def from_here(path):
        there = os.path.normpath(os.path.join(build, path[0]))
        return os.path.relpath(there) if os.path.exists(there) else path[0]

    line = re.sub(r"(?<!\S)(?:\.\./|/)[^\s:]+(?=:\d+:)", from_here, " ".join(line.split()))
    return line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + "..."


def main():
    build = pathlib.Path(sys.argv[1])
    log = build / "meson-logs" / "testlog.json"
    tests = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    for test in tests:
        for line in failures(test, build):
            print(f"FAILED {test['name'].rpartition(' / ')[2]}: {line}")
    passed, failed, skipped = (sum(numbers) for numbers in zip((0, 0, 0), *map(counted, tests)))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
