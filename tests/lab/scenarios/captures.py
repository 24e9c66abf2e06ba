"""Texts of ss and netstat, copied tables and captures tell what the live run told, less what they cannot say."""
import os
import shutil
import socket
import subprocess
from pathlib import Path

import network
from harness import Skip, scenario

SERVER = ("127.0.0.1", 8080)
SAMPLE_STATES = ("LISTEN", "SYN_SENT", "ESTABLISHED", "FIN_WAIT2", "TIME_WAIT", "CLOSE_WAIT")
RANGE = ("--assume", "ip_local_port_range=40000 40999", "--assume", "tcp_tw_reuse=0")


def populate(lab):
    server = lab.keep(network.listen(*SERVER))
    lab.keep(network.pairs(server, SERVER, 40))
    network.time_waits(server, SERVER, 150)
    for client, accepted in network.pairs(server, SERVER, 5):
        accepted.shutdown(socket.SHUT_WR)
        lab.keep((client, accepted))
    six = lab.keep(network.listen("::", 8443, dual_stack=True))
    lab.keep(network.pairs(six, ("::1", 8443), 7))
    lab.keep(network.pairs(six, ("127.0.0.1", 8443), 9))  # v4-mapped at the server
    full = lab.keep(network.listen("127.0.0.1", 8444, backlog=0))
    lab.keep([full, [network.connect(("127.0.0.1", 8444), blocking=False) for _ in range(3)]])


def totals(answer):
    return {state: answer.json["states"][state] for state in SAMPLE_STATES}


