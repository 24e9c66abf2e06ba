"""Ports that several sockets share: owners that come and go, pools of bind(), families, sources."""
import errno
import socket
import time
from pathlib import Path

import network
from harness import Skip, scenario

HERE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
A, B = (OTHER, 8080), (OTHER, 8081)
RANGE = "40000-40199"
PORT = 40010


def needs_release_of_buckets():
    """Linux 6.18 and newer: a port is selectable again when its explicit owner has left (d57f4b874946)."""
    types = Path("/sys/kernel/btf/vmlinux")
    if not types.exists() or b"tw_connect_bind" not in types.read_bytes():
        raise Skip("before Linux 6.18 such a port stays blocked while any socket is on it")


def shared_port(lab):
    """A plain client on a port, and an explicitly bound one of another address on the same port: (plain, explicit)."""
    server = lab.keep(network.listen(*A))
    other_server = lab.keep(network.listen(*B))
    plain = network.pairs(server, A, 1, source=HERE)[0]
    explicit = network.pairs(other_server, B, 1, source=THIRD, port=plain[0].getsockname()[1])[0]
    return lab.keep([plain, explicit])


@scenario(RANGE)
def explicit_owner_is_there(lab):
    """A port shared by a plain client and an explicit bind of another address is blocked."""
    shared_port(lab)
    lab.ports(B, HERE, model=199)


@scenario(RANGE)
def explicit_owner_was_reset(lab):
    """The explicit owner of a shared port left without TIME_WAIT: selectable again."""
    needs_release_of_buckets()
    _, explicit = shared_port(lab)
    network.abort(explicit)
    lab.ports(B, HERE, model=200)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=1)
def explicit_owner_in_time_wait(lab):
    """The explicit owner of a shared port is in TIME_WAIT: blocked, and reuse does not help."""
    _, explicit = shared_port(lab)
    for end in explicit:
        end.close()
    time.sleep(0.2)
    lab.ports(B, HERE, model=199)


def accepted_child(lab):
    """A connection that was accepted on a port of the range; its listener is gone. (client, child)"""
    service = (OTHER, PORT)
    server = network.listen(*service)
    client, child = network.pairs(server, service, 1, source=THIRD)[0]
    server.close()
    lab.keep(network.listen(*A))
    return client, child


@scenario(RANGE)
def accepted_child_alone(lab):
    """One accepted connection without its listener blocks its port."""
    lab.keep(accepted_child(lab))
    lab.ports(A, HERE, model=199)


@scenario(RANGE, tcp_tw_reuse=0)
def accepted_child_in_time_wait(lab):
    """And so does its TIME_WAIT."""
    client, child = accepted_child(lab)
    child.close()
    client.close()
    lab.equal("TIME_WAIT", 1, lab.tool.states()["TIME_WAIT"])
    lab.ports(A, HERE, model=199)


@scenario()
def families_fill_in_turn(lab):
    """IPv6 takes all ports, then IPv4 600 and v4-mapped sockets 400 of the same destination."""
    lab.keep([network.listen("::1", 8080), network.listen(*A)])
    lab.ports(("::1", 8080), "::1", model=1000)
    lab.keep(network.connect_many(A, 600, source=HERE))
    lab.ports(("::ffff:" + OTHER, 8080), "::ffff:" + HERE, model=400)
    lab.ports(A, HERE, model=0)


@scenario()
def destinations_fill_in_turn(lab):
    """Another port and another address of the peer have the whole range each; the first stays full."""
    others = (B, (THIRD, 8080))
    lab.keep([network.listen(*to) for to in (A, *others)])
    for to in (A, *others):
        lab.ports(to, HERE, model=1000)
    lab.ports(A, HERE, model=0)


@scenario()
def route_hint_changes_the_source(lab):
    """Three local addresses: each source that routing chooses has the range for itself."""
    for number in (1, 2, 3):
        network.ip(f"addr add 10.9.0.{number}/32 dev lo")
    to = ("10.9.1.1", 8080)
    network.ip("addr add 10.9.1.1/32 dev lo")
    lab.keep(network.listen(*to))
    for number in (1, 2, 3):
        network.ip(f"route replace local 10.9.1.1/32 dev lo table local src 10.9.0.{number}")
        lab.equal("source", f"10.9.0.{number}", lab.tool.destination(to)["local"])
        lab.ports(to, model=1000)


