"""Accept queues by their age: servers that stand still, one of several, at their limit of open files; the first look."""
import os
import resource
import signal
import socket
import threading
import time

import network
from harness import scenario
from scenarios.owners import die_with_parent, process

OLD, SEVERAL, DESCRIPTORS = "accept-queue-old", "listener-of-several-stuck", "accept-without-descriptors"
TO = ("127.0.0.1", 8080)


def findings(lab, *options):
    """Rules with a finding of WARNING and worse, of a check without a past."""
    return sorted(one["rule"] for one in lab.tool.check_json("--no-state", "--tag", "listeners", *options).json["findings"]
                  if one["state"] in ("WARNING", "CRITICAL"))


@scenario(sleeps=12)
def acceptor_stands_still(lab):
    """250 clients of a backlog of 4096 wait: OK at first, WARNING after ten seconds, with the process."""
    lab.keep(network.listen(*TO, backlog=4096))
    lab.keep(network.connect_many(TO, 250))
    lab.equal("at first", [], findings(lab))
    time.sleep(11)
    lab.equal("after ten seconds", [OLD], findings(lab))
    check = lab.tool.check("--no-state")
    lab.equal("exit", 1, check.exit)
    lab.true("line 1 says who and how long", "127.0.0.1:8080: 250 clients wait to be accepted, one for 1" in check.line1)
    lab.true("line 1 names the process", f"(pid {os.getpid()})" in check.line1)


@scenario(sleeps=12)
def queue_that_moves(lab):
    """250 clients wait, and one after another is accepted: OK, however long it goes on."""
    server = lab.keep(network.listen(*TO, backlog=4096))
    clients = lab.keep(network.connect_many(TO, 250))
    for _ in range(11):
        for _ in range(25):
            lab.keep(server.accept()[0])
        clients += network.connect_many(TO, 25)
        time.sleep(0.5)
    lab.equal("findings", [], findings(lab))


@scenario(sleeps=12)
def one_of_four_listeners_is_stuck(lab):
    """Four sockets with SO_REUSEPORT, one of which nobody accepts from: that one is named, and no more are advised."""
    options = [(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)]
    servers = lab.keep([network.listen(*TO, backlog=4096, options=options) for _ in range(4)])
    lab.keep(network.connect_many(TO, 200))
    waiting = 200
    for server in servers[1:]:
        server.setblocking(False)
        while True:
            try:
                lab.keep(server.accept()[0])
                waiting -= 1
            except BlockingIOError:
                break
    time.sleep(11)
    lab.equal("findings", [SEVERAL], findings(lab))
    finding = lab.tool.run("report", "--format", "json", "--no-state", "--rule", SEVERAL).finding(SEVERAL)
    lab.true("summary", f"1 of 4 listening sockets does not accept, {waiting} clients wait there" in finding["summary"])
    lab.true("the process is named", f"(pid {os.getpid()})" in finding["summary"])
    lab.true("more sockets are not advised", not any("more listening" in one["text"] for one in finding["remedies"]))


def accept_all(server):
    """For ever, also where accept() fails."""
    accepted = []
    while True:
        try:
            accepted.append(server.accept()[0])
        except OSError:
            time.sleep(0.1)


def short_of_files(lab, to):
    """A process that may have 40 files open: accept() fails with EMFILE as soon as they are, and is tried again for ever."""
    def work():
        server = network.listen(*to, backlog=4096)
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 4096))
        threading.Thread(target=accept_all, args=[server], daemon=True).start()
        return server

    return process(lab, b"short", work)


@scenario()
def server_at_its_limit_of_files(lab):
    """A server whose accept() fails with EMFILE, and clients that wait: WARNING; the prlimit of the remedy helps."""
    pid = short_of_files(lab, TO)
    lab.keep(network.connect_many(TO, 100))
    lab.equal("report at once", "WARNING", lab.tool.run("report", "--format", "json").finding(DESCRIPTORS)["state"])
    time.sleep(2.5)
    lab.equal("findings", [DESCRIPTORS], findings(lab))
    check = lab.tool.check("--no-state")
    lab.true("line 1 says why", "accept() gets no descriptor: 4" in check.line1 and " of 40 files open in " in check.line1)
    lab.true("line 1 says who", f"(pid {pid})" in check.line1)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1000, 4096))
    time.sleep(1)
    lab.equal("after prlimit", [], findings(lab))


@scenario()
def forked_server_at_its_limit_of_files(lab):
    """Master and workers share the listening socket: the worker that gets no descriptor is named, not the master."""
    def work():
        server = network.listen(*TO, backlog=4096)
        for limit in (4096, 40):
            if os.fork() == 0:
                die_with_parent()
                if limit == 40:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 4096))
                    accept_all(server)
                signal.pause()
        return server

    process(lab, b"forked", work)
    lab.keep(network.connect_many(TO, 100))
    finding = lab.tool.run("report", "--format", "json").finding(DESCRIPTORS) or {}
    lab.true(f"it says so: {finding.get('summary')}", " of 40 files open in forked" in finding.get("summary", ""))


@scenario(sleeps=6)
def first_look_at_overflows(lab):
    """Clients were turned away: information in a first look, a rate after report --wait, silence in check."""
    lab.keep(network.listen(*TO, backlog=4))
    lab.keep(network.connect_many(TO, 5))
    lab.keep([network.connect(TO, blocking=False) for _ in range(3)])
    time.sleep(0.5)
    counted = "counted-since-boot"
    look = lab.tool.run("report", "--format", "json", "--no-state", "--rule", counted)
    lab.equal("state", "INFO", look.finding(counted)["state"])
    lab.true("summary", "accept-queue overflows since this network namespace began; run again" in look.finding(counted)["summary"])
    lab.equal("exit of check", 0, lab.tool.check("--no-state", "--rule", counted).exit)
    both = lab.tool.run("report", "--format", "json", "--no-state", "--wait", "3", "--rule", counted, "--rule", "listen-overflows")
    lab.equal("with a rate", None, both.finding(counted))
    outcome = {one["id"]: one["state"] for one in both.json["rules"]}
    lab.true("the rate is judged", outcome["listen-overflows"] != "SKIPPED")
