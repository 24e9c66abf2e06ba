"""Incidents: rates, peers that do not answer, programs that do not close; and what must not alarm."""
import time

import network
import peer
from harness import scenario
from incident import HERE, SERVICES, TO, addresses, judged
from scenarios.close_wait import half_closed, leaked
from scenarios.silence import fall_silent, send, wait_for_silence
from scenarios.two_hosts import all_but_ten
from scenarios.verdicts import wait_for_retransmissions

RANGE = "40000-40199"
ONLY_NARROW = "port-range-narrow"  # of which the lab is guilty itself


def at_rate(rate, count, to, server):
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0, began + number / rate - time.monotonic()))
        network.time_waits(server, to, 1, source=HERE)


@scenario("40000-40399", tcp_tw_reuse=0, sleeps=30)
def incident_soon_exhausted(lab):
    """10 a second on 400 ports for 22 s: 45 % are free, for 18 seconds."""
    addresses()
    at_rate(10, 220, TO, lab.keep(network.listen(*TO)))
    judged(lab, "port-exhaustion-forecast")


@scenario("40000-40399", tcp_tw_reuse=0, sleeps=35)
def incident_rate_that_lasts(lab):
    """4 a second on 400 ports for 30 s: that can go on for ever."""
    addresses()
    at_rate(4, 120, TO, lab.keep(network.listen(*TO)))
    judged(lab, ONLY_NARROW)


@scenario("40000-45099", tcp_tw_reuse=0)
def incident_slow_connect(lab):
    """More than half of 5 100 ports are taken, by 100 and more new connections a second."""
    addresses()
    network.time_waits(lab.keep(network.listen(*TO)), TO, 2650, source=HERE)
    judged(lab, "connect-latency-knee")


@scenario(RANGE, tcp_syn_retries=6)
def incident_black_hole(lab):
    """30 attempts to a destination that never answers."""
    network.ip("route add 10.77.0.0/16 dev lo src 127.0.0.1")
    to = ("10.77.0.1", 443)
    lab.keep([network.connect(to, blocking=False) for _ in range(30)])
    wait_for_retransmissions(2)
    judged(lab, "syn-sent-pileup")


@scenario(RANGE)
def incident_silent_destination(lab):
    """25 of 30 connections to a host that is gone wait for an acknowledgement."""
    to = peer.start(8080)
    connections = lab.keep(network.connect_many(to, 30, source=peer.HERE))
    fall_silent()
    send(connections[:25])
    wait_for_silence(25)
    judged(lab, "destination-not-acknowledging")


@scenario()
def incident_silent_clients(lab):
    """160 of 200 clients are gone."""
    pid, _ = peer.start_process(8080)
    here = (peer.HERE, 80)
    server = lab.keep(network.listen(*here))
    lab.keep(network.inside(pid, lambda: network.connect_many(here, 200)))
    accepted = lab.keep([server.accept()[0] for _ in range(200)])
    fall_silent()
    send(accepted[:160])
    wait_for_silence(160)
    judged(lab, "clients-not-acknowledging")


@scenario(RANGE)
def incident_stalled_accept(lab):
    """A server that no longer accepts: 17 wait at a backlog of 16."""
    addresses()
    lab.keep(network.listen(*TO, backlog=16))
    lab.keep(network.connect_many(TO, 17))
    judged(lab, "accept-queue-full")


@scenario(sleeps=310, slow=True)
def incident_leak(lab):
    """25 sockets whose end of file was read five minutes ago, and which nobody closes."""
    leaked(lab, lab.keep(network.listen("127.0.0.1", 8080)), 25)
    time.sleep(302)
    judged(lab, "close-wait-leak")


@scenario(sleeps=310, slow=True)
def incident_unread(lab):
    """An idle pool: 260 connections that the servers closed five minutes ago, and which nobody looked at."""
    addresses()
    for client, accepted in network.pairs(lab.keep(network.listen(*TO)), TO, 260, source=HERE):
        lab.keep(client)
        accepted.close()
    time.sleep(302)
    judged(lab, "close-wait-unread")


@scenario(sleeps=40)
def incident_gave_up_waiting(lab):
    """Seven clients came and went half a minute ago, and nobody accepted them."""
    addresses()
    lab.keep(network.listen(*TO))
    for client in network.connect_many(TO, 7):
        client.close()
    time.sleep(32)
    judged(lab, "close-wait-unaccepted")


@scenario(RANGE, tcp_tw_reuse=0, tcp_max_tw_buckets=100)
def incident_time_wait_buckets(lab):
    """95 TIME_WAITs of at most 100."""
    addresses()
    network.time_waits(lab.keep(network.listen(*TO)), TO, 95, source=HERE)
    judged(lab, "time-wait-bucket-use")


@scenario("32768-60999")
def incident_peers_do_not_close(lab):
    """1 010 connections closed here and not by their clients: FIN_WAIT2."""
    pid, _ = peer.start_process(8080)
    here = (peer.HERE, 80)
    server = lab.keep(network.listen(*here))
    lab.keep(network.inside(pid, lambda: network.connect_many(here, 1010)))
    for _ in range(1010):
        server.accept()[0].close()
    judged(lab, "fin-wait2-pileup", "INFO")


@scenario("1024-4000", tcp_tw_reuse=1, tcp_timestamps=0, tcp_max_tw_buckets=1000, tcp_fin_timeout=10, tcp_syncookies=0)
def incident_bad_tuning(lab):
    """What is copied from page to page, all at once; no load at all."""
    network.set_sysctl("net.core.somaxconn", 128)
    addresses()
    lab.keep([network.listen(*TO), network.listen(HERE, 3306)])
    judged(lab, "tw-reuse-without-timestamps", command="audit")


@scenario("32768-60999")
def incident_none_idle(lab):
    """A server and five connections."""
    addresses()
    lab.keep(network.pairs(lab.keep(network.listen(*TO)), TO, 5, source=HERE))
    judged(lab)


@scenario("32768-60999", tcp_tw_reuse=0)
def incident_none_busy_server(lab):
    """300 TIME_WAITs of a server that closes first, which hold no port of anybody."""
    addresses()
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 300, closes_first="server", source=HERE)
    judged(lab)


@scenario(RANGE, tcp_tw_reuse=1)
def incident_none_reuse_works(lab):
    """185 of 200 ports in TIME_WAIT, all of which can be had again."""
    all_but_ten(lab)
    judged(lab, ONLY_NARROW)


@scenario(RANGE, tcp_tw_reuse=0)
def incident_none_many_services(lab):
    """400 TIME_WAITs over ten services, twice the number of ports: each service has 160 left."""
    addresses()
    for to in SERVICES:
        network.time_waits(lab.keep(network.listen(*to)), to, 40, source=HERE)
    judged(lab, ONLY_NARROW)


@scenario("32768-60999")
def incident_none_half_closed(lab):
    """CLOSE_WAIT as it should be: the client has said all, and the answer is under way."""
    half_closed(lab, lab.keep(network.listen("127.0.0.1", 8080)), 3)
    judged(lab)
