"""What nobody can tell apart from a snapshot: the interval holds the truth, and the verdict goes by the end that hurts."""
import socket
import time

import network
from harness import scenario

RULE = "ephemeral-port-exhaustion"
HERE, SECOND = "10.9.0.1", "10.9.0.2"
A, B = ("10.9.0.3", 8080), ("10.9.0.3", 8081)


def addresses():
    for address in (HERE, SECOND, A[0]):
        network.ip(f"addr add {address}/32 dev lo")


def alarms(lab, *states):
    """The check alarms about the ports, in one of these states."""
    answer = lab.tool.check_json("--no-state")
    found = answer.finding(RULE)
    lab.shown.append(found["summary"] if found else "nothing found")
    lab.true(f"the check is {' or '.join(states)}", answer.json["state"] in states and found is not None)
    return found


def bind_and_fill(lab, source):
    """460 clients bind `source` before they connect; plain clients then fill another destination at 540."""
    addresses()
    servers = lab.keep([network.listen(*A), network.listen(*B)])
    lab.keep(network.pairs(servers[0], A, 460, source=source, late_port=False))
    lab.equal("plain clients", 540, len(lab.keep(network.fill(B))))
    alarms(lab, "WARNING", "CRITICAL")


@scenario()
def bound_clients_hide_exhaustion(lab):
    """From a second address, which routing does not choose."""
    bind_and_fill(lab, SECOND)


@scenario()
def bound_clients_of_the_routed_source(lab):
    """From the address that routing would choose: nothing but parity tells who chose the ports."""
    bind_and_fill(lab, A[0])


@scenario()
def bound_clients_of_many_destinations(lab):
    """600 clients bind and spread over 20 destinations: beyond 500 ports they take the others, too."""
    addresses()
    for number in range(20):
        to = (A[0], 9000 + number)
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, 30, source=SECOND, late_port=False))
    lab.keep(network.listen(*B))
    filled = lab.keep(network.fill(B))
    lab.equal("plain clients", 400, len(filled))
    alarms(lab, "CRITICAL")


@scenario()
def plain_clients_of_many_destinations(lab):
    """600 plain clients over 20 destinations leave every port to the others: no alarm."""
    addresses()
    for number in range(20):
        to = (A[0], 9000 + number)
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, 30))
    lab.keep(network.listen(*B))
    lab.keep(network.connect_many(B, 200))
    lab.true("no alarm", lab.tool.check_json("--no-state").finding(RULE) is None)
    lab.ports(B, A[0], model=800)


@scenario("40000-40199")
def children_that_inherit_the_option(lab):
    """IP_BIND_ADDRESS_NO_PORT of a listener is that of its children, whose ports are blocked when it is gone."""
    lab.keep(network.listen("127.0.0.2", 8080))
    for port in range(40000, 40060, 2):
        with socket.socket() as listener:
            listener.setsockopt(socket.IPPROTO_IP, network.IP_BIND_ADDRESS_NO_PORT, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(8)
            lab.keep(network.connect(("127.0.0.1", port), source="127.0.0.1", port=50000 + port - 40000))
            lab.keep(listener.accept()[0])
    lab.ports(("127.0.0.2", 8080), "127.0.0.1", model=170)


@scenario("40000-40199")
def option_after_bind(lab):
    """Set after bind(), IP_BIND_ADDRESS_NO_PORT says nothing: 60 ports are blocked."""
    servers = lab.keep([network.listen("127.0.0.2", 8080), network.listen("127.0.0.2", 8081)])
    lab.keep(network.pairs(servers[1], ("127.0.0.2", 8081), 60, source="127.0.0.1", late_port=False,
                           flag_after_bind=True))
    lab.ports(("127.0.0.2", 8080), "127.0.0.1", model=140)


@scenario("40000-40199")
def child_without_a_listener(lab):
    """One accepted connection whose listener is gone blocks one port."""
    lab.keep(network.listen("127.0.0.2", 8080))
    listener = network.listen("127.0.0.1", 40100)
    lab.keep(network.pairs(listener, ("127.0.0.1", 40100), 1))
    listener.close()
    said, _ = lab.ports(("127.0.0.2", 8080), "127.0.0.1", model=199)
    lab.equal("estimate", said["free"], 199)


@scenario("40000-40001")
def clients_that_share_a_port(lab):
    """One local port towards 4500 destinations is no service that has vanished, and blocks nobody."""
    lab.keep(network.listen("0.0.0.0", 8080))
    for number in range(4500):
        to = (f"127.{1 + number // 250}.0.{1 + number % 250}", 8080)
        lab.keep(network.connect(to, source="127.0.0.1"))
    lab.true("no alarm that ports are blocked",
             lab.tool.check_json("--no-state").finding("ports-blocked-for-everyone") is None)
    said, _ = lab.ports(("127.0.0.2", 8080), "127.0.0.1", model=2)
    lab.equal("estimate", said["free"], 2)


def moved(lab, before, after):
    """Plain clients of before the range was moved block nobody."""
    network.set_sysctl("net.ipv4.ip_local_port_range", before)
    for number in range(3):
        to = ("127.0.0.2", 8081 + number)
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, 600, source="127.0.0.1"))
    lab.keep(network.listen("127.0.0.2", 8080))
    network.set_sysctl("net.ipv4.ip_local_port_range", after)
    lab.keep(network.connect_many(("127.0.0.2", 8080), 600, source="127.0.0.1"))
    found = lab.tool.check_json("--no-state").finding(RULE)
    lab.true(f"no alarm: {found and found['summary']}", found is None)
    said, _ = lab.ports(("127.0.0.2", 8080), "127.0.0.1", model=900)
    lab.within("estimate", 850, 900, said["free"])


@scenario()
def range_moved_to_an_odd_start(lab):
    """40000-41499 becomes 40001-41500: what was even is odd."""
    moved(lab, "40000 41499", "40001 41500")


@scenario()
def range_widened_to_an_odd_start(lab):
    """A range becomes a wider one that begins at an odd port."""
    moved(lab, "40500 41999", "40001 41500")


@scenario("40000-40199", tcp_tw_reuse=1, tcp_tw_reuse_delay=3000, sleeps=4)
def restarted_time_waits(lab):
    """A segment out of the window begins the 60 seconds anew, but not the age that reuse goes by."""
    to = ("10.9.0.1", 8080)
    network.ip(f"addr add {to[0]}/32 dev lo")
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 200, source="10.9.0.1")
    time.sleep(3.2)
    network.restart_time_waits(share=0.5)
    lab.ports(to, "10.9.0.1", model=200)
