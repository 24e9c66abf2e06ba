"""Capabilities of the program's file: they name other users' processes, and are gone before anything is written."""
import os
import shutil
import subprocess
import time

from harness import Skip, scenario
from scenarios.command import AS_NOBODY, NOBODY
from scenarios.owners import LEAKED, findings, leaking, prepare, process, the_one

BOTH = "cap_sys_ptrace,cap_dac_read_search=p"


def give(lab, capabilities):
    if not shutil.which("setcap"):
        raise Skip("setcap is not installed")
    given = subprocess.run(["setcap", capabilities, lab.tool.binary], capture_output=True, text=True, check=False)
    if given.returncode != 0:
        raise Skip(f"setcap: {given.stderr.strip()}")


def capabilities_of(pid):
    """{set: number} as /proc tells them."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return {line[:6]: int(line.split()[1], 16) for line in file if line.startswith(("CapPrm", "CapEff"))}


@scenario()
def capabilities_of_the_file(lab):
    """User 65534 sees root's process with both capabilities, and with neither of them alone."""
    pid = process(lab, b"of-root", leaking(LEAKED))
    prepare(lab)
    for capabilities in ("cap_sys_ptrace=p", "cap_dac_read_search=p"):
        give(lab, capabilities)
        _, evidence, _ = the_one(lab, **AS_NOBODY)
        lab.equal(capabilities, None, evidence["process"])
    give(lab, BOTH)
    _, evidence, _ = the_one(lab, **AS_NOBODY)
    lab.equal("process", ("of-root", pid), (evidence["process"], evidence["pid"]))
    if shutil.which("setpriv"):
        _, evidence, _ = the_one(lab, wrapper=("setpriv", "--no-new-privs"), **AS_NOBODY)
        lab.equal("a process that may gain no privileges", None, evidence["process"])


@scenario()
def capabilities_are_given_up(lab):
    """While the answer is written, the program has no capability left to misuse."""
    process(lab, b"of-root", leaking(LEAKED))
    prepare(lab)
    give(lab, BOTH)
    answer = str(lab.tool.scratch / "answer")
    os.mkfifo(answer)
    os.chmod(answer, 0o666)
    child = subprocess.Popen([lab.tool.binary, "report", "-v", "--no-state", "--output", answer], stdin=subprocess.DEVNULL, **AS_NOBODY)
    try:
        seen = []
        for _ in range(100):  # it waits for a reader of the pipe
            time.sleep(0.1)
            seen.append(capabilities_of(child.pid))
            if not any(seen[-1].values()):
                break
        lab.equal("still running", None, child.poll())
        lab.equal("capabilities", {"CapPrm": 0, "CapEff": 0}, seen[-1])
        with open(answer, encoding="utf-8") as pipe:
            lab.true("the answer names the process", "of-root" in pipe.read())
    finally:
        child.kill()
        child.wait()


@scenario()
def files_of_others_are_not_believed(lab):
    """With capabilities, rules that somebody else could have written make the verdict UNKNOWN; without, they count."""
    process(lab, b"of-root", leaking(LEAKED))
    prepare(lab)
    rules = lab.tool.scratch / "rules.d" / "lab.toml"
    rules.chmod(0o666)
    found, _ = findings(lab, **AS_NOBODY)
    lab.equal("without capabilities", 1, len(found))
    if shutil.which("setpriv"):
        user = ("setpriv", "--inh-caps", "+sys_ptrace", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
        lab.equal("inheritable ones are no privilege", 1, len(findings(lab, wrapper=user)[0]))
    give(lab, BOTH)
    for mode, owner in ((0o666, 0), (0o664, 0), (0o644, 1)):
        rules.chmod(mode)
        os.chown(rules, owner, 0)
        answer = lab.tool.check(**AS_NOBODY)
        lab.equal(f"mode {mode:o} of user {owner}", 3, answer.exit)
        lab.true("line 1 names the file", "lab.toml" in answer.line1)
    rules.chmod(0o644)
    os.chown(rules, 0, 0)
    lab.equal("root's own", 1, len(findings(lab, **AS_NOBODY)[0]))
    rules.parent.chmod(0o777)
    lab.equal("in a directory of all", 3, lab.tool.check(**AS_NOBODY).exit)
    rules.parent.chmod(0o755)
    settings = lab.tool.scratch / "site.toml"
    settings.chmod(0o666)
    lab.true("line 1 names the settings", "site.toml" in lab.tool.check(**AS_NOBODY).line1)
    settings.chmod(0o644)
    lab.tool.binary = shutil.copy(lab.tool.binary, str(lab.tool.scratch / "plain"))
    rules.chmod(0o666)
    lab.equal("root is privileged too", 3, lab.tool.check().exit)


@scenario()
def which_namespaces_are_unseen(lab):
    """Root's processes are closed to others, but not which namespace they are in; what they hold is a gap."""
    if not shutil.which("setpriv"):
        raise Skip("setpriv is not installed")
    for root_does, unseen in (("sleep 60 & sleep 60", None), ("unshare --net sleep 60", "to look into those of 1 process takes CAP_SYS_PTRACE")):
        script = f'mount -t tmpfs none /run; {root_does} & sleep 0.3; exec setpriv --reuid=65534 --clear-groups "$@"'
        answer = lab.tool.run("check", "--all-netns", "--no-state", "--format", "json",
                              wrapper=("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh"))
        lab.equal(f"beside '{root_does}'", unseen is not None, "the network namespaces of other users" in answer.out)
        lab.true("how many", unseen is None or unseen in answer.out)
        lab.true("their descriptors", "they may hold network namespaces" in answer.out)
        lab.equal("UNKNOWN", 3, answer.exit)
