"""Random mixtures of sockets: the interval must contain what connect() gets, and the estimate must be close."""
import errno
import multiprocessing
import random
import time
from dataclasses import dataclass

import harness
import network
from harness import scenario

LOW = 40000
MEAN_ERROR_LIMIT = 1.2  # ports
WORKERS = 4  # they wait more than they work
WORST_SHOWN = 5
ADDRESSES = ("10.9.0.1", "10.9.0.2")  # the host's own, and yet not loopback
SOURCES = ("127.0.0.1", "127.0.0.3", ADDRESSES[0])
DESTINATIONS = (("127.0.0.2", 8080), ("127.0.0.2", 8081), (ADDRESSES[1], 8080))
SIX, SIX_SERVICE = "::1", ("::1", 8080)
KINDS = ("listener", "bound", "explicit", "bind0", "no_port", "auto", "ipv6")
TOO_SLOW = 0.9  # seconds: a young TIME_WAIT must still be young when the last port is taken


@dataclass
class Client:
    kind: str
    source: str
    to: tuple
    port: int
    time_wait: bool
    old: bool

    def options(self):
        """Arguments for network.connect()."""
        if self.kind == "auto":
            return {}
        port = self.port if self.kind == "explicit" else 0
        return {"source": self.source, "port": port, "late_port": self.kind == "no_port"}


@dataclass
class Holder:
    kind: str
    address: str
    port: int
    old: bool = True


class Mixture:
    """Everything about a mixture follows from its seed."""

    def __init__(self, seed):
        dice = random.Random(seed)
        self.seed = seed
        self.low = LOW + dice.randint(0, 1)
        self.high = self.low + dice.randint(64, 200) - 1
        self.reserved = sorted(dice.sample(range(self.low, self.high + 1), dice.choice((0, 0, 1, 4, 12))))
        self.reuse, self.delay = dice.choice((0, 1, 2)), dice.choice((1, 1000, 30000))
        self.sources = dice.sample(SOURCES, dice.randint(1, len(SOURCES)))
        self.destinations = dice.sample(DESTINATIONS, dice.randint(1, len(DESTINATIONS)))
        self.parts = [self.part(dice) for _ in range(dice.randint(0, 60))]
        self.parts.sort(key=lambda part: not part.old)
        self.asked = dice.choice(self.sources), dice.choice(self.destinations)
        if dice.random() < 0.1:
            self.asked = SIX, SIX_SERVICE

    def part(self, dice):
        kind, port = dice.choice(KINDS), dice.randint(self.low, self.high)
        if kind == "listener":
            return Holder(kind, dice.choice(("0.0.0.0", "127.0.0.1", "127.0.0.9", "::", SIX)), port)
        if kind == "bound":
            return Holder(kind, dice.choice(("0.0.0.0", "127.0.0.1", "127.0.0.9", SIX)), dice.choice((0, port)))
        end_points = dice.choice(self.sources), dice.choice(self.destinations)
        if kind == "ipv6":
            kind, end_points = dice.choice(("explicit", "bind0", "no_port", "auto")), (SIX, SIX_SERVICE)
        elif dice.random() < 0.1:
            end_points = "::ffff:" + end_points[0], ("::ffff:" + end_points[1][0], end_points[1][1])
        return Client(kind, *end_points, port, time_wait=dice.random() < 0.4, old=dice.random() < 0.5)

    def settings(self):
        return {
            "net.ipv4.ip_local_port_range": f"{self.low} {self.high}",
            "net.ipv4.ip_local_reserved_ports": ",".join(map(str, self.reserved)),
            "net.ipv4.tcp_tw_reuse": self.reuse,
            "net.ipv4.tcp_tw_reuse_delay": self.delay,
        }

    def __str__(self):
        counts = {}
        for part in self.parts:
            name = part.kind + ("/TW" if getattr(part, "time_wait", False) else "")
            counts[name] = counts.get(name, 0) + 1
        parts = " ".join(f"{name}:{count}" for name, count in sorted(counts.items()))
        source, (address, port) = self.asked
        return (f"{self.low}-{self.high} less {len(self.reserved)}, reuse {self.reuse} after {self.delay} ms, "
                f"{source} -> {address}:{port}; {parts}")


