"""The zoo, second half: failures to come that others miss. `check` must alarm before the first connect() fails."""
import contextlib
import errno
import resource
import socket
import time

import network
from harness import Skip, scenario
from scenarios.verdicts import wait_for_retransmissions

HERE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
TO = (OTHER, 8080)
SMALL_BUFFER = (socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
DESTINATIONS = [(OTHER, 8080 + number) for number in range(10)]


def alarms(lab, rule=None):
    """`check` is WARNING or CRITICAL, by that rule if it is named; the answer."""
    answer = lab.tool.check_json()
    lab.true(f"exit {answer.exit} is an alarm", answer.exit in (1, 2))
    found = [finding["rule"] for finding in answer.json["findings"] if finding["state"] in ("WARNING", "CRITICAL")]
    lab.shown.append(f"{answer.json['state']} by {'+'.join(sorted(set(found))) or 'nothing'}")
    if rule:
        lab.true(f"{rule} alarms", rule in found)
    return answer


def near_failure(lab, to, most, rule=None, **options):
    """It alarms; then connecting until failure shows that at most so many ports were left, and at least one."""
    alarms(lab, rule)
    lab.within("connects until failure", 1, most, len(lab.keep(network.fill(to, **options))))


@scenario(ports="40000-40063")
def small_range(lab):
    """52 connections: nothing to look at, but the range has 64 ports."""
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 52, source=HERE))
    near_failure(lab, TO, 12, source=HERE)


@scenario(ip_local_reserved_ports="40000-40879,40900-40919")
def reserved_ports_eat_the_range(lab):
    """A range of 1 000 of which 900 are reserved, and 80 connections."""
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 80, source=HERE))
    near_failure(lab, TO, 20, source=HERE)


@scenario()
def bind_pool_over_many_destinations(lab):
    """90 connections to each of ten destinations, their ports chosen by bind(): one pool, nearly empty."""
    for to in DESTINATIONS:
        lab.keep(network.listen(*to))
        lab.keep(network.connect_many(to, 90, source=HERE, late_port=False))
    near_failure(lab, TO, 100, "bind-pool-exhaustion", source=HERE, late_port=False)


@scenario(tcp_tw_reuse=0)
def bind_pool_in_time_wait(lab):
    """The same, and all of them are closed: nothing lives, each destination has 9 %, and bind() is nearly out."""
    for to in DESTINATIONS:
        server = lab.keep(network.listen(*to))
        network.time_waits(server, to, 90, source=HERE, late_port=False)
    near_failure(lab, TO, 100, "bind-pool-exhaustion", source=HERE, late_port=False)


@scenario()
def established_only(lab):
    """920 of 1 000 ports by connections that live, not a single TIME_WAIT."""
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 920, source=HERE))
    near_failure(lab, TO, 80, "ephemeral-port-exhaustion", source=HERE)


def time_waits_of(lab, source, to, listen_address):
    server = lab.keep(network.listen(listen_address, to[1]))
    network.time_waits(server, to, 920, source=source)
    near_failure(lab, to, 80, "ephemeral-port-exhaustion", source=source)


@scenario(tcp_tw_reuse=0)
def ipv6_time_waits(lab):
    """920 of 1 000 ports in TIME_WAIT on IPv6."""
    time_waits_of(lab, "::1", ("::1", 8080), "::1")


@scenario(tcp_tw_reuse=0)
def mapped_time_waits(lab):
    """920 of 1 000 ports in TIME_WAIT by IPv6 sockets that speak IPv4."""
    time_waits_of(lab, "::ffff:" + HERE, ("::ffff:" + OTHER, 8080), OTHER)


@scenario(tcp_tw_reuse=0)
def two_families_share_the_ports(lab):
    """460 connections of IPv4 and 460 of v4-mapped sockets to one destination: 46 % each, 92 % together."""
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 460, source=HERE))
    lab.keep(network.connect_many(("::ffff:" + OTHER, 8080), 460, source="::ffff:" + HERE))
    near_failure(lab, TO, 80, "ephemeral-port-exhaustion", source=HERE)


def needs_bound_sockets():
    if network.kernel() < (6, 8):
        raise Skip("before Linux 6.8 (91051f003948) the kernel does not tell of bound sockets")


