#!/usr/bin/env python3
"""The summary of ./dev test: what count.py counts, and which lines it shows of failures."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import count

CATCH2 = """
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
model_test is a Catch v2.13.10 host application.
Run with -? for options

-------------------------------------------------------------------------------
A test with a name that is too long for one line of eighty columns, and so it
is on two
  inner
-------------------------------------------------------------------------------
../tests/model/flow_test.cpp:8
...............................................................................

../tests/model/flow_test.cpp:9: FAILED:
  CHECK( births() == 2 )
with expansion:
  1 == 2
with message:
  of the second minute

../tests/model/flow_test.cpp:10: FAILED:
  CHECK_THROWS( births() )
because no exception was thrown where one was expected:

-------------------------------------------------------------------------------
Another
-------------------------------------------------------------------------------
../tests/model/flow_test.cpp:20
...............................................................................

../tests/model/flow_test.cpp:20: FAILED:
due to unexpected exception with message:
  boom

===============================================================================
test cases: 6 | 4 passed | 2 failed
assertions: 8 | 5 passed | 3 failed

"""
CATCH3 = CATCH2.replace("\n~~~~", "Randomness seeded to: 1664053111\n\n~~~~", 1).replace("Catch v2.13.10", "Catch2 v3.7.1").replace(
    "test cases: 6 | 4 passed | 2 failed", "test cases: 7 | 4 passed | 2 failed | 1 skipped")
OF_CATCH2 = [
    "FAILED model: tests/model/flow_test.cpp:9: CHECK( births() == 2 ) with expansion: 1 == 2 with message: of the second minute",
    "FAILED model: tests/model/flow_test.cpp:10: CHECK_THROWS( births() ) because no exception was thrown where one was expected:",
    "FAILED model: tests/model/flow_test.cpp:20: due to unexpected exception with message: boom",
]
DIED = """
-------------------------------------------------------------------------------
Another
-------------------------------------------------------------------------------
../tests/model/flow_test.cpp:20
...............................................................................

../tests/model/flow_test.cpp:20: FAILED:
due to a fatal error condition:
  SIGSEGV - Segmentation violation signal

===============================================================================
test cases: 1 | 1 failed
assertions: 1 | 1 failed

"""
LAB = """\
ok      closed_by_us                         0.6 s  time_wait 50
FAILED  owner_with_a_name                    6.2 s  total 25
    not so: a replay names it too
    total: predicted 25, measured 24
    $ tcpadvisor check --format json
    exit 1
    not so: this is what the program said
FAILED  stops_half_way                       0.1 s  
    Traceback (most recent call last):
      File "HERE/lab/harness.py", line 117, in run_here
        SCENARIOS[name].function(lab)
        ~~~~~~~~~~~~~~~~~~~~~~~~^^^^^
      File "HERE/lab/scenarios/owners.py", line 60, in leaking
        network.pairs(0)
      File "/usr/lib/python3.11/socket.py", line 10, in pairs
        raise OSError(98)
    OSError: [Errno 98] Address already in use
    $ tcpadvisor check
    exit 0
