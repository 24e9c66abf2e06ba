#!/usr/bin/env python3
"""What a hostile snapshot can put into commands that people paste: pasted_commands.py BINARY [unittest options]

A sosreport is somebody else's text. Each command and undo that any format shows of it is run by a real shell that finds
nothing but stubs, which write down how they were called.
"""
import html
import json
import os
import re
import subprocess

import command_line
from command_line import CommandLine

PAYLOADS = ('0"; touch pwned; echo "$(id)', "1'; touch pwned; '", "`touch pwned`", "4\\\"; touch pwned #", "2 | touch pwned",
            "$(touch pwned)", "3 && touch pwned", "0 > pwned", "-1\u2028touch pwned", '"')
SS = """Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
tcp   LISTEN 0      16     10.9.0.1:8080      0.0.0.0:*     users:(("{name}",pid=6805,fd=3)) uid:0 ino:77 sk:1 <->
tcp   ESTAB  0      0      10.9.0.1:40001     10.9.0.7:443  users:(("{name}",pid=6805,fd=4)) uid:0 ino:78 sk:2 <->
tcp   CLOSE-WAIT 1  0      10.9.0.1:40002     10.9.0.7:443  users:(("{name}",pid=6805,fd=5)) uid:0 ino:79 sk:3 <->
"""
SOCKSTAT = "sockets: used 9\nTCP: inuse 3 orphan 90 tw 1 alloc 4 mem 1\n"
STUBS = ("sysctl", "ss", "ls", "tcpadvisor", "nstat", "stat", "sort", "tail", "touch", "id", "rm", "install")
STUB = '#!/bin/sh\nprintf "%s" "$0" >> "$LOG"; for word; do printf "\\t%s" "$word" >> "$LOG"; done; echo >> "$LOG"\n'
LABELLED = re.compile(r"(?:#?\s+)(?:command|undo|keep it|apply|verify|Next:)\s+(.*)")


def of_json(text):
    remedies = [remedy for finding in json.loads(text)["findings"] for remedy in finding["remedies"]]
    return [remedy[key] for remedy in remedies for key in ("command", "undo") if remedy[key]]


def of_html(text):
    return [line for block in re.findall("<pre><code>(.*?)</code></pre>", text, re.S) for line in html.unescape(block).split("\n")]


def of_tap(text):
    return [json.loads(line) for line in re.findall(r'(?:command|undo): (".*")', text)]


def of_text(text):
    return LABELLED.findall(text)


def of_junit(text):
    return LABELLED.findall(html.unescape(text))


FORMATS = {("report", "text"): of_text, ("report", "json"): of_json, ("report", "html"): of_html, ("report", "junit"): of_junit,
           ("report", "tap"): of_tap, ("audit", "text"): of_text, ("audit", "json"): of_json, ("audit", "tap"): of_tap,
           ("audit", "sysctl"): of_text, ("check", "text"): of_text, ("check", "json"): of_json}


