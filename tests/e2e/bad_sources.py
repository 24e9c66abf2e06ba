#!/usr/bin/env python3
"""What --replay makes of files that are no good, or far too much: bad_sources.py BINARY [unittest options]

Each gets a message that names the file, exit code 3, in bounded time and memory; or, where something is left to judge,
a verdict that is not OK.
"""
import gzip
import os
import resource
import subprocess
import sys
from pathlib import Path

import command_line
from command_line import CommandLine

MEMORY = 1536 << 20  # bytes of address space; --sanitized: none is set
ROW = "ESTAB 0 0 10.1.{}.{}:{} 10.9.9.9:443\n"
HEADING = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
LISTENER = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n"


class Sources(CommandLine):
    def replay(self, path, *arguments, command="check"):
        def limit():
            if MEMORY:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

        # Its own limit of 10 s is no subject here, and a busy machine may reach it with a million lines.
        return self.start(command_line.BINARY, [command, "--timeout", 25, "--replay", path, *arguments], preexec_fn=limit)

    def write(self, name, content):
        path = self.scratch / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assert_refused(self, path, *words):
        answer = self.replay(path)
        self.assert_unknown_line(answer, Path(path).name, *words)
        self.assert_told(self.replay(path, command="ports"), Path(path).name, *words)

    def assert_not_ok(self, path, *words):
        """Something is left to judge, and what is lost is said."""
        answer = self.replay(path)
        self.assertEqual((3, ""), (answer.exit, answer.err), answer.shown)
        for word in words:
            self.assertIn(word, answer.out, answer.shown)

    def test_an_ok_says_how_far_it_goes(self):
        path = self.write("whole", "$ ss -tanpoie\n" + HEADING + LISTENER + ROW.format(0, 1, 40000) + "$ date\n")
        answer = self.replay(path, "--assume", "ip_local_port_range=32768 60999")
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertRegex(answer.out, r"^TCP OK: as far as the text of ss tells: \d+ rules judged, \d+ not, 1 ESTABLISHED")

    def test_processes_that_ss_could_have_named(self):
        stuck = "CLOSE-WAIT 0 0 10.0.0.1:{} 10.0.0.3:80 uid:0 ino:{} sk:{} <->\n\t cubic cwnd:10 lastsnd:9000 lastrcv:9000 lastack:9000\n"
        rows = "".join(stuck.format(50000 + i, 1000 + i, 1 + i) for i in range(10))
        path = self.write("nobody", "$ ss -taeni\n" + HEADING + LISTENER + rows + "$ date\n")
        answer = self.replay(path, "-v", "--assume", "ip_local_port_range=32768 60999")
        self.assertIn("UNKNOWN", answer.out.split("|")[0], answer.shown)
        self.assertIn("names no process", answer.out, answer.shown)

    def test_too_large(self):
        path = self.scratch / "sparse"
        with path.open("wb") as file:
            file.truncate(2 << 30)
        self.assert_refused(path, "larger than")

    def test_zeros(self):
        path = self.scratch / "zeros"
        with path.open("wb") as file:
            file.truncate(200 << 20)
        self.assert_refused(path, "neither a capture nor")

    def test_what_never_ends(self):
        self.assert_refused("/dev/zero", "not a regular file")
        fifo = self.scratch / "fifo"
        os.mkfifo(fifo)
        with subprocess.Popen(["sh", "-c", 'exec yes > "$1"', "sh", str(fifo)]) as writer:
            try:
                self.assert_refused(fifo, "not a regular file")
            finally:
                writer.kill()

    def test_packed(self):
        self.assert_refused(self.write("now.zip", b"PK\x03\x04" + bytes(100)), "zip", "unpack it first")
        self.assert_refused(self.write("now.txt.gz", gzip.compress(b"x")), "now.txt.gz")

    def test_long_lines(self):
        long = "x" * (1 << 20)
        self.assert_refused(self.write("long", long), "neither a capture nor")
        self.assert_not_ok(self.write("among", LISTENER + ROW.format(0, 1, 5) + long + "\n"), "text of ss")
        self.assert_not_ok(self.write("details", (LISTENER + ROW.format(0, 1, 5) + "\t" + long + "\n") * 20), "text of ss")
        self.assert_refused(self.write("capture", "tcpadvisor-capture 1\n" + long), "byte 21")

    def test_hostile_bytes(self):
        for number, row in enumerate(("ESTAB 0 0 \x1b[2J\x07:5 1.2.3.4:5", "ESTAB 0 0 1.2.3.4:99999 1.2.3.4:5",
                                      "ESTAB 0 0 1.2.3.4:-5 1.2.3.4:5", "ESTAB 9e9 0 1.2.3.4:5 1.2.3.4:5",
                                      "ESTAB 0 0 999.2.3.4:5 1.2.3.4:5", "ESTAB 0 0 1.2.3.4:5\x00 1.2.3.4:5")):
            path = self.write(f"hostile{number}", LISTENER * 100 + ROW.format(0, 1, 5) * 100 + row + "\n")
            self.assert_not_ok(path, "line 201")
            self.assertNotIn("\x1b", self.replay(path, command="report").out)

    def test_many_lines(self):
        rows = "".join(ROW.format(at >> 16 & 255, at >> 8 & 255, 1024 + at % 60000) for at in range(1_000_000))
        answer = self.replay(self.write("million", LISTENER + rows), "--format", "json", command="states")
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertEqual(1_000_000, answer.json["states"]["ESTABLISHED"])
        self.assertIn("it has no heading", answer.out)
        self.assert_refused(self.write("rubbish", "LISTEN 0 rubbish 0.0.0.0:5 0.0.0.0:*\n" * 1_000_000), "999999 more lines")

    def test_what_is_not_whole_is_at_least(self):
        rest = "          0     0     192.0.2.10:60000     192.0.2.20:5432\n"
        path = self.write("cut.txt", rest + LISTENER + ROW.format(0, 1, 5))
        shown = self.replay(path, command="states")
        self.assertEqual(3, shown.exit, shown.shown)
        self.assertIn("AT LEAST", shown.out)
        self.assertIn("cut at the start", shown.out)
        self.assertIn("ss -tanpoie", shown.out)
        answer = self.replay(path, "--format", "json", command="states").json["namespaces"][0]
        self.assertIsNone(answer["states"]["LISTEN"])
        self.assertEqual((1, 1), (answer["at_least"]["LISTEN"], answer["at_least"]["ESTABLISHED"]))

    def test_standard_input(self):
        text = HEADING + LISTENER + ROW.format(0, 1, 5)
        for name, content, exit_code in (("in", text, 0), ("nonsense", "nonsense\n", 3)):
            with self.write(name, content).open() as file:
                done = subprocess.run([command_line.BINARY, "states", "--replay", "-"], stdin=file, capture_output=True,
                                      encoding="utf-8", timeout=30, check=False)
            self.assertEqual(exit_code, done.returncode, done)
        self.assertIn("standard input: ", done.stderr)

    def test_snapshots(self):
        path = self.write("loop.txt", (HEADING + LISTENER + ROW.format(0, 1, 5)) * 2 + ROW.format(0, 1, 6))
        for arguments, established in (((), 2), (("--snapshot", 1), 1), (("--snapshot", 2), 2)):
            answer = self.replay(path, "--format", "json", *arguments, command="states")
            self.assertEqual(established, answer.json["states"]["ESTABLISHED"], answer.shown)
        self.assertIn("there are 2 snapshots", self.replay(path, "--snapshot", 3).out)

    def test_what_a_text_of_two_hosts_does_not_tell_is_said_once(self):
        heading = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        rows = "".join(f"TIME-WAIT 0 0 192.0.2.1:{port} 192.0.2.9:443\n" for port in range(40000, 40095))
        path = self.write("two-hosts.txt", f"$ ssh web1 ss -tan\n{heading}{rows}$ ssh web2 ss -tan\n{heading}ESTAB 0 0 192.0.2.2:40000 192.0.2.9:443\n$ \n")
        answer = self.replay(path, "--assume", "ip_local_port_range=40000 40099", command="report")
        self.assertEqual((2, 1), (answer.exit, answer.out.count("does not tell all")), answer.shown)
        self.assertIn("in web1: ", answer.out)

    def test_without_a_port_range(self):
        """The kernel's default is assumed: what alerts by it is said, what is OK by it is not."""
        busy = HEADING + LISTENER + "".join(f"ESTAB 0 0 10.1.0.1:{port} 10.9.9.9:443\n" for port in range(33000, 60000))
        answer = self.replay(self.write("busy.txt", busy))
        self.assertEqual(2, answer.exit, answer.shown)
        self.assertIn("net.ipv4.ip_local_port_range=32768 60999", answer.line1)
        self.assertIn("assumed", answer.line1)
        answer = self.replay(self.write("idle.txt", HEADING + LISTENER + ROW.format(0, 1, 5) + "root@web1:~#\n"))
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn("the port range is assumed", answer.line1)

    def test_nobody_is_no_user(self):
        path = self.write("stuck.txt", HEADING + LISTENER + "".join(f"CLOSE-WAIT 0 0 192.0.2.10:{port} 192.0.2.20:8081\n" for port in range(42000, 42300)))
        answer = self.replay(path, command="report")
        self.assertNotIn("uid 0", answer.out, answer.shown)
        self.assertIn("unknown owner", answer.out, answer.shown)

    def test_many_records(self):
        head = b"tcpadvisor-capture 1\nbyte-order 13 \nlittle-endian\nplace 1 1\nx\n"
        for kind in (b"route 7 10.0.0.1\n10.0.0.1\n", b"place 1 1\nx\n", b"dump 0 00\n\n" + b"frame 0 \n\n" * 10):
            self.assert_refused(self.write("many", head + kind * 4_000_000))


if __name__ == "__main__":
    if "--sanitized" in sys.argv:
        sys.argv.remove("--sanitized")
        MEMORY = None
    command_line.main()
