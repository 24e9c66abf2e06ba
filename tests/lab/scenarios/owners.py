"""Who holds the sockets: processes with any name, of any user, that come and go; and what nobody may see."""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import time

import network
from harness import Skip, scenario
from scenarios.command import AS_NOBODY, NOBODY

LEAKED = 25
OLD_ENOUGH = 5.5  # seconds: owners are looked for from 5 s on
HOSTILE = b"a\n|\x1b[m\xffz"  # what a process may call itself
SHOWN = "a?|?[m?z"
SITE_RULE = """
[[rule]]
id = "site-owner"
for_each = "close_wait"
value = "COLUMN"
warning = "0"
evidence = ["process", "pid", "fd", "processes", "uid", "nofile", "total", "process_gap"]
summary = "{owner}: {value}, of {process}; {process_gap}"
"""


def rename(name):
    pr_set_name = 15
    ctypes.CDLL(None).prctl(pr_set_name, name, 0, 0, 0)


def die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)


def process(lab, name, work, user=0):
    """A child process with this name that does `work` and then stays: its number, once the work is done."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            rename(name)
            os.setgid(user)
            os.setuid(user)
            die_with_parent()  # setuid() clears it
            kept = work()  # must live on
            os.write(write_end, b"x" if kept else b"")
            signal.pause()
        finally:
            os._exit(1)
    os.close(write_end)
    lab.true("the child is ready", os.read(read_end, 1) == b"x")
    os.close(read_end)
    return pid


def leaking(count, port=8080):
    """Work of a child: so many connections read to the end and not closed."""
    def work():
        to = ("127.0.0.1", port)
        server = network.listen(*to)
        kept = [server]
        for client, accepted in network.pairs(server, to, count):
            client.close()
            assert accepted.recv(10) == b""
            kept.append(accepted)
        return kept
    return work


def not_accepting(count):
    """Work of a child: clients come and go, and nobody calls accept()."""
    def work():
        to = ("127.0.0.1", 8080)
        server = network.listen(*to)
        for client in network.connect_many(to, count):
            client.close()
        return [server]
    return work


def prepare(lab, column="leaked_5s"):
    """Waits until the sockets are old enough to be looked for; user 65534 may run the tool afterwards."""
    lab.tool.binary = shutil.copy(lab.tool.binary, lab.tool.scratch)
    lab.tool.add_rule(SITE_RULE.replace("COLUMN", column))
    time.sleep(OLD_ENOUGH)


def findings(lab, *arguments, **options):
    """Of the site's rule: [(owner, {evidence: value})], and the whole answer."""
    answer = lab.tool.check_json("--rule", "site-owner", *arguments, **options)
    lab.equal("stderr", "", answer.err)
    return [(found["subject"]["owner"], {name: item["value"] for name, item in found["evidence"].items()})
            for found in answer.json["findings"]], answer


def the_one(lab, *arguments, **options):
    found, answer = findings(lab, *arguments, **options)
    lab.equal("owners", 1, len(found))
    return (*found[0], answer)


def control_group_mount():
    """Where the unified hierarchy is mounted."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            if after.startswith("cgroup2 "):
                return before.split()[4]
    raise Skip("no cgroup2")


class ControlGroup:
    """A group of its own for a child, as systemd makes one for a service; gone at the end."""

    def __init__(self, name):
        self.paths = [os.path.join(control_group_mount(), "lab.slice")]
        self.paths.append(os.path.join(self.paths[0], name))

    def __enter__(self):
        try:
            for path in self.paths:
                os.makedirs(path, exist_ok=True)
        except OSError as error:
            raise Skip(f"cannot make a control group: {error}") from error
        return self

    def enter(self):
        with open(os.path.join(self.paths[-1], "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")

    def __exit__(self, *_):
        for path in reversed(self.paths):
            for _ in range(50):  # as long as the child takes to end
                try:
                    os.rmdir(path)
                    break
                except OSError:
                    time.sleep(0.1)


def in_root_group():
    """Only there does the name of the owner depend on nothing but the process."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        return all(line.rstrip().endswith(":/") for line in file if ":memory:" not in line)


def is_clean(text):
    return all(character == "\n" or character.isprintable() for character in text)


@scenario()
def owner_with_a_hostile_name(lab):
    """The process behind 25 leaked sockets, whose name holds a newline, |, an escape and invalid UTF-8."""
    pid = process(lab, HOSTILE, leaking(LEAKED))
    prepare(lab)
    owner, evidence, _ = the_one(lab)
    lab.equal("process", SHOWN, evidence["process"])
    lab.equal("pid", pid, evidence["pid"])
    lab.equal("total", LEAKED, evidence["total"])
    lab.true("its descriptor is a socket", os.readlink(f"/proc/{pid}/fd/{evidence['fd']}").startswith("socket:["))
    if in_root_group():
        lab.equal("owner", f"{SHOWN} (pid {pid})", owner)
    nagios = lab.tool.check("--rule", "site-owner")
    lab.equal("bars on line 1", 1, nagios.line1.count("|"))
    lab.equal("bars on other lines", 0, nagios.out.partition("\n")[2].count("|"))
    lab.true("nagios names the process", str(pid) in nagios.out and "a?/?[m?z" in nagios.out)
    text = lab.tool.run("report", "--rule", "site-owner", "-v")
    lab.true("text names the process", SHOWN in text.out)
    lab.true("nothing but printable characters", is_clean(nagios.out) and is_clean(text.out))
    capture = str(lab.tool.scratch / "capture")
    lab.equal("record", 0, lab.tool.run("record", capture).exit)
    lab.true("a replay names it too", the_one(lab, "--replay", capture)[:2] == (owner, evidence))


