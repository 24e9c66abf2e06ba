"""Peers that fall silent: open connections whose data nobody acknowledges, and what ends them."""
import errno
import os
import re
import shlex
import socket
import subprocess
import time

import network
import peer
from harness import scenario
from screen import first_screen
from tool import DENY_NETLINK

OUT, IN = "destination-not-acknowledging", "clients-not-acknowledging"
ENOUGH = 3  # retransmissions
TCP_USER_TIMEOUT = 18
NOWHERE = "02:00:00:00:00:99"
IMPATIENT_KEEPALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
                       (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)]


def fall_silent():
    """From now on nothing that is sent to the second host gets there: its address on the wire is wrong."""
    network.ip(f"neigh replace {peer.ADDRESS} lladdr {NOWHERE} dev near nud permanent")


def answer_again():
    network.ip(f"neigh del {peer.ADDRESS} dev near")


def send(connections):
    for connection in connections:
        connection.send(b"x")


def retransmissions(command="ss -tnoH state established"):
    """Of each open connection whose retransmission timer runs, as ss shows it."""
    shown = subprocess.run(shlex.split(command), stdout=subprocess.PIPE, text=True, check=True).stdout
    return [int(count) for count in re.findall(r"timer:\(on,[^,]*,(\d+)\)", shown)]


def wait_for(condition):
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError(retransmissions())


def wait_for_silence(count):
    """Until so many connections have retransmitted often enough; no other has begun to."""
    wait_for(lambda: sum(number >= ENOUGH for number in retransmissions()) == count)
    assert len(retransmissions()) == count


def shows(remedies):
    """The command that lists the connections."""
    return next(one["command"] for one in remedies if (one["command"] or "").startswith("ss -tn"))


def value_of(lab, rule, **options):
    """State and value of the finding, or None without one."""
    finding = lab.tool.check_json("--rule", rule, "--no-state", **options).finding(rule)
    return finding and (finding["state"], finding["value"])


@scenario()
def silent_destination(lab):
    """25 of 30 connections to a host that is gone: WARNING, not before 1.4 s, and over when it answers."""
    to = peer.start(8080)
    connections = lab.keep(network.connect_many(to, 30, source=peer.HERE))
    fall_silent()
    began = time.monotonic()
    send(connections[:25])
    lab.equal("exit at once", 0, lab.tool.check("--rule", OUT, "--no-state").exit)
    wait_for_silence(25)
    lab.within("seconds until then", 1.3, 4, round(time.monotonic() - began, 1))
    check = lab.tool.check("--rule", OUT, "--no-state")
    lab.equal("exit later", 1, check.exit)
    lab.true("line 1 names the destination", f"{to[0]}:{to[1]}: 25 of 30" in check.line1)
    lab.equal("finding", ("WARNING", 25), value_of(lab, OUT))
    lab.equal("by /proc", ("WARNING", 25), value_of(lab, OUT, wrapper=DENY_NETLINK))
    remedies = lab.tool.run("report", "--format", "json", "--rule", OUT).finding(OUT)["remedies"]
    lab.equal("seen by the remedy's command", 25, len(retransmissions(shows(remedies))))
    answer_again()
    wait_for(lambda: not retransmissions())
    lab.equal("exit after the answers", 0, lab.tool.check("--rule", OUT, "--no-state").exit)


@scenario()
def few_are_silent_of_many(lab):
    """5 and then 40 of 500 connections to one host get no answer: OK."""
    to = peer.start(8080)
    connections = lab.keep(network.connect_many(to, 500, source=peer.HERE))
    fall_silent()
    sent = 0
    for silent in (5, 40):
        send(connections[sent:silent])
        sent = silent
        wait_for_silence(silent)
        lab.equal(f"exit with {silent}", 0, lab.tool.check("--rule", OUT, "--no-state").exit)
    send(connections[40:60])
    wait_for_silence(60)
    lab.equal("60 of 500", ("WARNING", 60), value_of(lab, OUT))


@scenario()
def slow_readers_are_not_silent(lab):
    """22 peers that do not read: their windows are full, and they say so: OK."""
    to = ("127.0.0.2", 8080)
    server = network.listen(*to)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ends = lab.keep([server, network.pairs(server, to, 22, options=[(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)])])[1]
    for client, _ in ends:
        network.write_until_blocked(client)
    time.sleep(2)
    shown = subprocess.run(["ss", "-tnoH"], stdout=subprocess.PIPE, text=True, check=True).stdout
    lab.equal("with a full window", 22, shown.count("timer:(persist,"))
    lab.equal("exit", 0, lab.tool.check("--rule", OUT, "--rule", IN).exit)


