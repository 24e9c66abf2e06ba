#!/usr/bin/env python3
"""Nobody reads through the program what they may not read: privileges.py BINARY [unittest options]

As another user, with the capabilities that the manual proposes and with those that --all-netns takes: every option that
names a file, a directory or a namespace is pointed at what only root may read, and no byte of it may come out. Needs root.
"""
import os
import shutil
import socket
import subprocess
import unittest
from pathlib import Path

import command_line
from command_line import NOBODY, CommandLine, needs_root

MARKER = "zq7-secret-of-root"
CAPABILITIES = ("cap_sys_ptrace,cap_dac_read_search=p", "cap_sys_admin,cap_sys_ptrace,cap_dac_read_search=ep")


@needs_root
@unittest.skipUnless(shutil.which("setcap") and shutil.which("setpriv"), "needs setcap and setpriv")
class Privileges(CommandLine):
    def setUp(self):
        super().setUp()
        self.scratch.chmod(0o755)
        self.place = self.scratch / "of-nobody"
        self.place.mkdir()
        os.chown(self.place, NOBODY, NOBODY)
        self.secret = self.scratch / "secret"
        self.secret.mkdir(mode=0o700)
        self.file = self.secret / "file"
        self.file.write_text(f"{MARKER} = [\n{MARKER}\n", encoding="ascii")
        (self.secret / "rule.toml").write_text(f'[[rule]]\nid = "{MARKER}"\n', encoding="ascii")
        self.file.chmod(0o600)
        self.program = Path(shutil.copy(command_line.BINARY, self.scratch / "program"))
        self.program.chmod(0o755)

    def as_nobody(self, *arguments, environment=None):
        return self.start("setpriv", [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", self.program, *arguments],
                          environment=environment, cwd=self.place)

    def give(self, capabilities):
        subprocess.run(["setcap", capabilities, self.program], check=True)

    def each(self):
        """The file with the program at each set of capabilities: itself, by a link of nobody's, and by one of root's."""
        links = [self.place / "link", self.place / "link-of-root"]
        for link in links:
            link.symlink_to(self.file)
        os.lchown(links[0], NOBODY, NOBODY)
        for capabilities in CAPABILITIES:
            self.give(capabilities)
            for path in (self.file, *links):
                yield path

    def assert_kept(self, answer):
        self.assertNotIn(MARKER, answer.out + answer.err, answer.shown)

    def test_the_capabilities_are_there(self):
        """Or the other tests would show nothing: who holds a socket of root is told with them, and only with them."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            question, holder = ("port", server.getsockname()[1]), f"(pid {os.getpid()})"
            self.assertNotIn(holder, self.as_nobody(*question).out)
            for capabilities in CAPABILITIES:
                self.give(capabilities)
                self.assertEqual(0, self.as_nobody("--version").exit)
                answer = self.as_nobody(*question)
                self.assertIn(holder, answer.out, answer.shown)

    def test_root_is_shown_what_nobody_is_not(self):
        """Or its absence would show nothing."""
        for arguments in (("rules", "lint", self.file), ("audit", "--files", self.file)):
            answer = self.run_it(*arguments)
            self.assertIn(MARKER, answer.out + answer.err, answer.shown)

    def test_no_option_reads_a_file_of_root(self):
        for path in self.each():
            for arguments in (("check", "--config", path), ("check", "--rules", path), ("check", "--rules", self.secret),
                              ("check", "--replay", path), ("check", "--replay", self.secret), ("check", "--state-dir", self.secret),
                              ("rules", "lint", path), ("rules", "test", path), ("check", "--netns", path), ("explain", path),
                              ("report", "--netns", str(path) + "/x"), ("audit", "--files", path), ("audit", "--root", self.secret)):
                self.assert_kept(self.as_nobody(*arguments))

    def test_no_option_writes_where_nobody_may_not(self):
        for path in self.each():
            for arguments in (("states", "--output", path), ("record", path), ("report", "--report", f"json:{path}"),
                              ("states", "--output", self.secret / "new"), ("check", "--state-dir", self.secret / "state")):
                self.as_nobody(*arguments)
                self.assertTrue(self.file.read_text(encoding="ascii").startswith(MARKER))
                self.assertEqual({"file", "rule.toml"}, {entry.name for entry in self.secret.iterdir()})

    def test_the_environment_leads_nowhere(self):
        self.give(CAPABILITIES[0])
        answer = self.as_nobody("check", environment={"STATE_DIRECTORY": str(self.secret), "XDG_STATE_HOME": str(self.secret),
                                                      "HOME": str(self.secret), "TZ": str(self.file), "LD_PRELOAD": str(self.file)})
        self.assert_kept(answer)
        self.assertEqual({"file", "rule.toml"}, {entry.name for entry in self.secret.iterdir()})


if __name__ == "__main__":
    command_line.main()
