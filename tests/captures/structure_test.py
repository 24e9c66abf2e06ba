#!/usr/bin/env python3
"""The report on each capture keeps its promises in every format: structure_test.py BINARY [unittest options]

JSON has its keys, and agrees with itself. Text and page say what the JSON says: the verdict, each finding with all of its
commands, how many rules passed, the sockets in each state.
"""
import functools
import re
import sys
import unittest

import captures_test
from captures_test import EXPECTED, HERE, formats_of, headline, replay, report_of, who_is_told

sys.path.append(str(HERE.parent / "render"))
from html_pages import Page, complaints_about  # noqa: E402

STATES = ("OK", "INFO", "UNKNOWN", "WARNING", "CRITICAL")  # the worst is last
EXITS = {"OK": 0, "INFO": 0, "UNKNOWN": 3, "WARNING": 1, "CRITICAL": 2}
ANSWER = {"schema", "version", "state", "exit_code", "host", "namespaces", "findings", "rules", "perfdata", "picture", "assumed",
          "notes", "gaps"}
HOST = {"name", "kernel", "time"}
FINDING = {"rule", "state", "namespace", "subject", "summary", "impact", "explained_by", "value", "unit", "warning", "critical", "confidence", "since",
           "evidence", "why", "remedies", "myths", "lines"}
EVIDENCE = {"value", "unit", "confidence"}
REMEDY = {"text", "command", "undo", "outside", "on_node", "risk", "effect"}
MYTH = {"change", "text", "effect"}
RULE = {"id", "state", "reason", "waiting", "numbers", "overrides"}
PERFDATUM = {"label", "value", "unit", "warning", "critical", "min", "max"}
GAP = {"what", "why", "detail"}
LABELS = ["ports_used_percent", "ports_load_percent", "established", "time_wait", "close_wait", "close_wait_leaked",
          "syn_sent", "syn_recv", "fin_wait", "orphans", "accept_queue_percent", "tcp_memory_percent", "conntrack_percent",
          "listen_overflows", "time_wait_overflows", "rules_alerting"]
SCREEN = (24, 80)  # lines, columns


def words_of(text):
    return " ".join(text.split())


def commands_of(finding):
    return [remedy[key] for remedy in finding["remedies"] for key in ("command", "undo") if remedy[key]]


def states_of(report):
    """For each state the sockets of IPv4, of IPv6 and of both, as they are shown; nothing without a picture."""
    return {state: tuple("-" if count is None else str(count) for count in (ipv4, space["families"]["ipv6"][state],
                                                                            space["states"][state]))
            for space in report["picture"] or [] for state, ipv4 in space["families"]["ipv4"].items()}


def count_rules(report, state):
    return sum(rule["state"] == state for rule in report["rules"])


def answer_of(name, form):
    """A run with this format; `screen` is the text as it is by default, `text` the whole one."""
    return replay(name, "text", *(["-v"] if form == "text" else [])) if form in ("screen", "text") else replay(name, form)


def of_each(*forms):
    """A test of every capture that has these formats: of the report from its JSON, and of the output in each of them."""
    def decorated(check):
        @functools.wraps(check)
        def test(self):
            for name, (code, *_) in EXPECTED.items():
                if set(forms) <= {*formats_of(name), "screen"}:
                    with self.subTest(capture=name):
                        answers = [answer_of(name, form) for form in forms]
                        self.assertEqual([(code, "")] * len(forms), [(answer.returncode, answer.stderr) for answer in answers])
                        check(self, report_of(name), *(answer.stdout for answer in answers))
        return test
    return decorated