@dataclass
class Outcome:
    seed: int
    mixture: str
    said: dict
    measured: int

    @property
    def error(self):
        return abs(self.said["free"] - self.measured)

    def __str__(self):
        return (f"seed {self.seed:3}: off by {self.error}: estimate {self.said['free']} in "
                f"[{self.said['free_min']}..{self.said['free_max']}], measured {self.measured}; {self.mixture}")


def add(part, servers, kept):
    """Makes one part; what the kernel refuses, because others hold the port, is left out."""
    try:
        if part.kind == "listener":
            kept.append(network.listen(part.address, part.port))
        elif part.kind == "bound":
            kept.append(network.bound(part.address, part.port))
        elif part.time_wait:
            network.time_waits(servers[part.to], part.to, 1, **part.options())
        else:
            kept.append(network.pairs(servers[part.to], part.to, 1, **part.options()))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            raise


def listen_everywhere():
    """Servers for every destination, also by its v4-mapped name."""
    servers = {SIX_SERVICE: network.listen(*SIX_SERVICE)}
    for address, port in DESTINATIONS:
        servers[address, port] = servers["::ffff:" + address, port] = network.listen(address, port)
    return servers


def attempt(mixture, tool):
    """Makes the mixture, asks and fills. None if this machine was too slow to tell young TIME_WAITs from old ones."""
    harness.prepare_namespace(mixture.settings())
    for address in ADDRESSES:
        network.ip(f"addr add {address}/32 dev lo")
    servers, kept = listen_everywhere(), []
    try:
        for part in mixture.parts:
            if part.old:
                add(part, servers, kept)
        if mixture.delay == 1000 and mixture.reuse:
            time.sleep(1.2)
        began = time.monotonic()
        for part in mixture.parts:
            if not part.old:
                add(part, servers, kept)
        if mixture.delay == 1:
            time.sleep(0.1)
        source, to = mixture.asked
        said = tool.destination(to, source)["ports"]
        kept.append(network.fill(to, source=source))
        in_time = mixture.delay != 1000 or time.monotonic() - began < TOO_SLOW
        return Outcome(mixture.seed, str(mixture), said, len(kept[-1])) if in_time else None
    finally:
        network.abort(kept)
        network.abort(set(servers.values()))


def play(work):
    """One mixture, in a worker process."""
    seed, tool = work
    for _ in range(5):
        if outcome := attempt(Mixture(seed), tool):
            return outcome
    raise TimeoutError(f"seed {seed}: this machine is too slow")


@scenario(tcp_tw_reuse_delay=1000, sleeps=60)
def random_mixtures(lab):
    """Random mixtures of sockets, sources, destinations and sysctls (--mixtures, --seed)."""
    seeds = [lab.options.seed] if lab.options.seed is not None else range(1, lab.options.mixtures + 1)
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        outcomes = pool.map(play, [(seed, lab.tool) for seed in seeds], chunksize=1)
    for outcome in outcomes:
        if not outcome.said["free_min"] <= outcome.measured <= outcome.said["free_max"]:
            lab.mismatches.append(f"outside the interval: {outcome}")
    errors = [outcome.error for outcome in outcomes]
    mean = sum(errors) / len(errors)
    lab.shown.append(f"{len(errors)} mixtures, mean error {mean:.2f} ports, max {max(errors)}")
    lab.notes += [str(outcome) for outcome in sorted(outcomes, key=lambda outcome: -outcome.error)[:WORST_SHOWN]]
    lab.true(f"the mean error {mean:.2f} is at most {MEAN_ERROR_LIMIT}", mean <= MEAN_ERROR_LIMIT or len(errors) < 20)