@scenario()
def owner_seen_by_others(lab):
    """User 65534 may not look at root's process: the user, the same verdict, and which privilege would tell."""
    process(lab, b"of-root", leaking(LEAKED))
    prepare(lab)
    owner, evidence, answer = the_one(lab, **AS_NOBODY)
    lab.equal("exit", 1, answer.exit)
    lab.equal("process", None, evidence["process"])
    lab.equal("uid", 0, evidence["uid"])
    lab.true("what would tell", "CAP_SYS_PTRACE" in evidence["process_gap"])
    lab.true("a gap says so", any("CAP_SYS_PTRACE" in str(gap) for gap in answer.json["gaps"]))
    if in_root_group():
        lab.equal("owner", "uid 0", owner)
    check = lab.tool.check("--exclude-rule", "site-owner", **AS_NOBODY)
    lab.equal("shipped rules", 0, check.exit)
    rules = {rule["id"]: rule["state"] for rule in lab.tool.check_json(**AS_NOBODY).json["rules"]}
    lab.equal("close-wait-file-limit", "SKIPPED", rules["close-wait-file-limit"])


@scenario()
def owner_of_ones_own(lab):
    """User 65534 may look at a process of its own."""
    pid = process(lab, b"of-nobody", leaking(LEAKED), user=NOBODY)
    prepare(lab)
    for options in ({}, AS_NOBODY):
        _, evidence, _ = the_one(lab, **options)
        lab.equal("uid", NOBODY, evidence["uid"])
        if options and evidence["process"] is None:  # it changed its user, so it may not be dumped
            lab.true("what would tell", "CAP_SYS_PTRACE" in evidence["process_gap"])
        else:
            lab.equal("process", ("of-nobody", pid), (evidence["process"], evidence["pid"]))


@scenario()
def two_owners_share_the_load(lab):
    """Two processes of one name are one owner, and the one with more sockets is named."""
    most = process(lab, b"worker", leaking(13, 8081))
    process(lab, b"worker", leaking(12, 8082))
    prepare(lab)
    found, _ = findings(lab)
    evidence = max((each for _, each in found), key=lambda each: each["total"])
    lab.equal("total", 25, evidence["total"])
    lab.equal("processes", 2, evidence["processes"])
    lab.equal("the one with most", most, evidence["pid"])


@scenario()
def owner_of_the_listener(lab):
    """What was never accepted has no descriptor: the holder of the listener."""
    pid = process(lab, b"stuck", not_accepting(LEAKED))
    prepare(lab, "unaccepted_5s")
    _, evidence, _ = the_one(lab)
    lab.equal("process", ("stuck", pid), (evidence["process"], evidence["pid"]))
    _, evidence, _ = the_one(lab, **AS_NOBODY)
    lab.equal("process", None, evidence["process"])
    lab.equal("uid", 0, evidence["uid"])


def hand_over(seconds):
    """Work of a child: the sockets go from parent to child, again and again, and each parent exits at once."""
    def work():
        sockets = leaking(LEAKED)()
        if os.fork() > 0:
            for leaked in sockets[1:]:
                leaked.close()
            return sockets[:1]  # the listener alone
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if os.fork() > 0:
                os._exit(0)
        os._exit(0)
    return work


@scenario()
def owners_that_exit(lab):
    """The holder of the sockets exits while its descriptors are read, and another one holds them: no run fails."""
    process(lab, b"relay", hand_over(OLD_ENOUGH + 30))
    prepare(lab)
    end, runs, named = time.monotonic() + 5, 0, 0
    while time.monotonic() < end:
        found, answer = findings(lab)
        runs += 1
        named += any(evidence["process"] == "relay" for _, evidence in found)
        if answer.exit != 1 or sum(evidence["total"] for _, evidence in found) != LEAKED:
            lab.true(f"25 sockets in {found}, exit {answer.exit}", False)
            break
    lab.shown = [f"{named} of {runs} runs name a process"]


