#!/usr/bin/env python3
"""What the golden files of the machine formats promise their readers: check_formats.py GOLDEN_DIRECTORY

JUnit: well-formed, and built as both the strict schema of Ant and the one of Jenkins (junit-10.xsd) allow; counts that are
true. TAP: `prove` reads it without a parse error and counts the same. sysctl: each line is a comment or a setting, and
`sysctl --dry-run` takes it. Prometheus: what `promtool check metrics` accepts, and what only node exporter minds. Checkmk:
fields as the agent's reader splits them. A reader that is not installed is left out, and said.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

# element: its attributes (name: form), its children in their order (name: fewest, most)
ANY = r"[^\n]*"
MANY = 10 ** 9
NUMBER, DECIMAL = r"\d+", r"\d+(\.\d+)?"
SCHEMA = {
    "testsuites": ({}, {"testsuite": (0, MANY)}),
    "testsuite": ({"name": r".+", "package": ANY, "id": NUMBER, "hostname": r".+", "tests": NUMBER, "failures": NUMBER,
                   "errors": NUMBER, "skipped": NUMBER, "time": DECIMAL,
                   "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
                  {"properties": (1, 1), "testcase": (0, MANY), "system-out": (1, 1), "system-err": (1, 1)}),
    "properties": ({}, {}),
    "testcase": ({"classname": r"tcpadvisor(\.[\w-]+)?", "name": r".+", "time": DECIMAL},
                 {"skipped": (0, 1), "error": (0, 1), "failure": (0, 1)}),
    "skipped": ({"message": ANY}, {}),
    "error": ({"type": "unknown", "message": ANY}, {}),
    "failure": ({"type": "warning|critical", "message": r".+"}, {}),
    "system-out": ({}, {}),
    "system-err": ({}, {}),
}


def schema_problems(element):
    if element.tag not in SCHEMA:
        return [f"<{element.tag}> is in no schema"]
    attributes, children = SCHEMA[element.tag]
    problems = [f"<{element.tag}> has attributes {sorted(element.attrib)}"] if set(attributes) != set(element.attrib) else []
    problems += [f"<{element.tag} {name}='{value}'>" for name, value in element.attrib.items()
                 if not re.fullmatch(attributes.get(name, ANY), value)]
    tags = [child.tag for child in element]
    if tags != sorted(tags, key=list(children).index if set(tags) <= set(children) else str):
        problems.append(f"<{element.tag}>: its children are in no order: {tags}")
    problems += [f"<{element.tag}>: {tags.count(tag)} <{tag}>" for tag, (fewest, most) in children.items()
                 if not fewest <= tags.count(tag) <= most]
    return problems + [problem for child in element for problem in schema_problems(child)]


def junit_problems(path):
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except xml.etree.ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    problems = schema_problems(root)
    for suite in root:
        tests = suite.findall("testcase")
        for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            found = sum(test.find(kind) is not None for test in tests)
            if int(suite.get(attribute)) != found:
                problems.append(f"{attribute} is {suite.get(attribute)}, there are {found}")
        if int(suite.get("tests")) != len(tests):
            problems.append(f"tests is {suite.get('tests')}, there are {len(tests)}")
        problems += [f"{test.get('name')}: more than one result" for test in tests if len(test) > 1]
        names = [test.get("name") for test in tests]
        if len(set(names)) < len(names):
            problems.append("two tests have one name: GitLab drops the second")
    if shutil.which("xmllint"):
        lint = subprocess.run(["xmllint", "--noout", path], capture_output=True, text=True, check=False)
        problems += [lint.stderr] if lint.returncode else []
    return problems


def tap_problems(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    results = [line for line in lines if re.match(r"(not )?ok \d+ - ", line)]
    failed = [line for line in results if line.startswith("not")]
    problems = [] if lines[0] == "TAP version 13" else ["does not begin with its version"]
    if not lines[1].startswith(f"1..{len(results)}"):
        problems.append(f"{lines[1]}, but there are {len(results)} results")
    if lines.count("  ---") != lines.count("  ..."):
        problems.append("a block of YAML is open")
    if shutil.which("prove"):
        prove = subprocess.run(["prove", "-e", "cat", path], capture_output=True, text=True, check=False)
        if "Parse errors" in prove.stdout + prove.stderr:
            problems.append(prove.stdout + prove.stderr)
        if prove.returncode != (1 if failed else 0):
            problems.append(f"prove exits with {prove.returncode}, {len(failed)} failed")
        if failed and not re.search(rf"Failed[ :]+{len(failed)}\b|Failed {len(failed)}/", prove.stdout + prove.stderr):
            problems.append(f"prove did not count {len(failed)} failures: {prove.stdout}{prove.stderr}")
    return problems


def sysctl_problems(path):
    problems = []
    settings = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if re.fullmatch(r"[a-z0-9_.]+ = [^#\s][^#]*", line):
            settings.append(line)
        elif line and not line.startswith("#"):
            problems.append(f"line {number} is no comment and no setting: {line}")
    if shutil.which("sysctl"):
        dry = subprocess.run(["sysctl", "--dry-run", f"--load={path}"], capture_output=True, text=True, check=False)
        said = [line for line in dry.stdout.splitlines() if " = " in line]
        if dry.returncode or len(said) != len(settings):
            problems.append(f"sysctl --dry-run: exit {dry.returncode}, {said}, {dry.stderr}")
    return problems


def prometheus_problems(path):
    content = path.read_bytes()
    text = content.decode("utf-8")
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    problems = [f"two samples of {one}" for one in set(series) if series.count(one) > 1]
    problems += [] if content.endswith(b"\n") and b"\r" not in content else ["line ends"]
    problems += [f"no sample: {line}" for line in text.splitlines()
                 if not re.fullmatch(r'# (HELP|TYPE) tcpadvisor_.+|tcpadvisor_[a-z0-9_]+(\{(\w+="([^"\\]|\\["\\])*",?)+\})? '
                                     r"([-+]?[0-9.]+|[+-]Inf)", line)]
    if shutil.which("promtool"):
        tool = subprocess.run(["promtool", "check", "metrics"], input=content, capture_output=True, check=False)
        problems += [tool.stderr.decode()] if tool.returncode or tool.stderr else []
    return problems


def checkmk_problems(path):
    """State, a quoted name, metrics and text, one space apart; metrics without unit and with plain levels."""
    number = r"-?[0-9.]+"
    metric = rf"[a-z_]+={number}(;({number})?){{0,4}}"
    lines = path.read_text(encoding="utf-8").splitlines()
    problems = [f"no local check: {line}" for line in lines
                if not re.fullmatch(rf'[0-3] "TCP[^"]*" (-|{metric}(\|{metric})*) [^\s|][^|]*', line)]
    names = [line.split('"')[1] for line in lines]
    return problems + ([f"two services have one name: {names}"] if len(set(names)) < len(names) else [])


def main():
    directory = pathlib.Path(sys.argv[1])
    readers = {"junit": junit_problems, "tap": tap_problems, "sysctl": sysctl_problems,
               "prometheus": prometheus_problems, "checkmk": checkmk_problems}
    failed = False
    for kind, problems_of in readers.items():
        paths = sorted(directory.glob(f"*.{kind}.*"))
        failed |= not paths
        print(f"{len(paths)} files of {kind}")
        for path in paths:
            for problem in problems_of(path):
                failed = True
                print(f"{path.name}: {problem}")
    for program in ("xmllint", "prove", "sysctl", "promtool"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
    sys.exit(failed)


if __name__ == "__main__":
    main()
