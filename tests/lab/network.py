"""A network namespace of one's own, and plain TCP sockets in it. Needs root; changes nothing outside the namespace."""
import ctypes
import errno
import fcntl
import os
import re
import resource
import socket
import struct
import subprocess
import time
from pathlib import Path

CLONE_NEWNET = 0x40000000
IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51
TCP_DEFER_ACCEPT = 9
TCP_FASTOPEN_CONNECT = 30
IPPROTO_MPTCP = 262
BACKLOG = 65535

# rfc1337: an in-window RST must not end a TIME_WAIT early, or the counts are not repeatable.
BASE_SYSCTLS = {
    "net.ipv4.tcp_rfc1337": 1,
    "net.ipv4.tcp_max_syn_backlog": BACKLOG,
    "net.core.somaxconn": BACKLOG,
}


class Unavailable(Exception):
    """This machine cannot make network namespaces."""


def enter_fresh_namespace():
    """Moves this process into a new, empty network namespace with the loopback device up."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Unavailable(f"unshare(CLONE_NEWNET): {os.strerror(ctypes.get_errno())}")
    bring_up("lo")


def enter(path):
    """Moves this process into the network namespace of that file."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as there:
        assert libc.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def inside(pid, work):
    """What `work` returns in the network namespace of that process. Sockets that it makes there stay there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/proc/{pid}/ns/net", "rb") as there:
        assert libc.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            return work()
        finally:
            assert libc.setns(here.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def bring_up(device):
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", device.encode(), 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(handle, get_flags, request))[1]
        fcntl.ioctl(handle, set_flags, struct.pack("16sh14x", device.encode(), flags | up))


def ip(arguments):
    """One command of ip(8), in this namespace."""
    subprocess.run(["ip", *arguments.split()], check=True)


def set_sysctl(name, value):
    Path("/proc/sys", name.replace(".", "/")).write_text(f"{value}\n", encoding="ascii")


def get_sysctl(name):
    return Path("/proc/sys", name.replace(".", "/")).read_text(encoding="ascii").strip()


def has_sysctl(name):
    return Path("/proc/sys", name.replace(".", "/")).exists()


def kernel():
    """(6, 12) of Linux 6.12.107."""
    return tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])


def raise_file_limit():
    """Both ends of every connection live in one process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(address, port, backlog=BACKLOG, dual_stack=False, device=None, defer_accept=0, options=()):
    """A listening socket. `address` None: listen() without bind()."""
    server = socket.socket(family_of(address or ""), socket.SOCK_STREAM)
    if server.family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual_stack else 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for option in options:
        server.setsockopt(*option)
    if device:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if defer_accept:
        server.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, defer_accept)
    if address is not None:
        server.bind((address, port))
    server.listen(backlog)
    return server


def connect(to, source=None, port=0, late_port=True, device=None, blocking=True, protocol=0, options=(),
            flag_after_bind=False):
    """A client socket connected to `to` = (address, port).

    `late_port`: a source address without a port lets connect() choose the port (IP_BIND_ADDRESS_NO_PORT), as the
    kernel's own choice of the source does; otherwise bind() takes it, also if the option is set when it is too late
    (`flag_after_bind`). `options`: arguments of setsockopt().
    """
    client = socket.socket(family_of(to[0]), socket.SOCK_STREAM, protocol)
    try:
        for option in options:
            client.setsockopt(*option)
        if device:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        if source is not None:
            if port == 0 and late_port:
                client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            client.bind((source, port))
        if flag_after_bind:
            client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if blocking:
            client.settimeout(10)
            client.connect(to)
            client.settimeout(None)
        else:
            client.setblocking(False)
            error = client.connect_ex(to)
            if error not in (0, errno.EINPROGRESS):
                raise OSError(error, os.strerror(error))
        return client
    except OSError:
        client.close()
        raise


def connect_many(to, count, **options):
    return [connect(to, **options) for _ in range(count)]


def fill(to, limit=70_000, late_port=True, **options):
    """Connects until the kernel has no port left: the sockets it let us have. Where bind() chooses, bind() fails."""
    exhausted = errno.EADDRNOTAVAIL if late_port else errno.EADDRINUSE
    sockets = []
    while len(sockets) < limit:
        try:
            sockets.append(connect(to, late_port=late_port, **options))
        except OSError as error:
            if error.errno == exhausted:
                return sockets
            raise
    return sockets


def bound(address, port=0, options=()):
    """A socket that is bound and not connected."""
    holder = socket.socket(family_of(address), socket.SOCK_STREAM)
    for option in options:
        holder.setsockopt(*option)
    holder.bind((address, port))
    return holder


def abort(sockets):
    """Closes sockets (also in nested lists) so that nothing stays behind: connections are reset."""
    for entry in sockets:
        if isinstance(entry, socket.socket):
            entry.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            entry.close()
        else:
            abort(entry)


def pairs(server, to, count, **options):
    """Connections with both their ends: [(client, accepted)]."""
    made = []
    for _ in range(count):
        client = connect(to, **options)
        made.append((client, server.accept()[0]))
    return made


def time_waits(server, to, count, closes_first="client", **options):
    """Opens and closes connections one after the other; their TIME_WAIT is with the side that closes first."""
    for _ in range(count):
        client, accepted = pairs(server, to, 1, **options)[0]
        first, second = (client, accepted) if closes_first == "client" else (accepted, client)
        first.close()
        second.recv(1)  # the end of file: closed at the same time, both would go to TIME_WAIT
        second.close()


def segment(source, port, to, to_port, flags=0x10, sequence=0):
    """A bare TCP header (an ACK), with its checksum, between IPv4 addresses."""
    header = struct.pack("!HHIIBBHHH", port, to_port, sequence, 0, 5 << 4, flags, 0, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header))
    total = sum(struct.unpack(f"!{len(pseudo + header) // 2}H", pseudo + header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:16] + struct.pack("!H", ~total & 0xFFFF) + header[18:]


def time_wait_ends():
    """[(local address, port, remote address, port)] of the TIME_WAIT sockets of IPv4, as /proc tells them."""
    with open("/proc/thread-self/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    ends = []
    for row in rows:
        if row[3] == "06":
            (here, port), (there, remote_port) = row[1].split(":"), row[2].split(":")
            ends.append(tuple(part for address, number in ((here, port), (there, remote_port)) for part in
                              (socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(number, 16))))
    return ends


def restart_time_waits(share=1.0):
    """An ACK out of the window for the first ones: their 60 seconds begin again (tcp_timewait_state_process())."""
    ends = time_wait_ends()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        for local, port, remote, remote_port in ends[:round(len(ends) * share)]:
            raw.bind((remote, 0))
            raw.sendto(segment(remote, remote_port, local, port, sequence=0x7FFFFFFF), (local, 0))


def time_waits_of_kernel():
    """TIME_WAITs of this namespace as sockstat counts them (with orphaned FIN_WAIT2)."""
    with open("/proc/thread-self/net/sockstat", encoding="ascii") as file:
        words = next(line for line in file if line.startswith("TCP:")).split()
    return int(words[words.index("tw") + 1])


def write_until_blocked(end):
    """Fills the send buffer and the window of the peer, which does not read."""
    end.setblocking(False)
    chunk = b"x" * 65536
    quiet_rounds = 0
    while quiet_rounds < 3:
        try:
            end.send(chunk)
            quiet_rounds = 0
        except BlockingIOError:
            quiet_rounds += 1
            time.sleep(0.05)
