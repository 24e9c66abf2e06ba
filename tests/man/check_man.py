#!/usr/bin/env python3
"""Holds the man pages against the source and the program: check_man.py FACTS_PAGE [PROGRAM]

Without PROGRAM: every label of the performance data stands in tcpadvisor(1), every sysctl that the program reads, every TCP
state and every myth has a text for `explain`, and mandoc has nothing to say. With PROGRAM: its facts stand in FACTS_PAGE, which
is tcpadvisor-facts(7) as it was built, every long option of its --help stands in tcpadvisor(1) and the other way round, every rule
can be explained, as can everything that a rule says to `see`, and the examples of the pages and the settings of README.md and
docs/settings.md work.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAN = ROOT / "man"
TOPICS = ROOT / "rules/explain"
STATES = ("LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSING TIME_WAIT CLOSE_WAIT LAST_ACK CLOSE "
          "BOUND").split()
COLUMNS = 78
# What guides say, and the text that refutes it.
MYTHS = {
    "tcp_fin_timeout lowers TIME_WAIT": "myth-fin-timeout",
    "enable tcp_tw_recycle": "myth-tw-recycle",
    "lower tcp_max_tw_buckets": "myth-max-tw-buckets",
    "tcp_tw_reuse helps servers, or stops errors of bind()": "myth-tw-reuse-on-servers",
    "tcp_tw_reuse = 1 with tcp_timestamps = 0": "myth-tw-reuse-alone",
    "so many TIME_WAIT are port exhaustion": "myth-many-time-wait",
    "TIME_WAIT and ESTABLISHED together against the range": "myth-sum-against-range",
    "ip_local_port_range = 1024 65535": "myth-wide-port-range",
    "keepalive clears CLOSE_WAIT": "myth-keepalive-close-wait",
    "nothing but a reboot, or a restart of the network, clears CLOSE_WAIT": "myth-reboot-close-wait",
    "TIME_WAIT takes 2 or 4 minutes": "myth-time-wait-minutes",
    "SO_LINGER 0 to avoid TIME_WAIT": "myth-linger",
    "disable timestamps for security": "myth-timestamps",
    "sysctls of the node tune pods": "myth-host-sysctls",
    "conntrack's time_wait = 1": "myth-conntrack-time-wait",
}


def read(*path):
    return ROOT.joinpath(*path).read_text(encoding="utf-8")


def differences(what, wanted, found):
    """Two sets of texts that should be equal."""
    return ([f"{what}: {item} is missing" for item in sorted(wanted - found)] +
            [f"{what}: {item} does not exist" for item in sorted(found - wanted)])


def documented_facts(page):
    """{"TABLE.FACT": (unit, text)}"""
    facts = {}
    table = fact = None
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith(".S"):
            table = line.removeprefix(".Ss ") if line.startswith(".Ss ") else None
        elif table and (item := re.fullmatch(r"\.It Va (\w+) Pq (.+)", line)):
            fact = f"{table}.{item[1]}"
            facts[fact] = (item[2], "")
        elif line == ".El":
            fact = None
        elif fact:
            unit, text = facts[fact]
            facts[fact] = (unit, text + re.sub(r"^\.\w+ |\\[&e]?", "", line) + " ")
    return facts


def letters_of(text):
    return re.sub(r"\W", "", text)


def check_facts(page, program):
    """The page and the program name the same facts, and of every tenth say the same: the page is made from the source."""
    documented = documented_facts(page)
    _, topics = output_of(program, "explain")
    known = re.findall(r"^  (\w+\.\w+)$", topics.partition("\nFacts:\n")[2], re.M)
    problems = differences("tcpadvisor-facts(7)", set(known), set(documented))
    for fact in known[::10]:
        _, text = output_of(program, "explain", fact)
        said = re.match(r"\S+(?: \((.+)\))?\n((?:  .*\n)+)", text)
        unit, sentence = documented.get(fact, ("", ""))
        if not said or unit != (said[1] or unit) or letters_of(said[2]) != letters_of(sentence):
            problems.append(f"tcpadvisor-facts(7): {fact} is explained as '{text}'")
    return problems


def check_perfdata():
    path = ROOT / "src/rules/perfdata.cpp"
    if not path.exists():
        return [f"{path.relative_to(ROOT)}: not there"]
    labels = set(re.findall(r'\{\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    page = (MAN / "tcpadvisor.1").read_text(encoding="utf-8")
    section = page[page.index(".Sh OUTPUT OF CHECK"):page.index(".Sh OUTPUT AS JSON")]
    documented = set(re.findall(r"^\.It Ql ([a-z_]+)$", section, re.M))
    return differences("tcpadvisor(1), performance data", labels, documented)


def topic_files():
    return [path for folder in (".", "sysctl", "myths") for path in sorted((TOPICS / folder).glob("*.txt"))]


def check_myths():
    """Each is refuted by a number and says what to do instead; the overview names it."""
    overview = read("rules/explain/myths.txt")
    problems = differences("explain, myth", set(MYTHS.values()), {path.stem for path in (TOPICS / "myths").glob("*.txt")})
    for path in sorted((TOPICS / "myths").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"\n\n(In numbers|Measured)\. [^\n]*(\n.+)*\d", text):
            problems.append(f"{path.name}: no numbers")
        if "\n\nInstead. " not in text:
            problems.append(f"{path.name}: nothing to do instead")
        if f"\n\n{path.stem}. " not in overview:
            problems.append(f"myths.txt: {path.stem} is missing")
    return problems


def check_metrics():
    section = read("man", "tcpadvisor.1").partition(".Sh OUTPUT FOR PROMETHEUS")[2].partition(".Sh ")[0]
    return differences("tcpadvisor(1), metrics", set(re.findall(r'"(tcpadvisor_\w+)"', read("src/render/prometheus.cpp"))),
                       set(re.findall(r"tcpadvisor_\w+", section)))


def check_topics():
    problems = []
    known = set(re.findall(r'^    \{"([a-z][\w.]+)", Kind::', read("src/snapshot/sysctls.cpp"), re.M))
    problems += differences("explain, sysctl", known, {path.stem for path in (TOPICS / "sysctl").glob("*.txt")})
    general = {path.stem for path in TOPICS.glob("*.txt")}
    problems += [f"explain, state: {state} is missing" for state in STATES if state not in general]
    for path in topic_files():
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        where = path.relative_to(ROOT)
        if not text.isascii():
            problems.append(f"{where}: not ASCII")
        if any(len(line) > COLUMNS for line in lines):
            problems.append(f"{where}: a line has more than {COLUMNS} columns")
        if len(lines) < 3 or lines[1] or not lines[0].startswith(path.stem + ": "):
            problems.append(f"{where}: does not begin with '{path.stem}: title' and an empty line")
        if not re.match(r"Sources\. ", text.split("\n\n")[-1]):
            problems.append(f"{where}: does not end with its sources")
    return problems


def check_mandoc(facts_page):
    """Problems, or None without mandoc."""
    if shutil.which("mandoc") is None:
        return None
    problems = []
    for page in [*sorted(MAN.glob("*.[1-8]")), facts_page]:
        text = page.read_text(encoding="utf-8")
        if link := re.fullmatch(r"\.so man\d/(\S+)\n", text):
            if not (MAN / link[1]).exists():
                problems.append(f"{page.name}: points to {link[1]}, which is not there")
            continue
        problems += [f"{page.name}: two quotations in one macro, which groff nests: {line}" for line in text.splitlines()
                     if re.match(r"\.\w+ (Ql .*[,;] Ql|Ql .* No ) ", line)]
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True,
                              check=False)
        problems += [line for line in lint.stdout.splitlines() if line]
    return problems


def output_of(program, *arguments):
    run = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30, check=False,
                         env=os.environ | {"LC_ALL": "C.UTF-8"})
    return run.returncode, run.stdout


def commands_of(program):
    _, text = output_of(program, "--help")
    block = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.M)
    return re.findall(r"^  (\w+)", block[1], re.M) if block else []


def check_options(program):
    commands = commands_of(program)
    if not commands:
        return [f"{program} --help lists no commands"]
    options = set()
    for arguments in [["--help"], *([command, "--help"] for command in commands)]:
        _, text = output_of(program, *arguments)
        options |= set(re.findall(r"^ +(?:-\w, +)?--([a-z][a-z-]*)", text, re.M))
    page = (MAN / "tcpadvisor.1").read_text(encoding="utf-8")
    documented = set()
    for item in re.findall(r"^\.It Fl (.*)$", page, re.M):
        documented |= set(re.findall(r"(?<!\S)-([a-z][a-z-]*)", item))
    problems = differences("tcpadvisor(1), options", options, documented)
    problems += [f"tcpadvisor(1): command {command} is missing" for command in commands
                 if not re.search(rf"^\.It Cm {command}\b", page, re.M)]
    return problems


def check_explanations(program):
    status, text = output_of(program, "rules", "list")
    rules = set()
    topics = set()
    for path in sorted((ROOT / "rules").glob("*.toml")):
        for rule in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
            rules.add(rule["id"])
            topics |= {item.removeprefix("explain:") for item in rule.get("see", []) if item.startswith("explain:")}
    problems = [] if status == 0 else [f"rules list: exit status {status}"]
    problems += [f"rules list: {rule} is missing" for rule in sorted(rules) if rule not in text]
    topics |= {path.stem for path in topic_files()}
    for topic in sorted(rules | topics):
        status, text = output_of(program, "explain", topic)
        if status != 0 or not text.startswith(topic + ": "):
            problems.append(f"explain {topic}: exit status {status}, begins with '{text[:40]}'")
    return problems


def examples(page):
    text = page.read_text(encoding="utf-8")
    return [block.replace("\\e", "\\") for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", text, re.S | re.M)]


def check_examples(facts_page, program):
    """What the manual shows as a file is one."""
    kinds = {"[[rule]]": "rules.d/rules.toml", "[rule.": "settings.toml", "[[override]]": "settings.toml",
             "[[case]]": "cases.toml"}
    with tempfile.TemporaryDirectory() as directory:
        where = pathlib.Path(directory)
        (where / "rules.d").mkdir()
        for block in examples(MAN / "tcpadvisor-rules.5") + examples(facts_page):
            kind = next((kind for kind in kinds if block.startswith(kind)), None)
            if kind is not None:
                with open(where / kinds[kind], "a", encoding="utf-8") as file:
                    file.write(block + "\n")
        force = ["--rules", str(where / "rules.d"), "--config", str(where / "settings.toml")]
        problems = []
        for arguments in (["lint", str(where / "rules.d")], ["list", *force], ["test", str(where / "cases.toml"), *force]):
            status, text = output_of(program, "rules", *arguments)
            if status != 0:
                problems.append(f"tcpadvisor-rules(5), examples: rules {arguments[0]} exits with {status}: {text}")
        return problems


def check_settings(program, page):
    """The settings that a page shows are without fault."""
    with tempfile.TemporaryDirectory() as directory:
        settings = pathlib.Path(directory, "tcpadvisor.toml")
        settings.write_text("\n".join(re.findall(r"^```toml\n(.*?)^```", read(page), re.S | re.M)), encoding="utf-8")
        status, text = output_of(program, "rules", "lint", str(settings))
        return [f"{page}, settings: {text}"] if status != 0 else []


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    facts_page = pathlib.Path(sys.argv[1])
    problems = check_perfdata() + check_metrics() + check_topics() + check_myths()
    lint = check_mandoc(facts_page)
    if lint is None:
        print("skipped: mandoc is not installed, the pages were not linted")
    else:
        problems += lint
    if len(sys.argv) == 3:
        program = sys.argv[2]
        problems += check_facts(facts_page, program) + check_options(program) + check_explanations(program)
        problems += check_examples(facts_page, program) + check_settings(program, "README.md") + check_settings(program, "docs/settings.md")
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
