"""The first look, incident by incident: one screen, the cause on top of it, and a first command that does what it says in
the place where it is printed."""
import contextlib
import os
import re
import shlex
import shutil
import socket
import struct
import sys
import time

import network
import peer
from harness import Skip, scenario
from incident import HERE, OTHER, TO, addresses
from scenarios import nat, places
from scenarios.audit import on_host, sysctl_d
from scenarios.history import counter
from scenarios.owners import passing_on, process
from scenarios.queues import short_of_files
from scenarios.silence import answer_again, fall_silent, send, wait_for_retrying
from screen import Screen, first_screen, fits, names, paste

SMALL = "40000-40199"


def connects(to, **options):
    """The name of the errno of connect(), or None."""
    try:
        network.abort([network.connect(to, **options)])
        return None
    except OSError as error:
        return os.strerror(error.errno)


def fill_all_but_few(lab, **options):
    addresses()
    lab.keep(network.pairs(lab.keep(network.listen(*TO)), TO, 196, source=HERE, **options))


def healed(lab, screen, rule):
    """The state after the command is the one that was announced."""
    finding = lab.tool.run("report", "--format", "json", "--no-state").finding(rule)
    lab.equal(f"{rule} after it", screen.announced, finding["state"] if finding else "OK")


@scenario(SMALL)
def first_look_at_exhausted_ports(lab):
    """From the second address of a host: the source stands on top; after the command all that failed connects."""
    addresses("10.9.0.3")
    lab.keep(network.listen(*TO))
    lab.keep(network.fill(TO, source="10.9.0.3"))
    lab.true("connect() fails", connects(TO, source="10.9.0.3"))
    screen = first_screen(lab)
    names(lab, screen, f"from 10.9.0.3 to {OTHER}:8080 fail now", "0 of 200")
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)
    lab.equal("connect() after it", None, connects(TO, source="10.9.0.3"))
    healed(lab, screen, "ephemeral-port-exhaustion")
    paste(lab, screen.undo)
    lab.equal("range after the undo", "40000\t40199", network.get_sysctl("net.ipv4.ip_local_port_range"))


def second_command_frees(lab, state):
    """Of a destination whose ports sockets in that state hold."""
    screen = first_screen(lab)
    names(lab, screen, f"to {OTHER}:8080", f"held by {state}")
    command = next((one for one in screen.commands if one.startswith("ss -tK ")), None)
    lab.equal("connections before", 4, len(lab.keep(network.fill(TO, source=HERE))))
    lab.equal("exit of the shell", 0, paste(lab, command).returncode)
    lab.equal("connections after it", 196, len(lab.keep(network.fill(TO, source=HERE))))


@scenario(SMALL)
def first_look_at_close_wait(lab):
    """The program does not close what the peer closed: the command gives the ports back."""
    fill_all_but_few(lab)
    for _, accepted in lab.kept[-1]:
        accepted.close()
    second_command_frees(lab, "CLOSE_WAIT")


@scenario(SMALL, tcp_tw_reuse=1)
def first_look_at_fin_wait(lab):
    """The peer does not close: the command gives the ports back, whatever tcp_tw_reuse says."""
    fill_all_but_few(lab)
    for client, _ in lab.kept[-1]:
        client.close()
    second_command_frees(lab, "FIN_WAIT2")


@scenario(SMALL)
def first_look_at_binding_clients(lab):
    """Clients that bind() first: they get a port again after the command."""
    addresses()
    for port in range(8080, 8090):
        server = lab.keep(network.listen(OTHER, port))
        lab.keep(network.fill((OTHER, port), limit=25, source=HERE, late_port=False))
        lab.keep(server)
    lab.true("bind() fails", connects(TO, source=HERE, late_port=False))
    screen = first_screen(lab)
    names(lab, screen, HERE)
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)
    lab.equal("bind() after it", None, connects(TO, source=HERE, late_port=False))
    healed(lab, screen, "bind-pool-exhaustion")


@scenario("32768-60999", slow=True, sleeps=306)
def first_look_at_a_proxy_whose_backend_leaks(lab):
    """The backend is named as the one that leaks, and the proxy before it as waiting."""
    process(lab, b"proxy", passing_on(25))
    time.sleep(305)
    screen = first_screen(lab)
    names(lab, screen, "backend (pid", "leaks connections")
    lab.true("the proxy only waits", re.search(r"Also found WARNING proxy \(pid \d+\): 25 clients have left", screen.text))
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)


