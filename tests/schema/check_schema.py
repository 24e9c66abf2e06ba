#!/usr/bin/env python3
"""Holds everything that the program writes as JSON against the schemas: check_schema.py PROGRAM

packaging/schema/tcpadvisor-1.schema.json for --format json, and sarif.schema.json beside this file, which is what code scanning
services require of SARIF 2.1.0. Neither allows a key that it does not name. Skipped without python3-jsonschema.
"""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: python3-jsonschema (4 or newer) is not installed")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/captures"))
from unpacked import unpack  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SCHEMA = json.loads((ROOT / "packaging/schema/tcpadvisor-1.schema.json").read_text(encoding="utf-8"))
SARIF = json.loads(pathlib.Path(__file__).with_name("sarif.schema.json").read_text(encoding="utf-8"))
ANSWERS = {"report": "verdict", "check": "verdict", "audit": "verdict", "states": "states", "ports": "ports", "port": "port"}
COMMANDS = [["report", "-v"], ["check"], ["audit"], ["states"], ["ports"], ["ports", "--to", "10.0.0.1:443"], ["port", "40000"]]
SETTINGS = "net.ipv4.tcp_tw_recycle = 1\nnet.ipv4.tcp_fin_timeout = 15\nnet.ipv4.tcp_max_tw_buckets = 5\nnet.ipv4.ip_local_port_range = 1024\n"


def innermost(error):
    """Of what could not be one of several forms: the mistake in the form that it is nearest to."""
    while error.context:
        error = max(error.context, key=lambda one: len(one.absolute_path))
    return f"{error.json_path}: {error.message[:200]}"


def mistakes(answer, kind):
    form = SARIF if kind == "sarif" else {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{kind}"}
    return [innermost(error) for error in Draft202012Validator(form).iter_errors(answer)][:5]


def kind_of(answer):
    """Exactly one of the forms fits: which, by a key that only it has."""
    if "error" in answer:
        return "error"
    return "verdict" if "findings" in answer else "states" if "sockstat" in answer else "port" if "port" in answer["namespaces"][0] else "ports"


def run(*arguments):
    """(kind, what was written) of one run that has JSON as its format."""
    form = "sarif" if "sarif" in arguments else "json"
    done = subprocess.run([PROGRAM, *arguments, *(["--format", "json"] if form == "json" else [])], capture_output=True, timeout=60,
                          check=False, stdin=subprocess.DEVNULL)
    answer = json.loads(done.stdout or done.stderr)
    return "error" if "error" in answer else form if form == "sarif" else ANSWERS[arguments[0]], answer


def objects_of(schema):
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects_of(value)


class Schemas(unittest.TestCase):
    def test_they_are_schemas_and_closed(self):
        for schema in (SCHEMA, SARIF):
            Draft202012Validator.check_schema(schema)
            for one in objects_of(schema):
                self.assertIs(False, one["additionalProperties"], list(one["properties"]))

    def test_expected_files(self):
        for path in sorted((ROOT / "tests/golden").glob("*.json.?")) + sorted((ROOT / "tests/captures").glob("*.json")):
            with self.subTest(file=path.name):
                answer = json.loads(path.read_text(encoding="utf-8"))
                self.assertEqual([], mistakes(answer, kind_of(answer)))
                self.assertTrue(Draft202012Validator(SCHEMA).is_valid(answer))
        for path in sorted((ROOT / "tests/golden").glob("*.sarif.?")):
            with self.subTest(file=path.name):
                self.assertEqual([], mistakes(json.loads(path.read_text(encoding="utf-8")), "sarif"))

    def test_a_key_more_or_less_is_noticed(self):
        answer = json.loads((ROOT / "tests/golden/incident.json.2").read_text(encoding="utf-8"))
        answer["findings"][0]["new"] = 1
        self.assertIn("'new' was unexpected", mistakes(answer, "verdict")[0])
        del answer["findings"][0]["new"], answer["gaps"]
        self.assertIn("'gaps' is a required property", mistakes(answer, "verdict")[0])

    def test_the_manual_names_keys_that_exist(self):
        page = (ROOT / "man/tcpadvisor.1").read_text(encoding="utf-8")
        section = page.partition(".Sh OUTPUT AS JSON")[2].partition(".Sh ")[0]
        named = set(re.findall(r"^\.Ql ([a-z_]+)(?: [,;.)]+)?$", section, re.M)) - {"null"}
        keys = {key for one in objects_of(SCHEMA) for key in one["properties"]}
        self.assertGreater(len(named), 50)
        self.assertEqual(set(), named - keys)


class Runs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tcpadvisor-schema-")
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def check(self, runs):
        """All of them; returns the kinds that came."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda arguments: run(*arguments), runs))
        for arguments, (kind, answer) in zip(runs, answers):
            with self.subTest(run=" ".join(map(str, arguments))):
                self.assertEqual([], mistakes(answer, kind))
        return [kind for kind, _ in answers]

    def test_captures(self):
        unpack(self.directory)
        captures = sorted(self.directory.glob("*.capture"))
        self.assertGreater(len(captures), 30)
        kinds = self.check([[*command, "--replay", capture] for capture in captures for command in COMMANDS
                            if command not in (["check"], ["ports"])])
        self.assertEqual({"verdict", "states", "ports", "port"}, set(kinds))

    def test_this_host(self):
        stateless = [[*command, "--no-state"] if ANSWERS[command[0]] == "verdict" else command for command in COMMANDS]
        kinds = self.check([[*command, *extra] for command in stateless for extra in ([], ["--this-netns", "--assume", "net.ipv4.tcp_tw_reuse=1"])])
        self.assertEqual({"verdict", "states", "ports", "port"}, set(kinds))

    def test_other_sources(self):
        text = self.directory / "ss.txt"
        text.write_text("State Recv-Q Send-Q Local Address:Port Peer Address:Port\n" +
                        "".join(f"ESTAB 0 0 10.0.0.1:{port} 10.0.0.2:443\n" for port in range(40000, 40200)), encoding="utf-8")
        summary = self.directory / "summary.txt"
        summary.write_text("Total: 300\nTCP:   200 (estab 100, closed 50, orphaned 1, timewait 49)\n\nTransport Total     IP        IPv6\n"
                           "RAW\t  0         0         0\nUDP\t  4         2         2\nTCP\t  150       140       10\n", encoding="utf-8")
        self.check([[*command, "--replay", source] for command in COMMANDS for source in (text, summary)])

    def test_files(self):
        settings = self.directory / "sysctl.conf"
        settings.write_text(SETTINGS, encoding="utf-8")
        self.assertEqual(["verdict", "sarif"], self.check([["audit", "--files", settings], ["audit", "--files", settings, "--format", "sarif"]]))

    def test_errors(self):
        kinds = self.check([["report", "--replay", self.directory / "missing"], ["ports", "--to", "nonsense"], ["port", "0"],
                            ["check", "--rule", "no-such-rule"], ["states", "--netns", "no-such-namespace"]])
        self.assertEqual({"error"}, set(kinds))


unittest.main(argv=sys.argv[:1])
