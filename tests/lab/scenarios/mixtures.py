"""Random mixtures of sockets: the interval must contain what connect() gets, the estimate must be close, and the
verdict must not be OK where a destination is at a threshold."""
import contextlib
import errno
import multiprocessing
import random
import socket
import struct
import time
from dataclasses import dataclass

import harness
import network
from harness import scenario

LOW = 40000
MEAN_ERROR_LIMIT = 2  # ports, of mixtures without crowds
WORKERS = 4  # they wait more than they work
WORST_SHOWN = 5
ADDRESSES = ("10.9.0.1", "10.9.0.2")  # the host's own, and yet not loopback
SOURCES = ("127.0.0.1", "127.0.0.3", ADDRESSES[0])
DESTINATIONS = (("127.0.0.2", 8080), ("127.0.0.2", 8081), (ADDRESSES[1], 8080))
SIX, SIX_SERVICE = "::1", ("::1", 8080)
KINDS = ("listener", "bound", "explicit", "bind0", "no_port", "auto", "ipv6", "late", "shared", "child", "inherited",
         "ranged", "device", "mptcp")
CROWDS = ("explicit", "bind0", "no_port", "auto", "auto", "late", "child", "ranged")
OUTSIDE = (50000, 50999)  # where clients of accepted children have their ports
WARNING, MARGIN, RARE = 70, 5, 0.02  # percent, points, and the share of mixtures that may warn below both
RULE = "ephemeral-port-exhaustion"
SOON = (1000, 3000)  # delays that pass while the mixture is asked about
TOO_SLOW = 0.9  # seconds: a young TIME_WAIT must still be young when the last port is taken


@dataclass
class Part:
    """`old`: made before a pause, and before the settings change; `restarted`: something restarts its timer."""
    kind: str
    source: str
    to: tuple
    port: int
    time_wait: bool = False
    old: bool = True
    restarted: bool = False

    def options(self):
        """Arguments for network.connect()."""
        if self.kind in ("auto", "mptcp"):
            return {"protocol": network.IPPROTO_MPTCP if self.kind == "mptcp" else 0}
        if self.kind == "ranged":
            wanted = struct.pack("=I", self.port | (self.port + 9) << 16)
            return {"options": [(socket.IPPROTO_IP, network.IP_LOCAL_PORT_RANGE, wanted)]}
        if self.kind == "device":
            return {"device": "lo"}
        return {"source": self.source, "port": self.port if self.kind in ("explicit", "shared") else 0,
                "late_port": self.kind == "no_port", "flag_after_bind": self.kind == "late",
                "options": [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)] if self.kind == "shared" else ()}


class Mixture:
    """Everything about a mixture follows from its seed."""

    def __init__(self, seed):
        dice = random.Random(seed)
        self.seed = seed
        self.low, self.high, self.reserved = self.range(dice)
        self.before = self.range(dice) if dice.random() < 0.25 else (self.low, self.high, self.reserved)
        self.reuse, self.delay = dice.choice((0, 1, 2)), dice.choice((1, 1000, 3000, 30000))
        self.sources = dice.sample(SOURCES, dice.randint(1, len(SOURCES)))
        self.destinations = dice.sample(DESTINATIONS, dice.randint(1, len(DESTINATIONS)))
        self.crowds = dice.choice((0, 0, 0, 1, 2))
        self.parts = [self.part(dice, dice.choice(KINDS)) for _ in range(dice.randint(0, 60))]
        for _ in range(self.crowds):
            self.parts += self.crowd(dice)
        self.parts.sort(key=lambda part: not part.old)

    @staticmethod
    def range(dice):
        low = LOW + dice.randint(0, 1) + dice.choice((0, 0, 0, 37))
        high = low + (dice.randint(64, 200) if dice.random() < 0.97 else 1) - 1
        count = min(dice.choice((0, 0, 1, 4, 12)), high - low)
        return low, high, sorted(dice.sample(range(low, high + 1), count))

    def part(self, dice, kind):
        port = dice.randint(self.low, self.high)
        if kind in ("listener", "bound"):
            address = dice.choice(("0.0.0.0", "127.0.0.1", "127.0.0.9", "::", SIX))
            return Part(kind, address, (), dice.choice((0, port)) if kind == "bound" else port)
        source, to = dice.choice(self.sources), dice.choice(self.destinations)
        if kind == "ipv6":
            kind, source, to = dice.choice(("explicit", "bind0", "no_port", "auto")), SIX, SIX_SERVICE
        elif dice.random() < 0.1 and kind not in ("child", "inherited"):
            source, to = "::ffff:" + source, ("::ffff:" + to[0], to[1])
        return Part(kind, source, to, port, time_wait=dice.random() < 0.4, old=dice.random() < 0.5,
                    restarted=dice.random() < 0.1)

    def crowd(self, dice):
        """Many of one kind, in one state, to one destination or to all."""
        kind, first = dice.choice(CROWDS), self.part(dice, "auto")
        everywhere = dice.random() < 0.3
        parts = [self.part(dice, kind) for _ in range(dice.randint(20, 150))]
        for part in parts:
            to = part.to if everywhere else first.to
            part.source, part.to = first.source.removeprefix("::ffff:"), (to[0].removeprefix("::ffff:"), to[1])
            part.port = first.port if kind == "ranged" else part.port
            part.time_wait, part.old = first.time_wait, first.old or self.delay in SOON
        return parts

    def settings(self, low, high, reserved):
        return {
            "net.ipv4.ip_local_port_range": f"{low} {high}",
            "net.ipv4.ip_local_reserved_ports": ",".join(map(str, reserved)),
            "net.ipv4.tcp_tw_reuse": self.reuse,
            "net.ipv4.tcp_tw_reuse_delay": self.delay,
        }

    def __str__(self):
        counts = {}
        for part in self.parts:
            name = part.kind + ("/TW" if part.time_wait else "") + ("/restarted" if part.restarted else "")
            counts[name] = counts.get(name, 0) + 1
        parts = " ".join(f"{name}:{count}" for name, count in sorted(counts.items()))
        moved = f" (before {self.before[0]}-{self.before[1]})" if self.before[0] != self.low else ""
        return (f"{self.low}-{self.high}{moved} less {len(self.reserved)}, reuse {self.reuse} after {self.delay} ms; "
                f"{parts}")


