"""What `check` makes of TIME_WAIT: exhaustion is towards one destination, never a big number alone."""
import re
import subprocess
import time

import network
from harness import scenario

RULE = "ephemeral-port-exhaustion"


def nearly_exhausted(lab, source, to):
    """950 of 1000 ports towards one destination in TIME_WAIT, closed by the client."""
    server = lab.keep(network.listen(*to))
    network.time_waits(server, to, 950, source=source)

    check = lab.tool.check()
    lab.equal("exit", 2, check.exit)
    lab.true("line 1 says CRITICAL", check.line1.startswith("TCP CRITICAL"))
    lab.true("line 1 names the destination", f"{to[0]}:{to[1]}" in check.line1)
    lab.true("line 1 counts 950", "950" in check.line1.partition("|")[0])
    lab.equal("time_wait", 950, check.perfdata.get("time_wait"))
    lab.equal("stderr", "", check.err)

    answer = lab.tool.check_json()
    lab.equal("JSON state", ("CRITICAL", 2, 2), (answer.json["state"], answer.json["exit_code"], answer.exit))
    finding = answer.finding(RULE) or {}
    lab.true("the finding is CRITICAL", finding.get("state") == "CRITICAL")
    lab.true("its subject is the destination", f"{to[0]}:{to[1]}" in finding.get("subject", {}).values())
    lab.equal("used percent", 95, round(finding.get("value", -1)))
    lab.ports(to, source, model=50)


@scenario(tcp_tw_reuse=0)
def nearly_exhausted_own_address(lab):
    """950 TIME_WAITs of 1000 ports, 10.9.0.1 to 10.9.0.2: CRITICAL."""
    network.ip("addr add 10.9.0.1/24 dev lo")
    network.ip("addr add 10.9.0.2/24 dev lo")
    nearly_exhausted(lab, "10.9.0.1", ("10.9.0.2", 8080))


@scenario(tcp_tw_reuse=0)
def nearly_exhausted_loopback(lab):
    """950 TIME_WAITs of 1000 ports, 127.0.0.1 to 127.0.0.2: CRITICAL."""
    nearly_exhausted(lab, "127.0.0.1", ("127.0.0.2", 8080))


@scenario(tcp_syn_retries=6)
def syn_sent_pileup(lab):
    """25 attempts to one destination with two retransmissions: WARNING."""
    network.ip("route add 10.77.0.0/16 dev lo src 127.0.0.1")
    to = ("10.77.0.1", 443)
    lab.keep([network.connect(to, blocking=False) for _ in range(25)])
    young = lab.tool.check("--rule", "syn-sent-pileup", "--no-state")
    lab.equal("exit at once", 0, young.exit)
    wait_for_retransmissions(2)
    check = lab.tool.check("--no-state")
    lab.equal("exit later", 1, check.exit)
    lab.true("line 1 names the destination", "10.77.0.1" in check.line1)
    lab.equal("syn_sent", 25, check.perfdata.get("syn_sent"))


def wait_for_retransmissions(wanted):
    """Until every SYN was sent again that often."""
    for _ in range(100):
        shown = subprocess.run(["ss", "-tnoH", "state", "syn-sent"], stdout=subprocess.PIPE, text=True, check=True).stdout
        counts = re.findall(r"timer:\(on,[^,]*,(\d+)\)", shown)
        if counts and all(int(count) >= wanted for count in counts):
            return
        time.sleep(0.1)
    raise TimeoutError(shown)