class Structure(unittest.TestCase):
    @of_each("json")
    def test_json_has_its_keys(self, report, _):
        self.assertEqual(1, report["schema"])
        self.assertEqual(ANSWER, set(report))
        self.assertEqual(HOST, set(report["host"]))
        self.assertEqual(["this namespace"], report["namespaces"])
        for key, keys in (("findings", FINDING), ("rules", RULE), ("perfdata", PERFDATUM), ("gaps", GAP)):
            for item in report[key]:
                self.assertEqual(keys, set(item))
        for finding in report["findings"]:
            for key, keys in (("remedies", REMEDY), ("myths", MYTH)):
                for item in finding[key]:
                    self.assertEqual(keys, set(item))
            for item in finding["evidence"].values():
                self.assertEqual(EVIDENCE, set(item))

    @of_each("json")
    def test_json_agrees_with_itself(self, report, _):
        states = [finding["state"] for finding in report["findings"]]
        self.assertEqual(sorted(states, key=STATES.index, reverse=True), states)
        self.assertEqual(states[0] if states else "OK", report["state"])
        self.assertEqual(EXITS[report["state"]], report["exit_code"])
        worst = {}
        for finding in report["findings"]:
            worst.setdefault(finding["rule"], finding["state"])
        judged = {rule["id"]: rule["state"] for rule in report["rules"]}
        self.assertEqual(len(judged), len(report["rules"]))
        self.assertEqual(worst, {rule: state for rule, state in judged.items() if state not in ("OK", "SKIPPED")})

    @of_each("json")
    def test_json_explains_each_finding_and_each_rule_skipped(self, report, _):
        for finding in report["findings"]:
            self.assertTrue(finding["summary"] and finding["why"] and finding["remedies"], finding)
            self.assertNotIn("\t", "".join(commands_of(finding)))
            for item in finding["evidence"].values():
                self.assertEqual(item["value"] is None, item["confidence"] is None)
        for rule in report["rules"]:
            self.assertTrue(rule["state"] != "SKIPPED" or rule["reason"], rule)

    @of_each("json")
    def test_performance_data_count_what_the_picture_shows(self, report, _):
        values = {datum["label"]: datum["value"] for datum in report["perfdata"]}
        self.assertEqual([label for label in LABELS if label in values], list(values))
        self.assertEqual(len({rule["id"] for rule in report["rules"] if rule["state"] in ("WARNING", "CRITICAL")}),
                         values["rules_alerting"])
        if states := states_of(report):
            for label in ("established", "time_wait", "close_wait", "syn_sent", "syn_recv"):
                self.assertEqual(states[label.upper()][-1], str(values[label]), label)
            self.assertEqual(int(states["FIN_WAIT1"][-1]) + int(states["FIN_WAIT2"][-1]), values["fin_wait"])

    @of_each("text")
    def test_text_fits_80_columns_but_for_commands(self, _, text):
        for line in text.splitlines():
            if not re.match(r" +(command|undo|Next:|tcpadvisor) ", line):
                self.assertLessEqual(len(line), 80, line)
            self.assertTrue(line.isprintable() and line == line.rstrip(), repr(line))

    @of_each("text")
    def test_text_has_the_verdict_and_each_finding_in_its_order(self, report, text):
        state = report["state"].replace("INFO", "OK")
        self.assertTrue(headline(text).startswith(f"{state}: "), headline(text))
        if state != "OK":
            self.assertIn(report["findings"][0]["summary"], headline(text))
        for finding in report["findings"]:
            self.assertIn(finding["summary"], words_of(text))
        told = [(finding["state"], finding["rule"]) for finding in report["findings"] if not finding["explained_by"]]
        self.assertEqual(told, re.findall(rf"^({'|'.join(STATES)})  ([\w-]+)$", text, re.MULTILINE))

    @of_each("text")
    def test_text_has_every_command_on_a_line_of_its_own_below_the_remedy(self, report, text):
        blocks = dict(reversed(re.findall(rf"^(?:{'|'.join(STATES)})  ([\w-]+)\n(.*?)(?=^\S|\Z)", text,
                                          re.MULTILINE | re.DOTALL)))
        for finding in {finding["rule"]: finding for finding in reversed(report["findings"])
                        if not finding["explained_by"]}.values():
            block = blocks[finding["rule"]]
            for number, remedy in enumerate(finding["remedies"], 1):
                _, found, block = block.partition(f"\n{number:4}. ")
                self.assertTrue(found, f"{finding['rule']} lacks remedy {number}")
                self.assertTrue(words_of(block).startswith(remedy["text"]), block)
                for key in ("command", "undo"):
                    if remedy[key]:
                        lines = remedy[key].split("\n")
                        self.assertIn(f"      {key:9}" + f"\n{'':15}".join(lines) + "\n", block)

    @of_each("text")
    def test_text_lists_the_rules_and_what_was_not_seen(self, report, text):
        for state, title in (("OK", "Rules passed"), ("SKIPPED", "Rules skipped")):
            _, _, block = text.partition(f"\n{title}\n")
            listed = re.findall(r"^  ([\w-]+)", block.partition("\n\n")[0], re.MULTILINE)
            self.assertEqual(set(), {rule["id"] for rule in report["rules"] if rule["state"] == state} - set(listed))
        for gap in report["gaps"]:
            self.assertIn(gap["what"], words_of(text))

    @of_each("screen")
    def test_first_look_fits_the_screen(self, report, text):
        lines = text.splitlines()
        self.assertLessEqual(len(lines), SCREEN[0])
        self.assertLessEqual(max(map(len, lines)), SCREEN[1])
        self.assertEqual([], [line for line in lines if not line.isprintable() or line != line.rstrip()])
        self.assertTrue(lines[0].startswith(report["state"].replace("INFO", "OK") + ": "))

    @of_each("screen")
    def test_first_look_says_what_helps_now(self, report, text):
        if EXITS[report["state"]] == 0:
            return
        joined = text.replace(" \\\n", " ")
        _, found, now = words_of(joined).partition(" Right now ")
        self.assertTrue(found)
        remedies = [remedy for remedy in report["findings"][0]["remedies"] if remedy["command"]]
        cures = [remedy for remedy in remedies if "-> OK" in (remedy["effect"] or "")]
        looks = [remedy for remedy in remedies if "sysctl -w" not in remedy["command"]]
        self.assertTrue(not cures + looks or any(remedy["command"] in now for remedy in cures or looks), text)

    @of_each("text")
    def test_text_shows_the_states_where_something_alarms(self, report, text):
        _, found, table = text.partition("\nConnections by state\n")
        self.assertEqual(report["picture"] is not None, bool(found))
        if found:
            header, *rows = (line.split()[:4] for line in table.partition("\n\n")[0].splitlines())
            self.assertEqual(["STATE", "IPv4", "IPv6", "TOTAL"], header)
            self.assertEqual(states_of(report), {state: tuple(counts) for state, *counts in rows[:-1]})

    @of_each("html")
    def test_page_is_one_for_everybody(self, _, page):
        self.assertEqual([], complaints_about(page))

    @of_each("html", "text")
    def test_page_has_the_verdict_and_its_sections(self, report, page, text):
        parts = Page(page).parts
        state, _, verdict = headline(text).partition(": ")
        self.assertEqual((state, [verdict]), (parts("span")[0], parts("h1")))
        sections = {"Findings, worst first": report["findings"], "The picture of the host": report["picture"],
                    "Rules": report["rules"], "Not seen": report["gaps"]}
        self.assertEqual([section for section, content in sections.items() if content], parts("h2"))
        for gap in report["gaps"]:
            self.assertIn(gap["detail"], "".join(parts("li")))

    @of_each("html")
    def test_page_has_each_finding_with_its_commands(self, report, page):
        parts = Page(page).parts
        causes = [finding for finding in report["findings"] if not finding["explained_by"]]
        self.assertEqual(len(causes), len(parts("article")))
        for finding, article in zip(causes, parts("article")):
            self.assertTrue(article.startswith(f"\n{finding['state']}{finding['rule']}\n{finding['summary']}\n"), article)
            for command in commands_of(finding):
                self.assertIn(command, parts("pre"))

    @of_each("html", "text")
    def test_page_and_text_say_who(self, _, page, text):
        for who in who_is_told(page):
            self.assertIn(f"Who: {who}" if who else "", words_of(text))

    @of_each("html")
    def test_page_lists_every_rule_and_every_state(self, report, page):
        rows = Page(page).parts("tr")
        rules = rows[rows.index("StateRule") + 1:]
        self.assertEqual(len(report["rules"]), len(rules))
        for rule, row in zip(report["rules"], rules):
            start = rule["state"].replace("SKIPPED", "skipped") + rule["id"] + (rule["reason"] or "")
            self.assertTrue(row.startswith(start), (start, row))
        for state, counts in states_of(report).items():
            self.assertIn(state + "".join(counts), rows)


if __name__ == "__main__":
    captures_test.main()