@scenario()
def bound_and_forgotten(lab):
    """900 sockets that were bound and never connected, which no netstat shows, and 20 connections."""
    needs_bound_sockets()
    lab.keep([network.bound(HERE) for _ in range(900)])
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 20, source=HERE))
    near_failure(lab, TO, 80, source=HERE)


@scenario()
def listeners_everywhere(lab):
    """850 listeners inside the range, all on another address, and no connection at all."""
    lab.keep([network.listen("127.0.0.9", 40000 + number) for number in range(850)])
    lab.keep(network.listen(*TO))
    near_failure(lab, TO, 150, source=HERE)


@scenario(ports="40000-40399")
def black_hole(lab):
    """250 attempts to a destination that never answers, 62 % of the ports; they stay for two minutes."""
    network.ip("route add 10.77.0.0/16 dev lo src 127.0.0.1")
    to = ("10.77.0.1", 443)
    lab.keep([network.connect(to, blocking=False) for _ in range(250)])
    wait_for_retransmissions(2)
    near_failure(lab, to, 150, "syn-sent-pileup", blocking=False)


@scenario()
def stalled_accept(lab):
    """A server that no longer accepts: 129 wait at a backlog of 128, and the next client hangs."""
    lab.keep(network.listen(*TO, backlog=128))
    lab.keep(network.connect_many(TO, 129))
    alarms(lab, "accept-queue-full")
    client = lab.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    client.settimeout(0.5)
    try:
        client.connect(TO)
        lab.mismatches.append("the next client was served")
    except TimeoutError:
        lab.shown.append("the next client hangs")


@scenario(sleeps=70, slow=True)
def leak_fills_the_file_limit(lab):
    """400 leaked sockets of at most 500 open files; soon accept() fails."""
    server = lab.keep(network.listen(*TO))
    ends = network.pairs(server, TO, 400)
    for client, accepted in ends:
        client.close()
        assert accepted.recv(10) == b""
    for _, accepted in ends:
        if accepted.fileno() < 450:
            lab.keep(accepted)
        else:  # the limit is one of numbers: into the place of a client
            lab.keep(accepted.dup())
            accepted.close()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, hard))
    time.sleep(62)
    (state,) = [rule for rule in lab.tool.check_json().json["rules"] if rule["id"] == "close-wait-file-limit"]
    if state["state"] == "SKIPPED":
        raise Skip(f"close-wait-file-limit: {state['reason']}")
    alarms(lab, "close-wait-file-limit")
    lab.within("descriptors until failure", 1, 100, descriptors_left(lab))


def descriptors_left(lab):
    """How many more sockets this process may open."""
    for count in range(1000):
        try:
            lab.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        except OSError as error:
            assert error.errno == errno.EMFILE
            return count
    return None


@scenario(tcp_tw_reuse=0)
def explicit_binds_over_destinations(lab):
    """300 explicit binds to each of three destinations, half of them in TIME_WAIT: 900 ports are for nobody else."""
    port = 40000
    for to in DESTINATIONS[:3]:
        server = lab.keep(network.listen(*to))
        for number in range(300):
            if number % 2:
                network.time_waits(server, to, 1, source=HERE, port=port)
            else:
                lab.keep(network.pairs(server, to, 1, source=HERE, port=port))
            port += 1
    near_failure(lab, TO, 100, source=HERE)


@scenario(tcp_tw_reuse=1)
def fin_wait2_despite_reuse(lab):
    """930 connections that the peer does not close; tcp_tw_reuse=1 never frees them."""
    server = lab.keep(network.listen(*TO))
    for client, accepted in network.pairs(server, TO, 930, source=HERE):
        lab.keep(accepted)
        client.close()
    time.sleep(1.3)
    near_failure(lab, TO, 70, "ephemeral-port-exhaustion", source=HERE)


@scenario(tcp_tw_reuse=0, sleeps=30, slow=True)
def soon_at_a_low_fill(lab):
    """40 a second on 1 000 ports, for 12 s: half of the ports are left, for 13 seconds."""
    server = lab.keep(network.listen(*TO))
    began = time.monotonic()
    for number in range(480):
        time.sleep(max(0, began + number / 40 - time.monotonic()))
        network.time_waits(server, TO, 1, source=HERE)
    left = lab.tool.destination(TO, HERE)["forecast"]["exhausted_in_seconds"]
    lab.within("seconds left", 11.5, 14.5, left or -1)
    alarms(lab)


