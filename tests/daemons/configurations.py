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

    def test_zabbix_template_has_every_number(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        export = yaml.safe_load((stage.PACKAGING / "zabbix/tcpadvisor-template.yaml").read_text(encoding="utf-8"))["zabbix_export"]
        self.assertEqual({"version", "date", "groups", "templates"}, set(export))
        [template] = export["templates"]
        document = json.loads(run(self.program, "check", "--no-state", "--format", "json").stdout)
        items = {item["key"]: item for item in template["items"]}
        self.assertEqual(len(items), len(template["items"]))
        self.assertLessEqual({"tcpadvisor." + datum["label"] for datum in document["perfdata"]}, set(items))
        uuids = re.findall(r"uuid: (\S+)", (stage.PACKAGING / "zabbix/tcpadvisor-template.yaml").read_text(encoding="utf-8"))
        self.assertEqual(len(uuids), len(set(uuids)))
        for uuid in uuids:
            self.assertRegex(uuid, r"\A[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\Z")  # Zabbix refuses any other version
        for key, item in items.items():
            self.assertLessEqual(set(item), {"uuid", "name", "type", "key", "delay", "history", "trends", "value_type", "units", "valuemap",
                                             "preprocessing", "master_item", "tags", "triggers"}, key)
            self.assertIn(item.get("value_type", "UNSIGNED"), ("UNSIGNED", "FLOAT", "TEXT"))
            self.assertEqual(("DEPENDENT", "tcpadvisor") if key != "tcpadvisor" else (None, None),
                             (item.get("type"), item.get("master_item", {}).get("key")), key)
            for step in item.get("preprocessing", []):
                self.assertIn(step["type"], ("JSONPATH", "CHANGE_PER_SECOND"))
            if "perfdata" in str(item):
                self.assertIn(f"@.label=='{key.removeprefix('tcpadvisor.')}'", item["preprocessing"][0]["parameters"][0])
            for trigger in item.get("triggers", []):
                self.assertIn(f"/{template['template']}/{key}", trigger["expression"])
                self.assertIn(trigger["priority"], ("INFO", "WARNING", "AVERAGE", "HIGH", "DISASTER"))

    def test_director_basket_has_the_arguments_of_the_command(self):
        basket = json.loads((stage.PACKAGING / "icinga2/director-basket.json").read_text(encoding="utf-8"))
        self.assertEqual({"Command", "ServiceTemplate", "Datafield"}, set(basket))
        command = basket["Command"]["tcpadvisor"]
        text = (stage.PACKAGING / "icinga2/tcpadvisor.conf").read_text(encoding="utf-8").partition("tcpadvisor_sudo")[0]
        self.assertEqual(set(re.findall(r'^\t\t"(-[\w-]+)" = \{', text, re.M)) - {"-vv"}, set(command["arguments"]))
        fields = basket["Datafield"]
        self.assertEqual([str(field["datafield_id"]) for field in command["fields"]], list(fields))
        variables = {field["varname"]: field["datatype"].rpartition("DataType")[2] for field in fields.values()}
        for option, argument in command["arguments"].items():
            self.assertLessEqual(set(argument), {"value", "set_if", "repeat_key", "description"})
            name = (argument.get("value") or argument["set_if"]).strip("$")
            self.assertEqual("Boolean" if "set_if" in argument else "Array" if argument.get("repeat_key") else "String", variables[name], option)
        for name, template in basket["ServiceTemplate"].items():
            self.assertEqual((name, "template"), (template["object_name"], template["object_type"]))
            self.assertLessEqual(set(template["imports"]), set(basket["ServiceTemplate"]))
            self.assertLessEqual(set(template["vars"]), set(variables))
            for tag in template["vars"].get("tcpadvisor_tag", []):
                self.assertEqual(0, run(self.program, "check", "--no-state", "--tag", tag).returncode // 3)

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