@dataclass
class Answer:
    """One destination: what was said, and what was measured."""
    local: str
    to: str
    said: dict
    measured: int

    @property
    def error(self):
        return abs(self.said["free"] - self.measured)

    @property
    def inside(self):
        return self.said["free_min"] <= self.measured <= self.said["free_max"]

    def percent(self, free):
        return 100 * (1 - free / self.said["usable"]) if self.said["usable"] else 100

    def __str__(self):
        return (f"{self.local} -> {self.to}: off by {self.error}: estimate {self.said['free']} in "
                f"[{self.said['free_min']}..{self.said['free_max']}] of {self.said['usable']}, measured {self.measured}")


@dataclass
class Outcome:
    seed: int
    mixture: str
    answers: list
    state: str  # of the check
    alarms: list  # summaries of the rule about ports
    crowds: int

    @property
    def fullest(self):
        """The true percentage of the fullest destination."""
        return max(answer.percent(answer.measured) for answer in self.answers)

    @property
    def worst_end(self):
        return max(answer.percent(answer.said["free_min"]) for answer in self.answers)

    def describe(self, answer=None):
        return f"seed {self.seed:3}: {answer or ''} {self.state}; {self.mixture}; {self.alarms}"


def child(part, kept):
    """A connection that was accepted on a port of the range, and whose listener is gone."""
    address = part.source
    listener = socket.socket(network.family_of(address), socket.SOCK_STREAM)
    if part.kind == "inherited":
        listener.setsockopt(socket.IPPROTO_IP, network.IP_BIND_ADDRESS_NO_PORT, 1)
    with listener:
        listener.bind((address, part.port))
        listener.listen(8)
        for port in range(*OUTSIDE):
            with contextlib.suppress(OSError):
                kept.append(network.connect((address, part.port), source=address, port=port))
                break
        accepted = listener.accept()[0]
    if part.time_wait:
        accepted.close()
        kept[-1].recv(1)
        kept.pop().close()
    else:
        kept.append(accepted)


def add(part, servers, kept):
    """Makes one part; what the kernel refuses, because others hold the port, is left out."""
    try:
        if part.kind == "listener":
            kept.append(network.listen(part.source, part.port))
        elif part.kind == "bound":
            kept.append(network.bound(part.source, part.port))
        elif part.kind in ("child", "inherited"):
            child(part, kept)
        elif part.time_wait:
            network.time_waits(servers[part.to], part.to, 1, **part.options())
        else:
            kept.append(network.pairs(servers[part.to], part.to, 1, **part.options()))
            if part.kind == "shared":
                other = next((to for to in DESTINATIONS if to != part.to and ":" not in part.source), None)
                kept.append(network.pairs(servers[other], other, 1, **part.options()) if other else [])
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            raise


def listen_everywhere():
    """Servers for every destination, also by its v4-mapped name."""
    servers = {SIX_SERVICE: network.listen(*SIX_SERVICE)}
    for address, port in DESTINATIONS:
        servers[address, port] = servers["::ffff:" + address, port] = network.listen(address, port)
    return servers


def measure(destination):
    """How many connections the kernel lets us have; then they are gone again."""
    to = (destination["remote"], destination["remote_port"])
    options = {"device": "lo"} if destination["device"] else {}
    sockets = network.fill(to, source=destination["local"], **options)
    network.abort(sockets)
    return len(sockets)


def ask(tool, services):
    """The verdict, and the arithmetic of all destinations of the mixture."""
    verdict = tool.check_json("--no-state")
    listed = tool.run("ports", "--format", "json", "--top", "1000").json["namespaces"][0]["destinations"]
    destinations = [one for one in listed if (one["remote"], one["remote_port"]) in services]
    if not destinations:
        to = DESTINATIONS[0]
        destinations = [tool.destination(to, SOURCES[0])]
    alarms = [finding["summary"] for finding in verdict.json["findings"]
              if finding["rule"] == RULE and finding["state"] in ("WARNING", "CRITICAL")]
    return verdict.json["state"], alarms, destinations


