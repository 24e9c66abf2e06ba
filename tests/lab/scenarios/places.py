"""Other network namespaces: they are judged, named and counted, and what is printed for them acts in them."""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

import network
from harness import Skip, scenario
from scenarios.owners import process

RULE = "ephemeral-port-exhaustion"
SOURCE, TO = "10.9.0.1", ("10.9.0.2", 8080)
RANGE = "net.ipv4.ip_local_port_range"
NARROW = "41000 41199"
NODE = "0::/kubepods.slice/kubepods-pod1b4e28ba_2fa1_11d2_883f_0016d3cca427.slice/cri-containerd-{}.scope\n".format("ab" * 32)
LOGS = "shop_cart-7d9f_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def exhausted_here():
    """190 of 200 ports towards one destination, in this namespace: most of them in TIME_WAIT."""
    network.set_sysctl(RANGE, NARROW)
    for address in (SOURCE, TO[0]):
        network.ip(f"addr add {address}/24 dev lo")
    server = network.listen(*TO)
    network.time_waits(server, TO, 170, source=SOURCE)
    kept = network.pairs(server, TO, 20, source=SOURCE)
    time.sleep(1.2)  # the delay of reuse
    return server, kept


def exhausted_elsewhere(lab):
    """A process in a namespace of its own, whose ports are exhausted; it is there until the scenario ends."""
    def work():
        network.enter_fresh_namespace()
        return exhausted_here()

    return process(lab, b"pod", work)


def finding_of(lab, label, *arguments, **options):
    """The finding about that namespace; other scenarios have theirs."""
    answer = lab.tool.run("report", "--format", "json", "--no-state", *arguments, everywhere=True, **options)
    found = [finding for finding in answer.json["findings"] if finding["rule"] == RULE and finding["namespace"] == label]
    lab.equal(f"findings in {label}", 1, len(found))
    return found[0]


def paste(command):
    """What whoever is on call does with it."""
    return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=20).stdout


def sysctls_of(command):
    """The assignments of a command, wherever it runs them."""
    return dict(word.split("=", 1) for word in shlex.split(command) if word.startswith("net."))


def values(names, pid):
    return network.inside(pid, lambda: {name: network.get_sysctl(name).replace("\t", " ") for name in names})


def carry_out(lab, finding, pid, prefix):
    """Pastes each command and its undo: they change the namespace of the finding and leave this one alone."""
    remedies = [remedy for remedy in finding["remedies"] if "sysctl -w" in (remedy["command"] or "")]
    lab.true("there are remedies that set a sysctl", len(remedies) >= 2)
    for remedy in remedies:
        wanted = sysctls_of(remedy["command"])
        here, before = values(wanted, "self"), values(wanted, pid)
        lab.true(f"{remedy['command']} starts with {prefix}", remedy["command"].startswith(prefix + " sysctl -w "))
        paste(remedy["command"])
        lab.equal("set there", wanted, values(wanted, pid))
        lab.equal("left alone here", here, values(wanted, "self"))
        paste(remedy["undo"])
        lab.equal("taken back there", before, values(wanted, pid))
        lab.equal("left alone here again", here, values(wanted, "self"))


@scenario(tcp_tw_reuse=2)
def a_remedy_acts_in_the_namespace_of_a_process(lab):
    """--pid, and `report` by itself: the commands work where they are pasted, on what they were printed for."""
    pid = exhausted_elsewhere(lab)
    for arguments in (("--pid", str(pid)), ("--all-netns",), ()):
        finding = finding_of(lab, f"pid {pid}", *arguments)
        lab.equal("state", "CRITICAL", finding["state"].upper())
        carry_out(lab, finding, pid, f"nsenter --net=/proc/{pid}/ns/net")
    remedies = finding["remedies"]
    lab.true("it says how it is set for good", any("docker run --sysctl" in (remedy["outside"] or "") for remedy in remedies))
    for remedy in remedies:
        if (remedy["command"] or "").partition(" sysctl ")[1] == "" and " ss " in (remedy["command"] or ""):
            lab.true(f"{remedy['command']} sees the sockets there", "10.9.0.2:8080" in paste(remedy["command"]))


@scenario(tcp_tw_reuse=2)
def the_widest_remedy_heals_the_pod(lab):
    """After one pasted command the namespace is judged again: the share is what the effect promised."""
    pid = exhausted_elsewhere(lab)
    finding = finding_of(lab, f"pid {pid}")
    (remedy,) = [remedy for remedy in finding["remedies"] if RANGE in (remedy["command"] or "")]
    promised = float(re.search(r"-> ([0-9.]+) %", remedy["effect"])[1])
    paste(remedy["command"])
    answer = lab.tool.run("ports", "--to", "10.9.0.2:8080", "--pid", str(pid), "--format", "json")
    now = answer.json["namespaces"][0]["destinations"][0]["used_percent"]
    lab.within("used percent", promised - 1, promised + 1, now)


@scenario(tcp_tw_reuse=2)
def a_remedy_acts_in_a_named_namespace(lab):
    """ip netns: its commands start with 'ip netns exec', 'Next:' with --netns, in text as well."""
    name = f"tcpadvisor-lab-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        raise Skip("ip netns add does not work here")
    try:
        def work():
            network.enter(f"/run/netns/{name}")
            network.bring_up("lo")
            return exhausted_here()

        pid = process(lab, b"named", work)
        for arguments in (("--netns", name), ("--netns", f"/run/netns/{name}"), ()):
            finding = finding_of(lab, arguments[1] if arguments else name, *arguments)
            carry_out(lab, finding, pid, f"ip netns exec {name}")
        text = lab.tool.run("report", "-v", "--no-state", everywhere=True).out
        lab.true("Next: looks there", re.search(rf"tcpadvisor ports --to \S+.* --netns {name}\b", text))
        lab.true("the undo acts there", re.search(rf"undo +ip netns exec {name} sysctl -w ", text))
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


