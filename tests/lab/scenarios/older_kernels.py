"""Where kernels before 6.14 and 6.18 differ: the interval must hold on them too (./dev lab --kernel)."""
import multiprocessing
import time
from pathlib import Path

import network
from harness import Skip, scenario
from scenarios import mixtures

HERE, OTHER, VISITOR = "127.0.0.1", "127.0.0.2", "127.0.0.9"
A, B = (OTHER, 8080), (OTHER, 8081)
RANGE, PORTS, VISITED = "40000-40199", 200, 50
LONG_ENOUGH = 40  # seconds of random mixtures
DELAY = "net.ipv4.tcp_tw_reuse_delay"


def visit(clients):
    """Explicit binds of another address come to the ports of these clients and leave without a trace."""
    for client in clients:
        network.abort([network.connect(B, source=VISITOR, port=client.getsockname()[1])])


def free_after_visits():
    """Linux 6.18 forgets the visitors (d57f4b874946), older ones only when nobody is left on the port."""
    types = Path("/sys/kernel/btf/vmlinux")
    if not types.exists():
        return None
    return PORTS if b"tw_connect_bind" in types.read_bytes() else PORTS - VISITED


@scenario(RANGE)
def visited_plain_clients(lab):
    """The ports of plain clients stay blocked by visitors long gone, before 6.18."""
    lab.keep([network.listen(*A), network.listen(*B)])
    visit(lab.keep(network.connect_many(B, VISITED)))
    lab.ports(A, HERE, model=free_after_visits())


@scenario(RANGE)
def visited_late_port_clients(lab):
    """So do those of clients with IP_BIND_ADDRESS_NO_PORT."""
    lab.keep([network.listen(*A), network.listen(*B)])
    visit(lab.keep(network.connect_many(B, VISITED, source=HERE)))
    lab.ports(A, HERE, model=free_after_visits())


@scenario(RANGE, tcp_tw_reuse=0)
def visited_then_time_wait(lab):
    """So do those of clients that are in TIME_WAIT by now."""
    lab.keep(network.listen(*A))
    server = lab.keep(network.listen(*B))
    made = network.pairs(server, B, VISITED, source=HERE)
    visit(client for client, _ in made)
    for ends in made:
        for end in ends:
            end.close()
    lab.ports(A, HERE, model=free_after_visits())


@scenario(RANGE)
def visited_and_deserted(lab):
    """Nobody is left on the visited ports: selectable on every kernel."""
    lab.keep([network.listen(*A), network.listen(*B)])
    clients = network.connect_many(B, VISITED, source=HERE)
    visit(clients)
    network.abort(clients)
    lab.ports(A, HERE, model=PORTS)


def time_waits_from_a_second_on(lab, part):
    """50 TIME_WAITs, which are all that the range allows, from this part of a second on. Returns that second."""
    if network.has_sysctl(DELAY):
        raise Skip("since Linux 6.14 it is an age in milliseconds that counts")
    server = lab.keep(network.listen(*A))
    time.sleep((part - time.monotonic()) % 1)
    second = int(time.monotonic())
    network.time_waits(server, A, 50, source=HERE)
    return second


@scenario("40000-40049", tcp_tw_reuse=1)
def reuse_in_the_same_second(lab):
    """Before 6.14 a TIME_WAIT is reusable from the clock's next whole second on, not earlier."""
    second = time_waits_from_a_second_on(lab, 0.02)  # the kernel counts seconds a tick late
    _, got = lab.ports(A, HERE)
    lab.true(f"nothing is free in the same second ({got} was)", got == 0 or time.monotonic() >= second + 1)


@scenario("40000-40049", tcp_tw_reuse=1)
def reuse_in_the_next_second(lab):
    """And then it is, be it a few milliseconds old."""
    time_waits_from_a_second_on(lab, 0.5)
    time.sleep(1.01 - time.monotonic() % 1)
    lab.ports(A, HERE, model=50)


class OlderMixture(mixtures.Mixture):
    """TIME_WAITs of up to a second and of more, and no sysctl to say which of them are reusable."""

    def __init__(self, seed):
        super().__init__(seed)
        self.delay = 1000

    def settings(self, *ports):
        return {name: value for name, value in super().settings(*ports).items() if name != DELAY}


def play(work):
    seed, tool = work
    return mixtures.attempt(OlderMixture(seed), tool)


@scenario()
def random_mixtures_before_614(lab):
    """Random mixtures where reuse depends on whole seconds, as many as there is time for; a slow one is left out."""
    if network.has_sysctl(DELAY):
        raise Skip("random_mixtures does this since Linux 6.14")
    seeds = [lab.options.seed] if lab.options.seed is not None else range(1, lab.options.mixtures + 1)
    began, outcomes = time.monotonic(), []
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for outcome in pool.imap(play, [(seed, lab.tool) for seed in seeds]):
            outcomes += [outcome] if outcome else []
            if time.monotonic() - began > LONG_ENOUGH:
                break
    lab.true("some mixtures were quick enough", outcomes)
    if outcomes:
        mixtures.judge_intervals(lab, outcomes)
