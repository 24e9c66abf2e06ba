"""An incident: judged live, and from its masked capture as an ordinary user of another host would.

`lab.py --only incident_ --record DIR` keeps the captures.
"""
import gzip
from pathlib import Path

import network

HERE, OTHER, THIRD = "10.9.0.1", "10.9.0.2", "10.9.0.3"
TO = (OTHER, 8080)
SERVICES = [(OTHER, 8080 + number) for number in range(10)]
ORDINARY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")  # no privilege at all
ELSEWHERE = ("unshare", "--net")


def addresses(*more):
    for address in (HERE, OTHER, *more):
        network.ip(f"addr add {address}/24 dev lo")


def verdicts(answer):
    return [(finding["rule"], finding["state"]) for finding in answer.json["findings"]]


def judged(lab, rule=None, state="WARNING", command="report", wrapper=()):
    """Judges and records. The rule of the worst finding, or one of the advice (INFO); None if nothing may alarm."""
    live = lab.tool.run(command, "--format", "json", wrapper=wrapper)
    if state == "INFO":
        lab.true(f"{rule} gives advice", (rule, state) in verdicts(live))
    else:
        alarms = [verdict for verdict in verdicts(live) if verdict[1] != "INFO"]
        lab.equal("worst", (rule, state) if rule else None, alarms[0] if alarms else None)
    lab.tool.scratch.chmod(0o777)  # an ordinary user records here, too
    capture = lab.tool.scratch / "capture"
    lab.equal("exit of record", 0, lab.tool.run("record", "--mask", str(capture), wrapper=wrapper).exit)
    capture.chmod(0o644)  # a capture belongs to whoever recorded it
    replay = lab.tool.run(command, "--format", "json", "--replay", str(capture), wrapper=(*ELSEWHERE, *ORDINARY))
    lab.equal("replayed", sorted(verdicts(live)), sorted(verdicts(replay)))
    if lab.options.record:
        name = lab.name.removeprefix("incident_").replace("_", "-")
        packed = gzip.compress(capture.read_bytes(), mtime=0)
        Path(lab.options.record, name + ".capture.gz").write_bytes(packed)
