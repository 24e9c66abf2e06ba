"""CLOSE_WAIT: four kinds, and how old they are."""
import socket

import network
from harness import scenario

TO = ("127.0.0.1", 8080)


def unread(lab, server, count):
    """The peer wrote and closed; nobody reads."""
    for client, accepted in network.pairs(server, TO, count):
        lab.keep(accepted)
        client.sendall(b"request")
        client.close()


def leaked(lab, server, count):
    """The peer closed, end of file was read, and nobody closes."""
    for client, accepted in network.pairs(server, TO, count):
        lab.keep(accepted)
        client.close()
        assert accepted.recv(10) == b""


def half_closed(lab, server, count):
    """The peer said all it had to say and reads on; the answer is under way."""
    for client, accepted in network.pairs(server, TO, count):
        lab.keep((client, accepted))
        client.shutdown(socket.SHUT_WR)
        assert accepted.recv(10) == b""
        network.write_until_blocked(accepted)


def unaccepted(lab, server, count):
    """The peer came and went; nobody called accept()."""
    for client in network.connect_many(TO, count):
        client.close()


@scenario()
def close_wait_kinds(lab):
    """Unaccepted, unread, leaked and half-closed are told apart."""
    server = lab.keep(network.listen(*TO))
    half_closed(lab, server, 2)
    unread(lab, server, 7)
    leaked(lab, server, 11)
    unaccepted(lab, server, 5)
    check = lab.tool.check()
    lab.equal("exit", 0, check.exit)
    lab.equal("close_wait", 25, check.perfdata.get("close_wait"))
    lab.equal("states", 25, lab.tool.states()["CLOSE_WAIT"])
    for rule, count in (("close-wait-leak", 11), ("close-wait-unread", 7), ("close-wait-unaccepted", 5)):
        lab.equal(rule, count, counted(lab, rule))


def counted(lab, rule):
    """How many sockets a rule judges at any age: it is made to alarm above zero."""
    answer = lab.tool.check_json("--rule", rule, "--set", f"{rule}.age=0", "-w", "0")
    return (answer.finding(rule) or {}).get("value")


@scenario()
def leaked_but_young(lab):
    """25 leaked sockets: fine while young, an alarm once the age that counts is lowered."""
    server = lab.keep(network.listen(*TO))
    leaked(lab, server, 25)
    lab.equal("exit", 0, lab.tool.check().exit)
    lowered = lab.tool.check("--rule", "close-wait-leak", "--set", "close-wait-leak.age=0")
    lab.equal("exit with age 0", 1, lowered.exit)
    stricter = lab.tool.check("--rule", "close-wait-leak", "--set", "close-wait-leak.age=0", "-w", "10", "-c", "20")
    lab.equal("exit with -c 20", 2, stricter.exit)