FAILED  hangs                               60.0 s  died or took too long
2 agree, 3 do not, 1 skipped, 0 not run; 61 s
"""
PYTHON = '''
import unittest


class Pages(unittest.TestCase):
    def agree(self, one, other):
        """Of one page."""
        self.assertEqual(one, other, "on this page")

    def test_text(self):
        """Has a sentence of its own."""
        for page in ("first", "second"):
            with self.subTest(page=page):
                self.agree("a\\nb\\n", "a\\n" + page)

    def test_number(self):
        int("x" * 3)

    def test_good(self):
        pass


unittest.main()
'''


class Count(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tcpadvisor-count-")
        self.addCleanup(scratch.cleanup)
        self.tests = Path(scratch.name, "tests")
        self.build = Path(scratch.name, "build")
        for path in (self.tests / "model/flow_test.cpp", self.tests / "lab/scenarios/owners.py", self.build / "meson-logs/x"):
            path.parent.mkdir(parents=True)
            path.touch()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(scratch.name)

    def summary(self, *tests):
        """The lines, and the exit code, of a run of these: (name, stdout, returncode) and perhaps the result."""
        records = [{"name": "tcpadvisor / " + name, "stdout": out, "returncode": code, "duration": 3.0,
                    "result": rest[0] if rest else "FAIL" if code else "OK"} for name, out, code, *rest in tests]
        (self.build / "meson-logs/testlog.json").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        said = io.StringIO()
        with mock.patch.object(sys, "argv", ["count.py", str(self.build)]), contextlib.redirect_stdout(said):
            code = count.main()
        return said.getvalue().splitlines(), code

    def test_what_is_good_is_counted_and_not_shown(self):
        lines, code = self.summary(
            ("model", "=====\nAll tests passed (14868 assertions in 126 test cases)\n", 0),
            ("pages", "Ran 9 tests in 1.0s\n\nOK (skipped=2)\n", 0),
            ("lab", "ok      one    0.6 s  FAILED is a word\n5 agree, 0 do not, 2 skipped, 0 not run; 9 s\n", 0),
            ("man pages", "", 0), ("nagios", "skipped: no nagios\n", 77, "SKIP"), ("day", "3 passed, 0 failed\n", 0))
        self.assertEqual((["142 passed, 0 failed, 5 skipped"], 0), (lines, code))

    def test_nothing_that_ran_is_no_success(self):
        self.assertEqual((["0 passed, 0 failed, 1 skipped"], 1), self.summary(("lab", "", 77, "SKIP")))

    def test_catch2(self):
        for output in (CATCH2, CATCH3):
            lines, code = self.summary(("model", output, 3))
            self.assertEqual(([*OF_CATCH2, "4 passed, 2 failed, 0 skipped"], 1), (lines, code))

    def test_catch2_that_dies(self):
        lines, _ = self.summary(("model", DIED, -11))
        self.assertEqual(["FAILED model: tests/model/flow_test.cpp:20: due to a fatal error condition: SIGSEGV - Segmentation "
                          "violation signal", "FAILED model: killed by SIGSEGV", "0 passed, 1 failed, 0 skipped"], lines)

    def test_unittest(self):
        script = self.tests / "pages.py"
        script.write_text(PYTHON, encoding="utf-8")
        run = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        lines, _ = self.summary(("pages", run.stdout, run.returncode))
        self.assertEqual([
            "FAILED pages: test_number: tests/pages.py:17: ValueError: invalid literal for int() with base 10: 'xxx'",
            r"FAILED pages: test_text (page='first'): tests/pages.py:8: AssertionError: 'a\nb\n' != 'a\nfirst'",
            r"FAILED pages: test_text (page='second'): tests/pages.py:8: AssertionError: 'a\nb\n' != 'a\nsecond'",
            "0 passed, 3 failed, 0 skipped"], lines)

    def test_the_lab(self):
        lines, _ = self.summary(("lab", LAB.replace("HERE", str(self.tests)), 1))
        self.assertEqual([
            "FAILED lab: owner_with_a_name: not so: a replay names it too",
            "FAILED lab: owner_with_a_name: total: predicted 25, measured 24",
            "FAILED lab: stops_half_way: tests/lab/scenarios/owners.py:60: OSError: [Errno 98] Address already in use",
            "FAILED lab: hangs: 60.0 s died or took too long", "2 passed, 3 failed, 1 skipped"], lines)

    def test_sanitizers(self):
        lines, _ = self.summary(("fuzz", "../src/base/text.cpp:7:5: runtime error: signed integer overflow\nmore\n", 1))
        self.assertEqual("FAILED fuzz: ../src/base/text.cpp:7:5: runtime error: signed integer overflow", lines[0])

    def test_programs_with_no_form_of_their_own(self):
        for output, code, shown in (
                ("12 files\nrules/ports.toml:3: no case\n0 passed, 1 failed\n", 1, ["rules/ports.toml:3: no case", "exit code 1"]),
                ("\n".join("123456789"), 2, [*"56789", "exit code 2"]),
                ("half", -6, ["half", "killed by SIGABRT"]),
                ('Traceback (most recent call last):\n  File "/x.py", line 3, in f\n    g()\nKeyError: 1\n', 1,
                 ["/x.py:3: KeyError: 1", "exit code 1"])):
            lines, _ = self.summary(("other", output, code))
            self.assertEqual([f"FAILED other: {line}" for line in shown], lines[:-1])
        lines, _ = self.summary(("slow", "", -15, "TIMEOUT"))
        self.assertEqual(["FAILED slow: took too long: stopped after 3 s", "0 passed, 1 failed, 0 skipped"], lines)

    def test_no_more_than_a_screen(self):
        many = "".join(f"FAILED  name{number}\n    why {'x' * 400}\n" for number in range(50))
        lines, _ = self.summary(("lab", many, 1))
        self.assertEqual("FAILED lab: and 30 more", lines[-2])
        self.assertEqual(22, len(lines))
        self.assertLess(max(map(len, lines)), 330)


if __name__ == "__main__":
    unittest.main()
