"""Socket options that change which ports connect() can have, or how long they stay taken."""
import socket
import struct

import network
from harness import scenario

HERE, OTHER = "127.0.0.1", "127.0.0.2"
A, B = (OTHER, 8080), (OTHER, 8081)
RANGE = "40000-40199"
RESET_ON_CLOSE = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def range_of_socket(low, high):
    return (socket.IPPROTO_IP, network.IP_LOCAL_PORT_RANGE, struct.pack("=I", low | high << 16))


def own_range(lab, asked_for, effective, model):
    """Clients with IP_LOCAL_PORT_RANGE against `--assume`, which has no such option but can take the range for it."""
    lab.keep(network.listen(*A))
    ask = ["--assume", f"net.ipv4.ip_local_port_range={effective}"]
    lab.ports(A, HERE, model=model, ask=ask, options=[range_of_socket(*asked_for)])


@scenario()
def own_range_inside(lab):
    """IP_LOCAL_PORT_RANGE 40100-40199: its 100 ports; plain clients get the other 900."""
    own_range(lab, (40100, 40199), "40100 40199", 100)
    lab.ports(A, HERE, model=900)


@scenario()
def own_range_starts_below(lab):
    """IP_LOCAL_PORT_RANGE 30000-40049: the low end falls back to that of the sysctl."""
    own_range(lab, (30000, 40049), "40000 40049", 50)


@scenario()
def own_range_ends_above(lab):
    """IP_LOCAL_PORT_RANGE 40900-50000: the high end falls back to that of the sysctl."""
    own_range(lab, (40900, 50000), "40900 40999", 100)


@scenario()
def own_range_outside(lab):
    """IP_LOCAL_PORT_RANGE 50000-50010: the range of the sysctl."""
    own_range(lab, (50000, 50010), "40000 40999", 1000)


@scenario()
def own_range_of_three(lab):
    """IP_LOCAL_PORT_RANGE of three ports: all three, for such sockets look at every port (6.8)."""
    own_range(lab, (40100, 40102), "40100 40102", None)


@scenario()
def own_range_elsewhere(lab):
    """300 clients with IP_LOCAL_PORT_RANGE, of both parities, take nothing from another destination."""
    lab.keep([network.listen(*A), network.listen(*B)])
    lab.keep(network.connect_many(B, 300, source=HERE, options=[range_of_socket(40000, 40999)]))
    lab.ports(A, HERE, model=1000)


@scenario(RANGE)
def device_bound_last(lab):
    """200 clients not bound to a device leave nothing, not even to clients that are."""
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 200, source=HERE))
    lab.ports(A, HERE, model=0, device="lo")


@scenario(RANGE)
def mptcp_clients(lab):
    """MPTCP connections hold ports as plain ones do."""
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 120, protocol=network.IPPROTO_MPTCP))  # old ones have no IP_BIND_ADDRESS_NO_PORT
    lab.ports(A, model=80, protocol=network.IPPROTO_MPTCP)


@scenario("40000-40049", tcp_fastopen=5)
def fast_open_clients(lab):
    """TCP_FASTOPEN_CONNECT sends nothing until there is data, and yet connect() takes a port."""
    deferred = [(socket.IPPROTO_TCP, network.TCP_FASTOPEN_CONNECT, 1)]
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 20, source=HERE, options=deferred))
    lab.equal("SYN_SENT", 20, lab.tool.states()["SYN_SENT"])
    lab.ports(A, HERE, model=30, options=deferred)


@scenario(RANGE, tcp_tw_reuse=0)
def closed_by_reset(lab):
    """SO_LINGER 0: close() resets the connection and its port is free at once."""
    server = lab.keep(network.listen(*A))
    for client, accepted in network.pairs(server, A, 150, source=HERE, options=[RESET_ON_CLOSE]):
        client.close()
        accepted.close()
    lab.equal("TIME_WAIT", 0, lab.tool.states()["TIME_WAIT"])
    lab.ports(A, HERE, model=200)


@scenario(RANGE, tcp_tw_reuse=0)
def explicit_bind_takes_its_time_wait(lab):
    """An explicit bind with SO_REUSEADDR connects over its own TIME_WAIT at once, with tcp_tw_reuse=0."""
    server = lab.keep(network.listen(*A))
    shared = {"source": HERE, "port": 40010, "options": [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)]}
    network.time_waits(server, A, 1, **shared)
    lab.equal("TIME_WAIT", 1, lab.tool.states()["TIME_WAIT"])
    lab.keep(network.pairs(server, A, 1, **shared))
    lab.equal("TIME_WAIT afterwards", 0, lab.tool.states()["TIME_WAIT"])
    lab.ports(A, HERE, model=199)
