"""Which ports connect() can have: what `ports --to` says against connecting until EADDRNOTAVAIL."""
import socket
import statistics
import time

import network
from harness import scenario

HERE, OTHER = "127.0.0.1", "127.0.0.2"
A, B = (OTHER, 8080), (OTHER, 8081)


@scenario()
def plain_fill(lab):
    """Nothing else there: the whole range."""
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=1000)


@scenario()
def half_used(lab):
    """400 connections to the destination itself, 300 to another port and 200 to another address of it."""
    for to, count in ((A, 400), (B, 300), ((HERE, 8080), 200)):
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, count, source=HERE))
    lab.ports(A, HERE, model=600)


@scenario(ip_local_reserved_ports="40000-40099,40500")
def reserved_ports(lab):
    """101 reserved ports."""
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=899)


@scenario(ports="32768-60999")
def long_list_of_reserved_ports(lab):
    """5000 single reserved ports: 30 KB of text, of which /proc/sys gives the rest to no second read."""
    reserved = range(40000, 50000, 2)
    network.set_sysctl("net.ipv4.ip_local_reserved_ports", ",".join(map(str, reserved)))
    said = lab.tool.run("ports", "--format", "json", "--to", "127.0.0.2:8080").json["namespaces"][0]
    lab.equal("reserved ports", said["range"]["reserved"], len(reserved))
    network.set_sysctl("net.ipv4.ip_local_reserved_ports", f"{','.join(map(str, reserved))},32768-39999,50000-60999")
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=5000)


@scenario(ports="40001-40999")
def odd_range(lab):
    """999 ports: one may be out of reach, which one depends on the hash."""
    lab.keep(network.listen(*A))
    lab.ports(A, HERE)


@scenario(ports="40000-40002")
def three_ports(lab):
    """A range of three: two can be had."""
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=2)


@scenario(ports="40000-40000")
def one_port(lab):
    """A range of one."""
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=1)


@scenario()
def listener_on_another_address(lab):
    """A listener in the range blocks its port for all, also on another address."""
    lab.keep([network.listen(*A), network.listen("127.0.0.9", 40010)])
    lab.ports(A, HERE, model=999)


@scenario()
def listener_on_ipv6(lab):
    """IPv6-only listeners block their ports for IPv4."""
    lab.keep([network.listen(*A), network.listen("::1", 40010), network.listen("::", 40011)])
    lab.ports(A, HERE, model=998)


@scenario()
def listener_without_bind(lab):
    """listen() alone takes a port of the range."""
    lab.keep([network.listen(*A), network.listen(None, 0)])
    lab.ports(A, HERE, model=999)


@scenario()
def listener_on_a_device(lab):
    """A listener bound to a device blocks its port for all."""
    lab.keep([network.listen(*A), network.listen("0.0.0.0", 40010, device="lo")])
    lab.ports(A, HERE, model=999)


@scenario()
def datagram_socket(lab):
    """UDP does not matter."""
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("0.0.0.0", 40010))
    lab.keep([network.listen(*A), datagram])
    lab.ports(A, HERE, model=1000)


@scenario()
def bound_inactive(lab):
    """Bound and never connected: 3 explicit ports and 2 of the kernel's choice are blocked for all."""
    lab.keep(network.listen(*A))
    for address, port in ((HERE, 40010), ("127.0.0.9", 40012), ("::1", 40014), (HERE, 0), ("127.0.0.9", 0)):
        lab.keep(network.bound(address, port))
    lab.ports(A, HERE, model=995)


@scenario()
def bound_and_shared(lab):
    """SO_REUSEADDR and SO_REUSEPORT do not make a bound port selectable."""
    lab.keep(network.listen(*A))
    for number, option in enumerate((socket.SO_REUSEADDR, socket.SO_REUSEPORT)):
        lab.keep(network.bound(HERE, 40010 + number, [(socket.SOL_SOCKET, option, 1)]))
    lab.ports(A, HERE, model=998)


@scenario()
def explicit_binds(lab):
    """300 clients that bound address and port block them for another destination too."""
    lab.keep([network.listen(*A), network.listen(*B)])
    lab.keep([network.connect(B, source=HERE, port=40000 + 3 * number) for number in range(300)])
    lab.ports(A, HERE, model=700)


@scenario()
def binds_of_the_kernels_choice(lab):
    """400 clients that bound an address with port 0: blocked for another destination, but nothing says so."""
    lab.keep([network.listen(*A), network.listen(*B)])
    lab.keep(network.connect_many(B, 400, source=HERE, late_port=False))
    lab.ports(A, HERE, model=600)


@scenario()
def late_port_binds(lab):
    """400 clients with IP_BIND_ADDRESS_NO_PORT take nothing from another destination."""
    lab.keep([network.listen(*A), network.listen(*B)])
    lab.keep(network.connect_many(B, 400, source=HERE))
    lab.ports(A, HERE, model=1000)


@scenario()
def plain_clients_elsewhere(lab):
    """400 clients without any bind take nothing from another destination."""
    lab.keep([network.listen(*A), network.listen(*B)])
    lab.keep(network.connect_many(B, 400))
    lab.ports(A, HERE, model=1000)


@scenario()
def explicit_bind_in_time_wait(lab):
    """The port of an explicitly bound client stays blocked for all while it is in TIME_WAIT."""
    lab.keep(network.listen(*A))
    server = lab.keep(network.listen(*B))
    for number in range(60):
        network.time_waits(server, B, 1, source=HERE, port=40000 + 2 * number)
    lab.ports(A, HERE, model=940)


