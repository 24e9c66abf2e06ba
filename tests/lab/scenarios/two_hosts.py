"""What the other end decides: reuse of TIME_WAIT needs timestamps there too."""
import time

import network
import peer
from harness import scenario

RANGE = "40000-40199"
LIVE = 5


def all_but_ten(lab, live=LIVE, **peer_sysctls):
    """185 TIME_WAITs, old enough for reuse, and `live` connections towards a second host; its end point."""
    to = peer.start(8080, **peer_sysctls)
    lab.keep(network.connect_many(to, live, source=peer.HERE))
    for _ in range(184):  # and one of the second host's first connection
        network.connect(to, source=peer.HERE).close()
    for _ in range(100):
        if network.time_waits_of_kernel() == 185 and lab.tool.states()["FIN_WAIT2"] == 0:
            break
        time.sleep(0.05)
    time.sleep(1.3)
    return to


@scenario(RANGE, tcp_tw_reuse=1)
def peer_with_timestamps(lab):
    """Mode 1 and a peer that sends timestamps: all TIME_WAITs can be had again; OK."""
    to = all_but_ten(lab)
    lab.equal("exit", 0, lab.tool.check().exit)
    lab.ports(to, peer.HERE, model=200 - LIVE)


@scenario(RANGE, tcp_tw_reuse=1)
def peer_without_timestamps(lab):
    """Mode 1 and a peer without timestamps, as live connections show: nothing can be had again; CRITICAL."""
    to = all_but_ten(lab, tcp_timestamps=0)
    lab.equal("exit", 2, lab.tool.check().exit)
    said, _ = lab.ports(to, peer.HERE, model=10)
    lab.true(f"the estimate {said['free']} knows it", said["free"] <= 12)


@scenario(RANGE, tcp_tw_reuse=1)
def peer_without_timestamps_or_witness(lab):
    """The same, and no live connection shows it: the interval contains both."""
    to = all_but_ten(lab, live=0, tcp_timestamps=0)
    lab.ports(to, peer.HERE, model=15)


@scenario(RANGE, tcp_tw_reuse=2)
def peer_is_not_loopback(lab):
    """Mode 2 and another host: no reuse; CRITICAL."""
    to = all_but_ten(lab)
    lab.equal("exit", 2, lab.tool.check().exit)
    lab.ports(to, peer.HERE, model=10)

