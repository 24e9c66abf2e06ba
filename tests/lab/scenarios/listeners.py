"""Accept queues."""
import network
from harness import scenario

RULE = "accept-queue-full"


def waiting(lab, backlog, clients):
    """A listener with that backlog and that many clients which it does not accept; the answers of check."""
    to = ("127.0.0.1", 8080)
    lab.keep(network.listen(*to, backlog=backlog))
    lab.keep(network.connect_many(to, clients))
    return lab.tool.check("--rule", RULE), lab.tool.check_json("--rule", RULE)


@scenario()
def accept_queue_full(lab):
    """listen(4) with 5 waiting: the next one is dropped; WARNING."""
    check, answer = waiting(lab, 4, 5)
    lab.equal("exit", 1, check.exit)
    finding = answer.finding(RULE) or {}
    lab.true("the finding names the listener", "127.0.0.1:8080" in str(finding.get("subject")))
    lab.equal("waiting", 5, finding.get("value"))


@scenario()
def accept_queue_full_of_few(lab):
    """listen(3) with 4 waiting: full; WARNING where so few are asked for."""
    check, _ = waiting(lab, 3, 4)
    lab.equal("exit by default", 0, check.exit)
    lab.equal("exit from 4 on", 1, lab.tool.check("--rule", RULE, "--set", f"{RULE}.min_waiting=4").exit)


@scenario()
def accept_queue_full_longer(lab):
    """listen(128) with 129 waiting: WARNING."""
    check, _ = waiting(lab, 128, 129)
    lab.equal("exit", 1, check.exit)


@scenario()
def accept_queue_not_full(lab):
    """listen(128) with 100 waiting: OK."""
    check, _ = waiting(lab, 128, 100)
    lab.equal("exit", 0, check.exit)


@scenario()
def accept_queue_of_none(lab):
    """listen(0) with nobody waiting: OK."""
    check, _ = waiting(lab, 0, 0)
    lab.equal("exit", 0, check.exit)