@scenario()
def two_sources(lab):
    """Each source address has the whole range for itself."""
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 700, source=HERE))
    lab.ports(A, "127.0.0.3", model=1000)
    lab.ports(A, HERE, model=300)


@scenario()
def three_bound_sources(lab):
    """Three addresses whose clients bind() first: each fills itself, and all together block plain clients."""
    lab.keep(network.listen(*A))
    lab.keep(network.listen(*B))
    for source in ("127.0.0.3", "127.0.0.4"):
        lab.keep(network.connect_many(A, 200, source=source, late_port=False))
    lab.ports(B, HERE)


@scenario()
def ipv6_has_its_own_tuples(lab):
    """500 connections over ::1 leave IPv4 alone."""
    six = ("::1", 8080)
    lab.keep([network.listen(*A), network.listen(*six)])
    lab.keep(network.connect_many(six, 500, source="::1"))
    lab.ports(A, HERE, model=1000)
    lab.ports(six, "::1", model=500)


@scenario()
def mapped_clients(lab):
    """An IPv6 socket connected to ::ffff:127.0.0.2 takes a port from IPv4."""
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(("::ffff:" + OTHER, 8080), 400, source="::ffff:" + HERE))
    lab.ports(A, HERE, model=600)


@scenario()
def explicit_binds_on_ipv6(lab):
    """50 explicitly bound ::1 clients block their ports for IPv4."""
    six = ("::1", 8080)
    lab.keep([network.listen(*A), network.listen(*six)])
    lab.keep([network.connect(six, source="::1", port=40000 + 2 * number) for number in range(50)])
    lab.ports(A, HERE, model=950)


@scenario()
def device_bound_first(lab):
    """Clients bound to a device are no obstacle for those that are not."""
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 200, source=HERE, device="lo"))
    lab.ports(A, HERE, model=1000)


@scenario()
def accepted_in_the_range(lab):
    """A service inside the range: its accepted connections block one port, not hundreds."""
    service = (OTHER, 40500)
    server = lab.keep(network.listen(*service))
    lab.keep(network.pairs(server, service, 100, source="127.0.0.7"))
    lab.keep(network.listen(*A))
    lab.ports(A, HERE, model=999)


@scenario()
def accepted_without_a_listener(lab):
    """The listener is gone, its accepted connections stay: the port is blocked, and no destination is in trouble."""
    service = (OTHER, 40500)
    server = network.listen(*service)
    lab.keep(network.pairs(server, service, 100, source="127.0.0.7"))
    server.close()
    lab.keep(network.listen(*A))
    lab.ports(A, HERE)


@scenario(ports="40000-40199")
def syn_sent(lab):
    """Attempts that hang hold their ports: the peer's accept queue is full."""
    lab.keep(network.listen(*A, backlog=0))
    lab.keep([network.connect(A, source=HERE, blocking=False) for _ in range(120)])
    lab.ports(A, HERE, model=80, blocking=False)


@scenario(ports="40000-40199")
def client_side_close_wait(lab):
    """Connections that the server closed and the client did not."""
    server = lab.keep(network.listen(*A))
    for client, accepted in network.pairs(server, A, 150, source=HERE):
        lab.keep(client)
        accepted.close()
    lab.ports(A, HERE, model=50)


@scenario(ports="40000-40199")
def server_closes_first(lab):
    """TIME_WAIT at the server costs the client no port."""
    server = lab.keep(network.listen(*A))
    network.time_waits(server, A, 150, closes_first="server", source=HERE)
    lab.ports(A, HERE, model=200)


@scenario(ports="40000-40199", tcp_tw_reuse=0)
def source_of_routing(lab):
    """Without --from the source is the one that routing chooses."""
    network.ip("addr add 10.9.0.1/24 dev lo")
    network.ip("addr add 10.9.0.2/24 dev lo")
    to = ("10.9.0.2", 8080)
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 150)
    probe = lab.keep(network.connect(to))
    lab.equal("source", probe.getsockname()[0], lab.tool.destination(to)["local"])
    lab.ports(to, model=49)


def connect_seconds(lab, to, count):
    """The median time that one of so many connects takes."""
    took = []
    for _ in range(count):
        began = time.monotonic()
        lab.keep(network.connect(to, source=HERE))
        took.append(time.monotonic() - began)
    return statistics.median(took)


@scenario(ports="32768-60999")
def latency_knee(lab):
    """connect() is slow from half of the range on, and the tool says so there and not before."""
    rule = "connect-latency-knee"
    lab.keep(network.listen(*A))
    lab.keep(network.connect_many(A, 13_500, source=HERE))
    fast = connect_seconds(lab, A, 100)
    lab.true("nothing said below half", not lab.tool.check_json("--rule", rule, "--no-state").json["findings"])
    lab.keep(network.connect_many(A, 700, source=HERE))
    slow = connect_seconds(lab, A, 100)
    lab.true("said above half", lab.tool.check_json("--rule", rule, "--no-state").finding(rule))
    lab.shown.append(f"{fast * 1e6:.0f} us below half, {slow * 1e6:.0f} us above")
    lab.true("connect() became much slower", slow > 4 * fast)


@scenario(tcp_tw_reuse="0")
def first_on_a_device(lab):
    """200 clients without a device, none with: 800 are left for the first that is bound to one."""
    lab.keep(network.listen(*A, backlog=2000))
    lab.keep(network.connect_many(A, 200, source=HERE))
    said = lab.tool.destination((f"{A[0]}%{network.socket.if_nametoindex('lo')}", A[1]), HERE)["ports"]
    got = len(lab.keep(network.fill(A, source=HERE, device="lo")))
    lab.within("connects on the device", said["free_min"], said["free_max"], got)
    lab.equal("the kernel gives", 800, got)
