#!/usr/bin/env python3
"""Real Nagios Core with the commands of packaging/nagios: nagios.py PROGRAM [unittest options]

State, text, long output and performance data arrive exactly as the plugin wrote them. Skipped (exit 77) without nagios4.
"""
import grp
import os
import pwd
import re
import shlex
import shutil
import subprocess
import time

import stage

NAGIOS, = stage.need("nagios4")
MAIN = """log_file={d}/nagios.log
cfg_file={d}/objects.cfg
cfg_file={d}/commands.cfg
resource_file={d}/resource.cfg
object_cache_file={d}/objects.cache
status_file={d}/status.dat
status_update_interval=1
command_file={d}/nagios.cmd
lock_file={d}/nagios.pid
temp_file={d}/nagios.tmp
temp_path={d}
check_result_path={d}/results
query_socket={d}/nagios.qh
state_retention_file={d}/retention.dat
retain_state_information=0
check_result_reaper_frequency=1
interval_length=1
service_check_timeout=30
execute_host_checks=0
check_external_commands=1
check_for_updates=0
enable_notifications=0
use_syslog=0
illegal_macro_output_chars=`~$&|'"<>
nagios_user={user}
nagios_group={group}
"""
OBJECTS = """define timeperiod {
  timeperiod_name 24x7
  alias 24x7
}
define command {
  command_name nothing
  command_line /bin/true
}
define contact {
  contact_name nagiosadmin
  host_notification_period 24x7
  service_notification_period 24x7
  host_notification_commands nothing
  service_notification_commands nothing
}
define host {
  host_name localhost
  address 127.0.0.1
  max_check_attempts 1
  check_period 24x7
  contacts nagiosadmin
}
"""
SERVICE = """define service {{
  host_name localhost
  service_description {name}
  check_command check_tcpadvisor!{arguments}
  max_check_attempts 1
  check_interval 3600
  retry_interval 3600
  check_period 24x7
  contacts nagiosadmin
}}
"""


def configure(directory, world, services):
    (directory / "results").mkdir(parents=True)
    names = {"d": directory, "user": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}
    (directory / "nagios.cfg").write_text(MAIN.format(**names), encoding="utf-8")
    (directory / "resource.cfg").write_text(f"$USER1$={world.plugins}\n", encoding="utf-8")
    shutil.copyfile(stage.PACKAGING / "nagios/tcpadvisor.cfg", directory / "commands.cfg")
    (directory / "objects.cfg").write_text(OBJECTS + services, encoding="utf-8")
    return directory / "nagios.cfg"


def statuses(path):
    """The services that have been checked, by name."""
    found = {}
    for block in re.findall(r"^servicestatus \{\n(.*?)^\t\}", path.read_text(encoding="utf-8"), re.M | re.S):
        values = dict(line.strip().split("=", 1) for line in block.splitlines())
        if values["has_been_checked"] == "1":
            found[values["service_description"]] = values
    return found


class Nagios(stage.WithWorld):
    def test_everything_arrives(self):
        self.check_direct()
        services = "".join(SERVICE.format(name=case.name, arguments=shlex.join(case.arguments())) for case in self.cases)
        directory = self.world.scratch / "nagios"
        config = configure(directory, self.world, services)
        daemon = stage.Daemon(self.world.scratch / "nagios.out", NAGIOS, config)
        self.addCleanup(daemon.stop)
        commands = directory / "nagios.cmd"
        stage.wait_until(commands.is_fifo, what=daemon.said())
        now = int(time.time())
        with open(commands, "w", encoding="utf-8") as pipe:
            for case in self.cases:
                pipe.write(f"[{now}] SCHEDULE_FORCED_SVC_CHECK;localhost;{case.name};{now}\n")

        def all_checked():
            found = statuses(directory / "status.dat")
            return found if len(found) == len(self.cases) else None
        found = stage.wait_until(all_checked, 60, "all checks")
        for case in self.cases:
            self.assert_arrived(case, found[case.name])

    def assert_arrived(self, case, status):
        line1, _, rest = self.direct[case.name].stdout.partition("\n")
        text, _, perfdata = line1.partition("|")
        expected = {"current_state": str(case.state), "plugin_output": text, "performance_data": perfdata,
                    "long_plugin_output": rest.rstrip("\n").replace("\\", "\\\\").replace("\n", "\\n")}
        self.assertEqual(expected, {key: status[key] for key in expected}, case.name)

    def test_the_shipped_services_are_valid(self):
        directory = self.world.scratch / "shipped"
        config = configure(directory, self.world, (stage.PACKAGING / "nagios/services.cfg").read_text(encoding="utf-8"))
        answer = subprocess.run([NAGIOS, "-v", config], capture_output=True, text=True, check=False)
        self.assertEqual(0, answer.returncode, answer.stdout)
        self.assertIn("Total Warnings: 0", answer.stdout)
        self.assertIn("Checked 5 services", answer.stdout)


stage.main()
