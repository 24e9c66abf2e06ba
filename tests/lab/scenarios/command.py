"""The same verdict in every situation: without sock_diag, without root, replayed, with nowhere to write."""
import os
import shutil
import subprocess
import time

import network
from harness import scenario
from tool import DENY_NETLINK

NOBODY = 65534
TO = ("127.0.0.2", 8080)
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def trouble(lab):
    """A destination that is nearly exhausted, leaked sockets, a few connections."""
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 930, source="127.0.0.1")
    lab.keep(network.pairs(server, TO, 20, source="127.0.0.1"))
    for client, accepted in network.pairs(server, TO, 5, source="127.0.0.3"):
        lab.keep(accepted)
        client.close()
    for _ in range(60):  # an acknowledgement may be delayed: FIN_WAIT1 becomes FIN_WAIT2
        if lab.tool.states()["FIN_WAIT1"] == 0:
            return
        time.sleep(0.05)


def verdict(answer):
    """What must not depend on who asks: state, and rule, state and subject of each finding."""
    found = [(finding["rule"], finding["state"], str(finding["subject"])) for finding in answer.json["findings"]]
    return answer.json["state"], answer.exit, sorted(found)


@scenario(tcp_tw_reuse=0)
def without_sock_diag(lab):
    """Netlink refused by seccomp: says so, and counts the same from /proc."""
    trouble(lab)
    with_it, without = lab.tool.states(), lab.tool.run("states", "--format", "json", wrapper=DENY_NETLINK)
    lab.true("it says where the counts come from", "/proc/net/tcp" in without.out)
    counts = without.json["states"]
    counts["BOUND"] = with_it["BOUND"]  # /proc cannot tell
    lab.true(f"the same counts: {with_it} = {counts}", with_it == counts)
    check = lab.tool.check(wrapper=DENY_NETLINK)
    lab.equal("exit", 2, check.exit)
    lab.equal("time_wait", 930, check.perfdata.get("time_wait"))
    lab.true("check says so", "sock_diag" in check.out or "/proc/net/tcp" in check.out)
    lab.equal("stderr", "", check.err)


@scenario(tcp_tw_reuse=0)
def unprivileged(lab):
    """User 65534 gets the verdict that root gets."""
    trouble(lab)
    lab.tool.binary = shutil.copy(lab.tool.binary, lab.tool.scratch)  # where everybody may look
    as_root, as_nobody = verdict(lab.tool.check_json()), verdict(lab.tool.check_json(**AS_NOBODY))
    lab.equal("state", as_root[:2], as_nobody[:2])
    lab.true(f"{as_root} = {as_nobody}", as_root == as_nobody)


@scenario(tcp_tw_reuse=0)
def record_and_replay(lab):
    """A capture replayed later, elsewhere, by another user gives the same findings."""
    trouble(lab)
    lab.tool.binary = shutil.copy(lab.tool.binary, lab.tool.scratch)
    capture = lab.tool.scratch / "capture"
    lab.equal("record exits", 0, lab.tool.run("record", str(capture)).exit)
    live = lab.tool.check_json()
    os.chmod(capture, 0o644)
    lab.kept.clear()
    network.enter_fresh_namespace()
    replayed, by_nobody = (lab.tool.check_json("--replay", str(capture), **user) for user in ({}, AS_NOBODY))
    lab.equal("state", verdict(live)[:2], verdict(replayed)[:2])
    lab.true(f"{verdict(live)} = {verdict(replayed)}", verdict(live) == verdict(replayed))
    lab.true("replayed twice, the answer is the same", replayed.out == by_nobody.out)


@scenario()
def nowhere_to_write(lab):
    """Standard output full or closed: exit 3, and stderr says why."""
    with open("/dev/full", "w", encoding="ascii") as full:
        answer = lab.tool.check(stdout=full)
    lab.equal("full: exit", 3, answer.exit)
    lab.true(f"full: stderr says why: {answer.err}", "No space left on device" in answer.err)
    closed = ["sh", "-c", 'exec "$@" >&-', "sh"]
    answer = lab.tool.check(wrapper=closed)
    lab.equal("closed: exit", 3, answer.exit)
    lab.true(f"closed: stderr says why: {answer.err}", "Bad file descriptor" in answer.err)


@scenario()
def reader_went_away(lab):
    """A pipe that nobody reads does not kill it with a signal."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    answer = lab.tool.check(stdout=write_end)
    os.close(write_end)
    lab.equal("exit", 3, answer.exit)


@scenario()
def quiet_namespace(lab):
    """Nothing there: OK under both names, with all labels."""
    check = lab.tool.check()
    lab.equal("exit", 0, check.exit)
    lab.true("line 1 says OK", check.line1.startswith("TCP OK"))
    lab.equal("ports_used_percent", 0, check.perfdata.get("ports_used_percent"))
    lab.equal("namespaces", 1, len(lab.tool.check_json().json["namespaces"]))
    lab.equal("stderr", "", check.err)


@scenario(tcp_tw_reuse=0)
def a_writer_of_another_namespace(lab):
    """Trouble in the parent namespace is not seen from a child namespace."""
    trouble(lab)
    answer = subprocess.run(["unshare", "-n", lab.tool.binary, "check"], stdout=subprocess.PIPE, text=True, check=False)
    lab.equal("exit", 0, answer.returncode)
