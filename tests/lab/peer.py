"""A second host: a process that serves in a network namespace of its own, at the other end of a veth."""
import os
import selectors
import socket

import network

ADDRESS, HERE = "10.8.0.2", "10.8.0.1"


def serve(server):
    """Accepts, and closes a connection when its client has closed."""
    wakeup = selectors.DefaultSelector()
    wakeup.register(server, selectors.EVENT_READ)
    while True:
        for key, _ in wakeup.select():
            if key.fileobj is server:
                wakeup.register(server.accept()[0], selectors.EVENT_READ)
            elif not key.fileobj.recv(4096):
                wakeup.unregister(key.fileobj)
                key.fileobj.close()


def live_elsewhere(port, sysctls, tell, wait):
    """The life of the other process: a namespace, then an address, then the server."""
    network.enter_fresh_namespace()
    for name, value in (network.BASE_SYSCTLS | sysctls).items():
        network.set_sysctl(name, value)
    os.write(tell, b"!")
    os.read(wait, 1)
    network.ip(f"addr add {ADDRESS}/24 dev far")
    network.bring_up("far")
    server = network.listen(ADDRESS, port)
    os.write(tell, b"!")
    serve(server)


def start(port, **sysctls):
    """Starts the second host, which ends with the scenario: where it serves. Sysctls of net.ipv4 by name."""
    return start_process(port, **sysctls)[1]


def start_process(port, **sysctls):
    """The same: its process, and where it serves."""
    (hear, tell), (wait, go_on) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            live_elsewhere(port, {f"net.ipv4.{name}": value for name, value in sysctls.items()}, tell, wait)
        finally:
            os._exit(1)
    os.close(tell)
    assert os.read(hear, 1), "the second host did not start"
    network.ip(f"link add near type veth peer name far netns {pid}")
    network.ip(f"addr add {HERE}/24 dev near")
    network.bring_up("near")
    os.write(go_on, b"!")
    assert os.read(hear, 1), "the second host did not serve"
    with socket.create_connection((ADDRESS, port), timeout=10):  # the way there and back works
        return pid, (ADDRESS, port)
