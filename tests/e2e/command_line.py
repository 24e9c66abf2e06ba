#!/usr/bin/env python3
"""The command line as users meet it, through the real program and without root: command_line.py BINARY [unittest options]

The host's own sockets are whatever they are, so nothing here depends on the verdict about them; the lab does that.
"""
import fcntl
import functools
import gzip
import json
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import xml.etree.ElementTree
from pathlib import Path

BINARY = ""  # set by main
NOBODY = 65534
needs_root = unittest.skipUnless(os.geteuid() == 0, "needs root")
SITE_RULE = """
[[rule]]
id = "{id}"
for_each = "host"
condition = "{condition}"
severity = "critical"
summary = "the rule of the site speaks"
"""


POOL_RULE = """
[[rule]]
id = "site-pool"
tags = ["health", "site"]
for_each = "destination"
when = "remote_port in [{ports}]"
value = "established"
warning = "0"
summary = "{{remote}} has {{established}} connections"
"""
OVERRIDE = """
[[override]]
rule = "site-pool"
remote = "{remote}"
reason = "batch hosts"
expires = {expires}
ignore = true
"""
TOPICS = ("ports", "time-wait", "close-wait", "listeners", "resources")


@functools.cache
def may_have_namespaces():
    """May namespaces of the network, mounts and processes be made here, and something mounted there? Containers of a
    build service often have a root without that."""
    script = "mount -t tmpfs none /run"
    return os.geteuid() == 0 and shutil.which("unshare") is not None and subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", script],
        check=False, stderr=subprocess.DEVNULL).returncode == 0


def needs_namespaces(test):
    """Skips a test, or a class of them, where none may be made."""
    return unittest.skipUnless(may_have_namespaces(), "needs root that may make namespaces")(test)


class Answer:
    def __init__(self, done):
        self.exit, self.out, self.err = done.returncode, done.stdout or "", done.stderr
        self.line1 = self.out.split("\n", 1)[0]
        self.shown = f"\n$ {' '.join(done.args)}\nexit {self.exit}\nstdout: {self.out[:2000]}\nstderr: {self.err[:2000]}"

    @property
    def json(self):
        return json.loads(self.out)


class CommandLine(unittest.TestCase):
    """A scratch directory with an empty configuration, and the program under both names."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tcpadvisor-e2e-")
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.rules = self.scratch / "rules.d"
        self.rules.mkdir()
        self.plugin = self.scratch / "check_tcpadvisor"
        self.plugin.symlink_to(BINARY)

    def start(self, program, arguments, environment=None, **popen):
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.scratch), "STATE_DIRECTORY": str(self.scratch / "state")}
        popen.setdefault("stdout", subprocess.PIPE)
        return Answer(subprocess.run([str(program), *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                     env=clean | (environment or {}), encoding="utf-8", timeout=30, check=False, **popen))

    def run_it(self, *arguments, **options):
        return self.start(BINARY, arguments, **options)

    def check(self, *arguments, **options):
        """check_tcpadvisor, with the rules of the scratch directory instead of the host's."""
        return self.start(self.plugin, ["--rules", self.rules, *arguments], **options)

    def capture(self):
        """A capture of this host."""
        path = self.scratch / "capture"
        answer = self.run_it("record", path)
        self.assertEqual(0, answer.exit, answer.shown)
        return path

    def assert_unknown_line(self, answer, *words):
        """Nagios: one UNKNOWN line with these words, exit 3, nothing on stderr."""
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertEqual("", answer.err, answer.shown)
        self.assertTrue(answer.line1.startswith("TCP UNKNOWN: "), answer.shown)
        self.assertNotIn("|", answer.out.partition("\n")[2], answer.shown)
        for word in words:
            self.assertIn(word, answer.line1, answer.shown)

    def assert_told(self, answer, *words):
        """A person: exit 3, nothing on stdout, these words on stderr."""
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertEqual("", answer.out, answer.shown)
        for word in words:
            self.assertIn(word, answer.err, answer.shown)

    def assert_json_error(self, answer):
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertEqual("", answer.err, answer.shown)
        document = json.loads(answer.out)
        self.assertEqual(1, document["schema"], answer.shown)
        self.assertIn("error", document, answer.shown)


class Names(CommandLine):
    def test_help_and_version_of_the_command(self):
        for option in ("--help", "-h", "--version", "-V"):
            answer = self.run_it(option)
            self.assertEqual((0, ""), (answer.exit, answer.err), answer.shown)
            self.assertTrue(answer.out.endswith("\n"), answer.shown)

    def test_help_and_version_of_the_plugin_exit_3(self):
        for option in ("--help", "-h", "--version", "-V"):
            answer = self.start(self.plugin, [option])
            self.assertEqual((3, ""), (answer.exit, answer.err), answer.shown)
            self.assertNotEqual("", answer.out, answer.shown)

    def test_help_of_each_command_fits_the_screen(self):
        for command in ("report", "check", "audit", "ports", "port", "states", "explain", "rules", "record", "watch"):
            answer = self.run_it(command, "--help")
            self.assertEqual(0, answer.exit, answer.shown)
            self.assertLessEqual(max(map(len, answer.out.splitlines())), 80, answer.shown)
            self.assertIn("xample", answer.out.partition("sage:")[0], "examples lead" + answer.shown)

    def test_the_default_command_is_report(self):
        capture = self.capture()
        alone, named = self.run_it("--replay", capture), self.run_it("report", "--replay", capture)
        self.assertEqual((named.exit, named.out), (alone.exit, alone.out), alone.shown)

    def test_the_plugin_is_check(self):
        capture = self.capture()
        plugin, command = self.check("--replay", capture), self.run_it("check", "--rules", self.rules, "--replay", capture)
        self.assertEqual((command.exit, command.out), (plugin.exit, plugin.out), plugin.shown)


class Metrics(CommandLine):
    """For Prometheus and Checkmk: what the goldens cannot show."""

    def test_the_file_can_be_read_by_another_user(self):
        path = self.scratch / "tcp.prom"
        answer = self.check("--format", "prometheus", "--output", path)
        self.assertEqual(("", ""), (answer.out, answer.err), answer.shown)
        self.assertEqual(0o644, path.stat().st_mode & 0o777)
        self.assertEqual([path.name], [entry.name for entry in self.scratch.glob("tcp.prom*")])
        text = path.read_text(encoding="utf-8")
        states = re.findall(r'^tcpadvisor_verdict\{state="\w+"\} ([01])$', text, re.MULTILINE)
        self.assertEqual([str(int(code == answer.exit)) for code in range(4)], states)
        version = self.run_it("--version").out.split()[-1]
        self.assertIn(f'tcpadvisor_build_info{{version="{version}"}} 1', text)
        self.assertIn('tcpadvisor_sockets{netns="this namespace",state="established",family="ipv4"}', text)

    def test_report_has_the_same_metrics_and_bound_sockets(self):
        capture = self.capture()
        of_check = self.check("--replay", capture, "--format", "prometheus", "--no-state")
        of_report = self.run_it("report", "--replay", capture, "--format", "prometheus", "--tag", "health", "--no-state",
                                "--rules", self.rules)
        more = [line for line in of_report.out.splitlines() if line not in of_check.out.splitlines()]
        self.assertEqual(of_check.out.splitlines(), [line for line in of_report.out.splitlines() if line not in more], of_check.shown)
        self.assertTrue(all('state="bound"' in line for line in more), more)

    def test_a_mistake_is_no_metric(self):
        path = self.scratch / "tcp.prom"
        path.write_text("old", encoding="utf-8")
        self.assert_told(self.check("--format", "prometheus", "--output", path, "--rule", "nix"), "nix")
        self.assert_told(self.check("--format", "prometheus", "--fromat", "x"), "--fromat")
        self.assertEqual("old", path.read_text(encoding="utf-8"))

    def test_checkmk_has_a_service_for_each_topic(self):
        answer = self.check("--format", "checkmk")
        names = [line.split('"')[1] for line in answer.out.splitlines()]
        self.assertEqual(["TCP", *(f"TCP {topic}" for topic in TOPICS)], sorted(names, key=["TCP", *(
            f"TCP {topic}" for topic in TOPICS)].index), answer.shown)

    def test_a_mistake_is_a_local_check_too(self):
        for arguments in (["--rule", "nix"], ["--fromat", "x"]):
            answer = self.check("--format", "checkmk", *arguments)
            self.assertEqual((3, ""), (answer.exit, answer.err), answer.shown)
            self.assertRegex(answer.out, r'\A3 "TCP" - [^\n]+\n\Z')


