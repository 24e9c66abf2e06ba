"""Connections by state: tcpadvisor, ss and netstat must count alike."""
import collections
import shutil
import socket
import subprocess

import network
from harness import Skip, scenario

SS_NAMES = {"ESTAB": "ESTABLISHED", "UNCONN": "CLOSE", "FIN_WAIT_1": "FIN_WAIT1", "FIN_WAIT_2": "FIN_WAIT2"}
FAMILIES = (("127.0.0.1", "127.0.0.1", 8080), ("::1", "::1", 8081), ("::ffff:127.0.0.1", "::", 8082))


def lines_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout.splitlines()


def counted_by_ss(*options):
    words = (line.split()[0].replace("-", "_") for line in lines_of("ss", "-tanH", *options))
    return collections.Counter(SS_NAMES.get(word, word) for word in words)


def counted_by_netstat():
    return collections.Counter(line.split()[5] for line in lines_of("netstat", "-tan") if line.startswith("tcp"))


def populate(lab, to_address, listen_address, port):
    """Sockets of one family in ten states."""
    to = (to_address, port)
    server = lab.keep(network.listen(listen_address, port, dual_stack=True))

    lab.keep(network.pairs(server, to, 3))  # ESTABLISHED
    network.time_waits(server, to, 5)  # TIME_WAIT

    for client, accepted in network.pairs(server, to, 2):  # FIN_WAIT2 and CLOSE_WAIT
        client.shutdown(socket.SHUT_WR)
        lab.keep((client, accepted))

    client, accepted = network.pairs(server, to, 1)[0]  # FIN_WAIT1: the FIN waits behind data that nobody reads
    network.write_until_blocked(client)
    client.shutdown(socket.SHUT_WR)
    lab.keep((client, accepted))

    client, accepted = network.pairs(server, to, 1)[0]  # LAST_ACK: as before, but the peer is done already
    client.shutdown(socket.SHUT_WR)
    network.write_until_blocked(accepted)
    accepted.close()
    lab.keep(client)

    client, accepted = network.pairs(server, to, 1)[0]  # CLOSING: the peer's FIN comes while ours waits
    network.write_until_blocked(client)
    client.shutdown(socket.SHUT_WR)
    accepted.shutdown(socket.SHUT_WR)
    lab.keep((client, accepted))

    lab.keep(network.listen(listen_address, port + 100, backlog=0, dual_stack=True))
    full = (to_address, port + 100)
    lab.keep([network.connect(full, blocking=False) for _ in range(4)])  # SYN_SENT: the accept queue has room for one

    lab.keep(network.listen(listen_address, port + 200, defer_accept=20, dual_stack=True))
    lab.keep(network.connect_many((to_address, port + 200), 2))  # SYN_RECV until data comes


def agree(lab):
    families = (counted_by_ss("-4"), counted_by_ss("-6"))
    by_ss, by_netstat = families[0] + families[1], counted_by_netstat()
    answer = lab.tool.run("states", "--format", "json").json
    ours = answer["states"]
    lab.equal("states seen", len(by_ss), sum(1 for name in by_ss if ours.get(name)))
    lab.true(f"ss {dict(by_ss)} = {ours}", by_ss == nonzero(ours))
    lab.true(f"netstat {dict(by_netstat)} = {ours}", by_netstat == nonzero(ours))
    for name, by_family in zip(("ipv4", "ipv6"), families):
        ours = answer["families"][name]
        lab.true(f"{name}: ss {dict(by_family)} = {ours}", by_family == nonzero(ours))
    return by_ss


def nonzero(states):
    return collections.Counter({name: count for name, count in states.items() if count and name != "BOUND"})


@scenario(tcp_tw_reuse=0)
def states_agree(lab):
    """Ten states, IPv4, IPv6 and v4-mapped, counted by ss, netstat and tcpadvisor."""
    if not shutil.which("ss") or not shutil.which("netstat"):
        raise Skip("needs ss and netstat to compare with")
    for family in FAMILIES:
        populate(lab, *family)
    counts = agree(lab)
    lab.true(f"ten states: {dict(counts)}", len(counts) == 10)
    text = lab.tool.run("states").out
    for name, count in counts.items():
        rows = [line.split() for line in text.splitlines() if name in line.split()]
        lab.true(f"the text says {name} {count}", any(str(count) in row for row in rows))


@scenario()
def states_of_nothing(lab):
    """An empty namespace: zeros, every name there."""
    ours = lab.tool.states()
    lab.equal("sockets", 0, sum(filter(None, ours.values())))
    lab.true("every name is there", len(ours) >= 11)


@scenario()
def states_bound(lab):
    """Bound but unconnected sockets, which netstat does not show; before Linux 6.8 (91051f003948) nothing does."""
    for port in range(40000, 40012):
        bound = lab.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        bound.bind(("127.0.0.1", port))
    lab.equal("BOUND", 12 if network.kernel() >= (6, 8) else None, lab.tool.states()["BOUND"])


def summary_by_ss(lines):
    """The numbers of `ss -s`, as our JSON names them."""
    total, tcp, *rows = [line for line in lines if line and not line.startswith("Transport")]
    words = tcp.replace("(", "").replace(")", "").replace(",", "").split()
    table = {name: dict(zip(("total", "ip", "ipv6"), map(int, numbers))) for name, *numbers in map(str.split, rows)}
    return {"total": int(total.split()[1]),
            "tcp": {"total": int(words[1])} | {name: int(number) for name, number in zip(words[2::2], words[3::2])},
            "transports": table}


@scenario()
def summary_like_ss(lab):
    """`states` has all of `ss -s`: with TIME_WAIT, both families, UDP and raw sockets."""
    if not shutil.which("ss"):
        raise Skip("ss is not installed")
    for address, port in (("127.0.0.1", 8080), ("::1", 8081)):
        server = lab.keep(network.listen(address, port))
        lab.keep(network.pairs(server, (address, port), 3))
        network.time_waits(server, (address, port), 4)
    for address in ("127.0.0.1", "::1"):
        datagram = lab.keep(socket.socket(network.family_of(address), socket.SOCK_DGRAM))
        datagram.bind((address, 9000))
    lab.keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    for _ in range(60):  # closed and orphaned ones are the whole host's, and change while other scenarios run
        before = lines_of("ss", "-s")
        (namespace,) = lab.tool.run("states", "--format", "json").json["namespaces"]
        shown = [" ".join(line.split()) for line in lab.tool.run("states").out.splitlines()]
        theirs = summary_by_ss(lines_of("ss", "-s"))
        if summary_by_ss(before)["tcp"] == theirs["tcp"]:
            break
    else:
        raise Skip("the host's closed sockets do not keep still")
    ours = namespace["summary"]
    lab.equal("ESTABLISHED, TIME_WAIT, UDP, raw by ss", (12, 8, 2, 1), (theirs["tcp"]["estab"], theirs["tcp"]["timewait"], *(
        theirs["transports"][name]["total"] for name in ("UDP", "RAW"))))
    lab.equal("transports", theirs["transports"], ours["transports"])
    lab.equal("TCP", theirs["tcp"], ours["tcp"])
    (in_text,) = (int(line.split()[1]) for line in shown if line.startswith("Total:"))
    for total in (ours["total"], in_text):
        lab.within("total, with a few of whoever asks", 17, 22, total)
    for line in before:
        words = " ".join(line.split())
        lab.true(f"text has '{words}'", words.startswith("Total:") or words in shown)
