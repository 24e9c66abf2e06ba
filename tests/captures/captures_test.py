#!/usr/bin/env python3
"""What a report makes of each capture here: captures_test.py BINARY [unittest options]; BLESS=1 writes what is expected.

The lab recorded them: `lab.py BINARY --only incident_ --record tests/captures`. They are masked, so addresses change
with each recording. A cause must stand in the first four lines of the text, and the first
remedy be the right one. NAME.findings holds what was found, without the words and pictures around it; three captures
have the whole report in each format, judged by some rules only. So a rule that finds nothing changes no file here.
"""
import functools
import html
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from unpacked import unpack

HERE = Path(__file__).resolve().parent
BLESS = os.environ.get("BLESS") == "1"
BINARY = ""  # set by main
FULL, OK, POOL = "ephemeral-port-exhaustion", None, "Reuse connections"
ONLY_NARROW = (1, "port-range-narrow", "local ports towards each destination", "Give the range its default size back")  # the lab's own fault

# capture: exit code, rule, what the finding is about, how the first remedy begins; OK: nothing alarms
EXPECTED = {
    "bad-tuning": (1, "tw-reuse-without-timestamps", "tcp_timestamps is 0", "Turn timestamps on"),
    "bind-pool": (2, "bind-pool-exhaustion", "programs that bind()", "Set IP_BIND_ADDRESS_NO_PORT"),
    "bind-pool-in-time-wait": (2, "bind-pool-exhaustion", "programs that bind()", "Set IP_BIND_ADDRESS_NO_PORT"),
    "black-hole": (1, "syn-sent-pileup", ":443 does not answer: 30 attempts", "See whether it answers"),
    "bound-and-forgotten": (2, "ports-blocked-for-everyone", "180 of 200", "See which program holds one of the 180"),
    "close-wait-exhausts": (2, FULL, "4 of 64", "End the connections that the peer has closed"),
    "established-exhaust": (2, FULL, "4 of 64", "Most of them are open: find the program"),
    "fin-wait2-exhausts": (2, FULL, "4 of 64", "End the connections that were closed here"),
    "gave-up-waiting": (1, "close-wait-unaccepted", "wait in vain and give up", "Look at process"),
    "leak": (1, "close-wait-leak", "leaks connections: 25", "Look at process"),
    "listeners-block": (2, "ports-blocked-for-everyone", "170 of 200", "See who listens inside the range"),
    "no-usable-ports": (2, "no-usable-ports", "all 200 local ports", "Shorten the reserved list"),
    "none-busy-server": (0, OK, "", ""),
    "none-half-closed": (0, OK, "", ""),
    "none-idle": (0, OK, "", ""),
    "none-many-services": ONLY_NARROW,
    "none-reuse-works": ONLY_NARROW,
    "one-source-is-full": (2, FULL, "14 of 200", POOL),
    "peer-without-timestamps": (2, FULL, "10 of 200", POOL),
    "peers-do-not-close": (0, "fin-wait2-pileup", "closed here and not by the peer", "Look at the peers"),
    "rate-that-lasts": ONLY_NARROW,
    "reserved-ports": (2, FULL, "4 of 50", "Shorten the reserved list"),
    "reuse-without-timestamps": (2, FULL, "15 of 200", POOL),
    "seen-by-an-ordinary-user": (2, FULL, "13 of 200", POOL),
    "silent-clients": (1, "clients-not-acknowledging", "160 of 200", "Look which clients they are"),
    "silent-destination": (1, "destination-not-acknowledging", "25 of 30", "See whether it answers"),
    "slow-connect": (1, "connect-latency-knee", "is slow and costs CPU", POOL),
    "soon-exhausted": (1, "port-exhaustion-forecast", "will fail in", POOL),
    "stalled-accept": (1, "accept-queue-full", ":8080 wait or time out", "See where its threads stand"),
    "time-wait-buckets": (1, "time-wait-bucket-use", "95 of at most 100", "Give the limit the kernel's own value back"),
    "time-wait-exhausts": (2, FULL, "10 of 200", POOL),
    "time-wait-of-ipv6": (2, FULL, "15 of 200", POOL),
    "two-families-exhaust": (2, FULL, "4 of 64", "Most of them are open: find the program"),
    "unread": (1, "close-wait-unread", "does not look at 260", "Look at process"),
    "unsent-data-exhausts": (2, FULL, "4 of 64", "End the connections that were closed here"),
    "without-sock-diag": (2, FULL, "13 of 200", POOL),
}
TUNING = ("bad-tuning",)  # judged by audit