class Mistakes(CommandLine):
    def test_unknown_option(self):
        self.assert_told(self.run_it("--fromat", "text"), "--fromat", "--format")
        for nameless in ("--=", "---="):
            self.assert_told(self.run_it(nameless), "an option without a name")
        self.assert_unknown_line(self.check("--fromat", "text"), "--fromat", "--format")

    def test_unknown_command(self):
        self.assert_told(self.run_it("chekc"), "chekc", "check")

    def test_unknown_format(self):
        self.assert_told(self.run_it("report", "--format", "jsn"), "jsn", "json")
        self.assert_unknown_line(self.check("--format", "jsn"), "jsn", "json")

    def test_unknown_rule(self):
        self.assert_unknown_line(self.check("--rule", "close-wait-leek"), "close-wait-leek", "close-wait-leak")
        self.assert_unknown_line(self.check("--exclude-rule", "close-wait-leek"), "close-wait-leek", "close-wait-leak")
        self.assert_told(self.run_it("report", "--rule", "close-wait-leek"), "close-wait-leek", "close-wait-leak")

    def test_unknown_parameter(self):
        self.assert_unknown_line(self.check("--set", "close-wait-leak.waning=3"), "waning", "warning")
        self.assert_unknown_line(self.check("--set", "close-wait-leek.warning=3"), "close-wait-leek", "close-wait-leak")
        self.assert_unknown_line(self.check("--set", "nonsense"), "nonsense")

    def test_unknown_topic(self):
        self.assert_told(self.run_it("explain", "CLOSE_WAIR"), "CLOSE_WAIR", "CLOSE_WAIT")
        self.assert_told(self.run_it("explain", "close-wait-leek"), "close-wait-leek", "close-wait-leak")
        for nonsense in ("kernal panic", "xyzzy", "x" * 5000, "\x1b[2J", "*", "a|b"):
            answer = self.run_it("explain", nonsense)
            self.assert_told(answer, "nothing is known")
            self.assertNotIn("\x1b", answer.err)
            self.assertNotIn("did you mean", answer.err)

    def test_unknown_sysctl(self):
        self.assert_unknown_line(self.check("--assume", "net.ipv4.tcp_tw_resue=1"), "tcp_tw_resue", "tcp_tw_reuse")
        self.assert_unknown_line(self.check("--assume", "net.ipv4.tcp_tw_reuse=yes"), "tcp_tw_reuse", "yes")
        self.assert_unknown_line(self.check("--assume", "net.ipv4.tcp_tw_reuse"), "tcp_tw_reuse")

    def test_option_without_its_value(self):
        self.assert_unknown_line(self.check("--warning"), "--warning")
        self.assert_told(self.run_it("ports", "--to"), "--to")

    def test_option_of_another_command(self):
        self.assert_told(self.run_it("states", "--to", "127.0.0.1:80"), "--to")
        self.assert_told(self.run_it("report", "-w", "10"), "--warning")

    def test_arguments_too_many_or_few(self):
        self.assert_unknown_line(self.check("surplus"), "surplus")
        self.assert_told(self.run_it("states", "surplus"), "surplus")
        self.assert_told(self.run_it("record"), "FILE")
        self.assert_told(self.run_it("rules", "lnit"), "lnit", "lint")

    def test_bad_destinations(self):
        for text in ("10.0.0.5", "10.0.0.5:", "10.0.0.5:99999", "10.0.0.5:0x50", "10.0.0:80", "::1:80:", "[::1]", "name:80", "", ":", ":0",
                     "*:x", ":65536"):
            self.assert_told(self.run_it("ports", "--to", text), "--to")
        self.assert_told(self.run_it("ports", "--to", "10.0.0.5:80", "--from", "nowhere"), "--from")

    def test_a_local_port(self):
        for arguments in ((), ("http",), ("0",), ("65536",), ("-1",), ("80", "81"), ("8o",), ("",)):
            self.assertEqual(3, self.run_it("port", *arguments).exit, arguments)
        with socket.create_server(("127.0.0.1", 0)) as server:
            number = server.getsockname()[1]
            capture = self.capture()
            for place in ((), ("--replay", capture)):
                (here, *_) = self.run_it("port", number, "--format", "json", *place).json["namespaces"]
                self.assertEqual([False, False], [here["bind"]["possible"], here["listen"]["possible"]], here)
                self.assertEqual("LISTEN", here["sockets"][0]["state"])
                self.assertIn(f"(pid {os.getpid()})", here["sockets"][0]["holder"])
                text = self.run_it("port", f":{number}", *place).out
                self.assertRegex(text, r"listen\(\) +no +EADDRINUSE: 127\.0\.0\.1:\d+ \(LISTEN\)")

    def test_a_device_by_name_or_number(self):
        for arguments in (("--to", "[fe80::1%lo]:443"), ("--to", "[fe80::1]:443", "--device", "lo"), ("--device", "lo"),
                          ("--to", "[fe80::1%lo]:443", "--device", "lo"), ("--to", "192.0.2.1:443", "--device", "1")):
            self.assertEqual(0, self.run_it("ports", *arguments).exit, arguments)
        for arguments in (("--device", "no-such-0"), ("--to", "[fe80::1%lo]:443", "--device", "eth0"), ("--device", "")):
            self.assert_told(self.run_it("ports", *arguments), "interface")
        capture = self.capture()
        for device in ("3", "65536", "4294967295"):
            answer = self.run_it("ports", "--replay", capture, "--to", f"[fe80::1%{device}]:443")
            self.assertIn("fe80::1", answer.out, answer.shown)
        for device in ("", "-1", "eth0", "4294967296"):
            self.assert_told(self.run_it("ports", "--replay", capture, "--to", f"[fe80::1%{device}]:443"), "interface")

    def test_places_that_do_not_exist(self):
        self.assert_unknown_line(self.check("--netns", "no-such-namespace"), "no-such-namespace")
        self.assert_unknown_line(self.check("--pid", "0"), "--pid")
        self.assert_unknown_line(self.check("--pid", "4194304"), "4194304")
        self.assert_unknown_line(self.check("--pid", "1", "--all-netns"), "--pid", "--all-netns")

    def test_bad_timeouts(self):
        for text in ("0", "-1", "soon", "", "1e9", "nan"):
            self.assert_unknown_line(self.check("--timeout", text), "--timeout")

    def test_bad_waits(self):
        for seconds in ("0", "-1", "x", "1e9", "nan"):
            self.assert_told(self.run_it("report", "--wait", seconds), "--wait")
        self.assert_told(self.run_it("report", "--wait", "5", "--replay", "nothing"), "--replay")
        self.assert_unknown_line(self.check("--wait", "5"), "--wait")

    def test_json_is_valid_also_on_error(self):
        self.assert_json_error(self.run_it("check", "--format", "json", "--rule", "nonsense"))
        self.assert_json_error(self.run_it("check", "--format=json", "--nonsense"))
        self.assert_json_error(self.run_it("ports", "--format", "json", "--to", "nonsense"))
        self.assert_json_error(self.run_it("states", "--format", "json", "--replay", "/nonexistent"))

    def test_what_the_user_wrote_cannot_command_the_terminal(self):
        for answer in (self.run_it("\x1b[31mred"), self.check("--rule", "\x1b[31mred|x=1\ny")):
            self.assertEqual(3, answer.exit, answer.shown)
            self.assertNotIn("\x1b", answer.out + answer.err, repr(answer.shown))
        self.assertEqual(1, self.check("--rule", "a\nb").out.count("TCP "), "one line")