POOL_RULE = """
[[rule]]
id = "site-bind-pool"
for_each = "source"
value = "usable - ports"
warning = "@0:65535"
summary = "{source}: {value} of {usable} ports are left to bind()"
"""


def pool(lab, address):
    """What the tool thinks that bind(address, 0) can still give."""
    lab.tool.add_rule(POOL_RULE)
    findings = lab.tool.check_json("--rule", "site-bind-pool").json["findings"]
    return next((found["value"] for found in findings if found["subject"]["source"] == address), None)


def bind_all(address, options=(), limit=1000):
    """Binds sockets until the kernel says EADDRINUSE."""
    holders = []
    while len(holders) < limit:
        try:
            holders.append(network.bound(address, options=options))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return holders
            raise
    return holders


@scenario()
def bind_pools_of_three_sources(lab):
    """bind(address, 0) takes the whole range of each of three addresses; then nobody gets a port any more."""
    lab.keep(network.listen(*A))
    for source in (HERE, THIRD, "127.0.0.4"):
        lab.equal(f"bind from {source}", 1000, len(lab.keep(network.fill(A, source=source, late_port=False))))
        lab.equal("left to bind()", 0, pool(lab, source))
    check = lab.tool.check()
    lab.equal("exit", 2, check.exit)
    lab.keep(network.listen(*B))
    lab.ports(B, HERE, model=0)


@scenario("40000-40099", tcp_tw_reuse=0)
def bind_pool_of_time_waits(lab):
    """TIME_WAITs of plain clients leave bind() nothing on their address, and everything on another."""
    server = lab.keep(network.listen(*A))
    network.time_waits(server, A, 60, source=HERE)
    lab.equal("bind() here", pool(lab, HERE), len(lab.keep(bind_all(HERE))))
    lab.equal("bind() elsewhere", 100, len(lab.keep(bind_all("127.0.0.9"))))


@scenario("40000-40099")
def bind_with_reuse(lab):
    """SO_REUSEADDR gains bind(address, 0) nothing; with ip_autobind_reuse there is no limit."""
    reuse = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)]
    lab.equal("SO_REUSEADDR", 100, len(lab.keep(bind_all(HERE, reuse))))
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=0)
    network.set_sysctl("net.ipv4.ip_autobind_reuse", 1)
    lab.equal("with ip_autobind_reuse", 1000, len(lab.keep(bind_all(HERE, reuse))))


@scenario(RANGE)
def refused_explicit_bind(lab):
    """Refused and still open, an explicitly bound socket keeps its port from all; bind(address, 0) gave it back."""
    lab.keep(network.listen(*A))
    for port in (PORT, 0):
        refused = lab.keep(network.bound(HERE, port))
        lab.equal("refused", errno.ECONNREFUSED, refused.connect_ex((OTHER, 9)))
    lab.ports(A, HERE, model=199)


@scenario("40000-40049")
def service_finds_its_port_taken(lab):
    """A plain client on its port keeps a service from starting, in TIME_WAIT as well; a reserved port stays free."""
    server = lab.keep(network.listen(*A))
    pairs = lab.keep(network.pairs(server, A, 50, source=HERE))

    def start(port):
        service = lab.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        service.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            service.bind(("0.0.0.0", port))
        except OSError as error:
            return error.errno
        return 0

    lab.equal("established", errno.EADDRINUSE, start(PORT))
    for ends in pairs:
        for end in ends:
            end.close()
    lab.equal("TIME_WAIT", errno.EADDRINUSE, start(PORT))
    network.set_sysctl("net.ipv4.ip_local_reserved_ports", "40100")
    network.set_sysctl("net.ipv4.ip_local_port_range", "40100 40149")
    lab.ports(A, HERE, model=49)
    lab.equal("reserved", 0, start(40100))