@scenario()
def owner_by_control_group(lab):
    """A unit is the owner of the sockets of all its processes, for root and for user 65534."""
    with ControlGroup(f"lab-{os.getpid()}.service") as group:
        unit = f"lab-{os.getpid()}.service"

        def inside(work):
            def enter_and_work():
                group.enter()
                return work()
            return enter_and_work

        children = [process(lab, name, inside(leaking(LEAKED, port)))
                    for name, port in ((b"one", 8080), (b"two", 8081))]
        prepare(lab)
        for options, known in (({}, 2), (AS_NOBODY, None)):
            owner, evidence, _ = the_one(lab, **options)
            lab.equal("owner", unit, owner)
            lab.equal("total", 2 * LEAKED, evidence["total"])
            lab.equal("processes", known, evidence["processes"])
        capture = str(lab.tool.scratch / "capture")
        lab.tool.run("record", capture)
        os.chmod(capture, 0o644)
        lab.equal("replayed", unit, the_one(lab, "--replay", capture, **AS_NOBODY)[0])
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def mount_proc(hidepid):
    """A /proc of this process alone that hides other users' processes."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, recursive, private = 0x20000, 0x4000, 0x40000
    if (libc.unshare(new_mounts) != 0 or libc.mount(b"none", b"/", None, recursive | private, None) != 0 or
            libc.mount(b"proc", b"/proc", b"proc", 0, b"hidepid=%d" % hidepid) != 0):
        raise Skip(f"cannot mount /proc with hidepid={hidepid}: {os.strerror(ctypes.get_errno())}")


def hidden(lab, hidepid):
    pid = process(lab, b"hidden", leaking(LEAKED))
    prepare(lab)
    mount_proc(hidepid)
    _, evidence, answer = the_one(lab, **AS_NOBODY)
    lab.equal("exit", 1, answer.exit)
    lab.equal("process", (None, 0), (evidence["process"], evidence["uid"]))
    lab.true("what would tell", "CAP_SYS_PTRACE" in evidence["process_gap"])
    lab.equal("shipped rules", 0, lab.tool.check("--exclude-rule", "site-owner", **AS_NOBODY).exit)
    _, evidence, _ = the_one(lab)
    lab.equal("root still sees", pid, evidence["pid"])
    return json.dumps(answer.json["gaps"])


@scenario()
def owner_hidden_by_proc(lab):
    """/proc mounted with hidepid=2: processes of others are not even listed."""
    lab.true("the gap names hidepid", "hidepid" in hidden(lab, 2))


@scenario()
def owner_closed_by_proc(lab):
    """/proc mounted with hidepid=1: processes of others are listed, and closed."""
    hidden(lab, 1)


BEHIND_RULE = """
[[rule]]
id = "site-owner"
for_each = "close_wait"
value = "leaked_5s"
warning = "0"
evidence = ["leaked_incoming", "awaited", "awaited_peer", "end_point", "leaked"]
summary = "{owner}: {value}"
"""
BACKEND = ("127.0.0.9", 9090)


def never_ending():
    """A backend that reads the end of file and goes on."""
    server = network.listen(*BACKEND)
    server.settimeout(0.5)
    kept = [server]
    if os.fork() == 0:
        die_with_parent()
        rename(b"backend")
        while True:
            try:
                kept.append(server.accept()[0])
                kept[-1].settimeout(5)
                kept[-1].recv(1)
            except OSError:
                pass
    return kept


def passing_on(count):
    """A proxy: its clients leave, it tells the backend and waits for its end."""
    def work():
        backend = never_ending()
        front = network.listen("127.0.0.1", 8080)
        kept = [backend, front]
        for client, accepted in network.pairs(front, ("127.0.0.1", 8080), count):
            onward = network.connect(BACKEND)
            client.close()
            assert accepted.recv(10) == b""
            onward.shutdown(1)
            kept += [accepted, onward]
        return kept
    return work


@scenario()
def a_proxy_waits_for_its_backend(lab):
    """CLOSE_WAIT towards clients and FIN_WAIT2 towards a backend: the proxy has lost nothing, the backend has."""
    process(lab, b"proxy", passing_on(LEAKED))
    lab.tool.add_rule(BEHIND_RULE)
    time.sleep(OLD_ENOUGH)
    found, _ = findings(lab)
    lab.equal("owners", 2, len(found))
    for owner, evidence in found:
        is_proxy = evidence["end_point"] == "127.0.0.1:8080"
        lab.equal(f"{owner} waits for", LEAKED if is_proxy else 0, evidence["awaited"])
        lab.equal(f"{owner}: the peer", "127.0.0.9:9090" if is_proxy else None, evidence["awaited_peer"])


@scenario()
def most_at_the_stuck_sockets(lab):
    """Many half-closed connections at one end point, a few stuck ones at another: the latter is named."""
    def work():
        busy, stuck = network.listen("127.0.0.1", 8081), network.listen("127.0.0.1", 8082)
        kept = [busy, stuck]
        for client, accepted in network.pairs(busy, ("127.0.0.1", 8081), 40):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.shutdown(1)
            assert accepted.recv(10) == b""
            accepted.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    accepted.send(b"x" * 65536)
            kept += [client, accepted]
        for client, accepted in network.pairs(stuck, ("127.0.0.1", 8082), LEAKED):
            client.close()
            assert accepted.recv(10) == b""
            kept.append(accepted)
        return kept

    process(lab, b"both", work)
    lab.tool.add_rule(BEHIND_RULE)
    time.sleep(OLD_ENOUGH)
    _, evidence, _ = the_one(lab)
    lab.equal("end point", "127.0.0.1:8082", evidence["end_point"])
