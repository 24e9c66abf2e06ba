"""Advice: what a remedy promises is what it does, and what cannot help does not."""
import re
import shlex
import time

import network
from harness import scenario

RULE = "ephemeral-port-exhaustion"
SOURCE, TO = "10.9.0.1", ("10.9.0.2", 8080)


def exhausted(lab):
    """930 TIME_WAITs and 10 connections of 1000 ports, older than the delay of reuse."""
    for address in (SOURCE, TO[0]):
        network.ip(f"addr add {address}/24 dev lo")
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 930, source=SOURCE)
    lab.keep(network.pairs(server, TO, 10, source=SOURCE))
    time.sleep(1.2)


def judged(lab):
    return lab.tool.check_json("--rule", RULE).finding(RULE)


def settings_of(command):
    """The sysctls of `sysctl -w NAME=VALUE ...`."""
    words = shlex.split(command)
    assert words[:2] == ["sysctl", "-w"], command
    return dict(word.split("=", 1) for word in words[2:])


def promised(effect):
    """The percentage behind the arrow."""
    return float(re.search(r"-> ([0-9.]+) %", effect)[1])


@scenario(tcp_tw_reuse=2)
def remedies_do_what_they_say(lab):
    """Each remedy that sets a sysctl is carried out: the share of used ports is then what it promised."""
    exhausted(lab)
    before = judged(lab)
    lab.equal("used percent", 94, round(before["value"]))
    remedies = [remedy for remedy in before["remedies"] if (remedy["command"] or "").startswith("sysctl")]
    lab.true("there are such remedies", len(remedies) >= 2)
    for remedy in remedies:
        for name, value in settings_of(remedy["command"]).items():
            network.set_sysctl(name, value)
        after = lab.tool.destination(TO, SOURCE)["used_percent"]
        lab.within(remedy["command"].split()[-1], promised(remedy["effect"]) - 0.2, promised(remedy["effect"]) + 0.2, after)
        for name, value in settings_of(remedy["undo"]).items():
            network.set_sysctl(name, value)
        lab.equal("undone", before["value"], judged(lab)["value"])


@scenario(tcp_tw_reuse=2)
def myths_do_nothing(lab):
    """The sysctl that people turn in vain is turned: nothing changes, as the report said."""
    exhausted(lab)
    before = judged(lab)
    (myth,) = before["myths"]
    lab.equal("effect", "94 % -> 94 %, no change", myth["effect"])
    name, value = myth["change"].split("=", 1)
    network.set_sysctl(name, value)
    lab.equal("after it", before["value"], judged(lab)["value"])
    lab.ports(TO, SOURCE, model=60)


@scenario(tcp_tw_reuse=2)
def explain_shows_the_numbers(lab):
    """Every rule is explained with this host's numbers; that of the alarm shows the whole equation."""
    exhausted(lab)
    rules = [rule["id"] for rule in lab.tool.check_json().json["rules"]]
    rules += [rule["id"] for rule in lab.tool.run("audit", "--format", "json").json["rules"]]
    for rule in rules:
        answer = lab.tool.run("explain", rule)
        lab.equal(f"{rule}: exit", 0, answer.exit)
        lab.true(f"{rule} shows the numbers of now", re.search(r"^On \S+ now:$", answer.out, re.M))
    lab.shown = [f"{len(rules)} rules"]
    said = lab.tool.run("explain", RULE).out
    for line in ("= 940 >= 100 or 60 < 50", "= 1000 - 940 - 0", "= 100 * (1 - 60 / 1000)", "= 94 %"):
        lab.true(f"it shows {line}", line in said)
    assumed = lab.tool.run("explain", RULE, "--assume", "tcp_tw_reuse=1").out
    lab.true("under an assumed sysctl the numbers are others", "= 1000 - 10 - 0" in assumed)