@scenario("32768-60999", sleeps=14)
def first_look_at_a_dead_destination(lab):
    """9 of 9 hang: the first command tells whether it is up, the second one ends the old connections."""
    to = peer.start(8080)
    connections = lab.keep(network.connect_many(to, 9, source=peer.HERE))
    fall_silent()
    send(connections)
    wait_for_retrying(9, 6)
    screen = first_screen(lab)
    names(lab, screen, f"{to[0]}:{to[1]}", "9 of 9", "no answer")
    lab.true("it says who", f"Who        {open('/proc/self/comm', encoding='ascii').read().strip()} (pid {os.getpid()}): 9" in
             screen.text)
    lab.true("it names TCP_USER_TIMEOUT", "TCP_USER_TIMEOUT" in screen.text)
    lab.true("no answer", "answers" not in paste(lab, screen.command).stdout)
    answer_again()
    lab.equal("when it is back", "answers\n", paste(lab, screen.command).stdout)
    fall_silent()
    paste(lab, screen.commands[1])
    lab.equal("ended for the program", 9, sum(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 for one in connections))


@scenario("32768-60999")
def first_look_at_peers_that_do_not_read(lab):
    """60 peers, some MB each: the command shows the 60."""
    to = ("127.0.0.2", 8080)
    server = lab.keep(network.listen(*to))
    for client, _ in lab.keep(network.pairs(server, to, 60)):
        network.write_until_blocked(client)
    screen = first_screen(lab)
    names(lab, screen, "127.0.0.2:8080", "60 of 60 peers do not read", "MiB wait")
    lab.equal("shown by the command", 60, paste(lab, screen.command).stdout.count("timer:(persist"))


@scenario("32768-60999")
def first_look_at_a_server_without_descriptors(lab):
    """accept() fails with EMFILE: after the command the clients are served."""
    to = ("127.0.0.1", 8080)
    pid = short_of_files(lab, to)
    lab.keep(network.connect_many(to, 300))
    time.sleep(2.5)
    screen = first_screen(lab)
    names(lab, screen, "127.0.0.1:8080", "accept() gets no descriptor", f"(pid {pid})")
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)
    time.sleep(1)
    lab.equal("waiting after it", None, lab.tool.run("report", "--format", "json", "--no-state").finding(
        "accept-without-descriptors"))


@scenario("32768-60999", sleeps=12)
def first_look_at_a_stuck_acceptor(lab):
    """250 wait for eleven seconds: how long and who; the command shows where its threads stand."""
    to = ("127.0.0.1", 8080)
    pid = process(lab, b"shop-api", lambda: network.listen(*to, backlog=4096))
    lab.keep(network.connect_many(to, 250))
    time.sleep(11)
    screen = first_screen(lab)
    names(lab, screen, "127.0.0.1:8080: 250 clients wait", f"shop-api (pid {pid})")
    lab.true("since when", "Since      at least 1" in screen.text)
    lab.true("where it stands", f"/proc/{pid}/task/{pid}/wchan:" in paste(lab, screen.command).stdout)


@scenario("32768-60999", sleeps=12)
def first_look_at_one_stuck_worker_of_four(lab):
    """One of four processes with SO_REUSEPORT: it is named, and ending it gives its clients to the others."""
    to, options = ("127.0.0.1", 8080), [(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)]

    def serve():
        server, kept = network.listen(*to, backlog=4096, options=options), []
        if os.fork() == 0:
            while True:
                kept.append(server.accept()[0])
        return server

    stuck = process(lab, b"worker-1", lambda: network.listen(*to, backlog=4096, options=options))
    for number in (2, 3, 4):
        process(lab, f"worker-{number}".encode(), serve)
    lab.keep(network.connect_many(to, 200))
    time.sleep(11)
    screen = first_screen(lab)
    names(lab, screen, "1 of 4 listening sockets does not accept", f"worker-1 (pid {stuck})")
    lab.true("more are not advised", "more listening" not in screen.text)
    paste(lab, screen.commands[1])
    time.sleep(0.5)
    lab.keep(network.connect_many(to, 50))
    time.sleep(0.5)
    lab.equal("exit after it", 0, lab.tool.run("report", "--no-state").exit)


@scenario()
def first_look_at_a_full_nat(lab):
    """Clients behind masquerade to 60 ports: their destination stands on top, the command shows the rule."""
    if shutil.which("nft") is None:
        raise Skip("there is no nft")
    to = peer.start(8080)
    pid = nat.client_host()
    nat.masquerade("40000-40059")
    lab.keep(network.inside(pid, lambda: nat.connect(to, 70)))
    screen = first_screen(lab)
    names(lab, screen, "NAT ports", f"{to[0]}:{to[1]}", "behind " + peer.HERE)
    lab.true("the rule", "masquerade to :40000-40059" in paste(lab, screen.command).stdout)


@scenario("32768-60999", sleeps=4)
def first_look_at_a_stuck_server_of_this_host(lab):
    """A proxy's attempts to the application beside it hang: the application does not accept, no destination is dead."""
    to = ("127.0.0.1", 9000)
    lab.keep(network.listen("0.0.0.0", 9000, backlog=2))
    lab.keep(network.connect_many(to, 3))
    lab.keep([network.connect(to, blocking=False) for _ in range(30)])
    time.sleep(3.5)
    screen = first_screen(lab)
    names(lab, screen, "*:9000", "its program does not accept fast enough")
    lab.true("nobody says that it does not answer", "does not answer" not in screen.text)


