"""What `check` knows of its earlier runs: rates, since, and a place to keep them that may be anything."""
import json
import subprocess
import time
from pathlib import Path

import network
from harness import scenario

TO = ("127.0.0.1", 8080)


def counter(name):
    """A counter of TcpExt, as the kernel prints it."""
    lines = Path("/proc/thread-self/net/netstat").read_text(encoding="ascii").splitlines()
    names, values = (line.split() for line in lines if line.startswith("TcpExt:"))
    return int(values[names.index(name)])


def outcome(answer, rule):
    return next(item for item in answer.json["rules"] if item["id"] == rule)


def stall(lab, backlog=4):
    """A server that never accepts, with a full queue."""
    lab.keep(network.listen(*TO, backlog=backlog))
    lab.keep(network.connect_many(TO, backlog + 1))


def turn_away(lab, clients):
    """So many clients knock at the full queue; each knocks again by itself after 1, 3, 7, 15 seconds."""
    lab.keep([network.connect(TO, blocking=False) for _ in range(clients)])


def speaks_of_history(out):
    """Other notes may be about namespaces of scenarios that run meanwhile."""
    return any(line.startswith("note:") and ("earlier runs" in line or "history" in line) for line in out.splitlines())


@scenario(sleeps=36)
def overflow_rate_between_runs(lab):
    """A stalled server: a second after the first run there is no rate, 35 s after it the kernel's own, and since."""
    stall(lab)
    first = lab.tool.check_json()
    before, began = counter("ListenOverflows"), time.monotonic()
    lab.equal("accept-queue-full at first", "WARNING", outcome(first, "accept-queue-full")["state"])
    turn_away(lab, 100)
    time.sleep(1)
    second = lab.tool.check_json()
    lab.equal("listen-overflows after a second", "SKIPPED", outcome(second, "listen-overflows")["state"])
    lab.equal("accept-queue-full after a second", "WARNING", outcome(second, "accept-queue-full")["state"])
    time.sleep(34)
    third = lab.tool.check_json()
    seconds, overflows = time.monotonic() - began, counter("ListenOverflows") - before
    finding = third.finding("listen-overflows") or {"evidence": {}}
    lab.true(f"clients were turned away: {overflows}", overflows >= 100)
    lab.within("overflows a second", 0.9 * overflows / seconds, 1.1 * overflows / seconds, finding.get("value", -1))
    lab.equal("accept-queue-full after 35 s", "CRITICAL", outcome(third, "accept-queue-full")["state"])
    lab.equal("since", first.finding("accept-queue-full")["since"], (third.finding("accept-queue-full") or {}).get("since"))
    text = lab.tool.run("report", "--rule", "accept-queue-full")
    lab.true("report says since when", f"Since {first.finding('accept-queue-full')['since']}" in " ".join(text.out.split()))


@scenario(sleeps=32)
def services_of_single_rules(lab):
    """Ten services that each judge one rule, all the time: the delta survives them."""
    stall(lab)
    rules = ["listen-overflows", "accept-queue-full", "close-wait-leak", "syn-sent-pileup", "orphan-pressure"]
    began = time.monotonic()
    while time.monotonic() - began < 31:
        for rule in rules:
            lab.tool.check("--rule", rule)
        turn_away(lab, 20)
        time.sleep(1)
    answer = lab.tool.check_json("--rule", "listen-overflows")
    lab.true("the rate is known", outcome(answer, "listen-overflows")["state"] != "SKIPPED")
    lab.true(f"and above 10 a second: {answer.json['findings'] and answer.json['findings'][0]['value']}",
             bool(answer.json["findings"]) and answer.json["findings"][0]["value"] > 10)


@scenario()
def overlapping_runs(lab):
    """Twelve runs at once: each gives the verdict, and the file that they leave is whole."""
    stall(lab)
    lab.tool.check()
    environment = {"STATE_DIRECTORY": str(lab.tool.scratch / "state")}
    runs = [subprocess.Popen([lab.tool.binary, "check", "--config", str(lab.tool.scratch / "site.toml"), "--rules",
                              str(lab.tool.scratch / "rules.d")], stdout=subprocess.PIPE, env=environment) for _ in range(12)]
    answers = [(run.communicate(timeout=30)[0], run.returncode) for run in runs]
    lab.equal("exits", {1}, {code for _, code in answers})
    lab.true("each names the listener", all(b"127.0.0.1:8080" in out for out, _ in answers))
    last = lab.tool.check("-v")
    lab.true("no note: the file is whole", not speaks_of_history(last.out))
    lab.equal("no temporary file is left", [], list((lab.tool.scratch / "state").glob(".*")))


def with_directory(lab, options, fill=False):
    """check -v with a state directory on a file system of its own, mounted with `options`."""
    directory = lab.tool.scratch / "mounted"
    directory.mkdir(exist_ok=True)
    crowd = f"head -c 1000000 /dev/zero > {directory}/crowd 2>/dev/null; " if fill else ""
    script = f'mount -t tmpfs -o {options} none {directory} && {{ {crowd}exec "$@"; }}'
    return lab.tool.check("-v", "--state-dir", str(directory), wrapper=("unshare", "-m", "sh", "-c", script, "sh"))


