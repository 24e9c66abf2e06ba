#!/usr/bin/env python3
"""Hostile names in every place of a capture, in every format, and a real parser of each reads it back:
nothing_injected.py BINARY [unittest options]

Names of hosts, namespaces and their files, processes and control groups, values of sysctls, lines, names and comments of
sysctl.d and reasons of gaps carry escape sequences, line ends, quotes, markup, commands, what turns the direction of text,
what nobody sees, and bytes that are no text. What a pasted command then does is tested in pasted_commands.py.
"""
import html.parser
import itertools
import json
import os
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
CAPTURES = {"leak": ("report", "check", "ports", "states"), "bad-tuning": ("report", "audit")}  # and what is asked of each
GAPS = (b"file-gap", b"dump-gap", b"list-gap")
PLACES = ("place", "host", "unit", "process", "cgroup", "netns-file", "file", "key", "value", "number",
          *(kind.decode() for kind in GAPS))
FORMATS = {"report": ("text", "html", "json", "junit", "tap", "prometheus"),
           "audit": ("text", "json", "junit", "tap", "sarif", "sysctl"),
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


def one_line(text):
    return b" ".join(text.replace(b"/", b"").split())


# What no capture of the lab has, because it is not of a host's own namespace: comes before the first record of that kind.
ADDED = {b"dump": ((b"netns-file", b"", b""), (b"file", b"/etc/sysctl.d/60-%s.conf", b""), (b"list", b"/etc/sysctl.d", b""), (b"list", b"/proc/sys/net/ipv4", b""),
                   (b"file-gap", b"/etc/sysctl.d/70-%s.conf", b"denied\n/etc/sysctl.d/70-%s.conf\n"),
                   (b"list-gap", b"/run/sysctl.d", b"failed\n/run/sysctl.d\n")),
         b"holders": ((b"cgroup", b"9", b""),)}
NLMSG_DONE = b"\3\0"
SOCKETS_CUT = 1  # the first dump of a capture
CGROUP_1, CGROUP_9 = (b"\x0c\0\x15\0" + bytes((number, 0, 0, 0, 0, 0, 0, 0)) for number in (1, 9))  # INET_DIAG_CGROUP_ID


def with_all_kinds(capture, file, cut=0):
    """The capture with each kind of record. `file`: part of the names of files; `cut`: which dump ends early, 0: none. Half of
    the sockets have no known process, and their control group is that of the record."""
    seen, dumps = set(), 0
    for kind, key, content in records(capture):
        if key == b"/proc/sys/net/ipv4/tcp_max_orphans":
            kind, content = b"file", b"65536\n"  # which tells the namespace of the host, where sysctl.d counts
        if kind not in seen:
            for added, of, start in ADDED.get(kind, ()):
                yield added, of.replace(b"%s", file), start.replace(b"%s", file)
        seen.add(kind)
        if kind == b"frame":
            content = content.replace(CGROUP_1, CGROUP_9)
        elif kind == b"holders":
            lines = content.splitlines(keepends=True)
            content = b"".join(lines[:len(lines) // 2])
        dumps += kind == b"dump"
        if dumps == cut and kind == b"frame" and content[4:6] == NLMSG_DONE:
            continue
        if dumps == cut and kind == b"dump-end":
            kind, content = b"dump-gap", b"truncated\nthe socket table\n"
        yield kind, key, content


def hostile(capture, text, cut=0):
    """The capture with text(place) in each place that somebody else may choose."""
    def name(place):
        return text(place).replace(b"\0", b"").replace(b"/", b"")

    def line(place):
        return name(place).replace(b"\n", b"")

    for kind, key, content in with_all_kinds(capture, line("file"), cut):
        if kind == b"place":
            content = name("place")
        elif key == b"/proc/sys/kernel/hostname":
            content = name("host")
        elif kind == b"process":
            content = b"\0".join([*content.split(b"\0")[:3], b"/system.slice/" + line("unit") + b".service", name("process")])
        elif kind == b"cgroup":
            content = b"/user.slice/" + line("cgroup") + b".scope"
        elif kind == b"netns-file":
            content = b"/run/netns/" + one_line(text("netns-file"))
        elif kind == b"list" and key == b"/etc/sysctl.d":
            content = b"60-%s.conf\n70-%s.conf" % (line("file"), line("file"))
        elif kind == b"file" and b"sysctl." in key:
            content = (b"# " + name("comment") + b"\nnet.ipv4.tcp_" + line("key") + b" = " + line("value") +
                       b"\nnet.ipv4.tcp_tw_reuse = " + line("number") + b"\n" + name("rubbish") + b"\n")
        elif kind in GAPS:
            content = content.rpartition(b"\n")[0] + b"\n" + line(kind.decode())
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

    def replayed(self, name, text, cut=0):
        path = self.scratch / "hostile"
        path.write_bytes(written(hostile(self.originals[name], text, cut)))
        return "--replay", path

    def shown(self, command, form, *source):
        """The file that a command writes in a format."""
        out = self.scratch / f"out.{form}"
        rules = [] if command in ("ports", "states") else ["--rules", self.rules]
        done = subprocess.run([command_line.BINARY, command, *source, "--format", form, "-v", "--output", out, *rules],
                              capture_output=True, check=False, timeout=60)
        self.assertEqual((b"", b""), (done.stdout, done.stderr))
        self.assertIn(done.returncode, (0, 1, 2, 3))
        return out

    def assert_sound(self, form, path):
        readers = {"junit": check_formats.junit_problems, "tap": check_formats.tap_problems, "sysctl": check_formats.sysctl_problems,
                   "prometheus": check_formats.prometheus_problems, "checkmk": check_formats.checkmk_problems,
                   "json": self.json_problems, "sarif": self.sarif_problems, "nagios": self.nagios_problems,
                   "html": self.html_problems, "text": lambda path: []}
        text = path.read_bytes().decode("utf-8")  # or it is no UTF-8
        self.assertEqual(set(), unsafe_in(text))
        self.assertEqual([], readers[form](path))

    def test_each_format_is_what_it_should_be(self):
        for name, commands in CAPTURES.items():
            for number, payload in enumerate(PAYLOADS):
                source = self.replayed(name, lambda place, payload=payload: payload, cut=SOCKETS_CUT * (number % 2))
                for command in commands:
                    for form in FORMATS[command]:
                        with self.subTest(capture=name, payload=payload, command=command, form=form):
                            self.assert_sound(form, self.shown(command, form, *source))

    def test_each_place_comes_out_somewhere(self):
        """Or the hostile text there would prove nothing."""
        missing = set(PLACES)
        for name, cut in itertools.product(CAPTURES, (0, SOCKETS_CUT)):
            source = self.replayed(name, lambda place: f"zq-{place}-".encode(), cut)
            for command, form in (("report", "json"), ("report", "html"), ("audit", "json"), ("audit", "text")):
                shown = self.shown(command, form, *source).read_text(encoding="utf-8")
                missing -= {place for place in missing if f"zq-{place}-" in shown}
        self.assertEqual(set(), missing)

    def test_an_audit_of_files(self):
        for payload in PAYLOADS:
            name = payload.replace(b"/", b"")
            path = os.fsencode(self.scratch) + b"/" + name + b".conf"
            Path(os.fsdecode(path)).write_bytes(b"net.ipv4.tcp_tw_reuse = 7\n" + name + b" = " + name + b"\nnet.ipv4.tcp_" + name + b"\n")
            for form in FORMATS["audit"]:
                with self.subTest(payload=payload, form=form):
                    self.assert_sound(form, self.shown("audit", form, "--files", path))

    def json_problems(self, path):
        document = json.loads(path.read_bytes())
        return [] if document["schema"] == 1 and "error" not in document else ["no schema, or an error"]

    def sarif_problems(self, path):
        (run,) = json.loads(path.read_bytes())["runs"]
        places = [place["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]
                  for place in result.get("locations", ())]
        problems = [] if run["results"] else ["no result, as after an error"]
        return problems + [f"no URI: {uri}" for uri in places if not re.fullmatch(r"([\w.~:/@!$&'()*+,;=-]|%[0-9A-F]{2})+", uri, re.ASCII)]

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
        elements = Structure(page).tags
        tags = {tag for tag, *_ in elements}
        names = {name for _, *attributes in elements for name in attributes}
        problems = [f"<{tag}>" for tag in tags & {"script", "iframe", "object", "img", "form"}]
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
        harmless = re.sub(rb"[^\w \n=#]", b"x", everything)  # as many lines, and as many assignments among them
        plain, injected = (written(hostile(original, lambda place, text=text: text)) for text in (harmless, everything))
        self.assertEqual(elements(plain), elements(injected))


if __name__ == "__main__":
    command_line.main()