@scenario("32768-60999")
def first_look_at_overflows_since_boot(lab):
    """Without an earlier run: counted, said, and no alarm."""
    to = ("127.0.0.1", 8080)
    server = lab.keep(network.listen(*to, backlog=4))
    clients = lab.keep(network.connect_many(to, 5))
    lab.keep([network.connect(to, blocking=False) for _ in range(3)])
    time.sleep(0.5)
    network.abort(clients)
    server.close()
    overflows = counter("ListenOverflows")
    screen = first_screen(lab)
    lab.true(f"{overflows} are counted", overflows >= 3 and f"INFO {overflows} accept-queue overflows since" in screen.text)
    lab.true("no alarm", screen.text.startswith("OK: "))


@scenario("32768-60999")
def first_look_at_a_full_syn_queue(lab):
    """As many unfinished handshakes as the backlog: said at once, and no alarm."""
    network.ip("addr add 10.66.0.1/32 dev lo")
    network.ip("route add 10.67.0.0/16 dev lo")
    lab.keep(network.listen("10.66.0.1", 80, backlog=16))
    syns_from_nowhere("10.66.0.1", 80, 16)
    screen = first_screen(lab)
    lab.true("it says so", "16 unfinished handshakes at a backlog of 16" in " ".join(screen.text.split()))
    lab.true("no alarm", screen.text.startswith("OK: "))