@scenario(tcp_tw_reuse=0, tcp_max_tw_buckets=100)
def time_wait_buckets_lowered(lab):
    """95 TIME_WAITs of at most 100: soon connections end without it."""
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 95, source=HERE)
    alarms(lab, "time-wait-bucket-use")
    network.time_waits(server, TO, 50, source=HERE)
    lab.equal("TIME_WAIT", 100, network.time_waits_of_kernel())


@scenario(tcp_tw_reuse=0)
def second_source_is_full(lab):
    """One of two local addresses has used up its ports; the other has used none."""
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 930, source=THIRD)
    answer = alarms(lab, "ephemeral-port-exhaustion")
    subjects = [finding["subject"]["source"] for finding in answer.json["findings"] if "source" in finding["subject"]]
    lab.equal("sources blamed", {THIRD}, set(subjects))
    lab.within("from the full one", 1, 70, len(lab.keep(network.fill(TO, source=THIRD))))
    lab.equal("from the other", 1000, len(lab.keep(network.fill(TO, source=HERE))))


@scenario()
def close_waits_hold_the_ports(lab):
    """The server closed 930 connections and the client none: CLOSE_WAITs, too young for a leak, hold the ports."""
    server = lab.keep(network.listen(*TO))
    for client, accepted in network.pairs(server, TO, 930, source=HERE):
        lab.keep(client)
        accepted.close()
    near_failure(lab, TO, 70, "ephemeral-port-exhaustion", source=HERE)


@scenario()
def blocked_and_used(lab):
    """60 % of the ports used by one destination and 25 % blocked for all: each harmless, together nearly the end."""
    lab.keep([network.listen("127.0.0.9", 40000 + 4 * number) for number in range(240)])
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 600, source=HERE))
    near_failure(lab, TO, 160, "ephemeral-port-exhaustion", source=HERE)


@scenario()
def bound_by_the_other_family(lab):
    """900 ports bound on IPv6 only, by sockets that have no IPv4."""
    needs_bound_sockets()
    holders = [network.bound("::1") for _ in range(900)]
    lab.keep([holders, network.listen(*TO)])
    near_failure(lab, TO, 100, source=HERE)


@scenario()
def bound_to_a_device(lab):
    """920 connections bound to a device: the next one that is bound to it has 80 ports left."""
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 920, source=HERE, device="lo"))
    near_failure(lab, TO, 80, "ephemeral-port-exhaustion", source=HERE, device="lo")


@scenario()
def mptcp_only(lab):
    """920 connections of MPTCP."""
    lab.keep(network.listen(*TO))
    lab.keep(network.connect_many(TO, 920, protocol=network.IPPROTO_MPTCP))
    near_failure(lab, TO, 80, "ephemeral-port-exhaustion", source=HERE)


@scenario("40000-40199", tcp_tw_reuse=1)
def unsent_data_of_the_dead(lab):
    """180 connections closed here whose peer does not read: FIN_WAIT1, of no process, in no TIME_WAIT."""
    server = lab.keep(network.listen(*TO))
    connections = network.pairs(server, TO, 180, source=HERE, options=[SMALL_BUFFER])
    for _ in range(3):  # what was full may find room once more
        for client, _ in connections:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    client.send(b"x" * 65536)
        time.sleep(0.1)
    for client, accepted in connections:
        lab.keep(accepted)
        client.close()
    lab.equal("FIN_WAIT1", 180, lab.tool.states()["FIN_WAIT1"])
    near_failure(lab, TO, 20, "ephemeral-port-exhaustion", source=HERE)


@scenario(sleeps=70, slow=True)
def clients_gave_up_waiting(lab):
    """Seven clients came and went a minute ago, and nobody accepted them."""
    lab.keep(network.listen(*TO))
    for client in network.connect_many(TO, 7):
        client.close()
    time.sleep(62)
    alarms(lab, "close-wait-unaccepted")