def keep_text(lab, name, *command):
    if shutil.which(command[0]) is None:
        raise Skip(f"{command[0]} is not installed")
    path = Path(lab.tool.scratch, name)
    path.write_bytes(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    return str(path)


def sources(lab):
    """The path of each kind of source, and whether it has timers."""
    kept = {"ss -tan": False, "ss -tano": True, "ss -tanoi": True, "ss -tanmeio": True, "ss -tanp": False,
            "ss -Htane": True, "ss -peaonmi": True, "netstat -tan": False, "netstat -tanp": False,
            "netstat -W -neopa": True}
    for command, timed in kept.items():
        yield command, keep_text(lab, command.replace(" ", "_"), *command.split()), timed
    dump = str(Path(lab.tool.scratch, "ss.dump"))
    subprocess.run(["ss", "-tan", "-D", dump], check=True)
    yield "ss -D", dump, True
    table = Path(lab.tool.scratch, "tables")
    table.write_bytes(b"".join(Path("/proc/thread-self/net", name).read_bytes() for name in ("tcp", "tcp6")))
    yield "/proc/net/tcp", str(table), True


@scenario(tcp_tw_reuse=0)
def other_sources(lab):
    """Every source gives the states and the port arithmetic of the live run; the births where it has timers."""
    populate(lab)
    live_states = totals(lab.tool.run("states", "--format", "json"))
    live = lab.tool.destination(SERVER)
    lab.true("the sample has every state", all(live_states[state] > 0 for state in SAMPLE_STATES))
    for what, path, timed in sources(lab):
        replay = ("--replay", path)
        lab.equal(f"states of {what}", live_states, totals(lab.tool.run("states", "--format", "json", *replay)))
        told = lab.tool.destination(SERVER, None, *replay, *RANGE)
        for number in ("usable", "in_use", "blocked", "free", "free_max"):
            lab.equal(f"{number} of {what}", live["ports"][number], told["ports"][number])
        lab.true(f"{what}: births are told exactly if there are timers",
                 (told["rate"]["per_second_60s"] is not None) == timed)
        if timed:
            lab.equal(f"births of {what}", live["rate"]["per_second_60s"], told["rate"]["per_second_60s"])
        check = lab.tool.check(*replay)
        lab.equal(f"verdict of {what} without sysctls", 3, check.exit)
        lab.true(f"{what}: line 1 names the source", "from the text of" in check.line1 or "from a " in check.line1)


@scenario(tcp_tw_reuse=0)
def full_without_timers(lab):
    """Exhausted ports are CRITICAL from the barest text, once the range is assumed."""
    server = lab.keep(network.listen(*SERVER))
    network.time_waits(server, SERVER, 980)
    for command in ("ss -tan", "netstat -tan"):
        path = keep_text(lab, "full", *command.split())
        answer = lab.tool.check("--replay", path, *RANGE)
        lab.equal(f"exit of {command}", 2, answer.exit)
        lab.true("the rule is named", "ephemeral-port-exhaustion" in answer.out)


@scenario(tcp_tw_reuse=0)
def masked_capture(lab):
    """A masked capture gives the states, the arithmetic and the findings of the plain one; no address is left."""
    network.ip("addr add 10.77.66.55/32 dev lo")
    to = ("10.77.66.55", 8080)
    server = lab.keep(network.listen(*to))
    lab.keep(network.pairs(server, to, 40))
    network.time_waits(server, to, 940)
    paths = {}
    for name, options in (("plain", ()), ("masked", ("--mask",))):
        paths[name] = str(Path(lab.tool.scratch, name))
        lab.equal("exit of record", 0, lab.tool.run("record", *options, paths[name]).exit)
    content = Path(paths["masked"]).read_bytes()
    for secret in (b"10.77.66.55", bytes((10, 77, 66, 55)), b"37424D0A"):
        lab.true(f"{secret} is not in the masked capture", secret not in content)
    findings = {}
    for name, path in paths.items():
        answer = lab.tool.check_json("--replay", path)
        findings[name] = [(finding["rule"], finding["state"], finding["value"]) for finding in answer.json["findings"]]
        lab.equal(f"states of {name}", totals(lab.tool.run("states", "--format", "json")),
                  totals(lab.tool.run("states", "--format", "json", "--replay", path)))
    lab.equal("findings", findings["plain"], findings["masked"])
    lab.true("there are findings", findings["plain"])


def pictures(answer):
    """Without what the kernel counts for the whole host, and whether to look for bound sockets, which hangs on it."""
    shown = answer.json["picture"]
    for picture in shown:
        del picture["sockstat"]
        for states in (picture["states"], *picture["families"].values()):
            del states["BOUND"]
    return shown


@scenario()
def replay_is_what_was_live(lab):
    """The findings of a replay are those of the live run, word for word, names of processes included."""
    server = lab.keep(network.listen(*SERVER))
    lab.keep(network.pairs(server, SERVER, 950))
    path = str(Path(lab.tool.scratch, "capture"))
    lab.tool.run("record", path)
    live, replay = (lab.tool.run("report", "--format", "json", *options) for options in ((), ("--replay", path)))
    lab.true("there are findings", live.json["findings"])
    lab.true("findings are the same", live.json["findings"] == replay.json["findings"])
    lab.true("pictures are the same", pictures(live) == pictures(replay))
    rules = [[(rule["id"], rule["state"]) for rule in answer.json["rules"]] for answer in (live, replay)]
    lab.true("rules are the same", rules[0] == rules[1])  # of earlier runs only the live one knows
    lab.true("the process is named", f"pid {os.getpid()}" in replay.out)


@scenario()
def replay_reads_nothing_live(lab):
    """strace: a replay opens nothing of the kernel and asks it nothing."""
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    populate(lab)
    path = str(Path(lab.tool.scratch, "capture"))
    lab.tool.run("record", path)
    trace = Path(lab.tool.scratch, "trace")
    for command in ("check", "report", "ports", "states", "audit"):
        lab.tool.run(command, "--replay", path,
                     wrapper=("strace", "-f", "-o", str(trace), "-e", "trace=openat,open,openat2,socket,readlink,execve"))
        lines = [line for line in trace.read_text(encoding="utf-8", errors="replace").splitlines()
                 if ("/proc" in line or "sysctl" in line or "socket(" in line or "/sys/" in line)
                 and "ENOENT" not in line and "execve" not in line]
        lab.equal(f"live reads of {command}", [], lines)