# The captures whose whole report is kept, and the rules judged for it: what alarms, one that passes, one skipped.
WHOLE = {
    "gave-up-waiting": ("close-wait-unaccepted", "port-range-narrow", "close-wait-leak", "listen-overflows"),
    "soon-exhausted": ("port-exhaustion-forecast", "port-range-narrow", "tw-reuse-off", FULL, "listen-overflows"),
    "without-sock-diag": (FULL, "tw-reuse-off", "port-range-narrow", "timestamps-off", "accept-queue-full"),
}
STYLE_SHEET = re.compile(r"(?<=<style>\n).*?(?=</style>)", re.DOTALL)  # tests/golden has it

# One passes, one has nothing to judge.
SILENT_RULES = """
[[rule]]
id = "silent"
title = "Nobody has so many connections"
tags = ["health", "tuning"]
for_each = "namespace"
condition = "time_wait > 1000000000"
severity = "critical"
summary = "{time_wait}"
why = "It is here to find nothing."
source = "none"

[[rule]]
id = "silent-without-a-past"
title = "A replay knows no rate"
tags = ["health", "tuning"]
for_each = "namespace"
condition = "listen_overflow_rate > 1000000000"
severity = "critical"
summary = "{listen_overflow_rate}"
why = "It is here to be skipped."
source = "none"
"""

VERSION = re.compile(r'(, tcpadvisor |^  "version": ")\d+\.\d+\.\d+', re.MULTILINE)  # a release changes no expected file
SCRATCH = tempfile.TemporaryDirectory(prefix="tcpadvisor-captures-")
RULES = {name: Path(SCRATCH.name, name) for name in ("none", "silent")}  # besides the shipped ones
for directory in RULES.values():
    directory.mkdir()
(RULES["silent"] / "silent.toml").write_text(SILENT_RULES, encoding="utf-8")
SETTINGS = Path(SCRATCH.name, "empty.toml")
SETTINGS.touch()
unpack(SCRATCH.name)


def command_for(name):
    return "audit" if name in TUNING else "report"


def formats_of(name):
    return ("text", "json", "html") if command_for(name) == "report" else ("text", "json")


