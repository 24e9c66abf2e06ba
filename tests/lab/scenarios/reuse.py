"""tcp_tw_reuse: to which TIME_WAIT sockets it applies, and when."""
import time

import network
from harness import Skip, scenario

RANGE = "40000-40199"
SERVICE = 8080
MAPPED = "::ffff:127.0.0.1"


def end_points(address):
    """Source and destination of connections from an address to itself."""
    if address == "10.9.0.1":
        network.ip("addr add 10.9.0.1/24 dev lo")  # over lo, and yet no loopback address
    return address, (address, SERVICE)


def all_in_time_wait(lab, address, free_after, delay=1.0, connects_from=None):
    """200 ports, all in TIME_WAIT; `free_after`: at which age in seconds how many of them can be had.

    `delay`: until this age, in seconds, nothing is reusable since Linux 6.14; a machine too slow to ask before is not
    held against anybody. `connects_from`: the address whose clients want them, if it is another spelling.
    """
    source, to = end_points(address)
    server = lab.keep(network.listen(to[0].removeprefix("::ffff:"), SERVICE))
    exact = network.has_sysctl("net.ipv4.tcp_tw_reuse_delay")
    began = time.monotonic()
    network.time_waits(server, to, 200, source=source)
    ended = time.monotonic()
    source, to = end_points(connects_from) if connects_from else (source, to)
    for age, free in free_after.items():
        time.sleep(max(0, ended + age - time.monotonic()))
        if free or age > delay or (exact and time.monotonic() - began < delay - 0.1):
            said, _ = lab.ports(to, source, model=free)
            lab.true(f"the estimate is {free}", abs(said["free"] - free) <= 2)


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_loopback(lab):
    """Mode 2, 127.0.0.1: none before the delay of one second is over, then all."""
    all_in_time_wait(lab, "127.0.0.1", {0.3: 0, 0.8: 0, 1.6: 200})


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_loopback_ipv6(lab):
    """Mode 2, ::1: the same."""
    all_in_time_wait(lab, "::1", {0.3: 0, 1.7: 200})


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_loopback_mapped(lab):
    """Mode 2, ::ffff:127.0.0.1: the same."""
    all_in_time_wait(lab, MAPPED, {0.3: 0, 1.7: 200})


@scenario(RANGE, tcp_tw_reuse=0)
def reuse_off(lab):
    """Mode 0, 127.0.0.1: none."""
    all_in_time_wait(lab, "127.0.0.1", {0.3: 0, 1.6: 0})


@scenario(RANGE, tcp_tw_reuse=0)
def reuse_off_ipv6(lab):
    """Mode 0, ::1: none."""
    all_in_time_wait(lab, "::1", {1.7: 0})


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_on_loopback(lab):
    """Mode 1, 127.0.0.1: all after a second."""
    all_in_time_wait(lab, "127.0.0.1", {0.3: 0, 1.6: 200})


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_on(lab):
    """Mode 1, own address: all after a second."""
    all_in_time_wait(lab, "10.9.0.1", {0.3: 0, 1.6: 200})


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_not_loopback(lab):
    """Mode 2, own address over lo: none; loopback is judged by address."""
    all_in_time_wait(lab, "10.9.0.1", {0.3: 0, 1.6: 0})


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_by_mapped_clients(lab):
    """Mode 1: v4-mapped clients take the TIME_WAITs of IPv4."""
    all_in_time_wait(lab, "127.0.0.1", {1.7: 200}, connects_from=MAPPED)


@scenario(RANGE, tcp_tw_reuse=1, tcp_timestamps=0)
def reuse_without_timestamps(lab):
    """Mode 1 without TCP timestamps: none."""
    all_in_time_wait(lab, "127.0.0.1", {0.3: 0, 1.6: 0})


@scenario(RANGE, tcp_tw_reuse=1, tcp_timestamps=2)
def reuse_with_plain_timestamps(lab):
    """Mode 1 with timestamps that have no random offset: all after a second."""
    all_in_time_wait(lab, "127.0.0.1", {0.3: 0, 1.6: 200})


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=1)
def reuse_delay_short(lab):
    """Mode 1, a delay of 1 ms, after 0.2 s: all."""
    all_in_time_wait(lab, "127.0.0.1", {0.2: 200}, delay=0.001)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=3000)
def reuse_delay_long(lab):
    """Mode 1, a delay of 3 s: none at first, then all."""
    all_in_time_wait(lab, "127.0.0.1", {0.3: 0, 1.6: 0, 3.3: 200}, delay=3)


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_not_in_fin_wait2(lab):
    """Mode 1: a socket that waits for the peer's FIN is not reusable."""
    source, to = end_points("127.0.0.1")
    server = lab.keep(network.listen(*to))
    for client, accepted in network.pairs(server, to, 200, source=source):
        lab.keep(accepted)
        client.close()
    time.sleep(1.6)
    lab.ports(to, source, model=0)


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_not_of_explicit_binds(lab):
    """Mode 1: the port of an explicitly bound client in TIME_WAIT is not selectable."""
    source, to = end_points("127.0.0.1")
    server = lab.keep(network.listen(*to))
    for number in range(60):
        network.time_waits(server, to, 1, source=source, port=40000 + 2 * number)
    time.sleep(1.7)
    lab.ports(to, source, model=140)


@scenario(RANGE, tcp_tw_reuse=0)
def reuse_assumed(lab):
    """`--assume tcp_tw_reuse=1` on a full destination says what setting it then gives."""
    if not network.has_sysctl("net.ipv4.tcp_tw_reuse_delay"):
        raise Skip("the age that counts is not visible before Linux 6.14")
    source, to = end_points("127.0.0.1")
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 200, source=source)
    time.sleep(1.6)
    lab.equal("free now", 0, lab.tool.destination(to, source)["ports"]["free"])
    assumed = lab.tool.destination(to, source, "--assume", "net.ipv4.tcp_tw_reuse=1")["ports"]["free"]
    network.set_sysctl("net.ipv4.tcp_tw_reuse", 1)
    lab.equal("free if it were on", assumed, len(lab.keep(network.fill(to, source=source))))


@scenario(RANGE, tcp_tw_reuse=1, tcp_fin_timeout=5)
def fin_wait2_expires(lab):
    """Mode 1 and tcp_fin_timeout=5: connections that the peer does not close keep their ports until they expire."""
    source, to = end_points("127.0.0.1")
    server = lab.keep(network.listen(*to))
    for client, accepted in network.pairs(server, to, 200, source=source):
        lab.keep(accepted)
        client.close()
    time.sleep(1.6)
    lab.ports(to, source, model=0)
    for _ in range(100):
        if network.time_waits_of_kernel() == 0:
            break
        time.sleep(0.1)
    lab.ports(to, source, model=200)


@scenario(RANGE, tcp_tw_reuse=0, tcp_max_tw_buckets=50)
def time_wait_overflow(lab):
    """tcp_max_tw_buckets=50: only so many ports are held, the others are free at once."""
    source, to = end_points("127.0.0.1")
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 200, source=source)
    held = network.time_waits_of_kernel()
    lab.equal("TIME_WAIT", lab.tool.states()["TIME_WAIT"], held)
    lab.true("tcp_max_tw_buckets holds", held <= 50)
    lab.ports(to, source, model=200 - held)