def attempt(mixture, tool):
    """Makes the mixture, asks and fills, one destination after the other, until young TIME_WAITs are no longer young.

    None if this machine was too slow for any.
    """
    harness.prepare_namespace(mixture.settings(*mixture.before))
    for address in ADDRESSES:
        network.ip(f"addr add {address}/32 dev lo")
    servers, kept = listen_everywhere(), []
    try:
        for part in mixture.parts:
            if part.old:
                add(part, servers, kept)
        for name, value in mixture.settings(mixture.low, mixture.high, mixture.reserved).items():
            network.set_sysctl(name, value)
        if mixture.delay in SOON and mixture.reuse:
            time.sleep(mixture.delay / 1000 + 0.2)
        began = time.monotonic()
        for part in mixture.parts:
            if not part.old:
                add(part, servers, kept)
        if any(part.restarted for part in mixture.parts):
            network.restart_time_waits(share=0.3)
        if mixture.delay == 1:
            time.sleep(0.1)
        state, alarms, destinations = ask(tool, servers)
        in_time = TOO_SLOW * mixture.delay / 1000 if mixture.delay in SOON else float("inf")
        answers = []
        for one in destinations:
            measured = measure(one)
            if time.monotonic() - began > in_time:
                break
            answers.append(Answer(one["local"], f"{one['remote']}:{one['remote_port']}", one["ports"], measured))
        return Outcome(mixture.seed, str(mixture), answers, state, alarms, mixture.crowds) if answers else None
    finally:
        network.abort(kept)
        network.abort(set(servers.values()))


def play(work):
    """One mixture, in a worker process."""
    seed, tool = work
    for _ in range(5):
        if outcome := attempt(Mixture(seed), tool):
            return outcome
    return None


def judge_intervals(lab, outcomes):
    """The truth lies in every interval, and the estimates are close."""
    found = [(answer, outcome) for outcome in outcomes for answer in outcome.answers]
    lab.mismatches += [f"outside the interval: {outcome.describe(answer)}" for answer, outcome in found if not answer.inside]
    found.sort(key=lambda pair: pair[0].error)
    errors = [answer.error for answer, _ in found]
    scattered = [answer.error for answer, outcome in found if not outcome.crowds]
    mean = sum(scattered) / max(1, len(scattered))
    lab.shown.append(f"{len(outcomes)} mixtures, {len(errors)} destinations, errors in ports: "
                     f"mean {sum(errors) / len(errors):.2f} ({mean:.2f} without crowds), "
                     f"p90 {errors[len(errors) * 90 // 100]}, p99 {errors[len(errors) * 99 // 100]}, max {errors[-1]}")
    lab.notes += [outcome.describe(answer) for answer, outcome in found[:-WORST_SHOWN - 1:-1]]
    lab.true(f"the mean error {mean:.2f} is at most {MEAN_ERROR_LIMIT}", mean <= MEAN_ERROR_LIMIT or len(outcomes) < 20)


def judge_verdicts(lab, outcomes):
    """Never OK at a threshold; hardly ever an alarm well below it, and then it says why."""
    early = []
    for outcome in outcomes:
        if outcome.fullest >= WARNING and outcome.state in ("OK", "INFO"):
            lab.mismatches.append(f"{outcome.state} at {outcome.fullest:.0f} %: {outcome.describe()}")
        if outcome.alarms and outcome.worst_end < WARNING:
            lab.mismatches.append(f"an alarm, and even the worse end is {outcome.worst_end:.0f} %: {outcome.describe()}")
        if outcome.alarms and outcome.fullest < WARNING - MARGIN:
            early.append(outcome)
            lab.true(f"says that the interval straddles: {outcome.describe()}",
                     any("cannot be told apart" in summary for summary in outcome.alarms))
    lab.shown.append(f"{len(early)} early alarms")
    lab.notes += [f"{outcome.fullest:.0f} % true, early: {outcome.describe()}" for outcome in early[:WORST_SHOWN]]
    lab.true(f"{len(early)} early alarms are few", len(early) <= max(1, RARE * len(outcomes)))


@scenario(tcp_tw_reuse_delay=1000, sleeps=60)
def random_mixtures(lab):
    """Random mixtures of sockets, sources, destinations and sysctls (--mixtures, --seed)."""
    seeds = [lab.options.seed] if lab.options.seed is not None else range(1, lab.options.mixtures + 1)
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        answers = pool.map(play, [(seed, lab.tool) for seed in seeds], chunksize=1)
    outcomes = [outcome for outcome in answers if outcome]
    lab.true("this machine is quick enough for most mixtures", len(outcomes) * 10 >= len(seeds) * 9)
    judge_intervals(lab, outcomes)
    judge_verdicts(lab, outcomes)
