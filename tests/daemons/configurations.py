#!/usr/bin/env python3
"""Files of packaging/ that no other test here runs, held against their own checkers: configurations.py PROGRAM

The systemd units, the line for sudoers, the local check of Checkmk and the user parameter of Zabbix. A checker that is not
installed skips its test; without any of them all is skipped (exit 77).
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import stage

UNITS = stage.PACKAGING / "systemd"
COLLECTED = Path("/var/lib/prometheus/node-exporter")
TIGHT = 2.0  # exposure, of 10; systemd calls it OK up to 5
VISUDO = shutil.which("visudo", path=os.environ.get("PATH", "") + ":/usr/sbin")


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60, **options)


class Configurations(unittest.TestCase):
    program = ""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tcpadvisor-configurations-")
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_units_are_valid_and_tight(self):
        names = sorted(path.name for path in UNITS.glob("*.service"))
        self.assertTrue(names)
        for name in names:
            text = (UNITS / name).read_text(encoding="utf-8")
            unit = self.scratch / name
            unit.write_text(text.replace("/usr/bin/tcpadvisor", self.program), encoding="utf-8")
            timer = self.scratch / name.replace(".service", ".timer")
            shutil.copyfile(UNITS / timer.name, timer)
            answer = run("systemd-analyze", "verify", "--man=no", unit, timer)
            problems = [line for line in answer.stderr.splitlines() if "tcpadvisor" in line]
            self.assertEqual((0, []), (answer.returncode, problems), answer.stderr)
            answer = run("systemd-analyze", "security", "--offline=yes", unit)
            exposure = re.search(r"Overall exposure level for .*?: ([\d.]+)", answer.stdout)
            self.assertLess(float(exposure[1]), TIGHT, answer.stdout)

    def test_what_the_service_runs_works(self):
        text = (UNITS / "tcpadvisor-prometheus.service").read_text(encoding="utf-8")
        command = re.search(r"^ExecStart=/usr/bin/tcpadvisor (.+)$", text, re.M)[1]
        words = [self.scratch / Path(word).name if word.startswith("/var/lib/") else word for word in command.split()]
        target = self.scratch / "tcpadvisor.prom"
        answer = run(self.program, *words, env={})
        self.assertIn(answer.returncode, (0, 1, 2), answer.stderr)
        self.assertIn("\ntcpadvisor_verdict{", target.read_text(encoding="utf-8"))

    @unittest.skipUnless(COLLECTED.is_dir(), "Debian's node exporter is not installed")
    def test_the_service_may_write_where_debian_looks(self):
        text = (UNITS / "tcpadvisor-prometheus.service").read_text(encoding="utf-8")
        self.assertIn(f"--output {COLLECTED}/tcpadvisor.prom\n", text)
        self.assertIn(f"\nReadWritePaths={COLLECTED}\n", text)
        user = re.search(r"^User=(.*)$", text, re.M)
        self.assertEqual(COLLECTED.owner(), user[1] if user else "root")

    @unittest.skipUnless(VISUDO, "visudo is not installed")
    def test_sudoers(self):
        answer = run(VISUDO, "-cf", stage.PACKAGING / "sudoers.d/tcpadvisor")
        self.assertEqual(0, answer.returncode, answer.stderr)

    def on_path(self):
        """An environment in which the program has its usual name."""
        (self.scratch / "tcpadvisor").symlink_to(self.program)
        return {"PATH": f"{self.scratch}:/usr/bin:/bin", "HOME": str(self.scratch)}

    def test_checkmk_local_check(self):
        answer = run(stage.PACKAGING / "checkmk/tcpadvisor", env=self.on_path())
        self.assertEqual("", answer.stderr)
        for line in answer.stdout.splitlines():
            self.assertRegex(line, r'\A[0-3] "TCP[ a-z-]*" (-|\S+) \S')
        self.assertIn('"TCP ports"', answer.stdout)

    def test_zabbix_parameter_has_what_the_items_take(self):
        text = (stage.PACKAGING / "zabbix/tcpadvisor.conf").read_text(encoding="utf-8")
        command = re.search(r"^UserParameter=tcpadvisor,/usr/bin/(.+)$", text, re.M)[1]
        answer = run("/bin/sh", "-c", command, env=self.on_path())
        document = json.loads(answer.stdout)
        self.assertEqual(answer.returncode, document["exit_code"])
        labels = {datum["label"] for datum in document["perfdata"]}
        readme = (stage.PACKAGING / "README.md").read_text(encoding="utf-8")
        section = readme.partition("## Zabbix")[2].partition("\n## ")[0]
        paths = re.findall(r"\$\.([^\s`]+)", section)
        self.assertGreater(len(paths), 3)
        for path in paths:
            key, _, filtered = path.partition("[?(@.label=='")
            self.assertIn(key.partition("[")[0], document)
            if filtered:
                self.assertIn(filtered.partition("'")[0], labels | {"conntrack_percent"})

    @unittest.skipUnless(shutil.which("zabbix_agentd", path="/usr/sbin:/usr/bin"), "zabbix_agentd is not installed")
    def test_zabbix_agent_runs_it(self):
        config = self.scratch / "agent.conf"
        text = (stage.PACKAGING / "zabbix/tcpadvisor.conf").read_text(encoding="utf-8")
        config.write_text("Server=127.0.0.1\nTimeout=5\n" + text.replace("/usr/bin/tcpadvisor", self.program), encoding="utf-8")
        answer = run(shutil.which("zabbix_agentd", path="/usr/sbin:/usr/bin"), "-c", config, "-t", "tcpadvisor",
                     env={"PATH": "/usr/bin:/bin", "HOME": str(self.scratch)})
        self.assertIn('"schema"', answer.stdout, answer.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"{sys.argv[0]} PROGRAM [unittest options]")
    Configurations.program = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
