"""CLOSE_WAIT: four kinds, and how old they are."""
import os
import socket
import struct
import threading
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


AGE = 7.5  # seconds since the FIN when the tool is asked
TICKS = 0.05  # seconds: the kernel counts these times in ticks
TABLE_RULE = """
[[rule]]
id = "site-table"
for_each = "close_wait"
value = "total"
warning = "0"
evidence = ["uid", "unaccepted", "unread", "leaked", "half_closed", "leaked_5s", "unread_5s", "unaccepted_5s", "oldest"]
summary = "{owner}: {value}"
"""


def served(uid, to=TO):
    """A connection whose accepting side belongs to `uid`, so that the tool shows it in a row of its own."""
    os.seteuid(uid)
    server = network.listen(*to)
    client, accepted = network.pairs(server, to, 1)[0]
    os.seteuid(0)
    return server, client, accepted


def last_ack_and_data(end):
    """tcpi_last_ack_recv and tcpi_last_data_recv of a socket, in seconds."""
    data_recv, ack_recv = struct.unpack_from("II", end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 52)
    return ack_recv / 1000, data_recv / 1000


def never_read(uid):
    """Row A: ten bytes and the end of file, unread."""
    server, client, accepted = served(uid)
    client.sendall(b"0123456789")
    client.close()
    return server, accepted


def read_to_the_end(uid):
    """Row B: read to the end of file, not closed."""
    server, accepted = never_read(uid)
    assert accepted.recv(100) and accepted.recv(100) == b""
    return server, accepted


def with_keepalive(uid):
    """Row C: as B, with keepalive probes that the peer answers."""
    server, client, accepted = served(uid)
    keep_alive(accepted)
    client.sendall(b"0123456789")
    client.shutdown(socket.SHUT_WR)
    assert accepted.recv(100) and accepted.recv(100) == b""
    return server, accepted, client


def half_closed_peer(uid):
    """Row D: as B; two seconds later we send to a peer that reads on."""
    server, client, accepted = served(uid)
    client.sendall(b"0123456789")
    client.shutdown(socket.SHUT_WR)
    assert accepted.recv(100) and accepted.recv(100) == b""
    threading.Timer(2, accepted.sendall, [b"answer"]).start()
    return server, accepted, client


def in_the_queue(uid):
    """Row E: as A, and never accepted."""
    os.seteuid(uid)
    server = network.listen("127.0.0.2", TO[1])
    os.seteuid(0)
    client = network.connect(server.getsockname())
    client.sendall(b"0123456789")
    client.close()
    return server, None


def no_data_ever(uid):
    """Row F: nothing but the end of file, read."""
    server, client, accepted = served(uid)
    client.close()
    assert accepted.recv(100) == b""
    return server, accepted


def written_to(uid):
    """Row G: we wrote to a peer that is gone; its reset ended the state."""
    server, accepted = no_data_ever(uid)
    accepted.sendall(b"answer")
    return server, accepted


def peer_expired(uid):
    """Row H: keepalive, and the peer's FIN_WAIT2 expired; its reset ended the state."""
    server, client, accepted = served(uid)
    keep_alive(accepted)
    client.close()
    assert accepted.recv(100) == b""
    return server, accepted


def keep_alive(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)


CLOSE_WAIT_ROWS = {  # row of docs/kernel-model.md, 5.1 -> how it is made, its kind, and is the age proven to be 5 s
    "A": (never_read, "unread", True), "B": (read_to_the_end, "leaked", True), "C": (with_keepalive, "leaked", False),
    "D": (half_closed_peer, "half_closed", False), "E": (in_the_queue, "unaccepted", True),
    "F": (no_data_ever, "leaked", True), "G": (written_to, None, False), "H": (peer_expired, None, False),
}


@scenario(tcp_fin_timeout=4, sleeps=15)
def close_wait_table(lab):
    """Eight ways to CLOSE_WAIT, each with an owner of its own: kind and proven age against the true ones."""
    began, made = time.monotonic(), {}
    for number, (row, (make, _, _)) in enumerate(CLOSE_WAIT_ROWS.items()):
        made[row] = lab.keep(make(2000 + number))
        if row != "E":
            made[row][0].close()
    ended = time.monotonic()
    time.sleep(AGE)
    lab.tool.add_rule(TABLE_RULE)
    asked = time.monotonic()
    findings = lab.tool.check_json("--rule", "site-table").json["findings"]
    rows = {finding["evidence"]["uid"]["value"]: finding["evidence"] for finding in findings}
    for number, (row, (_, kind, proven)) in enumerate(CLOSE_WAIT_ROWS.items()):
        said = rows.get(2000 + number)
        kinds = [name for name in ("unaccepted", "unread", "leaked", "half_closed") if said and said[name]["value"]]
        lab.equal(f"row {row}", [kind] if kind else [], kinds)
        if not kinds:
            continue
        oldest = said["oldest"]["value"]
        truth = time.monotonic() - began
        lab.true(f"row {row}: the age {oldest} s is not more than the true one", oldest <= truth + TICKS)
        if made[row][1]:
            last_ack, last_data = last_ack_and_data(made[row][1])
            newer = last_ack < time.monotonic() - asked  # a keepalive answer that came after the tool had looked
            lab.true(f"row {row}: {oldest} s is the last acknowledgement, {last_ack} s ago",
                     newer or abs(oldest - last_ack) < 1)
            bounds_hold = last_ack - 1 <= asked - ended <= last_data + 1
            lab.true(f"row {row}: the age lies in {last_ack}..{last_data}", bounds_hold)
        if kind != "half_closed":
            lab.equal(f"{row} older than 5 s", int(proven), said[f"{kind}_5s"]["value"])
        if proven:
            lab.true(f"row {row}: {oldest} s is the true age", abs(oldest - (asked - ended)) < 1)


@scenario(sleeps=310, slow=True)
def leaked_for_five_minutes(lab):
    """25 sockets leaked for 300 s: close-wait-leak warns, and not before."""
    server = lab.keep(network.listen(*TO))
    leaked(lab, server, 25)
    time.sleep(280)
    lab.equal("exit after 280 s", 0, lab.tool.check().exit)
    time.sleep(22)
    lab.equal("exit after 302 s", 1, lab.tool.check().exit)
    lab.equal("value", 25, (lab.tool.check_json().finding("close-wait-leak") or {}).get("value"))