@scenario()
def silent_clients(lab):
    """Of 300 clients 80, 120 and then 160 are gone: OK, INFO, WARNING."""
    pid, _ = peer.start_process(8080)
    here = (peer.HERE, 80)
    server = lab.keep(network.listen(*here))
    lab.keep(network.inside(pid, lambda: network.connect_many(here, 300)))
    accepted = lab.keep([server.accept()[0] for _ in range(300)])
    fall_silent()
    sent = 0
    for gone, expected in ((80, None), (120, ("INFO", 120)), (160, ("WARNING", 160))):
        send(accepted[sent:gone])
        sent = gone
        wait_for_silence(gone)
        lab.equal(f"{gone} of 300", expected, value_of(lab, IN))
    lab.equal("exit", 1, lab.tool.check("--rule", IN, "--no-state").exit)


def ended(connections):
    """How many have ended with ETIMEDOUT, which is what the program would be told."""
    return sum(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ETIMEDOUT for one in connections)


def ended_in_time(connections, most=15):
    """The same, once all have ended or after so many seconds: a handshake on a busy machine makes every timer longer."""
    end, count = time.monotonic() + most, 0
    while (count := count + ended(connections)) < len(connections) and time.monotonic() < end:  # reading an error clears it
        time.sleep(0.1)
    return count


@scenario(sleeps=10)
def what_ends_silent_connections(lab):
    """Keepalive does not while data waits; TCP_USER_TIMEOUT does, and tcp_retries2 also for those that wait already."""
    to = peer.start(8080)
    options = IMPATIENT_KEEPALIVE
    idle = network.connect_many(to, 5, source=peer.HERE, options=options)
    waiting = network.connect_many(to, 5, source=peer.HERE, options=options)
    limited = network.connect_many(to, 5, source=peer.HERE, options=[(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 2000)])
    lab.keep([idle, waiting, limited])
    fall_silent()
    send(waiting + limited)
    time.sleep(4.5)
    lab.equal("idle ones that keepalive ended", 5, ended_in_time(idle))
    lab.equal("that TCP_USER_TIMEOUT ended", 5, ended_in_time(limited))
    lab.equal("with data that keepalive ended", 0, ended(waiting))
    network.set_sysctl("net.ipv4.tcp_retries2", 3)  # 3 s
    lab.equal("that tcp_retries2 ended at once", 0, ended(waiting))
    lab.equal("that tcp_retries2 ended when they sent next", 5, ended_in_time(waiting))


@scenario()
def accepted_sockets_inherit_the_timeout(lab):
    """TCP_USER_TIMEOUT of a listener is that of what it accepts."""
    to = ("127.0.0.2", 8080)
    server = lab.keep(network.listen(*to))
    server.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 30_000)
    (_, accepted), = lab.keep(network.pairs(server, to, 1))
    lab.equal("milliseconds", 30_000, accepted.getsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT))


SILENT, STALLED, DEAF = "destination-silent", "peers-not-reading", "clients-not-reading"


def wait_for_retrying(count, times):
    """Until so many connections have sent again so often."""
    for _ in range(600):
        if sum(number >= times for number in retransmissions()) >= count:
            return
        time.sleep(0.05)
    raise TimeoutError(retransmissions())


def dead_for_all(lab, connected):
    to = peer.start(8080)
    connections = lab.keep(network.connect_many(to, connected, source=peer.HERE))
    fall_silent()
    send(connections)
    wait_for_retrying(connected, ENOUGH)
    lab.equal("exit before ten seconds", 0, lab.tool.check("--rule", SILENT, "--no-state").exit)
    wait_for_retrying(connected, 6)
    check = lab.tool.check("--no-state")
    lab.equal("exit", 1, check.exit)
    lab.true("line 1 names the destination", f"{to[0]}:{to[1]}: {connected} of {connected}" in check.line1)
    lab.equal("finding", ("WARNING", connected), value_of(lab, SILENT))
    lab.equal("by /proc", ("WARNING", connected), value_of(lab, SILENT, wrapper=DENY_NETLINK))
    remedies = lab.tool.run("report", "--format", "json", "--rule", SILENT).finding(SILENT)["remedies"]
    lab.equal("seen by the remedy's command", connected, len(retransmissions(shows(remedies))))
    answer_again()
    wait_for(lambda: not retransmissions())
    lab.equal("exit after the answers", 0, lab.tool.check("--rule", SILENT, "--no-state").exit)


@scenario(sleeps=14)
def dead_destination_of_a_pool(lab):
    """9 of 9 connections to a host that is gone: OK at first, WARNING after ten seconds."""
    dead_for_all(lab, 9)


