"""The zoo, first half: situations on which others alarm and which hurt nobody. `check` must exit 0."""
import socket
import time

import network
from harness import scenario

HERE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
TO = (OTHER, 8080)
DEFAULT_RANGE = "32768-60999"


def harmless(lab, *proofs):
    """`proofs`: (source, destination) where more connections must really be possible, after the verdict."""
    check = lab.tool.check()
    lab.equal("exit", 0, check.exit)
    lab.true("line 1 says OK", check.line1.startswith("TCP OK"))
    lab.equal("alerting", 0, check.perfdata.get("rules_alerting"))
    for source, to in proofs:
        lab.keep(network.connect_many(to, 200, source=source))
    return check


def established(lab, destinations, count, **options):
    """So many connections to each of the destinations, which begin to listen."""
    for to in destinations:
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, count, **options))


def only_time_waits(lab, time_waits):
    """A client that takes a port again ends the server's old TIME_WAIT: a few less than were made may be there."""
    there = network.time_waits_of_kernel()
    check = harmless(lab)
    lab.true(f"{there} of {time_waits} TIME_WAITs are there", time_waits * 0.95 <= there <= time_waits)
    lab.equal("time_wait", there, check.perfdata.get("time_wait"))


@scenario(ports="32768-60999", tcp_tw_reuse=0)
def server_side_time_waits(lab):
    """20 000 TIME_WAITs on the server's listening port: OK."""
    to = ("127.0.0.2", 8080)
    server = lab.keep(network.listen(*to))
    for number in range(20):
        network.time_waits(server, to, 1000, closes_first="server", source=f"127.0.1.{number}")
    only_time_waits(lab, 20_000)


@scenario(ports="32768-60999", tcp_tw_reuse=0)
def server_side_in_the_range(lab):
    """5 000 TIME_WAITs on a listening port inside the ephemeral range: OK."""
    to = ("127.0.0.2", 40000)
    server = lab.keep(network.listen(*to))
    for number in range(20):
        network.time_waits(server, to, 250, closes_first="server", source=f"127.0.1.{number}")
    only_time_waits(lab, 5_000)


@scenario(ports="32768-60999", tcp_tw_reuse=0)
def server_side_listener_gone(lab):
    """5 000 TIME_WAITs on a port inside the range whose listener is gone: OK, no destination is in trouble."""
    to = ("127.0.0.2", 40000)
    server = network.listen(*to)
    for number in range(20):
        network.time_waits(server, to, 250, closes_first="server", source=f"127.0.1.{number}")
    server.close()
    only_time_waits(lab, 5_000)


@scenario(ports="32768-60999", tcp_tw_reuse=0)
def many_destinations(lab):
    """20 000 TIME_WAITs over 40 destinations: OK."""
    for number in range(40):
        to = (f"127.0.2.{number}", 8080)
        server = lab.keep(network.listen(*to))
        network.time_waits(server, to, 500, source="127.0.0.1")
    only_time_waits(lab, 20_000)


@scenario(ports="40000-44999", tcp_tw_reuse=2)
def reuse_on_loopback_carries(lab):
    """4 800 of 5 000 ports in TIME_WAIT, all reusable: OK."""
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 4800, source=HERE)
    time.sleep(1.3)
    harmless(lab, (HERE, TO))


@scenario(tcp_tw_reuse=1)
def reuse_between_hosts_carries(lab):
    """950 of 1 000 ports in TIME_WAIT between own addresses, reusable, and live connections that use timestamps: OK."""
    for address in ("10.9.0.1", "10.9.0.2"):
        network.ip(f"addr add {address}/32 dev lo")
    to = ("10.9.0.2", 8080)
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 950, source="10.9.0.1")
    lab.keep(network.pairs(server, to, 5, source="10.9.0.1"))
    time.sleep(1.3)
    harmless(lab, ("10.9.0.1", to))


@scenario(ports=DEFAULT_RANGE)
def young_close_waits(lab):
    """500 connections in CLOSE_WAIT, half of them read to the end, a moment old: OK."""
    server = lab.keep(network.listen(*TO))
    for number, (client, accepted) in enumerate(network.pairs(server, TO, 500)):
        lab.keep(accepted)
        client.close()
        if number % 2:
            assert accepted.recv(10) == b""
    harmless(lab)


