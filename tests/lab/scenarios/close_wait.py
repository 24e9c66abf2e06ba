"""CLOSE_WAIT: four kinds, and how old they are."""
import socket
import time

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


SITE_RULE = """
[[rule]]
id = "site-close-wait"
for_each = "close_wait"
value = "VALUE"
warning = "20"
evidence = ["total", "unaccepted", "unread", "leaked", "half_closed"]
summary = "{owner}: {value} of {total} connections in CLOSE_WAIT"
"""


def judged_by_site_rule(lab, value, *arguments):
    """check with one rule of the site that alarms above 20 of `value`."""
    lab.tool.add_rule(SITE_RULE.replace("VALUE", value))
    return lab.tool.check_json("--rule", "site-close-wait", *arguments)


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
    answer = judged_by_site_rule(lab, "total", "-w", "0")
    for kind, count in (("total", 25), ("unaccepted", 5), ("unread", 7), ("leaked", 11), ("half_closed", 2)):
        owners = [finding["evidence"][kind]["value"] for finding in answer.json["findings"]]
        lab.equal(kind, count, sum(owners))


@scenario()
def leaked_but_young(lab):
    """25 leaked sockets: fine by default while young; a rule of the site may be stricter, and -w and -c change it."""
    server = lab.keep(network.listen(*TO))
    leaked(lab, server, 25)
    lab.equal("exit", 0, lab.tool.check().exit)
    for arguments, code in (((), 1), (("-w", "30"), 0), (("-w", "10", "-c", "20"), 2),
                            (("--set", "site-close-wait.warning=25"), 0), (("--set", "site-close-wait.critical=24"), 2)):
        lab.equal(" ".join(arguments) or "site rule", code, judged_by_site_rule(lab, "leaked", *arguments).exit)


@scenario()
def leaked_and_its_age(lab):
    """The age of a leak is proven: not yet 5 s, then 5 s."""
    server = lab.keep(network.listen(*TO))
    leaked(lab, server, 25)
    lab.equal("at once", 0, judged_by_site_rule(lab, "leaked_5s").exit)
    time.sleep(5.5)
    lab.equal("after 5.5 s", 1, judged_by_site_rule(lab, "leaked_5s").exit)
