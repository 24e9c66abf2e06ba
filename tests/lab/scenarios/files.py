"""Open files: of the host, and of a process that is near its limit."""
import errno
import os
import resource

import network
from harness import Skip, scenario
from scenarios.owners import process, prepare

RULE = "open-file-limit"
HOST_RULE = """
[[rule]]
id = "site-files"
for_each = "host"
value = "files_open"
warning = "0"
summary = "{files_open} {files_max}"
"""


def full(port, limit, left):
    """Work of a child: seven clients come and go, and nobody accepts them; all but `left` of `limit` files are open."""
    def work():
        server = network.listen("127.0.0.1", port)
        for client in network.connect_many(("127.0.0.1", port), 7):
            client.close()
        os.closerange(limit, 65536)  # inherited: above the limit nothing is in the way
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        kept = []
        try:
            while True:
                kept.append(open(os.devnull, "rb"))
        except OSError as error:
            assert error.errno == errno.EMFILE
        try:
            server.accept()
            return None
        except OSError as error:  # this is why nobody accepts
            assert error.errno == errno.EMFILE
        for file in kept[len(kept) - left:]:
            file.close()
        return [server, kept[:len(kept) - left]]
    return work


@scenario(sleeps=8)
def no_file_left_to_accept(lab):
    """A server with 4 of 100 files left is CRITICAL, one with 30 of 100 is not; neither accepts its clients."""
    pid = process(lab, b"short", full(8080, 100, 4))
    process(lab, b"roomy", full(8081, 100, 30))
    prepare(lab, "unaccepted_5s")
    answer = lab.tool.check_json("--rule", RULE)
    (outcome,) = answer.json["rules"]
    if outcome["state"] == "SKIPPED":
        raise Skip(f"{RULE}: {outcome['reason']}")
    (finding,) = answer.json["findings"]
    evidence = {name: item["value"] for name, item in finding["evidence"].items()}
    lab.equal("state", "CRITICAL", finding["state"])
    lab.equal("process", ("short", pid), (evidence["process"], evidence["pid"]))
    lab.equal("open", evidence["open_files"], len(os.listdir(f"/proc/{pid}/fd")))
    lab.equal("left of 100", 4, evidence["files_left"])
    lab.equal("unaccepted", 7, evidence["unaccepted_5s"])


@scenario()
def files_of_the_host(lab):
    """Open files (each processor counts for itself) and their limit are those of fs.file-nr, also in a replay."""
    lab.tool.add_rule(HOST_RULE)
    capture = str(lab.tool.scratch / "capture")
    lab.equal("exit", 0, lab.tool.run("record", capture).exit)
    opened, _, most = network.get_sysctl("fs.file-nr").split()
    for arguments in ((), ("--replay", capture)):
        said = lab.tool.check_json("--rule", "site-files", *arguments).finding("site-files")["summary"].split()
        lab.within("open", int(opened) * 0.8 - 1000, int(opened) * 1.2 + 1000, int(said[0]))
        lab.true(f"the limit {most} is {said[1]}", abs(float(said[1]) - int(most)) <= int(most) * 1e-6)
