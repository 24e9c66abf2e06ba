"""Advice: what a remedy promises is what it does, and what cannot help does not."""
import re
import shlex
import socket
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


@scenario(ip_local_reserved_ports="40900-40901")
def reserved_ports_are_merged(lab):
    """Two services inside the range and a list of old: one command keeps them all, the drop-in says the same."""
    lab.keep([network.listen("0.0.0.0", 40010), network.listen("127.0.0.1", 40011)])
    rule = ("--rule", "port-range-overlaps-listeners")
    answer = lab.tool.run("audit", *rule, "--format", "json", "--no-state")
    commands = {remedy["command"] for finding in answer.json["findings"] for remedy in finding["remedies"] if remedy["command"]}
    lab.equal("commands", {"sysctl -w net.ipv4.ip_local_reserved_ports=40010-40011,40900-40901"}, commands)
    written = lab.tool.run("audit", *rule, "--format", "sysctl", "--no-state").out
    lab.true("the drop-in has the list", "\nnet.ipv4.ip_local_reserved_ports = 40010-40011,40900-40901\n" in written)
    for name, value in settings_of(commands.pop()).items():
        network.set_sysctl(name, value)
    lab.equal("then nothing is found", 0, len(lab.tool.run("audit", *rule, "--format", "json").json["findings"]))


@scenario()
def udp_is_not_judged(lab):
    """The number of UDP sockets is told where ports are, and is worth a word when it nears the range."""
    def udp():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        return made

    lab.keep([udp() for _ in range(510)])
    lab.true("ports says it", "is not judged; it has 510 sockets here" in lab.tool.run("ports").out)
    answer = lab.tool.check_json("--rule", "udp-not-judged")
    lab.equal("advice", ("OK", 1), (answer.json["state"].replace("INFO", "OK"), len(answer.json["findings"])))
