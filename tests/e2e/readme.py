#!/usr/bin/env python3
"""What README.md and docs/ show is what happens: readme.py BINARY [unittest options]

Every command line of the README is run here, or by the test that is named for its kind; one of a kind that nobody runs is an
error. The screen of the incident is that of its capture. Lines of tcpadvisor in docs/ are run as well, and links lead somewhere.
"""
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
BINARY = ""  # set by main
HERE = re.compile(r"(ss [^|;]*(;|\|) *)?(check_)?tcpadvisor\b")
# The test that runs a line, or reads it from the page.
ELSEWHERE = {
    r"tar -xzf |sh tcpadvisor-\*/install\.sh|sh \S+/uninstall\.sh|apt install \./|dnf install \./": "tests/package/dist_test.py",
    r"docker run |kubectl |skopeo copy ": "tests/package/kubernetes.py",
    r"\./dev (check|test)\b": "dev",
}


def commands_in(path):
    """The lines of blocks marked `sh`, those after a `$` in others, and what stands between backticks and is run as it is; without comments."""
    text = path.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M)).replace("\\\n", " ")
    lines = blocks.splitlines() + re.findall(r"^    \$ (.*)$", text, re.M)
    if path == README:
        lines += [line for line in re.findall(r"`([^`\n]+)`", text) if re.match(r"tcpadvisor .*--|sh /|kubectl ", line)]
    return [line for line in (re.sub(r"\s+#.*", "", line).strip() for line in lines) if line]


class Readme(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="tcpadvisor-readme-")
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        (self.place / "bin").mkdir()
        for name in ("tcpadvisor", "check_tcpadvisor"):
            (self.place / "bin" / name).symlink_to(BINARY)
        capture = gzip.decompress((ROOT / "tests/captures/time-wait-exhausts.capture.gz").read_bytes())
        (self.place / "incident.capture").write_bytes(capture)
        (self.place / "sysctl.conf").write_text("net.ipv4.tcp_syncookies = 1\n", encoding="utf-8")
        (self.place / "now.txt").write_text("State Recv-Q Send-Q Local Address:Port Peer Address:Port\nLISTEN 0 128 10.0.0.1:22 0.0.0.0:*\nESTAB 0 0 10.0.0.1:40000 10.0.0.5:5432\n", encoding="utf-8")

    def run_it(self, line):
        environment = {"PATH": f"{self.place}/bin:{os.environ['PATH']}", "HOME": str(self.place), "LC_ALL": "C.UTF-8"}
        return subprocess.run(["sh", "-c", line], cwd=self.place, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def run_lines(self, path):
        lines = [line for line in commands_in(path) if HERE.match(line) and not re.search(r"\.\.\.|web1/|netstat\.txt|image/|roles/|/etc/|my-cases", line)]
        for line in lines:
            with self.subTest(page=path.name, line=line):
                missing = [tool for tool in ("ss", "prove") if re.search(rf"(^|; *){tool} ", line) and not shutil.which(tool)]
                if missing:
                    self.skipTest(f"{missing[0]} is not installed")
                done = self.run_it(line)
                # ss tells less than a kernel, which a verdict says as UNKNOWN
                self.assertIn(done.returncode, (0, 1, 2, 3) if "now.txt" in line else (0, 1, 2), done.stdout + done.stderr)
                self.assertNotRegex(done.stderr, "(?i)error|usage|see tcpadvisor")
        return lines

    def test_every_line_of_the_readme_is_run(self):
        lines = commands_in(README)
        self.assertGreater(len(lines), 15)
        for line in lines:
            test = next((test for kind, test in ELSEWHERE.items() if re.match(kind, line)), None)
            self.assertTrue(test or HERE.match(line), f"nothing runs: {line}")
            if test == "dev":
                self.assertIn(f"\n{line.split()[1]})", (ROOT / "dev").read_text(encoding="utf-8"))
            elif test:
                self.assertTrue("README" in (ROOT / test).read_text(encoding="utf-8"), f"{test} does not read the README")
        self.assertGreater(len(self.run_lines(README)), 5)

    def test_lines_of_the_pages_are_run(self):
        for page in PAGES:
            self.run_lines(page)

    def test_the_screen_is_that_of_the_capture(self):
        shown = re.search(r"^    \$ (tcpadvisor --replay \S+)\n((?:    .*\n)+)", README.read_text(encoding="utf-8"), re.M)
        wanted = re.sub(r"tcpadvisor \d+\.\d+\.\d+", "tcpadvisor VERSION", self.run_it(shown[1]).stdout)
        found = re.sub(r"tcpadvisor \d+\.\d+\.\d+", "tcpadvisor VERSION", re.sub(r"^    ", "", shown[2], flags=re.M))
        self.assertEqual(wanted, found)

    def test_it_is_about_a_hundred_lines(self):
        self.assertLess(len(README.read_text(encoding="utf-8").splitlines()), 121)

    def test_links_lead_somewhere(self):
        for page in [README, ROOT / "CONTRIBUTING.md", ROOT / "packaging/README.md", *PAGES]:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")

    def test_every_page_is_linked(self):
        text = README.read_text(encoding="utf-8")
        for page in PAGES:
            self.assertIn(f"docs/{page.name}", text)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"{sys.argv[0]} BINARY [unittest options]")
    BINARY = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
