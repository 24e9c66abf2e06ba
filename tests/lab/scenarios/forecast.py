"""Steady rates towards one destination: when do the ports run out, and what did the tool say before?"""
import collections
import errno
import time
from dataclasses import dataclass

import network
from harness import scenario

RANGE, PORTS = "40000-40399", 400
SOURCE, TO = "127.0.0.1", ("127.0.0.2", 8080)
RULE = "port-exhaustion-forecast"
KNOWS_AFTER = 10  # seconds of a steady rate from which on a time that the tool names must be right
TOLERANCE = 0.10


@dataclass
class Asked:
    """What the tool said so many seconds after the beginning. `exhausted_in`: seconds, or None for never."""
    elapsed: float
    exhausted_in: float
    rule: str
    exit: int

    def __str__(self):
        left = "never" if self.exhausted_in is None else f"in {self.exhausted_in:.1f} s"
        return f"after {self.elapsed:5.1f} s: exhausted {left}, forecast rule {self.rule}, exit {self.exit}"


def ask(lab, began):
    elapsed = time.monotonic() - began
    exhausted_in = lab.tool.destination(TO, SOURCE)["forecast"]["exhausted_in_seconds"]
    check = lab.tool.check_json("--no-state")  # with a memory it waits for a second run
    (rule,) = [rule["state"] for rule in check.json["rules"] if rule["id"] == RULE]
    said = Asked(elapsed, exhausted_in, rule, check.exit)
    lab.notes.append(str(said))
    return said


def one_connection(server):
    """Opens one: its ends, or None if no port was left."""
    try:
        return network.pairs(server, TO, 1, source=SOURCE)[0]
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        return None


def steady(lab, instants, every, hold=0):
    """Connections begun at these seconds, closed by us after `hold`: (when one failed or None, what was said)."""
    server = lab.keep(network.listen(*TO))
    began, said, open_ones = time.monotonic(), [], collections.deque()
    for instant in instants:
        time.sleep(max(0, began + instant - time.monotonic()))
        ends = one_connection(server)
        if ends is None:
            return time.monotonic() - began, said
        open_ones.append((instant + hold, ends))
        while open_ones and open_ones[0][0] <= instant:
            for end in open_ones.popleft()[1]:
                end.close()
        if time.monotonic() - began >= every * (len(said) + 1):
            said.append(ask(lab, began))
    return None, said


def at_rate(rate, seconds, start=0):
    """The instants of so many connections a second."""
    return [start + number / rate for number in range(int(rate * seconds))]


def runs_out(lab, rate, every, ports=PORTS, hold=0):
    """A rate that is too high: the tool must name the time, and alarm, before connect() fails."""
    failed, said = steady(lab, at_rate(rate, 75), every, hold)
    model = ports / rate
    lab.within("first failure", round(model * 0.97, 1), round(model * 1.03, 1), round(failed or -1, 1))
    if failed is None:
        return
    named = [asked for asked in said if asked.exhausted_in is not None and asked.elapsed >= KNOWS_AFTER]
    in_time = any(asked.elapsed <= failed * 0.5 + every for asked in named)
    lab.true("a time is named before half of the time is over", in_time)
    for asked in named:
        end = asked.elapsed + asked.exhausted_in
        lab.true(f"{asked}: that is {end:.1f}, and it was {failed:.1f}", abs(end - failed) <= TOLERANCE * failed)
    lab.true("it alarms before the first failure", any(asked.exit in (1, 2) for asked in said))
    lab.true("the forecast rule alarms before the first failure", any(asked.rule != "OK" for asked in said))


def lasts(lab, rate, seconds, every):
    """A rate that the ports can bear: no failure, no time named in the long run, no alarm of the forecast rule."""
    failed, said = steady(lab, at_rate(rate, seconds), every)
    lab.equal("first failure", None, failed)
    for asked in said:
        lab.true(f"no alarm {asked}", asked.rule == "OK")
        lab.true(f"no time is named {asked}", asked.exhausted_in is None or asked.elapsed < KNOWS_AFTER)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=25)
def rate_20(lab):
    """20 a second on 400 ports: out of ports after 20 s."""
    runs_out(lab, 20, 2)


@scenario("40000-40999", tcp_tw_reuse=0, sleeps=20)
def rate_that_grows(lab):
    """20 a second, and 6 a second more each second, on 1000 ports: out of ports after 15.2 s, not after the 18 to 20 s
    that the rate of each moment promises."""
    instants = [(-20 + (400 + 12 * number) ** 0.5) / 6 for number in range(1001)]
    failed, said = steady(lab, instants, 2)
    lab.within("first failure", 14.7, 15.7, round(failed or -1, 1))
    for asked in said:
        if asked.elapsed >= KNOWS_AFTER:
            end = asked.elapsed + (asked.exhausted_in or 1000)
            lab.true(f"{asked}: that is {end:.1f}", abs(end - failed) <= TOLERANCE * failed)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=60, slow=True)