@scenario(tcp_tw_reuse=2)
def read_only_sysctls(lab):
    """In a container nobody can set a sysctl: no command pretends to, and the form that works from outside is there."""
    lab.keep(exhausted_here())
    script = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'
    inside = ("unshare", "--mount", "sh", "-c", script, "sh")
    answer = lab.tool.run("report", "--format", "json", "--this-netns", "--no-state", wrapper=inside)
    finding = answer.finding(RULE)
    remedies = finding["remedies"]
    lab.equal("commands that set sysctls", [], [r["command"] for r in remedies if "sysctl -w" in (r["command"] or "")])
    outside = " ".join(remedy["outside"] or "" for remedy in remedies)
    for said in ("read-only", "docker run --sysctl " + RANGE, "securityContext", "as safe", "as unsafe"):
        lab.true(f"it says '{said}'", said in outside)
    capture = str(lab.tool.scratch / "inside.capture")
    lab.equal("record", 0, lab.tool.run("record", capture, wrapper=inside).exit)
    replayed = lab.tool.run("report", "--format", "json", "--replay", capture).finding(RULE)
    lab.equal("the replay knows it", [r["outside"] for r in remedies], [r["outside"] for r in replayed["remedies"]])
    text = lab.tool.run("report", "-v", "--this-netns", "--no-state", wrapper=inside).out
    lab.true("the text says it", "/proc/sys is read-only: nobody inside" in re.sub(r"\s+", " ", text))


@scenario(tcp_tw_reuse=2)
def a_pod_has_a_name(lab):
    """From the control group of its process and the directory of its logs, without an API."""
    pid = exhausted_elsewhere(lab)
    with tempfile.TemporaryDirectory() as scratch:
        os.mkdir(f"{scratch}/logs")
        os.mkdir(f"{scratch}/logs/{LOGS}")
        with open(f"{scratch}/cgroup", "w", encoding="ascii") as file:
            file.write(NODE)
        script = (f"mkdir -p /var/log/pods && mount --bind {scratch}/logs /var/log/pods && "
                  f'mount --bind {scratch}/cgroup /proc/{pid}/cgroup && exec "$@"')
        node = ("unshare", "--mount", "sh", "-c", script, "sh")
        finding = finding_of(lab, "shop/cart-7d9f", wrapper=node)
        carry_out(lab, finding, pid, f"nsenter --net=/proc/{pid}/ns/net")
        line1 = lab.tool.run("report", "--pid", str(pid), "--no-state", wrapper=node).out.split("\n")
        lab.true("the first lines name it", "shop/cart-7d9f" in " ".join(line1[:6]))


@scenario()
def nobody_is_told_ok_for_the_wrong_namespace(lab):
    """Without privilege one line says how many namespaces were not looked at; `check` says it under -v, and judges them if
    the settings say so."""
    serve = "import socket, time; s = socket.create_server(('127.0.0.1', 80)); open(f'/run/{s.fileno()}-{time.time()}', 'w'); time.sleep(60)"
    listen = shlex.join([sys.executable, "-c", serve])
    shell = f"ip link set lo up; exec {listen}"
    script = (f"mount -t tmpfs none /run; {shell} & "
              f"unshare --net sh -c {shlex.quote(shell)} & unshare --net sleep 60 & "
              "for _ in $(seq 200); do [ $(ls /run | wc -l) -ge 2 ] && break; sleep 0.1; done; ")
    world = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c")
    nobody = 'exec setpriv --reuid=65534 --clear-groups "$@"'
    as_nobody, as_root = (*world, script + nobody, "sh"), (*world, script + 'exec "$@"', "sh")
    note = "1 other network namespace with TCP sockets was not looked at"
    answer = lab.tool.run("report", "--no-state", wrapper=as_nobody, everywhere=True)
    lab.true("report says it without privilege", note in re.sub(r"\s+", " ", answer.out))
    lab.true("it is no UNKNOWN", answer.exit != 3)
    answer = lab.tool.run("report", "--no-state", "--format", "json", wrapper=as_root, everywhere=True)
    lab.equal("root sees both that hold sockets", 2, len(answer.json["namespaces"]))
    lab.true("and says nothing of others", "not looked at" not in answer.out)
    lab.equal("only the own", 1, len(lab.tool.run("report", "--no-state", "--format", "json", wrapper=as_root).json["namespaces"]))
    for wrapper in (as_nobody, as_root):
        lab.true("check -v says it", note in lab.tool.run("check", "--no-state", "-v", wrapper=wrapper).out)
        lab.true("check does not", note not in lab.tool.run("check", "--no-state", wrapper=wrapper).out)
    settings = lab.tool.scratch / "site.toml"
    settings.write_text("all_netns = true\n", encoding="utf-8")
    answer = lab.tool.run("check", "--no-state", "--format", "json", wrapper=as_root)
    seen = [label for label in answer.json["namespaces"] if label != "the processes outside of this PID namespace"]
    lab.equal("the setting turns it on", 3, len(seen))
    lab.equal("what it cannot see is no OK", "UNKNOWN", answer.json["state"])
    answer = lab.tool.run("check", "--no-state", "--format", "json", "--this-netns", wrapper=as_root)
    lab.equal("an option turns it off", 1, len(answer.json["namespaces"]))
