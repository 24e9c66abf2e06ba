#!/usr/bin/env python3
"""The role of packaging/ansible: ansible.py PROGRAM VERSION

ansible-lint has nothing to say; on a copy of this machine's /etc, /usr/local and /var/lib the playbook changes nothing in check
mode, installs, changes nothing the second time, and does not take wrong settings into use. Skipped (exit code 77) without root,
ansible-core or overlays.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLE = ROOT / "packaging/ansible"
PROGRAM, VERSION = "", ""  # set by main
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
SETTINGS = {"tcpadvisor_rules": {"ephemeral-port-exhaustion": {"warning": "60"}},
            "tcpadvisor_overrides": [{"rule": "ephemeral-port-exhaustion", "remote": "10.20.0.0/16:5432,9000-9100", "ignore": True,
                                      "reason": "batch hosts", "expires": "2027-03-31"}]}
PLACES = ("/etc", "/usr/local", "/var/lib")
# Each place becomes an overlay whose changes stay in the directory of the test.
INSIDE = "set -e; work=$1; shift; " + "".join(
    f"mkdir -p $work/up{place} $work/tmp{place}; mount -t overlay overlay -o lowerdir={place},upperdir=$work/up{place},workdir=$work/tmp{place} {place}; "
    for place in PLACES) + 'exec "$@"'


def cannot():
    if os.geteuid() != 0:
        return "needs root"
    if not shutil.which("ansible-playbook"):
        return "ansible-core is not installed"
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-ansible-", dir="/dev/shm") as work:
        done = subprocess.run(["unshare", "--mount", "sh", "-c", INSIDE, "sh", work, "true"], capture_output=True, text=True, check=False)
        return done.stderr.strip()


class Role(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="tcpadvisor-ansible-", dir="/dev/shm")
        self.addCleanup(place.cleanup)
        self.work = pathlib.Path(place.name)
        self.releases = self.work / "releases"
        name = f"tcpadvisor-{VERSION}-linux-{ARCHITECTURE}"
        tree = self.releases / name
        (tree / "bin").mkdir(parents=True)
        (tree / "lib/systemd/system").mkdir(parents=True)
        shutil.copy(PROGRAM, tree / "bin/tcpadvisor")
        for unit in (ROOT / "packaging/systemd").iterdir():
            shutil.copy(unit, tree / "lib/systemd/system")
        files = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
        (tree / "MANIFEST").write_text("".join(file + "\n" for file in files), encoding="utf-8")
        for script in ("install.sh", "uninstall.sh"):
            shutil.copy(ROOT / "packaging/dist" / script, tree)
        subprocess.run(["strip", str(tree / "bin/tcpadvisor")], check=False)
        subprocess.run(["tar", "--use-compress-program", "gzip -1", "-cf", f"{self.releases}/{name}.tar.gz", "-C", self.releases, name], check=True)
        shutil.rmtree(tree)

    def play(self, *arguments):
        command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"tcpadvisor_releases={self.releases}", "-e", f"ansible_python_interpreter={sys.executable}",
                   "-e", json.dumps(SETTINGS), *arguments, str(ROLE / "playbook.yml")]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", "ANSIBLE_LOCAL_TEMP": f"{self.work}/local", "ANSIBLE_REMOTE_TEMP": f"{self.work}/remote", "LC_ALL": "C.UTF-8"}
        return self.inside(*command, env=environment)

    def inside(self, *command, **options):
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh", str(self.work), *command], capture_output=True, text=True, timeout=300, check=False, **options)

    def changes(self, done):
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return int(re.search(r"changed=(\d+)", done.stdout)[1])

    def made(self):
        """Files that are new or changed below the places."""
        return {path.relative_to(self.work / "up").as_posix() for path in (self.work / "up").rglob("*") if path.is_file()}

    def test_it_installs_once_and_changes_nothing_twice(self):
        self.assertGreater(self.changes(self.play("--check")), 0)
        self.assertEqual(set(), {path for path in self.made() if "tcpadvisor" in path})
        self.assertGreater(self.changes(self.play("-e", "tcpadvisor_metrics_directory=/var/lib/metrics")), 0)
        self.assertLessEqual({"usr/local/bin/tcpadvisor", "etc/tcpadvisor/tcpadvisor.toml", "etc/systemd/system/tcpadvisor-prometheus.service.d/directory.conf"}, self.made())
        settings = self.inside("/usr/local/bin/tcpadvisor", "rules", "list", "-v")
        self.assertIn("/etc/tcpadvisor/tcpadvisor.toml", settings.stdout)
        self.assertEqual(0, self.changes(self.play("-e", "tcpadvisor_metrics_directory=/var/lib/metrics")))
        text = (self.work / "up/etc/systemd/system/tcpadvisor-prometheus.service.d/directory.conf").read_text(encoding="utf-8")
        command = re.search(r"^ExecStart=(.+)$", text, re.M)[1]
        self.assertIn(self.inside(*command.split()).returncode, (0, 1, 2))
        self.assertIn("var/lib/metrics/tcpadvisor.prom", self.made())
        settings = self.work / "up/etc/tcpadvisor/tcpadvisor.toml"
        before = settings.read_text(encoding="utf-8")
        done = self.play("-e", '{"tcpadvisor_rules": {"no-such-rule": {"warning": "60"}}}')
        self.assertIn("no-such-rule", done.stdout)
        self.assertEqual((2, before), (done.returncode, settings.read_text(encoding="utf-8")))

    @unittest.skipUnless(shutil.which("ansible-lint"), "ansible-lint is not installed")
    def test_ansible_lint_has_nothing_to_say(self):
        done = subprocess.run(["ansible-lint", "--offline", "--strict", "--nocolor", "playbook.yml", "roles"], cwd=ROLE, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)


def main():
    global PROGRAM, VERSION
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if why := cannot():
        print("skipped: " + why)
        sys.exit(77)
    PROGRAM, VERSION = os.path.abspath(sys.argv.pop(1)), sys.argv.pop(1)
    unittest.main()


if __name__ == "__main__":
    main()
