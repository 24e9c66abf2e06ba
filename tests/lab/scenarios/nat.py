"""Source NAT on a router: clients in a namespace of their own reach a server through masquerade to a small range."""
import os
import shutil
import socket
import subprocess

import network
import peer
from harness import Skip, scenario

RULE = "nat-ports-exhausted"
CLIENT, ROUTER = "10.9.0.2", "10.9.0.1"


def client_host():
    """A process with a network namespace of its own, whose packets go through this one."""
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            network.enter_fresh_namespace()
            os.write(tell, b"!")
            os.read(os.pipe()[0], 1)
        finally:
            os._exit(1)
    os.read(hear, 1)
    network.ip(f"link add inner type veth peer name outer netns {pid}")
    network.ip(f"addr add {ROUTER}/24 dev inner")
    network.bring_up("inner")

    def set_up():
        network.ip(f"addr add {CLIENT}/24 dev outer")
        network.bring_up("outer")
        network.ip(f"route add default via {ROUTER}")
    network.inside(pid, set_up)
    return pid


def masquerade(ports):
    network.set_sysctl("net.ipv4.ip_forward", 1)
    subprocess.run(["nft", "-f", "-"], check=True, text=True, input=f"""
        table ip nat {{
          chain out {{
            type nat hook postrouting priority 100;
            ip saddr 10.9.0.0/24 ip protocol tcp masquerade to :{ports}
          }}
        }}""")


def connect(to, count):
    """So many connections, of which those that get no port time out."""
    made = []
    for _ in range(count):
        client = socket.socket()
        client.settimeout(0.3)
        try:
            client.connect(to)
        except OSError:
            client.close()
            continue
        made.append(client)
    return made


@scenario()
def nat_runs_out_of_ports(lab):
    """Masquerade to 60 ports: OK at 30 connections, CRITICAL when it is full and connect() fails."""
    if shutil.which("nft") is None:
        raise Skip("there is no nft")
    to = peer.start(8080)
    pid = client_host()
    masquerade("40000-40059")

    def state():
        finding = lab.tool.run("report", "--format", "json", "--no-state", "--rule", RULE).finding(RULE)
        return finding and finding["state"]
    made = lab.keep(network.inside(pid, lambda: connect(to, 30)))
    lab.equal("with half of the ports", None, state())
    more = lab.keep(network.inside(pid, lambda: connect(to, 40)))
    lab.within("connections in all", 54, 60, len(made) + len(more))
    lab.equal("when connect() fails", "CRITICAL", state())
    check = lab.tool.check("--no-state", "--rule", RULE)
    lab.true("check on demand names both ends", f"clients through {peer.HERE} to {to[0]}:{to[1]}" in check.line1)
    lab.tool.run("record", "nat.capture", cwd=lab.tool.scratch)
    replayed = lab.tool.run("report", "--replay", "nat.capture", "--format", "json", "--rule", RULE, cwd=lab.tool.scratch)
    lab.equal("replayed", "CRITICAL", (replayed.finding(RULE) or {}).get("state"))
    lab.tool.run("record", "--mask", "masked.capture", cwd=lab.tool.scratch)
    masked = lab.tool.run("report", "--replay", "masked.capture", "--format", "json", "--rule", RULE, cwd=lab.tool.scratch)
    lab.equal("masked", "CRITICAL", (masked.finding(RULE) or {}).get("state"))
    lab.true("no address is left", peer.HERE not in masked.out and to[0] not in masked.out)
