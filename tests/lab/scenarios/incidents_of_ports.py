"""Incidents: local ports run out, and everything that can hold them."""
import contextlib
import time

import network
from harness import scenario
from incident import HERE, ORDINARY, OTHER, SERVICES, THIRD, TO, addresses, judged
from scenarios.dangerous import SMALL_BUFFER, needs_bound_sockets
from scenarios.two_hosts import all_but_ten
from tool import DENY_NETLINK

RANGE = "40000-40199"
SMALL = "40000-40063"  # where connections live, which take more room in a capture


def grow_old():
    """A port in TIME_WAIT can be had again after a second: before that no sysctl would help, and the report says so."""
    time.sleep(1.2)



@scenario(RANGE, tcp_tw_reuse=0)
def incident_time_wait_exhausts(lab):
    """185 of 200 ports in TIME_WAIT, 5 open."""
    addresses()
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 185, source=HERE)
    lab.keep(network.pairs(server, TO, 5, source=HERE))
    grow_old()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(RANGE, tcp_tw_reuse=0)
def incident_time_wait_of_ipv6(lab):
    """185 of 200 ports in TIME_WAIT towards an IPv6 address."""
    network.ip("addr add fd00:9::1/64 dev lo nodad")
    to = ("fd00:9::1", 8443)
    network.time_waits(lab.keep(network.listen(*to)), to, 185, source="fd00:9::1")
    grow_old()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(RANGE, tcp_tw_reuse=1, tcp_timestamps=0)
def incident_reuse_without_timestamps(lab):
    """185 of 200 ports in TIME_WAIT, which tcp_tw_reuse=1 cannot free without timestamps."""
    addresses()
    network.time_waits(lab.keep(network.listen(*TO)), TO, 185, source=HERE)
    grow_old()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(RANGE, tcp_tw_reuse=1)
def incident_peer_without_timestamps(lab):
    """The same, because the other end has no timestamps."""
    all_but_ten(lab, tcp_timestamps=0)
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(SMALL)
def incident_established_exhaust(lab):
    """60 of 64 ports by connections that live."""
    addresses()
    lab.keep(network.pairs(lab.keep(network.listen(*TO)), TO, 60, source=HERE))
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(SMALL)
def incident_close_wait_exhausts(lab):
    """The server closed 60 connections and the client none: young CLOSE_WAITs hold the ports."""
    addresses()
    for client, accepted in network.pairs(lab.keep(network.listen(*TO)), TO, 60, source=HERE):
        lab.keep(client)
        accepted.close()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(SMALL, tcp_tw_reuse=1)
def incident_fin_wait2_exhausts(lab):
    """60 connections that the peer does not close: tcp_tw_reuse=1 never frees FIN_WAIT2."""
    addresses()
    for client, accepted in network.pairs(lab.keep(network.listen(*TO)), TO, 60, source=HERE):
        lab.keep(accepted)
        client.close()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(SMALL, tcp_tw_reuse=1)
def incident_unsent_data_exhausts(lab):
    """60 connections closed here with data that the peer does not take: FIN_WAIT1 of no process."""
    addresses()
    ends = network.pairs(lab.keep(network.listen(*TO)), TO, 60, source=HERE, options=[SMALL_BUFFER])
    for client, _ in ends:
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                client.send(b"x" * 65536)
    time.sleep(0.2)
    for client, accepted in ends:
        lab.keep(accepted)
        client.close()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(SMALL, tcp_tw_reuse=0)
def incident_two_families_exhaust(lab):
    """31 connections of IPv4 and 29 of v4-mapped sockets to one destination: neither is much alone."""
    addresses()
    server = lab.keep(network.listen(*TO))
    lab.keep(network.pairs(server, TO, 31, source=HERE))
    lab.keep(network.pairs(server, ("::ffff:" + OTHER, 8080), 29, source="::ffff:" + HERE))
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(RANGE, tcp_tw_reuse=0)
def incident_one_source_is_full(lab):
    """One of two local addresses has used up its ports; the other has used none."""
    addresses(THIRD)
    network.time_waits(lab.keep(network.listen(*TO)), TO, 186, source=THIRD)
    grow_old()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(RANGE, ip_local_reserved_ports="40000-40149", tcp_tw_reuse=0)
def incident_reserved_ports(lab):
    """A range of 200 ports of which 150 are reserved, and 46 connections."""
    addresses()
    lab.keep(network.pairs(lab.keep(network.listen(*TO)), TO, 46, source=HERE))
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL")


@scenario(RANGE, ip_local_reserved_ports="40000-40199")
def incident_no_usable_ports(lab):
    """Every port of the range is reserved."""
    addresses()
    lab.keep(network.listen(*TO))
    judged(lab, "no-usable-ports", "CRITICAL")


@scenario(RANGE)
def incident_listeners_block(lab):
    """Listeners on another address block 170 of 200 ports for everyone."""
    addresses(THIRD)
    lab.keep([network.listen(THIRD, 40000 + number) for number in range(170)])
    judged(lab, "ports-blocked-for-everyone", "CRITICAL")


@scenario(RANGE)
def incident_bound_and_forgotten(lab):
    """180 sockets that were bound and never connected, which no netstat shows."""
    needs_bound_sockets()
    addresses()
    lab.keep([network.bound(HERE) for _ in range(180)])
    judged(lab, "ports-blocked-for-everyone", "CRITICAL")


@scenario("40000-40399")
def incident_bind_pool(lab):
    """38 connections to each of ten services, their ports chosen by bind(): one pool for all, nearly empty. Only the
    odd ports, which bind() takes first, tell of it: with 19 they would be a hundred at most, where the rule begins to
    speak."""
    addresses()
    for to in SERVICES:
        lab.keep(network.pairs(lab.keep(network.listen(*to)), to, 38, source=HERE, late_port=False))
    judged(lab, "bind-pool-exhaustion", "CRITICAL")


@scenario("40000-40399", tcp_tw_reuse=0)
def incident_bind_pool_in_time_wait(lab):
    """The same, and all of them are closed."""
    addresses()
    for to in SERVICES:
        network.time_waits(lab.keep(network.listen(*to)), to, 38, source=HERE, late_port=False)
    judged(lab, "bind-pool-exhaustion", "CRITICAL")


@scenario(RANGE, tcp_tw_reuse=0)
def incident_without_sock_diag(lab):
    """185 of 200 ports in TIME_WAIT, seen without sock_diag: by /proc/net/tcp."""
    addresses()
    network.time_waits(lab.keep(network.listen(*TO)), TO, 187, source=HERE)
    grow_old()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL", wrapper=DENY_NETLINK)


@scenario(RANGE, tcp_tw_reuse=0)
def incident_seen_by_an_ordinary_user(lab):
    """The same, recorded without privilege."""
    addresses()
    network.time_waits(lab.keep(network.listen(*TO)), TO, 187, source=HERE)
    grow_old()
    judged(lab, "ephemeral-port-exhaustion", "CRITICAL", wrapper=ORDINARY)
