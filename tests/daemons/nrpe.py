#!/usr/bin/env python3
"""Real NRPE over TLS with the file of packaging/nrpe, asked by check_nrpe: nrpe.py PROGRAM [unittest options]

Output and exit code arrive exactly. Arguments are off, as everywhere by default: all is configured by file. Skipped
(exit 77) without nrpe and check_nrpe.
"""
import grp
import os
import pwd
import re
import socket
import subprocess

import stage

NRPE, CHECK_NRPE = stage.need("nrpe", "check_nrpe")
DEBIAN_PLUGINS = "/usr/lib/nagios/plugins"


class Nrpe(stage.WithWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.world.scratch / "nrpe"
        directory.mkdir()
        shipped = (stage.PACKAGING / "nrpe/tcpadvisor.cfg").read_text(encoding="utf-8")
        (directory / "shipped.cfg").write_text(shipped.replace(DEBIAN_PLUGINS, str(cls.world.plugins)), encoding="utf-8")
        cls.port = stage.free_port()
        commands = "".join(f"command[{case.name}]={case.command(cls.world.plugin)}\n" for case in cls.cases)
        config = directory / "nrpe.cfg"
        config.write_text(f"""log_file={directory}/nrpe.log
pid_file={directory}/nrpe.pid
server_address=127.0.0.1
server_port={cls.port}
nrpe_user={pwd.getpwuid(os.getuid()).pw_name}
nrpe_group={grp.getgrgid(os.getgid()).gr_name}
allowed_hosts=127.0.0.1
dont_blame_nrpe=0
command_timeout=20
disable_syslog=1
include={directory}/shipped.cfg
{commands}""", encoding="utf-8")
        cls.daemon = stage.Daemon(cls.world.scratch / "nrpe.out", NRPE, "-c", config, "-f")
        cls.addClassCleanup(cls.daemon.stop)
        stage.wait_until(lambda: socket.create_connection(("127.0.0.1", cls.port)).close() or True, what="the port of NRPE")

    def ask(self, command, *arguments):
        return subprocess.run([CHECK_NRPE, "-H", "127.0.0.1", "-p", str(self.port), "-t", "20", "-c", command, *arguments],
                              capture_output=True, text=True, check=False, timeout=40)

    def test_everything_arrives(self):
        self.check_direct()
        for case in self.cases:
            answer = self.ask(case.name)
            self.assertEqual((case.state, self.direct[case.name].stdout.rstrip("\n")),
                             (answer.returncode, answer.stdout.rstrip("\n")), case.name)

    def test_old_packets_carry_the_first_line_whole(self):
        for case in self.cases:
            answer = self.ask(case.name, "-2")
            line1 = self.direct[case.name].stdout.partition("\n")[0]
            self.assertEqual((case.state, line1), (answer.returncode, answer.stdout.partition("\n")[0]), case.name)

    def test_the_shipped_commands_need_no_argument(self):
        names = [line.partition("]")[0].removeprefix("command[") for line in
                 (stage.PACKAGING / "nrpe/tcpadvisor.cfg").read_text(encoding="utf-8").splitlines() if line.startswith("command[")]
        self.assertEqual(6, len(names))
        for name in names:
            answer = self.ask(name)
            self.assertRegex(answer.stdout, r"\ATCP [A-Z]+: .+\|[a-z_]+=", name)

    def test_they_give_up_before_check_nrpe(self):
        of_check_nrpe = 10
        text = (stage.PACKAGING / "nrpe/tcpadvisor.cfg").read_text(encoding="utf-8")
        for line in re.findall(r"^command\[.*", text, re.M):
            self.assertLess(float(re.search(r" --timeout (\S+)", line)[1]), of_check_nrpe, line)

    def test_arguments_are_refused(self):
        answer = self.ask("check_tcpadvisor", "-a", "--output=/tmp/x")
        self.assertNotRegex(answer.stdout, r"\ATCP ")


stage.main()
