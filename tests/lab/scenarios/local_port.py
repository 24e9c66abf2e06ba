"""`port N` against what bind(), listen() and connect() then do."""
import errno
import socket
import struct
import subprocess
import time

import network
from harness import scenario

SERVER = ("127.0.0.2", 5432)


def from_port(port, to):
    """A client whose port connect() chose, out of one."""
    return network.connect(to, options=[(socket.IPPROTO_IP, 51, struct.pack("I", port | port << 16))])


def can_listen(port, reuse):
    """Does a server get the port? It is given back at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(reuse))
        try:
            server.bind(("0.0.0.0", port))
            server.listen()
            return True
        except OSError as error:
            assert error.errno == errno.EADDRINUSE, error
            return False


def can_connect(port, to):
    """Does connect() choose the port towards a third destination?"""
    try:
        network.abort([from_port(port, to)])
        return True
    except OSError as error:
        assert error.errno == errno.EADDRNOTAVAIL, error
        return False


def said_of(lab, port):
    (answer,) = lab.tool.run("port", str(port), "--format", "json").json["namespaces"]
    return answer


def hold(lab, port, to, reuse, connects, is_told=True):
    """Each answer is what the kernel then does; None promises nothing."""
    said = said_of(lab, port)
    lab.equal(f"{port}: bind()", can_listen(port, False), said["bind"]["possible"])
    if said["listen"]["possible"] is not None:
        lab.equal(f"{port}: listen()", can_listen(port, True), said["listen"]["possible"])
    lab.equal(f"{port}: listen() foreseen", reuse, said["listen"]["possible"])
    lab.equal(f"{port}: connect() foreseen", connects if is_told else None, said["connect"]["possible"])
    if 40000 <= port <= 40999:
        lab.equal(f"{port}: the kernel's connect()", can_connect(port, to), connects)
    return said


@scenario(tcp_tw_reuse=0)
def who_holds_a_port(lab):
    """Outgoing, in TIME_WAIT, bound, bound and connected, listening, free, outside of the range."""
    third = ("127.0.0.3", 7000)
    server = lab.keep(network.listen(*SERVER))
    lab.keep(network.listen(*third))
    network.time_waits(server, SERVER, 1, source="127.0.0.1", options=[
        (socket.IPPROTO_IP, 51, struct.pack("I", 40012 | 40012 << 16))])
    lab.keep(from_port(40010, SERVER))
    lab.keep([network.bound("127.0.0.1", 40014), network.connect(SERVER, source="127.0.0.1", port=40016)])
    lab.keep(network.listen("0.0.0.0", 40018))
    hold(lab, 40010, third, False, True, is_told=False)
    waiting = hold(lab, 40012, third, False, True, is_told=False)
    lab.true(f"the end is foretold: {waiting['free_in_seconds']}", 55 < waiting["free_in_seconds"] <= 60)
    hold(lab, 40014, third, None, False)
    hold(lab, 40016, third, None, False)
    listening = hold(lab, 40018, third, False, False)
    lab.true("its holder", "python" in listening["sockets"][0]["holder"])
    hold(lab, 40020, third, True, True)
    hold(lab, 8081, third, True, False)


@scenario(tcp_tw_reuse=0)
def reservation_as_printed(lab):
    """The printed command keeps connect() away from the port, and the undo gives it back."""
    lab.keep(network.listen(*SERVER))
    reserve = said_of(lab, 40010)["reserve"]
    for command, chosen in ((reserve["command"], False), (reserve["undo"], True)):
        subprocess.run(["sh", "-ec", command], stdout=subprocess.DEVNULL, check=True)
        lab.equal(command, chosen, can_connect(40010, SERVER))


@scenario()
def a_server_that_restarts(lab):
    """What a listener accepted keeps its successor off unless both set SO_REUSEADDR, which no socket of the first one tells."""
    for port, reuse in ((8080, 1), (8081, 0)):
        server = network.listen("127.0.0.1", port, options=[(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)])
        client = network.connect(("127.0.0.1", port))
        accepted = server.accept()[0]
        server.close()
        accepted.close()
        client.close()
        time.sleep(0.2)
        said = said_of(lab, port)
        lab.equal(f"{port}: listen() foreseen", None, said["listen"]["possible"])
        lab.equal(f"{port}: listen()", bool(reuse), can_listen(port, True))
        lab.equal(f"{port}: bind()", can_listen(port, False), said["bind"]["possible"])
