#!/usr/bin/env python3
"""Hostile names in every place of a capture, in every format, and a real parser of each reads it back:
nothing_injected.py BINARY [unittest options]

Names of hosts, namespaces, processes and control groups, values of sysctls, lines, names and comments of sysctl.d carry
escape sequences, line ends, quotes, markup, commands, what turns the direction of text, what nobody sees, and bytes that
are no text. What a pasted command then does is tested in pasted_commands.py.
"""
import html.parser
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest
from pathlib import Path

sys.path += [str(Path(__file__).parent.parent / name) for name in ("captures", "render")]
import check_formats  # noqa: E402
import command_line  # noqa: E402
from command_line import CommandLine  # noqa: E402
from unpacked import unpack  # noqa: E402

INVISIBLE = "\u009b\u00ad\u061c\u200b\u202e\u2028\u2060\ufeff\U000e0041"
PAYLOADS = [payload.encode() if isinstance(payload, str) else payload for payload in (
    "\x1b[31m\x1b]0;x\x07\r\b\x7f", "a\n[OK] x: 1 judged\n# b\nok 1 - c\n", "']]>\"<!--<script>alert(1)</script>&lt;&#x1b;",
    "x|y=1;2;3 # $(touch z) `id`;\\", INVISIBLE, b"\xff\xfe\xc3\x28\xed\xa0\x80", "%s%n{0}{remote}${HOME}~'")]
CAPTURES = ("leak", "bad-tuning")
FORMATS = {"report": ("text", "html", "json", "junit", "tap", "prometheus"), "audit": ("text", "junit", "tap", "sysctl"),
           "check": ("nagios", "text", "json", "prometheus", "checkmk"), "ports": ("text", "json"), "states": ("text", "json")}


def records(capture):
    """(kind, key, content) of each record."""
    at = capture.index(b"\n") + 1
    while at < len(capture):
        end = capture.index(b"\n", at)
        kind, length, key = capture[at:end].split(b" ", 2)
        content = capture[end + 1:end + 1 + int(length)]
        at = end + 1 + int(length) + 1
        yield kind, key, content


def written(all_records):
    return b"tcpadvisor-capture 1\n" + b"".join(b"%s %d %s\n%s\n" % (kind, len(content), key, content)
                                               for kind, key, content in all_records)


def hostile(capture, payload):
    """The capture with the payload in each place that somebody else may choose."""
    name = payload.replace(b"\0", b"").replace(b"/", b"")
    line = name.replace(b"\n", b"")
    for kind, key, content in records(capture):
        if kind == b"place" or key == b"/proc/sys/kernel/hostname":
            content = name
        elif kind == b"process":
            content = b"\0".join([*content.split(b"\0")[:3], b"/system.slice/" + line + b".service", name])
        elif kind == b"cgroup":
            content = b"/system.slice/" + line + b".service"
        elif kind == b"netns-file":
            content = b"/run/netns/" + line
        elif kind == b"file" and b"sysctl." in key:
            content += b"\n# " + name + b"\nnet.ipv4.tcp_" + line + b" = " + line + b"\nnet.ipv4.tcp_tw_reuse = " + line + b"\n" + name + b"\n"
        elif kind in (b"file-gap", b"dump-gap", b"list-gap"):
            content = content.rpartition(b"\n")[0] + b"\n" + line
        yield kind, key, content


def unsafe_in(text):
    """Characters that no output may hold."""
    return {f"U+{ord(c):04X}" for c in text if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs"))}


class Structure(html.parser.HTMLParser):
    """The tags of a page with their attributes' names: what no name may change."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *sorted(name for name, _ in attrs)))


class Injected(CommandLine):
    def setUp(self):
        super().setUp()
        captures = tempfile.TemporaryDirectory(prefix="tcpadvisor-captures-")
        self.addCleanup(captures.cleanup)
        unpack(captures.name)
        self.originals = {name: (Path(captures.name) / f"{name}.capture").read_bytes() for name in CAPTURES}

    def outputs(self, forms=FORMATS):
        """Each capture with each payload as each command and format shows it."""
        for name, original in self.originals.items():
            for payload in PAYLOADS:
                path = self.scratch / "hostile"
                path.write_bytes(written(hostile(original, payload)))
                for command, formats in forms.items():
                    for form in formats:
                        with self.subTest(capture=name, payload=payload, command=command, form=form):
                            out = self.scratch / f"out.{form}"
                            done = subprocess.run([command_line.BINARY, command, "--replay", path, "--format", form, "-v", "--output", out]
                                                  + ([] if command in ("ports", "states") else ["--rules", self.rules]),
                                                  capture_output=True, check=False, timeout=60)
                            self.assertEqual((b"", b""), (done.stdout, done.stderr))
                            self.assertIn(done.returncode, (0, 1, 2, 3))
                            yield form, out

    def test_each_format_is_what_it_should_be(self):
        readers = {"junit": check_formats.junit_problems, "tap": check_formats.tap_problems, "sysctl": check_formats.sysctl_problems,
                   "prometheus": check_formats.prometheus_problems, "checkmk": check_formats.checkmk_problems,
                   "json": self.json_problems, "nagios": self.nagios_problems, "html": self.html_problems, "text": lambda path: []}
        count = 0
        for form, path in self.outputs():
            text = path.read_bytes().decode("utf-8")  # or it is no UTF-8
            self.assertEqual(set(), unsafe_in(text))
            self.assertEqual([], readers[form](path))
            count += 1
        self.assertEqual(len(CAPTURES) * len(PAYLOADS) * sum(map(len, FORMATS.values())), count)

    def json_problems(self, path):
        document = json.loads(path.read_bytes())
        return [] if document["schema"] == 1 else ["no schema"]

    def nagios_problems(self, path):
        text = path.read_text(encoding="utf-8")
        first, _, rest = text.partition("\n")
        problems = [] if re.fullmatch(r"TCP (OK|WARNING|CRITICAL|UNKNOWN): [^|]+\|([a-z_]+=\S+ ?)+", first) else [first]
        problems += ["'|' after line 1"] if "|" in rest else []
        problems += [f"{line}: begins as none of ours" for line in rest.splitlines()
                     if not re.match(r"\[(OK|INFO|WARNING|CRITICAL|UNKNOWN|SKIPPED)\] |run: |note: |override|and \d+ more ", line)]
        return problems + (["more than 8 KB"] if len(text.encode()) > 8192 or len(first.encode()) > 1024 else [])

    def html_problems(self, path):
        page = path.read_text(encoding="utf-8")
        tags = {tag[0] for tag in Structure(page).tags}
        names = {name for tag in Structure(page).tags for name in tag[1:]}
        problems = [f"<{tag}>" for tag in tags & {"script", "iframe", "object", "img", "form", "a"} - {"a"}]
        return problems + [f"attribute {name}" for name in names if name.startswith("on")]

    @unittest.skipUnless(shutil.which("chromium"), "chromium is not installed")
    def test_a_browser_finds_the_same_elements(self):
        def elements(content):
            path = self.scratch / "page.html"
            capture = self.scratch / "shown"
            capture.write_bytes(content)
            self.run_it("report", "--replay", capture, "--format", "html", "--output", path)
            shown = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()],
                                   capture_output=True, encoding="utf-8", check=True, timeout=120).stdout
            return Structure(shown).tags

        original = self.originals["leak"]
        everything = b"".join(PAYLOADS[:4])
        self.assertEqual(elements(written(hostile(original, b"plain"))), elements(written(hostile(original, everything))))


if __name__ == "__main__":
    command_line.main()
