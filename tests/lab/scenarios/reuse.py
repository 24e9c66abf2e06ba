"""tcp_tw_reuse: to which TIME_WAIT sockets it applies, and when."""
import time

import network
from harness import Skip, scenario

RANGE = "40000-40199"
LOOPBACK = ("127.0.0.1", ("127.0.0.1", 8080))
OWN_ADDRESS = ("10.9.0.1", ("10.9.0.1", 8080))  # over lo, and yet no loopback address
IPV6 = ("::1", ("::1", 8080))


def all_in_time_wait(lab, end_points, wait, free):
    """200 ports, all in TIME_WAIT; after `wait` seconds `free` of them can be had."""
    source, to = end_points
    if source == "10.9.0.1":
        network.ip("addr add 10.9.0.1/24 dev lo")
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 200, source=source)
    time.sleep(wait)
    said, _ = lab.ports(to, source, model=free)
    lab.true(f"the estimate is {free}", abs(said["free"] - free) <= 2)


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_loopback_too_young(lab):
    """Mode 2, 127.0.0.1, after 0.3 s: the delay of one second is not over."""
    all_in_time_wait(lab, LOOPBACK, 0.3, 0)


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_loopback(lab):
    """Mode 2, 127.0.0.1, after 1.6 s: all."""
    all_in_time_wait(lab, LOOPBACK, 1.6, 200)


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_loopback_ipv6(lab):
    """Mode 2, ::1, after 1.6 s: all."""
    all_in_time_wait(lab, IPV6, 1.6, 200)


@scenario(RANGE, tcp_tw_reuse=0)
def reuse_off(lab):
    """Mode 0, after 1.6 s: none."""
    all_in_time_wait(lab, LOOPBACK, 1.6, 0)


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_on(lab):
    """Mode 1, own address, after 1.6 s: all."""
    all_in_time_wait(lab, OWN_ADDRESS, 1.6, 200)


@scenario(RANGE, tcp_tw_reuse=2)
def reuse_not_loopback(lab):
    """Mode 2, own address over lo, after 1.6 s: none; loopback is judged by address."""
    all_in_time_wait(lab, OWN_ADDRESS, 1.6, 0)


@scenario(RANGE, tcp_tw_reuse=1, tcp_timestamps=0)
def reuse_without_timestamps(lab):
    """Mode 1 without TCP timestamps, after 1.6 s: none."""
    all_in_time_wait(lab, LOOPBACK, 1.6, 0)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=1)
def reuse_delay_short(lab):
    """Mode 1, a delay of 1 ms, after 0.2 s: all."""
    all_in_time_wait(lab, LOOPBACK, 0.2, 200)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=3000)
def reuse_delay_long(lab):
    """Mode 1, a delay of 3 s, after 1.6 s: none."""
    all_in_time_wait(lab, LOOPBACK, 1.6, 0)


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_not_in_fin_wait2(lab):
    """Mode 1: a socket that waits for the peer's FIN is not reusable."""
    source, to = LOOPBACK
    server = lab.keep(network.listen(*to))
    for client, accepted in network.pairs(server, to, 200, source=source):
        lab.keep(accepted)
        client.close()
    time.sleep(1.6)
    lab.ports(to, source, model=0)


@scenario(RANGE, tcp_tw_reuse=1)
def reuse_not_of_explicit_binds(lab):
    """Mode 1: the port of an explicitly bound client in TIME_WAIT is not selectable."""
    source, to = LOOPBACK
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
    source, to = LOOPBACK
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 200, source=source)
    time.sleep(1.6)
    lab.equal("free now", 0, lab.tool.destination(to, source)["ports"]["free"])
    assumed = lab.tool.destination(to, source, "--assume", "net.ipv4.tcp_tw_reuse=1")["ports"]["free"]
    network.set_sysctl("net.ipv4.tcp_tw_reuse", 1)
    lab.equal("free if it were on", assumed, len(lab.keep(network.fill(to, source=source))))