class Ranges(CommandLine):
    RULE = ("--rule", "ephemeral-port-exhaustion")

    def test_bad_ranges(self):
        for text in ("20:10", "10:20:30", "abc", "", ":", "@", "~", "10:~", "0x10", "inf", "nan", "10;20", "1 2"):
            for option in ("-w", "-c"):
                answer = self.check(*self.RULE, option, text)
                self.assert_unknown_line(answer, "--warning" if option == "-w" else "--critical")

    def test_the_shell_expanded_a_tilde(self):
        answer = self.check(*self.RULE, "-w", "/root:10")  # bash makes it from ~:10
        self.assert_unknown_line(answer, "/root:10", "shell")
        self.assertNotRegex(answer.line1, r" [?:]", "a tilde is lost on line 1: say it in words" + answer.shown)

    def test_start_above_end_is_explained(self):
        self.assert_unknown_line(self.check(*self.RULE, "-w", "20:10"), "20:10", "greater")

    def test_good_ranges(self):
        for text in ("10", "10:", "~:10", "10:20", "@10:20", "@~:20", "0:10", "1.5:2.5", "~:"):
            answer = self.check(*self.RULE, "-w", text)
            self.assertIn(answer.exit, (0, 1, 2), answer.shown)
            self.assertEqual("", answer.err, answer.shown)

    def test_thresholds_need_one_rule(self):
        self.assert_unknown_line(self.check("-w", "10"), "--rule")
        self.assert_unknown_line(self.check(*self.RULE, "--rule", "close-wait-leak", "-w", "10"), "--rule")


