"""Bad conditions: sockets that come and go while the kernel lists them, and a hash table of 16 buckets."""
import contextlib
import os
import random
import signal
import time
import traceback

import network
from harness import Skip, prepare_namespace, scenario

HERE, TO = "127.0.0.1", ("127.0.0.2", 8080)
ROUNDS = 20
LONGEST = 25  # seconds, on a slow machine: then the first TIME_WAITs go
TOLERANCE = 0.01
SETTINGS = {"net.ipv4.ip_local_port_range": "40000 49999", "net.ipv4.tcp_max_tw_buckets": 100_000}


def enter_small_table():
    """A namespace whose hash table has 16 buckets, ordered by the one it was made in, not by the host."""
    order = "net.ipv4.tcp_child_ehash_entries"
    if not network.has_sysctl(order):
        raise Skip(f"this kernel has no {order}")
    network.set_sysctl(order, 16)
    prepare_namespace(SETTINGS)
    assert network.get_sysctl("net.ipv4.tcp_ehash_entries") == "16"


def population(lab):
    """1 500 connections, 100 of them half closed, 800 TIME_WAITs, 200 connections on IPv6, 40 listeners: by state."""
    server, six = lab.keep([network.listen(*TO), network.listen("::1", 8080)])
    lab.keep([network.listen("127.0.0.9", 20000 + number) for number in range(38)])
    connections = lab.keep(network.pairs(server, TO, 1500, source=HERE))
    for client, _ in connections[:100]:
        client.shutdown(network.socket.SHUT_WR)
    network.time_waits(server, TO, 800, source=HERE)
    lab.keep(network.pairs(six, ("::1", 8080), 200, source="::1"))
    there = network.time_waits_of_kernel()  # a slow machine may see the first of them go
    lab.within("TIME_WAITs", 700, 800, there)
    return {"ESTABLISHED": 2 * 1400 + 2 * 200, "FIN_WAIT2": 100, "CLOSE_WAIT": 100, "TIME_WAIT": there, "LISTEN": 40}


def churn(seed):
    """Opens and closes sockets of all kinds for ever."""
    dice, kept = random.Random(seed), []
    destinations = [(f"127.0.3.{seed}", 9000 + number) for number in range(8)]
    servers = {to: network.listen(*to) for to in destinations}
    while True:
        to = dice.choice(destinations)
        with contextlib.suppress(OSError):  # ports may run out
            kept.append(network.pairs(servers[to], to, dice.randint(1, 5)))
            if dice.random() < 0.1:
                kept.append(network.bound("127.0.0.8"))
                kept.append(network.listen("127.0.0.8", 0))
        if len(kept) > 20:
            network.abort(kept.pop(dice.randrange(len(kept))) for _ in range(5))


@contextlib.contextmanager
def churning(processes=2):
    """So many processes that churn in this namespace, until the block ends."""
    children = []
    for seed in range(processes):
        if (pid := os.fork()) == 0:
            try:
                churn(seed)
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        children.append(pid)
    try:
        yield
    finally:
        ended = [pid for pid in children if os.waitpid(pid, os.WNOHANG)[0]]
        for pid in set(children) - set(ended):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    assert not ended, "the churning ended early"


def counts_hold(lab, want):
    """Every state is counted exactly."""
    ours = lab.tool.states()
    for state, count in want.items():
        lab.equal(state, count, ours[state])


def stays_calm(lab, there):
    """`check` and `ports` again and again: never an error, and what stands still is neither lost nor doubled."""
    worst, exits = 0, set()
    clients = 1500 + there["TIME_WAIT"]
    began = time.monotonic()
    for _ in range(ROUNDS):
        if time.monotonic() - began > LONGEST:
            break
        check = lab.tool.check()
        exits.add(check.exit)
        lab.true(f"stderr is empty: {check.err}", not check.err)
        said = lab.tool.destination(TO, HERE)["states"]
        held = said["ESTABLISHED"] + said["FIN_WAIT2"] + said["TIME_WAIT"]
        lab.true(f"{held} of {clients} are not counted twice", held <= clients)
        worst = max(worst, clients - held)
        alive = lab.tool.states()
        lab.true(f"states are complete: {alive}", alive["CLOSE_WAIT"] >= 100 - clients * TOLERANCE)
    lab.equal("exits", {0}, exits)
    lab.within(f"most sockets missed of {clients}", 0, int(clients * TOLERANCE), worst)


@scenario(tcp_tw_reuse=0)
def small_table_at_rest(lab):
    """16 buckets, 4 500 sockets: counted exactly."""
    enter_small_table()
    there = population(lab)
    counts_hold(lab, there)
    stays_calm(lab, there)


@scenario(tcp_tw_reuse=0)
def small_table_under_churn(lab):
    """16 buckets, 4 500 sockets, and others that come and go: nothing twice, within 1 %, no error."""
    enter_small_table()
    there = population(lab)
    with churning():
        stays_calm(lab, there)


@scenario(tcp_tw_reuse=0, tcp_max_tw_buckets=100_000, ports="40000-49999")
def usual_table_under_churn(lab):
    """The usual table while sockets come and go: exact, no error."""
    there = population(lab)
    with churning():
        stays_calm(lab, there)