@scenario(ports=DEFAULT_RANGE)
def streaming_to_half_closed_peers(lab):
    """60 downloads whose clients have said all they had to say: CLOSE_WAIT for as long as it takes: OK."""
    server = lab.keep(network.listen(*TO))
    for client, accepted in lab.keep(network.pairs(server, TO, 60)):
        client.shutdown(socket.SHUT_WR)
        assert accepted.recv(10) == b""
        accepted.sendall(b"x" * 1000)
    harmless(lab)


@scenario()
def less_than_half_and_quiet(lab):
    """45 % of the ports towards one destination, nothing new: OK."""
    established(lab, [TO], 450, source=HERE)
    harmless(lab, (HERE, TO))


@scenario()
def tiny_backlogs(lab):
    """Ten servers with listen(0) and one connection waiting at each: OK."""
    for number in range(10):
        to = (OTHER, 8080 + number)
        lab.keep(network.listen(*to, backlog=0))
        lab.keep(network.connect(to))
    harmless(lab)


@scenario(ports=DEFAULT_RANGE)
def many_young_attempts(lab):
    """2 000 attempts under way, none of them old enough for a second retransmission: OK."""
    network.ip("route add 10.77.0.0/16 dev lo src 127.0.0.1")
    lab.keep([network.connect((f"10.77.0.{number % 4}", 443), blocking=False) for number in range(2000)])
    harmless(lab)


@scenario(ports=DEFAULT_RANGE)
def listener_closed_a_moment_ago(lab):
    """A service inside the range stops listening and serves its 2 000 clients to the end: OK."""
    to = (OTHER, 40000)
    server = network.listen(*to)
    for number in range(20):
        lab.keep(network.pairs(server, to, 100, source=f"127.0.1.{number}"))
    server.close()
    harmless(lab)


@scenario(ports=DEFAULT_RANGE)
def established_over_many_destinations(lab):
    """12 000 connections to 40 destinations: OK."""
    established(lab, [(f"127.0.2.{number}", 8080) for number in range(40)], 300, source=HERE)
    harmless(lab)


@scenario(tcp_tw_reuse=0)
def time_waits_over_ports_of_one_host(lab):
    """2 500 TIME_WAITs to one host with a range of 1 000, but to five of its ports: OK."""
    for number in range(5):
        to = (OTHER, 8080 + number)
        server = lab.keep(network.listen(*to))
        network.time_waits(server, to, 500, source=HERE)
    harmless(lab, (HERE, TO))


@scenario(ports=DEFAULT_RANGE)
def fin_wait2_with_a_holder(lab):
    """1 200 clients that sent all and read on: FIN_WAIT2 by intent: OK."""
    server = lab.keep(network.listen(*TO))
    for client, _ in lab.keep(network.pairs(server, TO, 1200)):
        client.shutdown(socket.SHUT_WR)
    harmless(lab)


@scenario(tcp_tw_reuse=0)
def burst_of_a_moment(lab):
    """60 % of the ports in TIME_WAIT from one burst: OK."""
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 600, source=HERE)
    harmless(lab, (HERE, TO))


@scenario(ip_local_reserved_ports="50000-59999,1024-9999")
def reserved_outside_the_range(lab):
    """20 000 ports reserved, none of them in the range: OK."""
    established(lab, [TO], 400, source=HERE)
    harmless(lab, (HERE, TO))


@scenario()
def plain_clients_of_four_destinations(lab):
    """65 % of the ports to each of four destinations by plain connect(): no pool of bind() is concerned: OK."""
    established(lab, [(OTHER, 8080 + number) for number in range(4)], 650)
    harmless(lab, (HERE, TO))


@scenario()
def late_binders_of_four_destinations(lab):
    """The same by clients with IP_BIND_ADDRESS_NO_PORT: OK."""
    established(lab, [(OTHER, 8080 + number) for number in range(4)], 650, source=HERE)
    harmless(lab, (HERE, TO))


@scenario()
def listeners_and_datagrams(lab):
    """300 listeners below the range, 64 workers that share one port, and UDP on 900 ports of the range: OK."""
    for number in range(300):
        lab.keep(network.listen(OTHER, 20000 + number))
    for _ in range(64):
        worker = lab.keep(network.bound(OTHER, 8080, [(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)]))
        worker.listen(100)
    for number in range(900):
        datagram = lab.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagram.bind(("0.0.0.0", 40000 + number))
    harmless(lab, (HERE, TO))