@scenario()
def state_on_read_only_file_system(lab):
    """A file system that cannot be written: the right verdict, and a note."""
    stall(lab)
    answer = with_directory(lab, "ro,mode=0700")
    lab.equal("exit", 1, answer.exit)
    lab.true("a note says why", "note: this run is not kept: " in answer.out and "Read-only file system" in answer.out)
    lab.equal("standard error", "", answer.err)


@scenario()
def state_on_full_disk(lab):
    """A disk without room: the right verdict, and a note."""
    stall(lab)
    answer = with_directory(lab, "size=16k,mode=0700", fill=True)
    lab.equal("exit", 1, answer.exit)
    lab.true("a note says why", "note: this run is not kept: " in answer.out and "No space left on device" in answer.out)


@scenario()
def state_of_another_user(lab):
    """As the user of a monitoring system, with a directory of root's, without one, and with one of its own."""
    stall(lab)
    lab.tool.scratch.chmod(0o755)
    roots = lab.tool.scratch / "roots"
    roots.mkdir(mode=0o755)
    own = lab.tool.scratch / "own"
    own.mkdir(mode=0o700)
    subprocess.run(["chown", "nobody", str(own)], check=True)
    for directory, note in ((roots, "belongs to user 0"), (lab.tool.scratch / "missing", "Permission denied"), (own, None)):
        answer = lab.tool.check("-v", "--state-dir", str(directory), user="nobody")
        lab.equal(f"exit with {directory.name}", 1, answer.exit)
        lab.true(f"note with {directory.name}", note in answer.out if note else not speaks_of_history(answer.out))
    lab.true("the state of its own is kept", any(own.iterdir()))


@scenario()
def state_files_that_were_tampered_with(lab):
    """Whatever stands where the state file should be: the right verdict, and a note."""
    stall(lab)
    lab.tool.check()
    directory = lab.tool.scratch / "state"
    kept = next(directory.iterdir())
    whole = kept.read_bytes()
    damages = {
        "cut": whole[:len(whole) // 2],
        "empty": b"",
        "of another version": whole.replace(b"tcpadvisor history ", b"tcpadvisor history 9"),
        "of another boot": whole.replace(b"boot ", b"boot 0"),
        "binary": bytes(range(256)) * 40,
        "huge": b"x" * (3 << 20),
    }
    for name, content in damages.items():
        kept.write_bytes(content)
        answer = lab.tool.check("-v")
        lab.equal(f"exit when {name}", 1, answer.exit)
        lab.true(f"note when {name}", "note: earlier runs are not used" in answer.out)
        again = lab.tool.check("-v")
        lab.true(f"the next run after {name} finds a good file", not speaks_of_history(again.out))


@scenario()
def runs_that_leave_nothing(lab):
    """report, --no-state and --assume leave no state."""
    stall(lab)
    directory = lab.tool.scratch / "state"
    lab.tool.run("report")
    lab.tool.run("check", "--no-state")
    lab.tool.run("check", "--assume", "tcp_tw_reuse=1")
    lab.true("no file", not directory.exists() or not any(directory.iterdir()))
    both = lab.tool.run("check", "--no-state", "--state-dir", "/tmp")
    lab.equal("exit of a contradiction", 3, both.exit)


@scenario(sleeps=31)
def close_wait_of_keepalive_proves_its_age(lab):
    """A leak whose keepalive answers make it look young: the cookie proves that it stood there before."""
    server = network.listen(*TO)
    ends = [pair for pair in network.pairs(server, TO, 10)]
    lab.keep(server)
    for client, accepted in ends:
        accepted.setsockopt(network.socket.SOL_SOCKET, network.socket.SO_KEEPALIVE, 1)
        accepted.setsockopt(network.socket.IPPROTO_TCP, network.socket.TCP_KEEPIDLE, 1)
        accepted.setsockopt(network.socket.IPPROTO_TCP, network.socket.TCP_KEEPINTVL, 1)
        client.shutdown(network.socket.SHUT_WR)
    for _, accepted in ends:
        accepted.recv(1)
    lab.keep([end for pair in ends for end in pair])
    time.sleep(0.3)
    lab.tool.check()
    time.sleep(31)
    alone = lab.tool.check_json("--rule", "close-wait-leak", "--no-state", "--set", "close-wait-leak.warning=0", "-v")
    rule = lab.tool.scratch / "rules.d" / "lab.toml"
    rule.write_text('[[rule]]\nid = "young"\nfor_each = "close_wait"\nvalue = "leaked_30s"\nwarning = "0"\nsummary = "{leaked_30s}"\n',
                    encoding="utf-8")
    without = lab.tool.check_json("--rule", "young", "--no-state")
    known = lab.tool.check_json("--rule", "young")
    lab.equal("without a history none is 30 s old", [], without.json["findings"])
    lab.equal("with it all are", 10, json.loads(known.out)["findings"][0]["value"] if known.json["findings"] else 0)
    lab.equal("nothing else changes", 0, alone.exit)