class RuleFiles(CommandLine):
    """A broken file makes the verdict at least UNKNOWN and is named on line 1; the intact rules are still judged."""

    def setUp(self):
        super().setUp()
        (self.rules / "50-intact.toml").write_text(SITE_RULE.format(id="site-alarm", condition="true"), encoding="utf-8")

    def broken(self, name="60-broken.toml", content=None):
        path = self.rules / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assert_named_and_others_judged(self, path):
        answer = self.check()
        self.assertEqual("", answer.err, answer.shown)
        self.assertEqual(2, answer.exit, "the intact rule speaks" + answer.shown)
        self.assertIn("the rule of the site speaks", answer.line1, answer.shown)
        self.assertIn(path.name, answer.line1, answer.shown)
        self.assertLess(len(answer.line1), 1024, answer.shown)
        (self.rules / "50-intact.toml").unlink()
        alone = self.check()
        self.assertIn(alone.exit, (1, 2, 3), "at least UNKNOWN" + alone.shown)
        self.assertIn(path.name, alone.line1, alone.shown)
        self.assertNotIn("TCP OK", alone.line1, alone.shown)
        document = json.loads(self.run_it("check", "--rules", self.rules, "--format", "json").out)
        self.assertIn(path.name, json.dumps(document["gaps"]), document["gaps"])

    def test_syntax_error(self):
        self.assert_named_and_others_judged(self.broken(content='[[rule]]\nid = "x\n'))

    def test_what_the_parser_cannot_bear(self):
        for content in ("[`", "[\u201crule.x\u201d]\n", "a\u00b5 = 1\n", '[rule.x\n', 'x = \"\"\"\\\u00fc\"\"\"\n'):
            with self.subTest(content):
                self.setUp()
                path = self.broken(content=content)
                lint = self.run_it("rules", "lint", path)
                self.assertEqual((3, ""), (lint.exit, lint.err), lint.shown)
                self.assertIn(f"{path}:1:", lint.out, lint.shown)
                self.assertIn("    " + content.split("\n")[0], lint.out, "the line" + lint.shown)
                self.assert_named_and_others_judged(path)

    def test_settings_that_the_parser_cannot_bear(self):
        settings = self.scratch / "tcpadvisor.toml"
        settings.write_text("[\u201crule.x\u201d]\nenabled = false\n", encoding="utf-8")
        answer = self.check("--config", settings)
        self.assertEqual((2, ""), (answer.exit, answer.err), answer.shown)
        self.assertIn("tcpadvisor.toml:1", answer.line1, answer.shown)
        self.assertIn("the rule of the site speaks", answer.line1, answer.shown)

    def test_unknown_fact(self):
        path = self.broken(content=SITE_RULE.format(id="typo", condition="host.time_wiat > 1"))
        lint = self.run_it("rules", "lint", path)
        self.assertEqual(3, lint.exit, lint.shown)
        self.assertRegex(lint.out + lint.err, re.escape(str(path)) + r":\d+:\d+: ", lint.shown)
        self.assert_named_and_others_judged(path)

    def test_unreadable(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        path = self.broken(content="")
        path.chmod(0)
        self.assert_named_and_others_judged(path)

    def test_directory(self):
        path = self.broken()
        path.mkdir()
        self.assert_named_and_others_judged(path)

    def test_binary(self):
        self.assert_named_and_others_judged(self.broken(content=bytes(range(256)) * 64))

    def test_huge(self):
        self.assert_named_and_others_judged(self.broken(content=b"# comment\n" * 500_000))

    def test_deeply_nested_value(self):
        self.assert_named_and_others_judged(self.broken(content="x = " + "[" * 20_000 + "]" * 20_000))

    def test_deeply_nested_expression(self):
        self.assert_named_and_others_judged(
            self.broken(content=SITE_RULE.format(id="deep", condition="(" * 20_000 + "true" + ")" * 20_000)))

    def test_dangling_link(self):
        path = self.broken()
        path.symlink_to(self.scratch / "nowhere")
        self.assert_named_and_others_judged(path)

    def test_device_and_pipe(self):
        path = self.broken("60-pipe.toml")
        os.mkfifo(path)
        self.assert_named_and_others_judged(path)

    def test_empty(self):
        self.assert_named_and_others_judged(self.broken(content=b""))

    def test_other_names_are_ignored(self):
        self.broken("60-broken.toml.dpkg-old", b"\0")
        self.broken("60-broken.toml~", b"\0")
        self.broken(".#60-broken.toml", b"\0")  # an editor's lock
        self.assertNotIn("cannot use", self.check().out)

    def test_a_rule_of_the_host_names_no_namespace(self):
        answer = self.check("--rule", "site-alarm")
        self.assertEqual(2, answer.exit, answer.shown)
        self.assertNotIn("(in )", answer.out, answer.shown)

    def test_same_id_twice(self):
        self.broken(content=SITE_RULE.format(id="site-alarm", condition="false"))
        answer = self.check()
        self.assertNotEqual(0, answer.exit, answer.shown)
        self.assertIn("60-broken.toml", answer.line1, answer.shown)

    def test_rules_directory_missing(self):
        self.assert_unknown_line(self.start(self.plugin, ["--rules", self.scratch / "missing"]), "missing")

    def test_settings_file(self):
        settings = self.scratch / "settings.toml"
        self.assert_unknown_line(self.check("--config", settings), "settings.toml")
        settings.write_text('[rule.site-alarm]\nenabled = false\n', encoding="utf-8")
        self.assertNotIn("site-alarm", self.check("--config", settings).out)
        settings.write_text('[rule.site-alarn]\nenabled = false\n', encoding="utf-8")
        answer = self.check("--config", settings)
        self.assertNotEqual(0, answer.exit, answer.shown)
        self.assertIn("settings.toml", answer.line1, answer.shown)

    def test_rules_list_shows_the_origin(self):
        answer = self.run_it("rules", "list", "-v", "--rules", self.rules)
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertIn("50-intact.toml", answer.out, answer.shown)
        self.assertIn("ephemeral-port-exhaustion", answer.out, answer.shown)


class Overrides(CommandLine):
    """Two back ends with one connection each, which a rule of the site finds too many."""

    def setUp(self):
        super().setUp()
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.ill, self.other = (listener.getsockname()[1] for listener in listeners)
        clients = [socket.create_connection(listener.getsockname()) for listener in listeners]
        for opened in listeners + clients:
            self.addCleanup(opened.close)
        (self.rules / "pool.toml").write_text(POOL_RULE.format(ports=f"{self.ill}, {self.other}"), encoding="utf-8")
        self.replay = self.capture()
        self.settings = self.scratch / "tcpadvisor.toml"

    def judged(self, *overrides, options=("-v",), command="check"):
        text = "".join(OVERRIDE.format(remote=remote, expires=expires) for remote, expires in overrides)
        self.settings.write_text(text, encoding="utf-8")
        return self.run_it(command, "--rule", "site-pool", "--rules", self.rules, "--config", self.settings,
                           "--replay", self.replay, *options)

    def test_of_two_back_ends_one_is_ignored(self):
        self.assertIn("more finding", self.judged().line1, "both alarm")
        ignored = (f"127.0.0.0/8:{self.ill}", "2999-12-31")
        answer = self.judged(ignored)
        self.assertEqual(1, answer.exit, answer.shown)
        self.assertIn(f"127.0.0.1:{self.other} has", answer.line1, answer.shown)
        self.assertNotIn(str(self.ill), answer.line1, answer.shown)
        self.assertIn(f"[IGNORED] site-pool: remote 127.0.0.0/8:{self.ill} ignored until 2999-12-31: batch hosts "
                      f"({self.settings}:2), hides WARNING of source 127.0.0.1, remote 127.0.0.1:{self.ill}\n", answer.out)
        self.assertNotIn("[IGNORED]", self.judged(ignored, options=()).out, "only with -v")
        self.assertIn("[IGNORED]", self.judged(ignored, command="report").out)
        document = json.loads(self.judged(ignored, options=("--format", "json")).out)
        (note,) = document["rules"][0]["overrides"]
        self.assertEqual(("ignored", "WARNING", 1), (note["kind"], note["hidden"], note["subjects"]), note)

    def test_all_ignored(self):
        answer = self.judged((f"*:{self.ill},{self.other}", "2999-12-31"))
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertIn("and 1 more\n", answer.out, answer.shown)

    def test_an_expired_one_says_so(self):
        expired = (f"127.0.0.1:{self.ill}", "2020-12-31")
        answer = self.judged(expired)
        self.assertEqual(1, answer.exit, answer.shown)
        self.assertIn("more finding", answer.line1, answer.shown)
        self.assertIn(f"[EXPIRED] site-pool: remote 127.0.0.1:{self.ill} was ignored until 2020-12-31: batch hosts",
                      answer.out, answer.shown)
        document = json.loads(self.judged(expired, options=("--format", "json")).out)
        self.assertEqual(1, sum("expired_override" in finding["evidence"] for finding in document["findings"]))

    def test_rules_list_shows_them(self):
        self.judged((f"*:{self.ill}", "2999-12-31"), ("127.0.0.1", "2020-12-31"))
        for options in ((), ("-v",)):
            answer = self.run_it("rules", "list", "--rules", self.rules, "--config", self.settings, *options)
            self.assertEqual(0, answer.exit, answer.shown)
            self.assertRegex(answer.out, rf"\n    override +remote \*:{self.ill}: ignored until 2999-12-31: batch hosts  "
                                         rf"\({self.settings}:2\)\n")
            self.assertRegex(answer.out, rf"\n    EXPIRED override +remote 127.0.0.1: ignored until 2020-12-31: batch hosts  "
                                         rf"\({self.settings}:9\)\n")


class Topics(CommandLine):
    def judged(self, *options, command="check"):
        answer = self.run_it(command, "--rules", self.rules, "--format", "json", *options)
        return [rule["id"] for rule in json.loads(answer.out)["rules"]]

    def test_the_topics_part_what_check_judges(self):
        by_topic = [rule for topic in TOPICS for rule in self.judged("--tag", topic)]
        self.assertEqual(sorted(self.judged()), sorted(by_topic))
        self.assertEqual(sorted(self.judged("--tag", "ports") + self.judged("--tag", "listeners")),
                         sorted(self.judged("--tag", "ports", "--tag", "listeners")))

    def test_a_topic_keeps_to_the_command(self):
        self.assertNotIn("port-range-narrow", self.judged("--tag", "ports"))
        self.assertIn("port-range-narrow", self.judged("--tag", "ports", command="audit"))
        self.assertEqual(self.judged(command="audit"), self.judged("--tag", "tuning"))
        both = self.judged("--tag", "ports", command="report")
        self.assertLessEqual({"port-range-narrow", "ephemeral-port-exhaustion"}, set(both))

    def test_a_service_of_a_topic_speaks_of_that_alone(self):
        own = {"ports": ["ports_used_percent", "ports_load_percent", "established", "syn_sent"],
               "time-wait": ["time_wait", "fin_wait", "time_wait_overflows"], "close-wait": ["close_wait", "close_wait_leaked"],
               "listeners": ["syn_recv", "accept_queue_percent", "listen_overflows"]}
        for topic, labels in own.items():
            line = self.check("--tag", topic).line1
            self.assertEqual([*labels, "rules_alerting"], re.findall(r"([a-z_]+)=", line.partition("|")[2]), line)
        line = self.check("--tag", "close-wait").line1
        if line.startswith("TCP OK"):  # this host is whatever it is
            self.assertRegex(line, r"^TCP OK: \d+ CLOSE_WAIT, \d+ of them leaked")

    def test_mistakes(self):
        self.assert_unknown_line(self.check("--tag", "port"), "unknown tag", "ports")
        self.assert_told(self.run_it("audit", "--tag", "close-wait"), "no rule is left", "close-wait", "tuning")


class Captures(CommandLine):
    def assert_refused(self, path):
        self.assert_unknown_line(self.check("--replay", path), path.name)
        self.assert_told(self.run_it("states", "--replay", path), path.name)

    def test_replay_reads_nothing_live(self):
        capture = self.capture()
        first, second = self.run_it("states", "--replay", capture), self.run_it("states", "--replay", capture)
        self.assertEqual((0, first.out), (first.exit, second.out), first.shown)

    def test_missing_empty_foreign_binary(self):
        contents = {"missing": None, "empty": b"", "foreign": b"#!/bin/sh\necho hello\n", "binary": bytes(range(256)) * 40}
        for name, content in contents.items():
            path = self.scratch / name
            if content is not None:
                path.write_bytes(content)
            self.assert_refused(path)
        self.assert_refused(self.rules)  # a directory

    def test_cut_anywhere(self):
        whole = self.capture().read_bytes()
        cut = self.scratch / "cut"
        for place in {1, 10, len(whole) // 4, len(whole) // 2, len(whole) - 200, len(whole) - 1}:
            cut.write_bytes(whole[:place])
            answer = self.check("--replay", cut)
            self.assertEqual("", answer.err, answer.shown)
            self.assertNotIn("TCP OK", answer.line1, f"cut at {place} of {len(whole)}" + answer.shown)

    def test_broken_anywhere(self):
        whole = self.capture().read_bytes()
        broken = self.scratch / "broken"
        for place in range(0, len(whole), max(1, len(whole) // 60)):
            broken.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1:])
            answer = self.check("--replay", broken)
            self.assertIn(answer.exit, (0, 1, 2, 3), f"byte {place}" + answer.shown)
            self.assertEqual("", answer.err, answer.shown)

    def test_record_cannot_write(self):
        for path in (self.scratch / "missing" / "capture", self.rules, Path("/proc/capture")):
            answer = self.run_it("record", path)
            self.assertEqual(3, answer.exit, answer.shown)
            self.assertIn(str(path), answer.err, answer.shown)

    def test_record_has_no_replay(self):
        self.assert_told(self.run_it("record", self.scratch / "x", "--replay", self.capture()), "--replay")


class Output(CommandLine):
    def test_output_file(self):
        capture, target = self.capture(), self.scratch / "answer.json"
        target.write_text("before", encoding="ascii")
        answer = self.run_it("states", "--replay", capture, "--format", "json", "--output", target)
        self.assertEqual((0, "", ""), (answer.exit, answer.out, answer.err), answer.shown)
        self.assertIn("states", json.loads(target.read_text(encoding="utf-8")))
        self.assertEqual(["answer.json", "capture", "check_tcpadvisor", "rules.d"], sorted(os.listdir(self.scratch)))

    def test_output_file_survives_a_mistake(self):
        target = self.scratch / "answer.json"
        target.write_text("before", encoding="ascii")
        self.run_it("states", "--replay", self.scratch / "missing", "--output", target)
        self.assertEqual("before", target.read_text(encoding="ascii"))

    def test_output_file_that_cannot_be_written(self):
        answer = self.check("--output", self.scratch / "missing" / "answer")
        self.assert_unknown_line(answer, "answer")

    def test_what_is_no_file_is_not_replaced(self):
        pipe, capture = self.scratch / "pipe", self.capture()
        os.mkfifo(pipe)
        self.run_it("states", "--replay", capture, "--output", pipe, "--timeout", "1")
        self.assertTrue(pipe.is_fifo(), "--output put a file in the place of a pipe; as root it would do so to /dev/null")
        self.run_it("record", pipe, "--timeout", "1")
        self.assertTrue(pipe.is_fifo(), "record put a file in the place of a pipe; as root it would do so to /dev/null")

    def test_output_keeps_the_exit_code(self):
        (self.rules / "site.toml").write_text(SITE_RULE.format(id="site-alarm", condition="true"), encoding="utf-8")
        answer = self.check("--rule", "site-alarm", "--output", self.scratch / "answer")
        self.assertEqual((2, "", ""), (answer.exit, answer.out, answer.err), answer.shown)

    def test_nowhere_to_write(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            check, report = self.check(stdout=full), self.run_it("states", stdout=full)
        for answer in (check, report):  # rather in the wrong place than mute
            self.assertEqual(3, answer.exit, answer.shown)
            self.assertIn("No space left", answer.err, answer.shown)

    def test_color(self):
        capture = self.capture()
        for options, environment in (((), {}), (("--color", "never"), {}), ((), {"NO_COLOR": "1", "TERM": "xterm"})):
            self.assertNotIn("\x1b", self.run_it("report", "--replay", capture, *options, environment=environment).out)
        always = self.run_it("report", "--replay", capture, "--color", "always")
        self.assertIn("\x1b[", always.out, repr(always.shown))
        plugin = self.check("--replay", capture, "--color", "always")
        self.assertNotIn("\x1b", plugin.out, repr(plugin.shown))

    def test_width(self):
        capture = self.capture()
        for columns in ("80", "132", "nonsense", "-1", "0", "20", "1"):
            for command in ("report", "states", "ports", "audit"):
                answer = self.run_it(command, "--replay", capture, environment={"COLUMNS": columns})
                widest = max(map(len, answer.out.splitlines()), default=0)
                self.assertLessEqual(widest, 132 if columns == "132" else 80, f"{command}, COLUMNS={columns}" + answer.shown)

    def test_nagios_contract(self):
        for options in ((), ("-v",), ("-vv",), ("-q",)):
            answer = self.check(*options)
            self.assertEqual("", answer.err, answer.shown)
            self.assertRegex(answer.line1, r"^TCP (OK|WARNING|CRITICAL|UNKNOWN): [^|]+\|([a-z_]+=[^ ]+ ?)+$", answer.shown)
            self.assertEqual(answer.out.count("|"), 1, answer.shown)
            self.assertLessEqual(len(answer.line1.encode()), 1024, answer.shown)
            self.assertLessEqual(len(answer.out.encode()), 8192, answer.shown)
            labels = re.findall(r"([a-z_]+)=", answer.line1.partition("|")[2])
            self.assertEqual(len(labels), len(set(label[:19] for label in labels)), labels)

    def test_explain_shows_the_numbers_of_now(self):
        capture = self.capture()
        for topic in ("TIME_WAIT", "tcp_fin_timeout", "destination.free", "orphans", "established", "BOUND"):
            answer = self.run_it("explain", topic, "--replay", capture)
            self.assertEqual(0, answer.exit, answer.shown)
            self.assertRegex(answer.out, r"\nOn .* now(, [a-z_]+)?:\n(  .+\n)+$", answer.shown)
        everything = self.run_it("explain", "--list").out
        self.assertEqual(everything, self.run_it("explain").out)
        for topic in ("close-wait-leak", "CLOSE_WAIT", "net.ipv4.tcp_fin_timeout", "destination.free", "myths"):
            self.assertIn(topic, everything)

    def test_labels_are_a_contract(self):
        """The same labels in the same order with the same units, whatever is judged; graphs depend on it."""
        frozen = ("ports_used_percent% ports_load_percent% established time_wait close_wait close_wait_leaked syn_sent syn_recv "
                  "fin_wait orphans accept_queue_percent% tcp_memory_percent% conntrack_percent% listen_overflowsc "
                  "time_wait_overflowsc rules_alerting").split()
        shown = set()
        for options in ((), (), ("--rule", "orphan-pressure"), ("--exclude-rule", "orphan-pressure"), ("--tag", "tuning"),
                        ("--no-state",), ("-q",), ("-vv",), ("--rule", "close-wait-leak", "-w", "1", "-c", "2")):
            answer = self.check(*options)
            items = answer.line1.partition("|")[2].split()
            shown.add(tuple(name + re.sub(r"^[-0-9.U]+", "", value.split(";")[0]) for name, value in
                            (item.split("=") for item in items)))
        self.assertEqual(1, len(shown), shown)
        labels = list(shown.pop())
        self.assertEqual([label for label in frozen if label in labels], labels)
        self.assertLessEqual(set(frozen) - set(labels), {"conntrack_percent%"})  # absent where conntrack is not loaded

    def test_runs_leave_a_state(self):
        state = self.scratch / "state"
        self.check()
        kept = list(state.iterdir())
        self.assertEqual(1, len(kept), kept)
        self.assertEqual(0o700, state.stat().st_mode & 0o777)
        self.assertEqual(0o600, kept[0].stat().st_mode & 0o777)
        elsewhere = self.scratch / "elsewhere"
        self.check("--state-dir", elsewhere)
        self.assertEqual([kept[0].name], [path.name for path in elsewhere.iterdir()])
        link = self.scratch / "link"
        link.symlink_to(elsewhere)
        for directory, why in ((link, "is a link"), (self.plugin, "is a link"), (self.scratch / "a" / "b", "No such file")):
            answer = self.check("-v", "--state-dir", directory)
            self.assertIn("note: no history: ", answer.out, answer.shown)
            self.assertIn(why, answer.out, answer.shown)
            self.assertEqual("", answer.err, answer.shown)
        self.assertIn("--state-dir", self.check("--state-dir", "").line1)

    def watch(self, **options):
        return subprocess.Popen([BINARY, "watch", "--interval", "0.1", "--rules", str(self.rules), "--no-state", "--color", "never"],
                                env={"TERM": "xterm", "LC_ALL": "C.UTF-8"}, **options)

    def test_watch_writes_lines_until_it_is_told_to_end(self):
        with self.watch(stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, encoding="utf-8") as watch:
            lines = [watch.stdout.readline() for _ in range(3)]
            watch.send_signal(signal.SIGTERM)
            self.assertEqual(0, watch.wait(timeout=20))
        for line in lines:
            self.assertRegex(line, r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (OK|INFO|UNKNOWN|WARNING|CRITICAL): .")

    def test_watch_into_a_closed_pipe(self):
        with self.watch(stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as watch:
            watch.stdout.readline()
            watch.stdout.close()
            self.assertEqual(3, watch.wait(timeout=20))
            self.assertIn(b"Broken pipe", watch.stderr.read())

    def test_a_check_that_looks_again_writes_its_file_until_it_is_told_to_end(self):
        file = self.scratch / "own.prom"
        with subprocess.Popen([BINARY, "check", "--interval", "0.1", "--no-state", "--format", "prometheus", "--output", str(file)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as check:
            seen = set()
            while len(seen) < 3:
                seen |= {file.stat().st_mtime_ns} if file.exists() else set()
                time.sleep(0.01)
            check.send_signal(signal.SIGTERM)
            self.assertEqual((b"", 0), (check.communicate(timeout=20)[0], check.returncode))
        self.assertIn("\ntcpadvisor_verdict{", file.read_text(encoding="utf-8"))
        self.assertEqual(["own.prom"], [path.name for path in self.scratch.glob("*.prom*")])

    def test_a_check_that_looks_again_ends_when_nobody_reads(self):
        with subprocess.Popen([BINARY, "check", "--interval", "0.1", "--no-state"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as check:
            self.assertTrue(check.stdout.readline().startswith(b"TCP "))
            check.stdout.close()
            self.assertEqual(3, check.wait(timeout=20))

    def test_a_check_that_waits_for_its_next_look_ends_at_once(self):
        for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with subprocess.Popen([BINARY, "check", "--interval", "3600", "--no-state"], stdout=subprocess.PIPE) as check:
                check.stdout.readline()
                check.send_signal(end)
                self.assertEqual(0, check.wait(timeout=20))

    def test_a_look_that_fails_does_not_end_the_others(self):
        file = self.scratch / "later" / "own.prom"
        with subprocess.Popen([BINARY, "check", "--interval", "0.1", "--no-state", "--format", "prometheus", "--output", str(file)],
                              stderr=subprocess.PIPE) as check:
            self.assertIn(b"cannot write", check.stderr.readline())
            file.parent.mkdir()
            while not file.exists():
                time.sleep(0.01)
            check.send_signal(signal.SIGINT)
            check.stderr.read()
            self.assertEqual(0, check.wait(timeout=20))

    def test_a_kernel_older_than_any_that_is_meant_is_named(self):
        capture = self.scratch / "old.capture"
        packed = Path(__file__).parents[1] / "captures" / "time-wait-exhausts.capture.gz"
        for release, named in ((b"4.18.44", True), (b"5.10.44", False)):
            capture.write_bytes(gzip.decompress(packed.read_bytes()).replace(b"6.18.44", release))
            for command in (("check",), ("report",), ("report", "--format", "json"), ("check", "--format", "nagios")):
                answer = self.run_it(*command, "--replay", capture)
                self.assertEqual(named, "4.18.44 is older than 5.10" in " ".join(answer.out.split()), answer.shown)

    def watch_on_terminal(self, end):
        """Runs it on a terminal of 20 lines and 60 columns until `end` ends it: what it wrote, and its exit code."""
        ours, its = os.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
        before = termios.tcgetattr(its)
        written = b""
        with self.watch(stdin=its, stdout=its) as watch:
            while written.count(b"\x1b[H") < 3:
                written += os.read(ours, 65536)
            end(ours, watch)
            while b"\x1b[?1049l" not in written:
                written += os.read(ours, 65536)
            code = watch.wait(timeout=20)
        self.assertEqual(before, termios.tcgetattr(its))
        os.close(its)
        return written.decode(), code

    def test_watch_leaves_the_terminal_as_it_was(self):
        for end in (lambda ours, _: os.write(ours, b"q"), lambda ours, _: os.write(ours, b"\x04"),
                    lambda _, watch: watch.send_signal(signal.SIGTERM)):
            written, code = self.watch_on_terminal(end)
            self.assertEqual(0, code)
            self.assertTrue(written.startswith("\x1b[?1049h\x1b[?25l"))
            self.assertTrue(written.endswith("\x1b[?25h\x1b[?1049l"))
            for picture in written.split("\x1b[H")[1:]:
                lines = re.sub(r"\x1b\[[?0-9]*[A-Za-z]", "", picture).split("\r\n")
                self.assertLessEqual(len(lines), 20)
                self.assertLessEqual(max(map(len, lines)), 60, lines)

    def test_the_next_commands_look_where_the_report_looked(self):
        capture = self.scratch / "it's web 1.capture"
        packed = Path(__file__).parents[1] / "captures" / "time-wait-exhausts.capture.gz"
        capture.write_bytes(gzip.decompress(packed.read_bytes()))
        report = self.run_it("report", "-v", "--replay", capture)
        blocks = re.findall(r"^  Next: (.*\n(?:        tcpadvisor .*\n)*)", report.out, re.MULTILINE)
        proposed = [line.strip().removeprefix("tcpadvisor ") for line in "".join(blocks).splitlines()]
        self.assertGreater(len(proposed), 1, report.shown)
        for command in proposed:
            words = shlex.split(command)
            self.assertEqual(["--replay", str(capture)], words[-2:], command)
            self.assertEqual(0, self.run_it(*words).exit, command)

    def test_replay_knows_no_past_of_this_host(self):
        capture = self.capture()
        self.check()
        before = {path: path.read_bytes() for path in (self.scratch / "state").iterdir()}
        replay = self.run_it("check", "--format", "json", "--replay", capture).json
        self.assertEqual([], [finding for finding in replay["findings"] if finding["since"]])
        self.assertEqual(before, {path: path.read_bytes() for path in (self.scratch / "state").iterdir()})
        with_past = self.scratch / "past"
        for _ in range(2):
            self.run_it("check", "--replay", capture, "--state-dir", with_past)
        self.assertEqual(1, len(list(with_past.iterdir())))

    def test_json_of_every_command(self):
        capture = self.capture()
        for command in ("check", "report", "audit", "ports", "states"):
            answer = self.run_it(command, "--replay", capture, "--format", "json")
            document = json.loads(answer.out)
            self.assertEqual(1, document["schema"], answer.shown)
            if "exit_code" in document:
                self.assertEqual(document["exit_code"], answer.exit, answer.shown)

    def test_explain_lists_what_it_knows(self):
        listed = self.run_it("explain", "--list").out
        names = re.findall(r"^  (\S+?):?(?: |$)", listed, re.M)
        self.assertGreater(len(names), 200)
        for name in [name for name in names if "." not in name or name.startswith("net.")]:
            answer = self.run_it("explain", name)
            self.assertEqual((0, ""), (answer.exit, answer.err), name + answer.shown)
            self.assertTrue(answer.out.startswith(name + ": "), name + answer.shown)

    def test_explain_an_error_message(self):
        capture = self.capture()
        for words in (["dial tcp 10.0.0.5:5432: connect: cannot assign requested address"],
                      "dial tcp 10.0.0.5:5432: connect: cannot assign requested address".split()):
            answer = self.run_it("explain", "--replay", capture, *words)
            self.assertEqual((0, ""), (answer.exit, answer.err), answer.shown)
            self.assertTrue(answer.out.startswith("address-not-available: "), answer.shown)
            self.assertRegex(answer.out, r"(?s)\nOn .* now:\n  [A-Z]+ +ephemeral-port-exhaustion")
            self.assertIn("\n    tcpadvisor ports --to 10.0.0.5:5432\n", answer.out)
        hostile = self.run_it("explain", "EADDRINUSE $(reboot):80 \x1b[2J `reboot`")
        self.assertEqual(0, hostile.exit, hostile.shown)
        self.assertNotIn("reboot", hostile.out)

    def test_messages_name_rules_that_exist(self):
        listed = set(re.findall(r"^  (\S+)", self.run_it("explain", "--list").out, re.M))
        for path in (Path(__file__).parents[2] / "rules/explain/messages").glob("*.txt"):
            rules = re.findall(r"^rule: (.*)$", path.read_text(encoding="utf-8"), re.M)
            self.assertEqual([], [rule for rule in rules if rule not in listed], path.name)

    def test_both_sides_have_a_path(self):
        self.assertIn("SYN_SENT > ESTABLISHED > FIN_WAIT1 > FIN_WAIT2 > TIME_WAIT", self.run_it("explain", "client").out)
        self.assertIn("SYN_RECV > ESTABLISHED > CLOSE_WAIT > LAST_ACK", self.run_it("explain", "server").out)

    def test_explain_has_diagrams(self):
        states = self.run_it("explain", "states").out
        for state in ("LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "TIME_WAIT",
                      "CLOSE_WAIT", "LAST_ACK"):
            self.assertIn(state, states.partition("gone")[0], "in the drawing")
        self.assertIn("----- FIN -----", self.run_it("explain", "four-way-close").out)

    def test_explain(self):
        for topic in ("TIME_WAIT", "close_wait", "ephemeral-port-exhaustion", "net.ipv4.tcp_tw_reuse", "tcp_tw_reuse"):
            answer = self.run_it("explain", topic)
            self.assertEqual(0, answer.exit, answer.shown)
            self.assertGreater(len(answer.out), 200, answer.shown)


class Pictures(CommandLine):
    """report: the picture of the host below the verdict."""

    def report(self, *arguments, **options):
        return self.run_it("report", "--replay", self.capture(), *arguments, **options)

    def test_the_page_stands_alone_and_is_well_formed(self):
        answer = self.report("--format", "html")
        self.assertEqual("", answer.err, answer.shown)
        self.assertTrue(answer.out.startswith("<!DOCTYPE html>\n") and answer.out.endswith("</html>\n"), answer.shown)
        self.assertIn("<svg", answer.out)
        for reference in ("<script", "http://", "https://", "src=", "url(", "<link"):
            self.assertNotIn(reference, answer.out)

    def test_the_page_is_one_of_several_reports(self):
        page = self.scratch / "incident.html"
        answer = self.report("--report", f"html:{page}")
        self.assertEqual("", answer.err, answer.shown)
        self.assertEqual(self.report("--format", "html").out.splitlines()[-1], page.read_text(encoding="utf-8").splitlines()[-1])

    def test_the_diagram_is_drawn_with_what_the_locale_has(self):
        unicode = self.report("-v", environment={"LC_ALL": "C.UTF-8"}).out
        plain = self.report("-v", environment={"LC_ALL": "C"}).out
        self.assertIn("\u2502", unicode)
        self.assertIn("this end closes", plain)
        self.assertTrue(plain.isascii(), plain)

    def test_verbose_shows_the_numbers_of_rules_that_passed(self):
        answer = self.report("-v", "--rule", "tcp-memory-pressure")
        self.assertIn("tcp-memory-pressure", answer.out)
        self.assertRegex(answer.out, r"tcp_memory_percent = [\d.]+ %")
        self.assertNotIn("Rules passed", self.report("--rule", "tcp-memory-pressure").out)

    def test_json_has_the_picture_and_only_of_report(self):
        capture = self.capture()
        report = self.run_it("report", "--replay", capture, "--format", "json").json
        states = self.run_it("states", "--replay", capture, "--format", "json").json
        self.assertEqual(states["namespaces"][0]["families"], report["picture"][0]["families"])
        self.assertEqual(13, len(report["picture"][0]["time_wait_ages"]))
        self.assertIsNone(self.run_it("audit", "--replay", capture, "--format", "json").json["picture"])

    def test_only_report_has_a_page(self):
        self.assert_told(self.run_it("audit", "--format", "html"), "html")


class Trace(CommandLine):
    """-vvv tells on standard error how the run found out; standard output stays what it was."""

    def report(self, *arguments):
        return self.run_it("report", "--rules", self.rules, *arguments)

    def test_each_walk_and_each_file_is_told(self):
        answer = self.report("-vvv", "--this-netns")
        for line in (r"walk over listening sockets: \d+ sockets, \d+ bytes, [\d.]+ ms",
                     r"walk over connections: \d+ sockets, \d+ bytes, [\d.]+ ms",
                     r"/proc/thread-self/net/sockstat: \d+ bytes",
                     r"/proc/sys/net/ipv4/tcp_tw_recycle: absent \(No such file or directory\)",
                     r"network namespace 'this namespace', inode \d+",
                     rf"{re.escape(str(self.rules))}: 0 files of rules"):
            self.assertRegex(answer.err, rf"(?m)^\d\d:\d\d:\d\d\.\d+ {line}$", answer.shown)

    def test_standard_output_is_the_same(self):
        capture = self.capture()
        short, long = self.report("-vv", "--replay", capture), self.report("-vvv", "--replay", capture)
        self.assertEqual("", short.err, short.shown)
        self.assertEqual(short.out, long.out, long.shown)
        self.assertEqual(short.exit, long.exit, long.shown)
        self.assertIn("walk over connections: ", long.err, long.shown)

    def test_standard_output_of_an_audit_of_files_is_the_same(self):
        path = self.scratch / "sysctl.conf"
        path.write_text("net.ipv4.tcp_tw_reuse = 7\nnet.ipv4.tcp_tw_recycle = 1\nnonsense\n", encoding="ascii")
        for form in ("text", "json", "sarif"):
            arguments = ("audit", "--rules", self.rules, "--files", path, "--format", form)
            short, long = self.run_it(*arguments, "-vv"), self.run_it(*arguments, "-vvv")
            self.assertIn("tw-recycle-configured", short.out, short.shown)
            self.assertEqual((short.exit, short.out), (long.exit, long.out), long.shown)
            self.assertEqual(("", True), (short.err, "files of rules" in long.err), long.shown)

    def test_what_earlier_runs_left_is_told(self):
        self.check("-t", "20")
        answer = self.run_it("check", "-vvv", "--rules", self.rules)
        self.assertRegex(answer.err, r"earlier runs of this namespace: [1-9]\d* samples, ", answer.shown)

    def test_why_more_is_collected_is_told(self):
        answer = self.run_it("ports", "-vvv")
        self.assertIn("more of 'this namespace': explicit binds, ", answer.err, answer.shown)

    def test_foreign_bytes_are_made_safe(self):
        text = self.scratch / "\x1b[31mss.txt"
        text.write_text("LISTEN 0 5 127.0.0.1:1 0.0.0.0:*\nESTAB 0 0 127.0.0.1:5 127.0.0.1:9\n", encoding="utf-8")
        answer = self.report("-vvv", "--replay", text)
        self.assertIn("?[31mss.txt: no capture of this program", answer.err, answer.shown)
        self.assertIn("walk over connections: 1 sockets, 0 bytes, ", answer.err, answer.shown)
        self.assertNotIn("\x1b", answer.err, answer.shown)

    def test_a_plugin_never_tells(self):
        self.assertEqual("", self.check("-vvv").err)


class Errors(CommandLine):
    """What went wrong stands where the reader of a format looks, in that format."""

    def assert_junit_error(self, text, word):
        suite = xml.etree.ElementTree.fromstring(text)[0]
        self.assertEqual(("1", "0", "1", "0"), tuple(suite.get(name) for name in ("tests", "failures", "errors", "skipped")))
        self.assertIn(word, suite.find("testcase/error").get("message"))

    def assert_tap_error(self, text, word):
        self.assertTrue(text.startswith("TAP version 13\n1..1\nnot ok 1 - run\n  ---\n"), text)
        self.assertIn(word, json.loads(re.search(r"message: (.*)", text).group(1)))

    def test_in_the_answer(self):
        for command, formats in (("check", ("nagios", "json", "junit", "tap", "checkmk", "text")),
                                 ("audit", ("json", "junit", "tap")), ("report", ("json", "html", "junit", "tap"))):
            for form in formats:
                with self.subTest(command=command, format=form):
                    answer = self.run_it(command, "--format", form, "--rule", "nosuch")
                    self.assertEqual((3, ""), (answer.exit, answer.err), answer.shown)
                    self.assertIn("nosuch", answer.out, answer.shown)
                    self.assertEqual(form == "nagios", "TCP UNKNOWN: " in answer.out, answer.shown)
                    if form == "junit":
                        self.assert_junit_error(answer.out, "nosuch")
                    elif form == "tap":
                        self.assert_tap_error(answer.out, "nosuch")
                    elif form == "html":
                        self.assertTrue(answer.out.startswith("<!DOCTYPE html>") and answer.out.endswith("</html>\n"), answer.shown)
                    elif form == "text":
                        self.assertTrue(answer.out.startswith("tcpadvisor: "), answer.shown)

    def test_beside_the_answer(self):
        for command, form in (("report", "text"), ("audit", "text"), ("audit", "sysctl"), ("report", "prometheus"),
                              ("check", "prometheus")):
            self.assert_told(self.run_it(command, "--format", form, "--rule", "nosuch"), "nosuch")
        self.assert_told(self.run_it("audit", "--format", "checkmk"), "'audit' has")
        self.assert_unknown_line(self.check("--format", "html"), "html")

    def test_in_files_of_reports(self):
        formats = ("text", "json", "junit", "tap", "sysctl")
        files = {name: self.scratch / f"out.{name}" for name in formats}
        for path in files.values():
            path.write_text("old", encoding="utf-8")
        reports = [word for name in formats for word in ("--report", f"{name}:{files[name]}")]
        self.assert_told(self.run_it("audit", "--rule", "nosuch", *reports), "nosuch")
        texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
        self.assertEqual(("old", "old"), (texts["text"], texts["sysctl"]), "the drop-in of the last run stays")
        self.assertIn("nosuch", json.loads(texts["json"])["error"]["message"])
        self.assert_junit_error(texts["junit"], "nosuch")
        self.assert_tap_error(texts["tap"], "nosuch")

    def test_a_mistake_in_the_options_writes_no_file(self):
        path = self.scratch / "audit.xml"
        self.assert_told(self.run_it("audit", "--report", f"junit:{path}", "--fail-on", "nix"), "nix")
        self.assertFalse(path.exists())

    def test_too_late(self):
        answer = self.run_it("check", "--format", "junit", "--timeout", "0.000001")
        self.assertEqual((3, ""), (answer.exit, answer.err), answer.shown)
        self.assert_junit_error(answer.out, "no answer within")


class Outputs(CommandLine):
    """Several outputs from one run, and from when on a run has failed."""

    def audit(self, *arguments, **options):
        settings = self.rules / "empty.settings"
        settings.touch()
        return self.run_it("audit", "--rules", self.rules, "--config", settings, *arguments, **options)

    def alarm(self, severity="critical", condition="true"):
        self.rules.joinpath("site.toml").write_text(
            SITE_RULE.format(id="site-rule", condition=condition).replace('"critical"', f'"{severity}"'), encoding="utf-8")

    def test_all_is_well_with_the_configuration(self):
        self.alarm(condition="false")
        answer = self.audit("--rule", "site-rule")
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertTrue(answer.out.startswith("OK: 1 rule finds nothing wrong with the configuration\n"), answer.shown)

    def test_every_format_from_one_run(self):
        self.alarm()
        formats = ("text", "json", "junit", "tap", "sysctl")
        files = {name: self.scratch / f"out.{name}" for name in formats}
        answer = self.audit("--rule", "site-rule", "--format", "json",
                            *(word for name in formats for word in ("--report", f"{name}:{files[name]}")))
        self.assertEqual((2, "", "CRITICAL"), (answer.exit, answer.err, answer.json["state"]), answer.shown)
        self.assertEqual(answer.json["findings"], json.loads(files["json"].read_text(encoding="utf-8"))["findings"])
        self.assertIn("the rule of the site speaks", files["text"].read_text(encoding="utf-8"))
        suite = xml.etree.ElementTree.parse(files["junit"]).getroot()[0]
        self.assertEqual(("1", "1", "0", "0"), tuple(suite.get(name) for name in ("tests", "failures", "errors", "skipped")))
        self.assertEqual("the rule of the site speaks", suite.find("testcase/failure").get("message"))
        self.assertIn("not ok 1 - site-rule\n", files["tap"].read_text(encoding="utf-8"))
        self.assertIn("Nothing to set", files["sysctl"].read_text(encoding="utf-8"))
        self.assertEqual({*(path.name for path in files.values()), "rules.d", "check_tcpadvisor"},
                         {path.name for path in self.scratch.iterdir()} - {"state"}, "and no temporary file is left")

    def test_a_path_that_cannot_be_written(self):
        first, second = self.scratch / "a.xml", self.scratch / "nowhere" / "b.tap"
        second_only = self.audit("--report", f"junit:{first}", "--report", f"tap:{second}", "--format", "text")
        self.assert_told(second_only, str(second))
        self.assertTrue(first.read_text(encoding="utf-8").endswith("</testsuites>\n"), "what was written is whole")
        self.assertEqual([], list(self.scratch.glob("*.xml.*")))
        answer = self.audit("--report", f"junit:{self.rules}", "--format", "json")
        self.assert_json_error(answer)
        self.assertIn(str(self.rules), answer.json["error"]["message"])
        before = self.scratch / "kept"
        before.write_text("old", encoding="utf-8")
        self.assertEqual(3, self.audit("--report", "tap:/dev/full", "--output", before).exit)
        self.assertEqual("old", before.read_text(encoding="utf-8"))

    def test_mistakes_in_report(self):
        for value in ("junit", ":file", "junit:", ""):
            self.assert_told(self.audit("--report", value), "--report", "FORMAT:FILE")
        self.assert_told(self.audit("--report", "juint:x"), "did you mean 'junit'")
        self.assert_told(self.run_it("report", "--report", "sysctl:x"), "'report' has")
        self.assert_told(self.audit("--report", "tap:x", "--report", "json:x"), "two outputs", "'x'")
        self.assert_told(self.audit("--report", "tap:x", "--output", "x"), "two outputs", "'x'")
        self.assert_unknown_line(self.check("--report", "tap:x"), "--report", "audit")
        self.assert_told(self.audit("--all-netns", "--format", "sysctl"), "--all-netns", "one namespace")

    def test_fail_on(self):
        for severity, exits in (("warning", {"warning": 1, "critical": 0, "never": 0}),
                                ("critical", {"warning": 2, "critical": 2, "never": 0}),
                                ("info", {"warning": 0, "critical": 0, "never": 0})):
            self.alarm(severity)
            for fail_on, code in exits.items():
                answer = self.audit("--rule", "site-rule", "--fail-on", fail_on, "--format", "json")
                self.assertEqual((code, code), (answer.exit, answer.json["exit_code"]), fail_on + answer.shown)
        self.rules.joinpath("broken.toml").write_text("[[rule", encoding="utf-8")
        for fail_on in ("critical", "never"):
            answer = self.audit("--rule", "site-rule", "--fail-on", fail_on, "--format", "junit")
            self.assertEqual(3, answer.exit, answer.shown)
            self.assertIn("<error ", answer.out)
        self.assert_told(self.audit("--fail-on", "warnign"), "warning, critical or never", "did you mean 'warning'")
        self.assert_unknown_line(self.check("--fail-on", "never"), "--fail-on")

    def test_an_expected_load(self):
        load = ("--expect-rate", "500/s", "--expect-destinations", "1", "--expect-hold", "0.2")
        answer = self.audit("--rule", "expected-ports", "--format", "json", "--assume",
                            "net.ipv4.ip_local_port_range=32768 60999", "--assume", "tcp_tw_reuse=2", *load)
        self.assertEqual(2, answer.exit, answer.shown)
        self.assertIn("hold 31150 ports to each", answer.json["findings"][0]["summary"])
        none = self.audit("--rule", "expected-ports", "--format", "json")
        self.assertEqual((0, "SKIPPED"), (none.exit, none.json["rules"][0]["state"]), none.shown)
        dropped = self.audit("--rule", "expected-ports", "--format", "sysctl", "--fail-on", "never", "--assume",
                             "net.ipv4.ip_local_port_range=32768 60999", "--assume", "tcp_tw_reuse=2", *load)
        self.assertIn("\nnet.ipv4.tcp_tw_reuse = 1\n", dropped.out, dropped.shown)
        for rate, exit in (("900/s", 2), ("100/s", 0)):
            brief = self.audit("--rule", "expected-ports", "--expect-rate", rate, "--expect-destinations", "1", "--assume",
                               "net.ipv4.ip_local_port_range=32768 60999", "--assume", "tcp_tw_reuse=2")
            self.assertEqual(exit, brief.exit, brief.shown)
        explained = self.run_it("explain", "expected-ports", "--assume", "net.ipv4.ip_local_port_range=32768 60999",
                                "--assume", "net.ipv4.ip_local_reserved_ports=", "--assume", "tcp_tw_reuse=2", *load)
        self.assertIn("100 * 31150 / (28232", explained.out, explained.shown)

    def test_what_the_expected_load_needs_besides_ports(self):
        answer = self.audit("--format", "json", "--expect-rate", "20000/s", "--expect-hold", "30", "--assume", "tcp_syncookies=0",
                            "--assume", "tcp_max_syn_backlog=2048", "--assume", "somaxconn=4096", "--assume", "tcp_max_tw_buckets=262144",
                            "--assume", "tcp_max_orphans=65536", "--fail-on", "never")
        self.assertEqual(0, answer.exit, answer.shown)
        said = {finding["rule"]: finding["summary"] for finding in answer.json["findings"]}
        for rule, words in (("expected-backlog", "20000/s fill an accept queue of 4096"),
                            ("expected-syn-backlog", "three quarters of tcp_max_syn_backlog, 2048"),
                            ("expected-time-wait", "1200000 sockets in TIME_WAIT, tcp_max_tw_buckets is 262144"),
                            ("expected-orphans", "600000 connections"), ("expected-memory", "1200000 pages"),
                            ("expected-descriptors", "may have 1024 open files")):
            self.assertIn(words, said.get(rule, "nothing"), f"{rule}\n{answer.shown}")

    def test_mistakes_in_the_expected_load(self):
        for option, values in (("--expect-rate", ("", "0", "-5", "1.5", "500/min", "500/s/s", "1e3x", "nan")),
                               ("--expect-destinations", ("0", "1.5", "x")), ("--expect-hold", ("-1", "1h", "inf"))):
            for value in values:
                self.assert_told(self.audit("--expect-rate=1" if option != "--expect-rate" else "-v", f"{option}={value}"),
                                 option)
        self.assert_told(self.audit("--expect-hold", "1"), "--expect-rate")
        self.assert_told(self.audit("--expect-rat", "5"), "did you mean '--expect-rate'")


def main():
    """Runs the tests of the script that was started: SCRIPT BINARY [unittest options]."""
    global BINARY
    if len(sys.argv) < 2:
        sys.exit(sys.modules["__main__"].__doc__)
    BINARY = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])


if __name__ == "__main__":
    main()
