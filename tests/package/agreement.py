#!/usr/bin/env python3
"""What is written down twice about packages is the same: agreement.py BUILD_DIRECTORY

The version; what Meson installs of packaging/ and what is there; the README's paths, by which an administrator includes
it; names of units; the tests that the Debian package promises.
"""
import json
import os
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
NOT_INSTALLED = {"README.md", "meson.build", "prometheus/tcpadvisor-test.yml"}
WHOLE = ["/ansible", "/kubernetes"]  # directories that are named as a whole
OF_BUILDING = {"completions", "container", "debian", "dist", "rpm"}


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


class Agreement(unittest.TestCase):
    build = None

    def plan(self):
        """{source: installed path} as Meson has it."""
        return json.loads((self.build / "meson-info/intro-installed.json").read_text(encoding="utf-8"))

    def installed(self):
        """The part of the plan whose sources are files of packaging/, by their names there."""
        return {os.path.relpath(source, PACKAGING): place for source, place in self.plan().items()
                if Path(source).is_relative_to(PACKAGING) and Path(source).is_file()}

    def test_the_version(self):
        version = re.search(r"^ *version: '(.+)'", text_of("meson.build"), re.M)[1]
        self.assertEqual(version, re.match(r"tcpadvisor \((.+?)(-\d+)?\) ", text_of("packaging/debian/changelog"))[1])
        self.assertEqual(version, re.search(r"^## (\S+)$", text_of("CHANGELOG.md"), re.M)[1])
        spec = text_of("packaging/rpm/tcpadvisor.spec")
        self.assertEqual(version, re.search(r"^Version: +(\S+)$", spec, re.M)[1])
        self.assertEqual(version, re.search(r"^%changelog\n\* .* - (.+)-\d+$", spec, re.M)[1])

    def test_the_version_of_what_is_deployed(self):
        version = re.search(r"^ *version: '(.+)'", text_of("meson.build"), re.M)[1]
        for path, pattern in (("packaging/kubernetes/node/kustomization.yaml", r"newTag: (\S+)"), ("README.md", r"tcpadvisor:(\d\S+)"),
                              ("packaging/ansible/roles/tcpadvisor/defaults/main.yml", r"tcpadvisor_version: (\S+)"),
                              ("docs/kubernetes.md", r"tcpadvisor:(\d[\d.]*\d)")):
            self.assertEqual({version}, set(re.findall(pattern, text_of(path))), path)

    def test_all_that_is_there_is_installed(self):
        there = {path.relative_to(PACKAGING).as_posix() for path in PACKAGING.rglob("*") if path.is_file()}
        there = {name for name in there if name.partition("/")[0] not in OF_BUILDING} - NOT_INSTALLED
        self.assertEqual(there, set(self.installed()))

    def test_the_readme_names_it(self):
        readme = text_of("packaging/README.md")
        for source, place in self.installed().items():
            name = Path(place).name if source.startswith("systemd/") else "/usr/share/tcpadvisor/" + source
            self.assertTrue(place.endswith(name.removeprefix("/usr")), place)
            whole = next((name[:name.index(part) + len(part)] for part in WHOLE if part in name), name)
            self.assertIn(whole, readme)
        below = [source for source in self.installed() if not source.startswith("systemd/")]
        below += [parent.as_posix() for source in below for parent in Path(source).parents]
        for path in re.findall(r"/usr/share/tcpadvisor/([\w./-]+\w)", readme):
            self.assertIn(path, below)

    def test_units_have_one_name(self):
        units = {Path(place).name for source, place in self.installed().items() if source.startswith("systemd/")}
        self.assertTrue(units)
        for place in ("packaging/README.md", "packaging/rpm/tcpadvisor.spec", "man/tcpadvisor.1"):
            named = set(re.findall(r"\btcpadvisor[\w-]*\.(?:service|timer)\b", text_of(place)))
            self.assertEqual(units, named, place)

    def test_sensu_calls_a_program_of_the_path(self):
        command = re.search(r"^ +command: (\S+)", text_of("packaging/sensu/tcpadvisor.yml"), re.M)[1]
        self.assertIn(command, {Path(place).name for place in self.plan().values() if "/bin/" in place})

    def test_promised_tests_are_there(self):
        promised = re.findall(r"^Test-Command: (\S+)$", text_of("packaging/debian/tests/control"), re.M)
        self.assertTrue(promised)
        for name in promised:
            self.assertTrue(os.access(ROOT / name, os.X_OK), name)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"{sys.argv[0]} BUILD_DIRECTORY [unittest options]")
    Agreement.build = Path(sys.argv.pop(1)).resolve()
    unittest.main()
