"""What connect() decides before it looks for a port, and from which sources: `ports --to` against the kernel's errno."""
import errno
import socket
import struct

import network
from harness import scenario

A = ("10.7.0.2", 5432)
BUSY, NEXT = "10.7.0.11", "10.7.0.2"
IP_LOCAL_PORT_RANGE = 51


def addresses(*more):
    for address in (A[0], *more):
        network.ip(f"addr add {address}/32 dev lo")


def error_of(to, source=None, prepare=lambda client: None):
    """The name of the errno that a connection from here gets, or None."""
    client = socket.socket(network.family_of(to[0]), socket.SOCK_STREAM)
    try:
        prepare(client)
        if source:
            client.bind((source, 0))
        client.setblocking(False)
        error = client.connect_ex(to)
        return None if error in (0, errno.EINPROGRESS, errno.ECONNREFUSED) else errno.errorcode[error]
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        client.close()


def asked(lab, to, *more):
    (namespace,) = lab.tool.run("ports", "--format", "json", "--to", to, *more).json["namespaces"]
    return namespace["destinations"]


def same_error(lab, to, source=None):
    told = lab.tool.destination(to, source)["reachable"]
    lab.equal(f"{source or 'any address'} -> {to[0]}", error_of(to, source), told["error"])
    lab.true("a failure is called one", told["possible"] == (told["error"] is None))


@scenario()
def another_source_is_exhausted(lab):
    """All ports of a source that routing would not choose are taken: said first, and the free ones of the other after."""
    addresses(BUSY)
    lab.keep(network.listen(*A))
    lab.keep(network.fill(A, source=BUSY))
    worst, routed = asked(lab, "10.7.0.2:5432")
    lab.equal("the worst", (BUSY, 0, False), (worst["local"], worst["ports"]["free"], worst["routed"]))
    lab.equal("the next", (NEXT, True), (routed["local"], routed["routed"]))
    lab.equal("connects from the worst", "EADDRNOTAVAIL", error_of(A, BUSY, lambda client: client.setsockopt(0, 24, 1)))
    text = " ".join(lab.tool.run("ports", "--to", "10.7.0.2:5432").out.split())
    lab.true("text says it", f"connect() to 10.7.0.2:5432 from {BUSY} fails now with EADDRNOTAVAIL" in text)
    lab.ports(A, NEXT)


@scenario()
def any_address_with_that_port(lab):
    """--to :PORT: every destination in use with that port, and no other."""
    addresses("10.7.0.3")
    others = ("10.7.0.3", 5432), ("10.7.0.3", 5433)
    for to, count in ((A, 40), (others[0], 90), (others[1], 300)):
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, count))
    found = [(one["remote"], one["remote_port"], one["ports"]["in_use"]) for one in asked(lab, ":5432")]
    lab.equal("destinations", [("10.7.0.3", 5432, 90), ("10.7.0.2", 5432, 40)], found)
    lab.equal("nothing there", [], asked(lab, ":9"))


@scenario()
def no_route(lab):
    """No route, routes that refuse, addresses that are not here, what TCP never connects to."""
    addresses()
    network.ip("route add unreachable 198.51.100.0/25")
    network.ip("route add prohibit 198.51.100.128/25")
    network.ip("route add blackhole 203.0.113.0/25")
    for to in ("203.0.113.129", "198.51.100.1", "198.51.100.129", "203.0.113.1", "224.0.0.1", "255.255.255.255",
               "2001:db8::1", "ff02::1", "fe80::1", "::1", "127.0.0.1"):
        same_error(lab, (to, 80))
    for source in ("10.9.9.9", "127.0.0.1", A[0]):
        same_error(lab, A, source)
    same_error(lab, ("203.0.113.129", 80), "127.0.0.1")


@scenario()
def no_address_of_the_family(lab):
    """IPv6 switched off: no source address, whatever the ports."""
    network.set_sysctl("net.ipv6.conf.all.disable_ipv6", 1)
    for to in (("::1", 6432), ("2001:db8::1", 443)):
        same_error(lab, to)
        text = " ".join(lab.tool.run("ports", "--to", f"[{to[0]}]:{to[1]}").out.split())
        lab.true("text says it", "this host has no IPv6 address to connect from" in text)


@scenario()
def range_of_a_socket(lab):
    """IP_LOCAL_PORT_RANGE: a band that is full while the range is not."""
    def narrow(client):
        client.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", 40100 | 40199 << 16))

    addresses()
    lab.keep(network.listen(*A))
    option = (socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", 40100 | 40199 << 16))
    lab.keep(network.fill(A, options=[option]))
    band = lab.tool.destination(A)["own_range"]
    lab.equal("band", {"low": 40100, "high": 40199, "in_use": 100}, band)
    lab.equal("such a socket", "EADDRNOTAVAIL", error_of(A, prepare=narrow))
    lab.equal("any other", None, error_of(A))


@scenario()
def no_range_of_a_socket(lab):
    """More than half of the range, and clients that bind() first: no band."""
    addresses()
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 620))
    lab.equal("plain", None, lab.tool.destination(A)["own_range"])
    other = (A[0], 5433)
    lab.keep(network.listen(*other))
    lab.keep(network.connect_many(other, 200, source=A[0], late_port=False))
    lab.equal("bound first", None, lab.tool.destination(other, A[0])["own_range"])