def syns_from_nowhere(address, port, count):
    """SYNs of hosts that will not answer: what is sent back to them goes round on lo and is nobody's."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for number in range(count):
            source = f"10.67.0.{number + 1}"
            segment = network.segment(source, 30000 + number, address, port, flags=2, sequence=number)
            header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), number, 0, 64, socket.IPPROTO_TCP, 0,
                                 socket.inet_aton(source), socket.inet_aton(address))
            raw.sendto(header + segment, (address, 0))
    time.sleep(0.2)


@scenario()
def first_look_at_sysctls_of_a_late_module(lab):
    """nf_conntrack_max in sysctl.d, and nothing that loads the module first: audit says so on its screen."""
    directory = sysctl_d(lab)
    (directory / "10-nf.conf").write_text("net.netfilter.nf_conntrack_max = 1000000\n", encoding="utf-8")
    loaded = lab.tool.scratch / "nf_conntrack"  # also where the kernel has it built in
    loaded.mkdir()
    (loaded / "initstate").write_text("live\n", encoding="utf-8")
    host = on_host({"/etc/sysctl.d": directory, "/sys/module/nf_conntrack": loaded})
    answer = lab.tool.run("audit", "--rule", "sysctl-module-too-late", wrapper=host)
    fits(lab, answer.out, "80x24")
    text = " ".join(answer.out.split())
    lab.true(f"it is not set at boot: {text}", "nf_conntrack_max" in text and "modules-load.d" in text)


@scenario("40000-40999")
def first_look_at_a_service_inside_the_range(lab):
    """The command reserves its port beside those that are reserved already: connect() does not take it any more."""
    network.set_sysctl("net.ipv4.ip_local_reserved_ports", "40001-40003")
    lab.keep(network.listen("127.0.0.1", 40500))
    rule = "port-range-overlaps-listeners"
    screen = Screen(lab.tool.run("report", "--no-state", "--rule", rule).out)
    names(lab, screen, "127.0.0.1:40500")
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)
    lab.equal("reserved after it", "40001-40003,40500", network.get_sysctl("net.ipv4.ip_local_reserved_ports"))
    lab.equal("found after it", None, lab.tool.run("report", "--format", "json", "--no-state").finding(rule))


@scenario("40000-40999")
def first_look_at_datagram_sockets(lab):
    """600 UDP sockets in a range of 1000: not judged, and their number is said."""
    lab.keep([datagram_socket() for _ in range(600)])
    screen = first_screen(lab, "--exclude-rule", "port-range-narrow")
    lab.true("it says so", "600 UDP sockets" in screen.text)
    lab.true("no alarm", screen.text.startswith("OK: "))


def datagram_socket():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    return one


def inside_of(pid, to):
    return network.inside(pid, lambda: connects(to, source=places.SOURCE))


@scenario(tcp_tw_reuse=2)
def first_look_into_a_pod(lab):
    """From the node, by --pid: the command acts in the pod, where connect() works again."""
    pid = places.exhausted_elsewhere(lab)
    network.inside(pid, lambda: lab.keep(network.fill(places.TO, source=places.SOURCE)))
    lab.true("connect() fails in the pod", inside_of(pid, places.TO))
    screen = first_screen(lab, "--pid", str(pid))
    names(lab, screen, "CRITICAL", f"{places.TO[0]}:{places.TO[1]} fail now")
    lab.true("it enters the pod", screen.command.startswith(f"nsenter --net=/proc/{pid}/ns/net "))
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)
    lab.equal("connect() after it", None, inside_of(pid, places.TO))


@scenario(tcp_tw_reuse=2)
def first_look_from_the_node(lab):
    """Typed alone, on a node where nothing hurts but one pod: CRITICAL, in that pod, and a command that helps there."""
    fill = ("import socket, time\ns = socket.create_server(('127.0.0.1', 80), backlog=4096)\n"
            "c = [socket.create_connection(('127.0.0.1', 80)) for _ in range(200)]\n"
            "open('/run/ready', 'w')\ntime.sleep(60)\n")
    pod = f"ip link set lo up; echo 41000 41199 >/proc/sys/net/ipv4/ip_local_port_range; exec {sys.executable} -c \"$FILL\""
    script = (f"mount -t tmpfs none /run; unshare --net sh -c '{pod}' & "
              "for _ in $(seq 100); do [ -e /run/ready ] && break; sleep 0.1; done; exec \"$@\"")
    world = ("env", f"FILL={fill}", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh")
    screen = Screen(lab.tool.run("report", "--no-state", wrapper=world, everywhere=True).out)
    names(lab, screen, "CRITICAL: in ", "127.0.0.1:80 fail now")
    lab.true(f"it enters the pod: {screen.command}", (screen.command or "").startswith("nsenter --net=/proc/"))
    again = f"{shlex.quote(lab.tool.binary)} report --no-state"
    first = r"""awk '/^  nsenter / { on = 1 } on { more = sub(/ \\$/, " "); printf "%s", $0; if (!more) exit }'"""
    healing = script.replace('exec "$@"', f"{again} | {first} >/run/paste && [ -s /run/paste ] && sh -e /run/paste >/dev/null && {again}")
    after = lab.tool.run("report", "--no-state", wrapper=(*world[:-2], healing, "sh"), everywhere=True)
    lab.true(f"after it: {after.line1}", after.out.startswith(("OK: ", "WARNING: ")) and "127.0.0.1:80" not in after.line1)


@scenario(tcp_tw_reuse=2)
def first_look_inside_a_container(lab):
    """Read-only /proc/sys: it says so, and the command for the container's host makes connect() work."""
    lab.keep(places.exhausted_here())
    lab.keep(network.fill(places.TO, source=places.SOURCE))
    lab.true("connect() fails", connects(places.TO, source=places.SOURCE))
    script = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'
    screen = first_screen(lab, wrapper=("unshare", "--mount", "sh", "-c", script, "sh"))
    names(lab, screen, "fail now", f"{places.TO[0]}:{places.TO[1]}")
    lab.true("it says why not here", "/proc/sys is read-only in this container" in screen.text)
    lab.true("and from where", screen.command.startswith("nsenter --net=/proc/$(lsns "))
    lab.equal("exit of the shell", 0, paste(lab, screen.command).returncode)
    lab.equal("connect() after it", None, connects(places.TO, source=places.SOURCE))


@scenario(SMALL)
def first_look_at_many_things_at_once(lab):
    """Everything at once: still one screen, with the worst on top and what to run next."""
    addresses()
    for name, value in (("tcp_timestamps", 0), ("tcp_tw_reuse", 1), ("tcp_max_tw_buckets", 1000), ("tcp_fin_timeout", 10)):
        network.set_sysctl(f"net.ipv4.{name}", value)
    for port in range(8080, 8092):
        lab.keep(network.pairs(lab.keep(network.listen(OTHER, port)), (OTHER, port), 185, source=HERE))
    for port in range(9000, 9010):
        lab.keep(network.listen(OTHER, port, backlog=4))
        lab.keep(network.connect_many((OTHER, port), 5, source=OTHER))
    lab.keep([network.listen("127.0.0.5", port) for port in range(40100, 40110)])
    screen = first_screen(lab)
    names(lab, screen, "CRITICAL", f"from {HERE} to {OTHER}:")
    for part in ("\nWho ", "\nSince ", "\nRight now ", "\nFor good ", "\nAlso found ", "\nNext ", "\nDetails "):
        lab.true(f"it has{part!r}", part in screen.text)


@scenario(SMALL)
def first_look_of_an_ordinary_user(lab):
    """Without privilege: the same cause, and one line about what was not seen."""
    fill_all_but_few(lab)
    with contextlib.suppress(OSError):
        lab.keep(network.fill(TO, source=HERE))
    screen = first_screen(lab, wrapper=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    names(lab, screen, f"from {HERE} to {OTHER}:8080 fail now")
