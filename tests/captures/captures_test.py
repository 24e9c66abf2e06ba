#!/usr/bin/env python3
"""What a report makes of each capture here: captures_test.py BINARY [unittest options]; BLESS=1 writes the goldens.

The lab recorded them: `lab.py BINARY --only incident_ --record tests/captures`. They are masked, so addresses change
with each recording. A cause must stand in the first five lines of the text, empty ones not counted, and the first
remedy be the right one.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
BLESS = os.environ.get("BLESS") == "1"
BINARY = ""  # set by main
FORMATS = ("text", "json", "html")
FULL, OK, POOL = "ephemeral-port-exhaustion", None, "Reuse connections"
ONLY_NARROW = (1, "port-range-narrow", "ephemeral ports", "Give the range its default size back")  # the lab's own fault

# capture: exit code, rule, what the finding is about, how the first remedy begins; OK: nothing alarms
EXPECTED = {
    "bad-tuning": (1, "tw-reuse-without-timestamps", "tcp_timestamps is 0", "Turn timestamps on"),
    "bind-pool": (2, "bind-pool-exhaustion", "bind() before connect()", "Set IP_BIND_ADDRESS_NO_PORT"),
    "bind-pool-in-time-wait": (2, "bind-pool-exhaustion", "bind() before connect()", "Set IP_BIND_ADDRESS_NO_PORT"),
    "black-hole": (1, "syn-sent-pileup", ":443: 30 connection attempts", "Find out whether the destination is up"),
    "bound-and-forgotten": (2, "ports-blocked-for-everyone", "180 of 200", "Find who holds them"),
    "close-wait-exhausts": (2, FULL, ":8080: 4 of 64", "Most of them were closed by the peer"),
    "established-exhaust": (2, FULL, ":8080: 4 of 64", "Most of them are open: find the program"),
    "fin-wait2-exhausts": (2, FULL, ":8080: 4 of 64", "Mend the peer: 60"),
    "gave-up-waiting": (1, "close-wait-unaccepted", "not accepted for 30 seconds", "Look at process"),
    "leak": (1, "close-wait-leak", ": 25 connections", "Look at process"),
    "listeners-block": (2, "ports-blocked-for-everyone", "170 of 200", "Find who holds them"),
    "no-usable-ports": (2, "no-usable-ports", "all 200 ephemeral ports", "Shorten the reserved list"),
    "none-busy-server": (0, OK, "", ""),
    "none-half-closed": (0, OK, "", ""),
    "none-idle": (0, OK, "", ""),
    "none-many-services": ONLY_NARROW,
    "none-reuse-works": ONLY_NARROW,
    "one-source-is-full": (2, FULL, ":8080: 14 of 200", POOL),
    "peer-without-timestamps": (2, FULL, ":8080: 10 of 200", POOL),
    "peers-do-not-close": (0, "fin-wait2-pileup", "advice", "Look at the peers"),
    "rate-that-lasts": ONLY_NARROW,
    "reserved-ports": (2, FULL, ":8080: 4 of 50", "Shorten the reserved list"),
    "reuse-without-timestamps": (2, FULL, ":8080: 15 of 200", POOL),
    "seen-by-an-ordinary-user": (2, FULL, ":8080: 13 of 200", POOL),
    "silent-clients": (1, "clients-not-acknowledging", ":80: 160 of 200", "Look which clients they are"),
    "silent-destination": (1, "destination-not-acknowledging", ":8080: 25 of 30", "Look which connections send again"),
    "slow-connect": (1, "connect-latency-knee", "connect() is slow", POOL),
    "soon-exhausted": (1, "port-exhaustion-forecast", "no port is free in", POOL),
    "stalled-accept": (1, "accept-queue-full", ":8080: accept queue full", "Find out why the program does not accept"),
    "time-wait-buckets": (1, "time-wait-bucket-use", "95 of at most 100", "Close fewer connections"),
    "time-wait-exhausts": (2, FULL, ":8080: 10 of 200", POOL),
    "time-wait-of-ipv6": (2, FULL, ":8443: 15 of 200", POOL),
    "two-families-exhaust": (2, FULL, ":8080: 4 of 64", "Most of them are open: find the program"),
    "unread": (1, "close-wait-unread", ": 260 closed connections", "Look at process"),
    "unsent-data-exhausts": (2, FULL, ":8080: 4 of 64", "Mend the peer: 60"),
    "without-sock-diag": (2, FULL, ":8080: 13 of 200", POOL),
}
TUNING = ("bad-tuning",)  # judged by audit


def command_for(name):
    return "audit" if name in TUNING else "report"


class Captures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="tcpadvisor-captures-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        (cls.scratch / "rules.d").mkdir()
        (cls.scratch / "empty.toml").touch()

    def replay(self, name, form):
        return subprocess.run(
            [BINARY, command_for(name), "--format", form, "--replay", f"{name}.capture", "--config", self.scratch / "empty.toml",
             "--rules", self.scratch / "rules.d"], cwd=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding="utf-8", timeout=30, check=False,
            env={"COLUMNS": "80", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.scratch)})

    def formats(self, name):
        return [form for form in FORMATS if form != "html" or command_for(name) == "report"]

    def test_every_capture_is_expected_and_there(self):
        self.assertEqual(sorted(EXPECTED), sorted(path.stem for path in HERE.glob("*.capture")))

    def test_goldens(self):
        for name in EXPECTED:
            for form in self.formats(name):
                with self.subTest(capture=name, format=form):
                    answer = self.replay(name, form)
                    self.assertEqual("", answer.stderr)
                    golden = HERE / f"{name}.{form}"
                    if BLESS:
                        golden.write_text(answer.stdout, encoding="utf-8")
                    self.assertEqual(golden.read_text(encoding="utf-8"), answer.stdout)

    def test_the_cause_stands_first(self):
        for name, (code, rule, subject, _) in EXPECTED.items():
            with self.subTest(capture=name):
                answer = self.replay(name, "text")
                lines = [line for line in answer.stdout.split("\n") if line.strip()]
                head = " ".join(" ".join(lines[:5]).split())
                self.assertEqual(code, answer.returncode, head)
                if rule:
                    self.assertIn(rule, head)
                    self.assertIn(subject, head)
                else:
                    self.assertNotIn("[WARNING]", answer.stdout)

    def test_the_right_remedy_is_first(self):
        for name, (_, rule, _, remedy) in EXPECTED.items():
            with self.subTest(capture=name):
                alarms = [finding for finding in json.loads(self.replay(name, "json").stdout)["findings"]
                          if finding["state"] != "INFO" or finding["rule"] == rule]
                self.assertEqual(rule, alarms[0]["rule"] if alarms else None)
                if rule:
                    self.assertTrue(alarms[0]["remedies"][0]["text"].startswith(remedy), alarms[0]["remedies"][0]["text"])


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