@functools.cache
def replay(name, form, *options, rules="none"):
    """The finished run of the command for this capture."""
    return subprocess.run(
        [BINARY, command_for(name), "--format", form, "--replay", f"{name}.capture", *options, "--config", SETTINGS,
         "--rules", RULES[rules]], cwd=SCRATCH.name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", timeout=30, check=False,
        env={"COLUMNS": "80", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": SCRATCH.name})


def report_of(name, **options):
    return json.loads(replay(name, "json", **options).stdout)


def headline(text):
    """The verdict of a report as text, on one line."""
    return " ".join(text.partition("\nhost-1, ")[0].split())


def who_is_told(page):
    """For each finding of a page who it is about, or nobody."""
    return [html.unescape("".join(re.findall("<dt>Who</dt><dd>(.*?)</dd>", article)))
            for article in re.findall("<article.*?</article>", page, re.DOTALL)]


def words(value):
    """A value of the JSON on a line; what is unknown is a dash."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return f"[{'; '.join(map(words, value))}]"
    return "-" if value is None else str(value)


def labelled(label, text):
    return [f"  {label:<8}  {text}"] if text else []


def lines_of_finding(finding, who):
    """What was found, and on what grounds; the first remedy and every command."""
    evidence = {name: item["value"] for name, item in finding["evidence"].items()}
    lines = ["", f"{finding['state']} {finding['rule']}", *labelled("about", words(finding["subject"])),
             *labelled("summary", finding["summary"]), *labelled("cause", finding["explained_by"]),
             *labelled("judged", words({key: finding[key] for key in ("value", "warning", "critical", "confidence")})),
             *labelled("who", who), *labelled("evidence", words(evidence))]
    for number, remedy in enumerate(finding["remedies"]):
        if number == 0 or remedy["command"]:
            lines += labelled("remedy", f"{number + 1}. {remedy['text']}")
            lines += [line for key in ("command", "undo", "effect") for line in labelled(key, remedy[key])]
    return lines


def lines_of_destination(destination):
    lines = ["", f"to {destination['remote']} port {destination['remote_port']} from {destination['local']}"]
    for label, key in (("ports", "ports"), ("reuse", "time_wait_reuse"), ("rate", "rate"), ("forecast", "forecast"),
                       ("holders", "holders")):
        lines += labelled(label, words(destination[key]))
    return lines


def findings_of(name, **options):
    """What NAME.findings must hold: no rule but those that found something, and no picture but its numbers."""
    report = report_of(name, **options)
    who = who_is_told(replay(name, "html", **options).stdout) if "html" in formats_of(name) else []
    lines = [headline(replay(name, "text", **options).stdout)]
    lines += [f"note: {note}" for note in report["notes"]]
    lines += [f"not seen: {words(gap)}" for gap in report["gaps"]]
    for finding in report["findings"]:
        lines += lines_of_finding(finding, who.pop(0) if who and not finding["explained_by"] else "")
    for space in report["picture"] or []:
        for destination in space["destinations"]:
            lines += lines_of_destination(destination)
        for label in ("close_wait", "accept_queues"):
            lines += ["", *(f"{label}: {words(item)}" for item in space[label])] if space[label] else []
    lines += ["", f"performance data: {words({datum['label']: datum['value'] for datum in report['perfdata']})}"]
    return "\n".join(lines) + "\n"


def whole_report(name, form, **options):
    chosen = [word for rule in WHOLE[name] for word in ("--rule", rule)]
    whole = ["-v"] if form == "text" else []
    report = STYLE_SHEET.sub("", replay(name, form, *chosen, *whole, **options).stdout)
    return VERSION.sub(r"\1VERSION", report)


class Captures(unittest.TestCase):
    maxDiff = None

    def check_file(self, path, output):
        if BLESS:
            path.write_text(output, encoding="utf-8")
        self.assertEqual(path.read_text(encoding="utf-8"), output)

    @unittest.skipIf(BLESS, "the files are being written")
    def test_every_file_here_is_expected_and_there(self):
        names = {"capture.gz": EXPECTED, "findings": EXPECTED, "text": WHOLE, "json": WHOLE, "html": WHOLE}
        for kind, expected in names.items():
            self.assertEqual(sorted(expected), sorted(path.name.partition(".")[0] for path in HERE.glob(f"*.{kind}")))

    def test_what_is_found(self):
        for name in EXPECTED:
            with self.subTest(capture=name):
                self.check_file(HERE / f"{name}.findings", findings_of(name))

    def test_whole_reports(self):
        for name in WHOLE:
            for form in formats_of(name):
                with self.subTest(capture=name, format=form):
                    self.check_file(HERE / f"{name}.{form}", whole_report(name, form))

    def test_a_rule_that_finds_nothing_changes_no_file(self):
        for name in ("none-idle", "bad-tuning"):
            judged = {rule["id"]: rule["state"] for rule in report_of(name, rules="silent")["rules"]}
            self.assertEqual(("OK", "SKIPPED"), (judged.get("silent"), judged.get("silent-without-a-past")))
        for name in EXPECTED:
            with self.subTest(capture=name):
                self.assertEqual(findings_of(name), findings_of(name, rules="silent"))
        for name in WHOLE:
            for form in formats_of(name):
                with self.subTest(capture=name, format=form):
                    self.assertEqual(whole_report(name, form), whole_report(name, form, rules="silent"))

    def test_the_cause_stands_first(self):
        for name, (code, rule, subject, _) in EXPECTED.items():
            with self.subTest(capture=name):
                answer = replay(name, "text")
                lines = [line for line in answer.stdout.split("\n") if line.strip()]
                head = " ".join(" ".join(lines[:4]).split())
                self.assertEqual(code, answer.returncode, head)
                if rule:
                    self.assertIn(subject, head)
                else:
                    self.assertTrue(head.startswith("OK: "), head)

    def test_the_right_remedy_is_first(self):
        for name, (_, rule, _, remedy) in EXPECTED.items():
            with self.subTest(capture=name):
                alarms = [finding for finding in report_of(name)["findings"]
                          if finding["state"] != "INFO" or finding["rule"] == rule]
                self.assertEqual(rule, alarms[0]["rule"] if alarms else None)
                if rule:
                    self.assertTrue(alarms[0]["remedies"][0]["text"].startswith(remedy), alarms[0]["remedies"][0]["text"])


def main():
    global BINARY
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()


if __name__ == "__main__":
    main()