class PastedCommands(CommandLine):
    def setUp(self):
        super().setUp()
        self.stubs, self.log, self.place = self.scratch / "stubs", self.scratch / "log", self.scratch / "place"
        for directory in (self.stubs, self.place):
            directory.mkdir()
        for name in STUBS:
            (self.stubs / name).write_text(STUB, encoding="utf-8")
            (self.stubs / name).chmod(0o755)

    def sosreport(self, payload, sysctls, boot=""):
        tree = self.scratch / f"sos {payload}".replace("/", "")
        for name, content in {
                "sos_commands/networking/ss_-peaonmi": SS.format(name=payload),
                "sos_commands/kernel/sysctl_-a": "".join(f"{key} = {value}\n" for key, value in sysctls.items()),
                "proc/net/sockstat": SOCKSTAT, "etc/sysctl.d/50-site.conf": boot}.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return tree

    def shown(self, tree, command, form):
        answer = self.run_it(command, "--replay", tree, "--format", form, "-v", "--no-state")
        self.assertIn(answer.exit, (0, 1, 2, 3), answer.shown)
        self.assertEqual("", answer.err, answer.shown)
        return FORMATS[command, form](answer.out)

    def pasted(self, line):
        """The programs that a shell runs when it is given this line, each with its arguments."""
        self.log.write_text("", encoding="utf-8")
        subprocess.run(["/bin/sh", "-c", line], cwd=self.place, env={"PATH": str(self.stubs), "LOG": str(self.log)},
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
        self.assertEqual([], list(self.place.iterdir()), f"a file appeared: {line}")
        calls = [call.split("\t") for call in self.log.read_text(encoding="utf-8").splitlines()]
        return [[os.path.basename(call[0]), *call[1:]] for call in calls]

    def test_no_format_shows_a_command_that_runs_more(self):
        for payload in PAYLOADS:
            tree = self.sosreport(payload, {
                "net.ipv4.tcp_max_orphans": "100", "net.ipv4.tcp_orphan_retries": payload, "net.ipv4.tcp_fin_timeout": payload,
                "net.ipv4.ip_local_port_range": "40000\t40063", "net.core.somaxconn": payload, "net.ipv4.tcp_syncookies": payload,
                f"net.ipv4.tcp_{payload}": payload, "kernel.hostname": payload, "net.ipv4.tcp_tw_reuse": payload,
            }, boot=f"net.ipv4.ip_local_port_range = 1024 65535 {payload}\nnet.ipv4.tcp_x{payload} = 1\nnet.ipv4.tcp_gone = {payload}\n")
            for command, form in FORMATS:
                lines = self.shown(tree, command, form)
                self.assertTrue(any("sysctl -w" in line for line in lines) or form == "text" or command == "check", (form, lines))
                for line in lines:
                    with self.subTest(payload=payload, command=command, format=form, line=line):
                        for call in self.pasted(line):
                            self.assertNotIn(call[0], ("touch", "id"), line)
                            if call[:2] == ["sysctl", "-w"]:
                                for setting in call[2:]:
                                    self.assertRegex(setting, r"\A[a-z0-9_.]+=[0-9, -]+\Z")

    def test_what_is_no_value_has_no_undo_and_says_so(self):
        tree = self.sosreport(PAYLOADS[0], {"net.ipv4.tcp_max_orphans": "100", "net.ipv4.tcp_orphan_retries": PAYLOADS[0]})
        answer = self.run_it("report", "--replay", tree, "--format", "json", "--rule", "orphan-pressure")
        (remedy,) = [remedy for remedy in answer.json["findings"][0]["remedies"] if "sysctl -w" in (remedy["command"] or "")]
        self.assertEqual("sysctl -w net.ipv4.tcp_orphan_retries=4", remedy["command"])
        self.assertEqual("Unknown: the value of now, as it was read, cannot stand in a command", remedy["undo"])

    def test_where_the_details_of_an_audit_of_files_are(self):
        for payload in PAYLOADS:
            if payload.isascii():  # what nobody sees is shown as a question mark
                path = self.scratch / payload.replace("/", "")
                path.write_text("net.ipv4.tcp_tw_recycle = 1\n", encoding="ascii")
                kernel = "5.14; " + payload
                answer = self.run_it("audit", "--files", path, "--kernel", kernel, environment={"COLUMNS": "400"})
                (details,) = re.findall("^Details +(.*)$", answer.out, re.MULTILINE)
                self.assertEqual([["tcpadvisor", "audit", "--files", str(path), "--kernel", kernel, "-v"]], self.pasted(details))

    def test_several_numbers_are_taken_back_as_the_kernel_reads_them(self):
        tree = self.sosreport("plain", {"net.ipv4.ip_local_port_range": "40000\t40063"},
                              boot="net.ipv4.ip_local_port_range = 1024 65535\n")
        undo = ["sysctl", "-w", "net.ipv4.ip_local_port_range=40000 40063"]
        for command, form in FORMATS:
            if command != "check":
                lines = self.shown(tree, command, form)
                self.assertIn([undo], [self.pasted(line) for line in lines if "=" in line], (command, form, lines))


if __name__ == "__main__":
    command_line.main()
