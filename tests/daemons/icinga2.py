#!/usr/bin/env python3
"""Real Icinga 2 with the CheckCommand of packaging/icinga2, asked through its API: icinga2.py PROGRAM [unittest options]

State, text and performance data arrive exactly, and every option of the plugin is an argument of the CheckCommand.
Skipped (exit 77) without icinga2.
"""
import base64
import json
import os
import pwd
import grp
import re
import ssl
import subprocess
import urllib.error
import urllib.request

import stage

ICINGA, OPENSSL = stage.need("icinga2", "openssl")
COMMAND = stage.PACKAGING / "icinga2/tcpadvisor.conf"
SERVICES = stage.PACKAGING / "icinga2/services.conf"
NOT_ARGUMENTS = {"--help", "--version",    # these give no verdict
                 "--format", "--output",   # Icinga reads the usual one from standard output
                 "--interval",             # it never ends
                 "--snapshot",             # of a text that a person has
                 "--color"}                # of which there is none
MAIN = """const NodeName = "lab"
const ZoneName = "lab"
const TicketSalt = ""
const PluginContribDir = "{plugins}"
object Endpoint NodeName {{ }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
include <itl>
include "{command}"
object CheckerComponent "checker" {{ }}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = {port} }}
object ApiUser "test" {{ password = "test"; permissions = [ "*" ] }}
include_zones "etc", "{zones}"
"""
HOST = 'object Host "lab" {{ check_command = "dummy"; enable_active_checks = false; {variables} }}\n'


def variables(case):
    """The options of a case as custom variables of a service."""
    lines = []
    for option, value in case.options.items():
        name = "tcpadvisor_" + option.replace("-", "_")
        if isinstance(value, dict):
            text = "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(one)}" for key, one in value.items()) + " }"
        elif isinstance(value, list):
            text = json.dumps([str(one) for one in value])
        elif value is True:
            text = "1" if option == "verbose" else "true"
        else:
            text = json.dumps(str(value))
        lines.append(f"  vars.{name} = {text}")
    return "\n".join(lines)


def service(case):
    return (f'object Service "{case.name}" {{\n  host_name = "lab"\n  check_command = "tcpadvisor"\n'
            f"  enable_active_checks = false\n  max_check_attempts = 1\n{variables(case)}\n}}\n")


def prepare(directory, world, objects, host=""):
    """The command line of an Icinga 2 that lives in `directory` alone, and the port of its API."""
    certificates = directory / "data/certs"
    for path in (certificates, directory / "log", directory / "cache", directory / "spool", directory / "run"):
        path.mkdir(parents=True)
    subprocess.run([OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", certificates / "lab.key", "-out", certificates / "lab.crt", "-subj", "/CN=lab"],
                   check=True, capture_output=True)
    (certificates / "ca.crt").write_bytes((certificates / "lab.crt").read_bytes())
    port = stage.free_port()
    zones = directory / "zones.d"
    (zones / "lab").mkdir(parents=True)
    (zones / "lab/objects.conf").write_text(HOST.format(variables=host) + objects, encoding="utf-8")
    config = directory / "icinga2.conf"
    config.write_text(MAIN.format(plugins=world.plugins, command=COMMAND, port=port, zones=zones), encoding="utf-8")
    places = {"DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run",
              "PidPath": "run/icinga.pid", "StatePath": "data/state", "ModAttrPath": "data/modified.conf",
              "ObjectsPath": "cache/objects", "VarsPath": "cache/vars"}
    command = [ICINGA, "daemon", "-c", config]
    for name, place in places.items():
        command += ["-D", f"Configuration.{name}={directory / place}"]
    command += ["-D", f"Configuration.RunAsUser={pwd.getpwuid(os.getuid()).pw_name}",
                "-D", f"Configuration.RunAsGroup={grp.getgrgid(os.getgid()).gr_name}"]
    return command, port


class Api:
    def __init__(self, port):
        self.url = f"https://127.0.0.1:{port}/v1"
        self.tls = ssl._create_unverified_context()  # the certificate is our own, of a minute ago

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode() if body else None, headers={
            "Accept": "application/json", "Authorization": "Basic " + base64.b64encode(b"test:test").decode()})
        with urllib.request.urlopen(request, context=self.tls, timeout=10) as answer:
            return json.load(answer)["results"]


class Icinga(stage.WithWorld):
    def test_everything_arrives(self):
        self.check_direct()
        command, port = prepare(self.world.scratch / "icinga", self.world, "".join(map(service, self.cases)))
        daemon = stage.Daemon(self.world.scratch / "icinga.out", *command)
        self.addCleanup(daemon.stop)
        api = Api(port)
        stage.wait_until(lambda: api.ask("/objects/services"), what="the API of Icinga")
        api.ask("/actions/reschedule-check", {"type": "Service", "filter": "true", "force": True})

        def all_checked():
            found = {one["attrs"]["name"]: one["attrs"] for one in api.ask("/objects/services")}
            return found if all(one["last_check_result"] for one in found.values()) else None
        found = stage.wait_until(all_checked, 60, "all checks")
        for case in self.cases:
            self.assert_arrived(case, found[case.name])

    def assert_arrived(self, case, attributes):
        line1, _, rest = self.direct[case.name].stdout.partition("\n")
        text, _, perfdata = line1.partition("|")
        result = attributes["last_check_result"]
        self.assertEqual(case.state, attributes["state"], case.name)
        self.assertEqual((f"{text}\n{rest}").rstrip("\n"), result["output"].rstrip("\n"), case.name)
        self.assertEqual(perfdata.split(), result["performance_data"], case.name)

    def test_the_shipped_services_are_valid(self):
        directory = self.world.scratch / "shipped"
        command, _ = prepare(directory, self.world, SERVICES.read_text(encoding="utf-8"),
                             'vars.tcpadvisor = true; vars.tcpadvisor_whole = true; vars.agent_endpoint = "agent"')
        with open(directory / "icinga2.conf", "a", encoding="utf-8") as config:
            config.write('object Endpoint "agent" { }\nobject Zone "agent" { endpoints = [ "agent" ]; parent = ZoneName }\n')
        answer = subprocess.run([*command, "-C"], capture_output=True, text=True, check=False)
        self.assertEqual(0, answer.returncode, answer.stdout)
        self.assertIn("Instantiated 6 Services", answer.stdout)
        self.assertNotIn("warning/", answer.stdout)

    def test_every_option_is_an_argument(self):
        answer = self.world.run(stage.Case("help", 3, "", help=True))
        options = set(re.findall(r"(--[a-z-]+)", answer.stdout.partition("Options:")[2]))
        arguments = set(re.findall(r'^\t\t"(--[a-z-]+)" = \{', COMMAND.read_text(encoding="utf-8"), re.M))
        self.assertEqual(options - NOT_ARGUMENTS, arguments)


stage.main()