@scenario(sleeps=14)
def dead_destination_of_one_connection(lab):
    """1 of 1: the same."""
    dead_for_all(lab, 1)


def stalled_peers(lab, count, **options):
    """So many connections over loopback whose peers do not read: (the clients, the servers' ends)."""
    to = ("127.0.0.2", 8080)
    server = network.listen(*to)
    ends = lab.keep([server, network.pairs(server, to, count, **options)])[1]
    return to, ends


@scenario()
def peers_do_not_read(lab):
    """30 connections to a program that does not read, whatever it is sent: WARNING for the sender, by each way."""
    to, ends = stalled_peers(lab, 30)
    for client, _ in ends:
        network.write_until_blocked(client)
    time.sleep(2)
    lab.equal("state", "WARNING", value_of(lab, STALLED)[0])
    lab.equal("by /proc", "WARNING", value_of(lab, STALLED, wrapper=DENY_NETLINK)[0])
    lab.true("line 1 names the destination",
             f"{to[0]}:{to[1]}: 30 of 30 peers do not read" in lab.tool.check("--no-state").line1)
    lab.equal("the other side is not blamed", None, value_of(lab, DEAF))


@scenario()
def clients_do_not_read(lab):
    """30 clients that read nothing of what the server writes: WARNING for the server."""
    to, ends = stalled_peers(lab, 30)
    for _, accepted in ends:
        network.write_until_blocked(accepted)
    time.sleep(2)
    lab.equal("state", "WARNING", value_of(lab, DEAF)[0])
    lab.true("line 1 names the listener",
             f"{to[0]}:{to[1]}: 30 of 30 clients do not read" in lab.tool.check("--no-state").line1)
    lab.equal("the other side is not blamed", None, value_of(lab, STALLED))


@scenario()
def few_do_not_read(lab):
    """30 connections, a third of whose peers pause: OK."""
    _, ends = stalled_peers(lab, 30)
    for client, _ in ends[:10]:
        network.write_until_blocked(client)
    time.sleep(1)
    lab.equal("exit", 0, lab.tool.check("--rule", STALLED, "--rule", DEAF, "--no-state").exit)


QUIET = """
[[rule]]
id = "lab-quiet-{table}"
title = "Connections without keepalive are silent for a minute"
tags = ["health"]
for_each = "{table}"
condition = "quiet_60s >= 100"
severity = "info"
value = "quiet_60s"
summary = "{{{name}}}: {{quiet_60s}} for {{quiet_longest}} s"
why = "The lab does not wait for an hour."
source = "the lab"
"""


@scenario(sleeps=65)
def quiet_connections(lab):
    """120 connections of which nobody heard for a minute, and 120 with keepalive: a report counts the first ones."""
    to = ("127.0.0.2", 8080)
    server = network.listen(*to)
    lab.keep([server, network.pairs(server, to, 120)])
    with_keepalive = network.pairs(server, to, 120, options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)])
    for _, accepted in lab.keep(with_keepalive):
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    lab.tool.add_rule(QUIET.format(table="destination", name="remote") + QUIET.format(table="listener", name="listener"))
    time.sleep(62)
    report = lab.tool.run("report", "--format", "json", "--no-state")
    for table in ("destination", "listener"):
        finding = report.finding(f"lab-quiet-{table}") or {}
        lab.equal(f"quiet by {table}", ("INFO", 120), (finding.get("state"), finding.get("value")))
    lab.equal("not for an hour", (None, None), (report.finding("connections-half-open"), report.finding("clients-half-open")))
    outcome = {one["id"]: one["state"] for one in lab.tool.check_json("--no-state").json["rules"]}
    lab.equal("a check does not look", "SKIPPED", outcome["clients-half-open"])


@scenario("32768-60999", sleeps=3620, slow=True)
def hour_of_silence(lab):
    """300 clients that say nothing for an hour: advice with the server's owner, and connections that fail nowhere."""
    to = ("127.0.0.2", 8080)
    server = network.listen(*to)
    lab.keep([server, network.pairs(server, to, 300)])
    time.sleep(3605)
    report = lab.tool.run("report", "--format", "json", "--no-state")
    finding = report.finding("clients-half-open") or {}
    lab.equal("clients", ("INFO", 300), (finding.get("state"), finding.get("value")))
    lab.true(f"the owner is named: {finding.get('summary')}", f"(pid {os.getpid()})" in finding.get("summary", ""))
    screen = first_screen(lab)
    lab.true("the first screen says so, without an alarm", screen.text.startswith("OK: ") and "300 of 300 connections silent for an hour" in " ".join(screen.text.split()))
