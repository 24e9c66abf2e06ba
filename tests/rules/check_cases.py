#!/usr/bin/env python3
"""Every shipped rule has a case for each verdict that it can give, and one that looks like it and stays quiet.

Those for monitoring have one topic each: an alarm comes from one service, and no rule from none.
"""
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PURPOSES = {"health", "tuning"}


def load(directory, key):
    items = []
    for path in sorted(directory.glob("*.toml")):
        items += tomllib.loads(path.read_text(encoding="utf-8"))[key]
    return items


def severities(rule):
    if "condition" not in rule:
        return {key for key in ("warning", "critical") if key in rule}
    raised = {"warning_when": "warning", "critical_when": "critical"}
    return {rule["severity"]} | {state for key, state in raised.items() if key in rule}


def topic_problems(rule):
    topics = set(rule["tags"]) - PURPOSES
    if "health" in rule["tags"] and len(topics) != 1:
        return [f"{rule['id']}: has {len(topics)} topics in its tags, not one: {sorted(topics)}"]
    return [f"{rule['id']}: nobody documents the topic '{topic}'" for topic in sorted(topics - documented_topics())]


def documented_topics():
    page = (ROOT / "man/tcpadvisor.1").read_text(encoding="utf-8")
    section = page[page.index(".Sh SERVICES BY TOPIC"):page.index(".Sh OUTPUT AS JSON")]
    return set(re.findall(r"^\.It Cm (\S+)$", section, re.M))


def main():
    expected = {}
    for case in load(ROOT / "tests/rules", "case"):
        expected.setdefault(case["rule"], set()).add(case["expect"])
    problems = []
    rules = load(ROOT / "rules", "rule")
    ids = {rule["id"] for rule in rules}
    for rule in rules:
        problems += [f"{rule['id']}: explains {id}, which does not exist" for id in sorted(set(rule.get("explains", [])) - ids)]
        found = expected.pop(rule["id"], set())
        problems += [f"{rule['id']}: no case expects {state}" for state in sorted(severities(rule) - found)]
        if not found & {"ok", "not_applicable"}:
            problems.append(f"{rule['id']}: no near miss")
        problems += topic_problems(rule)
    problems += [f"{rule}: has cases and does not exist" for rule in sorted(expected)]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


main()