def rate_8(lab):
    """8 a second on 400 ports: out of ports after 50 s."""
    runs_out(lab, 8, 5)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=75, slow=True)
def rate_6_9(lab):
    """6.9 a second on 400 ports: out of ports after 58 s, just before the first ones come back."""
    runs_out(lab, 6.9, 5)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=210, slow=True)
def rate_6_2(lab):
    """6.2 a second on 400 ports: for ever, at 95 % of all ports."""
    lasts(lab, 6.2, 205, 5)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=95, slow=True)
def rate_4(lab):
    """4 a second on 400 ports: for ever, and far from every threshold."""
    lasts(lab, 4, 90, 5)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=1000, sleeps=75, slow=True)
def rate_200_with_reuse(lab):
    """200 a second on 400 ports, reused after a second: for ever."""
    lasts(lab, 200, 70, 5)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=30, slow=True)
def burst_that_is_over(lab):
    """250 connections at once on 400 ports, and then none: no trend, no alarm."""
    server = lab.keep(network.listen(*TO))
    began = time.monotonic()
    network.time_waits(server, TO, 250, source=SOURCE)
    lab.equal("exit at once", 0, ask(lab, began).exit)
    for _ in range(4):
        time.sleep(6)
        asked = ask(lab, began)
        lab.true(f"no time is named {asked}", asked.exhausted_in is None)
        lab.true(f"no alarm {asked}", asked.exit == 0)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=80, slow=True)
def rate_6_2_of_long_ones(lab):
    """6.2 a second that live for ten seconds each: out of ports after 64.5 s, before the first one comes back."""
    runs_out(lab, 6.2, 5, hold=10)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=75, slow=True)
def rate_3_5_beside_long_lived(lab):
    """3.5 a second beside 200 connections that stay: the other 200 ports are gone after 57 s."""
    server = network.listen(*TO)
    lab.keep(network.pairs(server, TO, 200, source=SOURCE))
    server.close()
    runs_out(lab, 3.5, 5, ports=200)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=30000, sleeps=30, slow=True)
def rate_20_with_late_reuse(lab):
    """20 a second, reused after 30 s: out of ports after 20 s."""
    runs_out(lab, 20, 2)


@scenario(RANGE, tcp_tw_reuse=1, tcp_tw_reuse_delay=30000, sleeps=95, slow=True)
def rate_6_2_with_late_reuse(lab):
    """6.2 a second, reused after 30 s: for ever."""
    lasts(lab, 6.2, 90, 5)


@scenario(RANGE, tcp_tw_reuse=0, sleeps=60, slow=True)
def rate_that_calms_down(lab):
    """20 a second for 8 s, then 2 a second: at most 270 of 400 ports; no time is named once the new rate is known."""
    failed, said = steady(lab, at_rate(20, 8) + at_rate(2, 50, start=8), 5)
    lab.equal("first failure", None, failed)
    for asked in said:
        lab.true(f"no alarm {asked}", asked.exit == 0)
        lab.true(f"no time is named {asked}", asked.exhausted_in is None or asked.elapsed < 8 + 2 * KNOWS_AFTER)


@scenario("40000-40399", sleeps=45)
def bind_pool_runs_out(lab):
    """bind() before connect(), 10 a second to four destinations, of which none alone is too much: the end is foretold."""
    destinations = [("127.0.0.2", port) for port in (8080, 8081, 8082, 8083)]
    servers = [lab.keep(network.listen(*to)) for to in destinations]
    began, foretold, failed = time.monotonic(), None, None
    for number in range(500):
        time.sleep(max(0, began + number / 10 - time.monotonic()))
        if number == 220:
            check = lab.tool.check_json("--no-state")
            finding = check.finding("bind-pool-forecast") or {}
            lab.equal("it alarms", 1, check.exit)
            lab.true("it alone", [one["rule"] for one in check.json["findings"] if one["state"] == "WARNING"] == ["bind-pool-forecast"])
            foretold = time.monotonic() - began + finding.get("evidence", {}).get("pool_exhausted_in", {}).get("value", 1000)
        try:
            which = number % len(servers)
            network.time_waits(servers[which], destinations[which], 1, source=SOURCE, late_port=False)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            failed = time.monotonic() - began
            break
    lab.true(f"bind() fails after {failed} s, as foretold: {foretold}", failed and foretold and abs(failed - foretold) <= TOLERANCE * failed)
