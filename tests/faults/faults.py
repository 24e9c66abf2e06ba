#!/usr/bin/env python3
"""Every system call fails once: faults.py BINARY [--sample N] [--seed N] [--only COMMAND] [--table]

In a network namespace of its own, where one destination has used up all its ports (CRITICAL), each command runs once to
count its system calls, and then once for each of them and each error that it can return, injected by strace. The verdict
must stay CRITICAL or become UNKNOWN and say why: never OK, never milder, never a crash, a hang or half a file. The same
without what a host usually gives: memory, descriptors, processes, room, /proc, /sys, streams, netlink, a sane environment.
Needs root and strace. Without --sample everything is run, which takes half an hour.
"""
import argparse
import collections
import ctypes
import json
import os
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x20000
SKIPPED = 77
MISSED = 0.25  # how much of the faults may hit no call, because a run with threads is not the same twice
LOW, HIGH = 20000, 20099
FILLER = "filler"  # what a full disk is full of
PATIENCE = 60  # seconds until a run counts as hanging; its own limit is 10
START = "rt_sigprocmask"  # the first call of the program itself: what comes before is the loader's

# What each call may return by its manual page; others get EIO. `0` stands for a read that finds the end.
ERRORS = {
    "openat": ("EACCES", "EMFILE", "ENOENT", "EINTR"), "read": ("EIO", "EINTR", "0"), "pread64": ("EIO", "EINTR", "0"),
    "write": ("ENOSPC", "EINTR", "EPIPE"), "close": ("EIO",), "fsync": ("EIO",), "renameat": ("EACCES",), "unlinkat": ("EACCES",),
    "newfstatat": ("EACCES", "ENOMEM"), "fstat": ("ENOMEM",), "statfs": ("EIO",), "fstatfs": ("EIO",), "statx": ("EACCES",),
    "getdents64": ("EIO", "0"), "readlinkat": ("EACCES",), "readlink": ("EACCES",), "faccessat2": ("EROFS",), "access": ("EACCES",),
    "mkdirat": ("ENOSPC",), "mkdir": ("ENOSPC",), "fchmod": ("EPERM",), "flock": ("EINTR", "ENOLCK"),
    "socket": ("EPERM", "EMFILE", "EAFNOSUPPORT"), "bind": ("ENOMEM",), "sendto": ("EPERM", "ENOBUFS", "EINTR"),
    "recvmsg": ("ENOBUFS", "EINTR", "EAGAIN", "0"), "getsockname": ("ENOBUFS",), "setsockopt": ("ENOMEM",), "getsockopt": ("ENOPROTOOPT",),
    "setns": ("EPERM",), "unshare": ("EPERM",), "clone3": ("EAGAIN",), "clone": ("EAGAIN",), "mmap": ("ENOMEM",), "mprotect": ("ENOMEM",),
    "ioctl": ("ENOTTY",), "fcntl": ("EBADF",), "prctl": ("EINVAL",), "capget": ("EINVAL",), "capset": ("EPERM",),
    "rt_sigaction": ("EINVAL",), "setitimer": ("EINVAL",), "poll": ("EINTR",), "ppoll": ("EINTR",), "getrandom": ("EAGAIN",),
    "getpid": (), "geteuid": (), "gettid": (), "getuid": (), "uname": ("EFAULT",), "sysinfo": ("EFAULT",), "lseek": ("ESPIPE",),
}
NOT_FAILED = {"exit", "exit_group", "execve", "futex", "rt_sigreturn", "brk", "munmap", "rseq", "set_robust_list", "rt_sigprocmask",
              "arch_prctl", "set_tid_address", "sched_yield", "madvise", "clock_nanosleep", "restart_syscall"}
DENIED = Path(__file__).resolve().parent.parent / "lab" / "deny_netlink.py"


def reason_to_skip():
    """Why this machine cannot run it, or None. Otherwise this process has namespaces of the network and of mounts of its own."""
    if os.geteuid() != 0 or not shutil.which("strace"):
        return "needs root and strace"
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        return "strace may not trace here"
    if ctypes.CDLL(None).unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        return "no namespaces may be made here"
    return None


class Namespace:
    """One destination that has used up all local ports, for as long as this object lives."""

    def __init__(self):
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{LOW} {HIGH}", encoding="ascii")
        self.server = socket.socket()
        self.server.bind(("127.0.0.1", 8080))
        self.server.listen(256)
        self.clients = []
        for _ in range(HIGH - LOW + 1):
            client = socket.socket()
            try:
                client.connect(("127.0.0.1", 8080))
            except OSError:
                break
            self.clients.append(client)
            self.clients.append(self.server.accept()[0])


class Command:
    """How a command is run, and what must hold whatever fails."""

    writes = False  # a file that is named

    def __init__(self, name, *arguments, verdict=True):
        self.name, self.arguments, self.verdict = name, arguments, verdict

    def problem(self, done, scratch):
        """What is wrong with this end of a run; None if nothing is."""
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        said = (out + err).strip()
        if done.returncode < 0 or done.returncode > 3:
            return f"ended with {done.returncode}"
        if "internal error" in said and "bad_alloc" not in said:
            return "internal error"
        if done.returncode == 3 and not said and not self.names_file(scratch):
            return "exit 3 without a word"
        if self.verdict and not (done.returncode in (2, 3) or done.returncode == 1 and self.tells_loss(said, scratch)):
            return f"exit {done.returncode}, which is milder"
        if not self.verdict and done.returncode not in (0, 3):
            return f"exit {done.returncode}"
        return self.problem_of_file(done.returncode, scratch)

    def tells_loss(self, said, scratch):
        """Another rule may still alert; then the first line names what was lost."""
        del scratch
        return "not seen" in said.split("\n\n")[0] or "not judged" in said.split("\n")[0]

    def names_file(self, scratch):
        return (scratch / "out" / "file").exists()

    def problem_of_file(self, code, scratch):
        del code
        names = {path.name for path in (scratch / "out").iterdir()} - {"file", FILLER}
        if names:
            return f"left behind: {sorted(names)}"
        return None


class JsonCommand(Command):
    writes = True

    def tells_loss(self, said, scratch):
        document = json.loads((scratch / "out" / "file").read_bytes())
        return bool(document["gaps"]) and any(rule["state"] == "UNKNOWN" for rule in document["rules"])

    def problem_of_file(self, code, scratch):
        path = scratch / "out" / "file"
        if path.exists():
            try:
                document = json.loads(path.read_bytes())
            except ValueError:
                return "half a file"
            if code == 2 and document.get("state") != "CRITICAL":
                return f"the file says {document.get('state')}"
        elif code != 3:
            return f"exit {code} without a file"
        return super().problem_of_file(code, scratch)


class Recording(Command):
    writes = True
    binary = None

    def problem_of_file(self, code, scratch):
        path = scratch / "out" / "file"
        if path.exists():
            replayed = subprocess.run([self.binary, "check", "--replay", path], capture_output=True, check=False, timeout=PATIENCE)
            if replayed.returncode not in (2, 3):
                return f"the capture is judged {replayed.returncode}"
            if code == 0 and b"CRITICAL" not in replayed.stdout.split(b":")[0] and b"UNKNOWN" not in replayed.stdout.split(b":")[0]:
                return "a success whose capture is milder"
        elif code == 0:
            return "a success without a file"
        return super().problem_of_file(code, scratch)


class Surroundings:
    """What a host lacks. `wrapper`: a command that execs the rest; `full`: the disks of all that is written have no room;
    `popen`: more options of it; `no_file`: no file can be written, and who asked for one is told so."""

    def __init__(self, what, wrapper=(), full=False, no_file=False, **popen):
        self.what, self.wrapper, self.full, self.no_file, self.popen = what, wrapper, full, no_file or full, popen

    def problem(self, command, done):
        return f"exit {done.returncode} of {command.name}" if self.no_file and command.writes and done.returncode != 3 else None


def commands(scratch):
    file = str(scratch / "out" / "file")
    return [
        Command("check", "check", "--state-dir", str(scratch / "state")),
        Command("check-all", "check", "--all-netns", "--no-state"),
        Command("report", "report", "--no-state", "--this-netns"),
        JsonCommand("json", "report", "--no-state", "--this-netns", "--format", "json", "--output", file),
        Recording("record", "record", "--this-netns", file, verdict=False),
        Command("replay", "check", "--replay", str(scratch / "capture")),
        Command("ports", "ports", "--to", "127.0.0.1:8080", verdict=False),
        Command("states", "states", verdict=False),
        Command("port", "port", str(LOW), verdict=False),
    ]


class Harness:
    def __init__(self, binary, scratch):
        self.binary, self.scratch = binary, scratch
        self.failures = []
        self.missed = 0
        self.counts = collections.Counter()
        Recording.binary = binary

    def prepare(self):
        for name in WRITTEN:
            shutil.rmtree(self.scratch / name, ignore_errors=True)
            (self.scratch / name).mkdir(mode=0o700)

    def start(self, command, wrapper=(), **popen):
        self.prepare()
        return self.run(command, wrapper, **popen)

    def run(self, command, wrapper, **popen):
        environment = popen.pop("env", {"PATH": os.environ["PATH"], "HOME": str(self.scratch)})
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        try:
            done = subprocess.run([*map(str, wrapper), self.binary, *command.arguments], stdin=subprocess.DEVNULL, env=environment,
                                  timeout=PATIENCE, check=False, **popen)
        except subprocess.TimeoutExpired:
            return None
        done.stdout, done.stderr = done.stdout or b"", done.stderr or b""
        return done

    def judge(self, command, what, done, surroundings=None):
        self.counts[command.name] += 1
        problem = "it hangs" if done is None else command.problem(done, self.scratch)
        if surroundings and done and not problem:
            problem = surroundings.problem(command, done)
        if problem:
            shown = "" if done is None else (done.stdout + done.stderr).decode(errors="replace")[:300]
            self.failures.append(f"{command.name}: {what}: {problem}\n    {shown.strip()}")
            print(f"FAIL {self.failures[-1]}", flush=True)

    def calls_of(self, command):
        """The calls of the program itself: name and number, as strace counts them in each thread."""
        log = self.scratch / "log"
        self.start(command, ["strace", "-f", "-qq", "-o", log])
        calls, counts, of_loader, started = set(), collections.Counter(), collections.Counter(), False
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            match = re.match(r"(\d+) +(\w+)\(", line)
            if not match:
                continue
            thread, name = match.groups()
            counts[thread, name] += 1
            started = started or name == START
            if not started:
                of_loader[name] += 1
            elif name not in NOT_FAILED and counts[thread, name] > of_loader[name]:
                calls.add((name, counts[thread, name]))
        return sorted(calls)

    def faults(self, command):
        return [(name, number, error) for name, number in self.calls_of(command) for error in ERRORS.get(name, ("EIO",))]

    def inject(self, command, fault):
        name, number, error = fault
        how = "retval=0" if error == "0" else f"error={error}"
        log = self.scratch / "log"
        done = self.start(command, ["strace", "-f", "-qq", "--seccomp-bpf", "-o", log, "-e", f"trace={name}", "-e",
                                    f"inject={name}:{how}:when={number}"])
        if done is not None and "(INJECTED)" not in log.read_text(encoding="utf-8", errors="replace"):
            self.missed += 1
        else:
            self.judge(command, f"{name} number {number} returns {error}", done)

    def surround(self, command, surroundings):
        self.prepare()
        disks = [self.scratch / name for name in WRITTEN if surroundings.full]
        for disk in disks:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", disk], check=True)
            (disk / FILLER).write_bytes(bytes(4096))
        try:
            done = self.run(command, surroundings.wrapper, **surroundings.popen)
            if surroundings.what == "closed standard streams" and done is not None:
                done.stderr = b"nowhere to say it"
            self.judge(command, surroundings.what, done, surroundings)
        finally:
            for disk in disks:
                subprocess.run(["umount", disk], check=True)


def limited(what, value):
    return {"preexec_fn": lambda: resource.setrlimit(what, (value, value))}


# Limits do not hold root. Of a process whose children belong to another PID namespace the kernel takes no thread.
NO_THREAD = ["unshare", "--pid"]
WRITTEN = ("out", "state")


def mounted(script):
    return ["unshare", "--mount", "sh", "-c", f'{script} && exec "$@"', "sh"]


def surroundings(scratch):
    """What a host may lack: a name, what the program is started by, and how."""
    read_only = mounted(f'mount --bind "{scratch}" "{scratch}" && mount -o remount,bind,ro "{scratch}"')
    hostile = {"TERM": "\x1b[31m", "COLUMNS": "-1", "LC_ALL": "../../etc", "TZ": "/dev/zero", "NO_COLOR": "\n", "PATH": "", "HOME": "/proc/1",
               "XDG_STATE_HOME": "/dev/full", "STATE_DIRECTORY": "relative", "GCONV_PATH": "/tmp", "MALLOC_PERTURB_": "77"}
    no_netlink = [sys.executable, str(DENIED)]
    return [
        Surroundings("16 MiB of addresses", **limited(resource.RLIMIT_AS, 16 << 20)),
        Surroundings("24 MiB of addresses", **limited(resource.RLIMIT_AS, 24 << 20)),
        Surroundings("4 descriptors", **limited(resource.RLIMIT_NOFILE, 4)),
        Surroundings("5 descriptors", **limited(resource.RLIMIT_NOFILE, 5)),
        Surroundings("6 descriptors", **limited(resource.RLIMIT_NOFILE, 6)),
        Surroundings("files of no size", **limited(resource.RLIMIT_FSIZE, 0), no_file=True),
        Surroundings("no thread", NO_THREAD),
        Surroundings("a full disk", full=True),
        Surroundings("a disk that may not be written", read_only, no_file=True),
        Surroundings("no /proc", mounted("mount -t tmpfs none /proc")),
        Surroundings("no /sys", mounted("mount -t tmpfs none /sys")),
        Surroundings("no netlink", no_netlink),
        Surroundings("no netlink and no /proc/net", [*mounted("mount -t tmpfs none /proc"), *no_netlink]),
        Surroundings("closed standard output", ["sh", "-c", 'exec "$@" >&-', "sh"]),
        Surroundings("closed standard streams", ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]),
        Surroundings("a full standard output", ["sh", "-c", 'exec "$@" >/dev/full', "sh"]),
        Surroundings("a hostile environment", env=hostile),
    ]


def a_thread_starts(wrapper):
    script = "import threading; threading.Thread(target=int).start()"
    return subprocess.run([*wrapper, sys.executable, "-c", script], check=False, stderr=subprocess.DEVNULL).returncode == 0


def run(arguments, scratch):
    harness = Harness(arguments.binary, scratch)
    world = Namespace()
    if a_thread_starts(NO_THREAD) or not a_thread_starts([]):
        sys.exit("faults.py: threads are not kept from starting")
    first = subprocess.run([arguments.binary, "record", "--this-netns", scratch / "capture"], check=False, timeout=PATIENCE)
    if first.returncode != 0:
        sys.exit("faults.py: cannot record")
    chosen = [command for command in commands(scratch) if arguments.only in (None, command.name)]
    for command in chosen:
        done = harness.start(command)
        harness.judge(command, "nothing fails", done)
        if done is None or done.returncode != (2 if command.verdict else 0):
            sys.exit(f"faults.py: {command.name} is not CRITICAL when nothing fails")
    faults = [(command, fault) for command in chosen for fault in harness.faults(command)]
    places = [(command, place) for command in chosen for place in surroundings(scratch)]
    if arguments.sample:
        chooser = random.Random(arguments.seed)
        faults = chooser.sample(faults, min(arguments.sample, len(faults)))
        places = chooser.sample(places, min(arguments.sample // 4, len(places)))
    print(f"{len(faults)} faults, {len(places)} surroundings", flush=True)
    for command, fault in faults:
        harness.inject(command, fault)
    for command, place in places:
        harness.surround(command, place)
    del world
    too_many = harness.missed > MISSED * len(faults)
    if harness.missed:
        print(f"{'FAIL ' if too_many else ''}{harness.missed} faults hit no call: that run did not make it, and is not counted")
    if arguments.table:
        print("| command | runs |\n|---|---|")
        for name, count in harness.counts.items():
            print(f"| {name} | {count} |")
    failed = len(harness.failures) + too_many
    print(f"{sum(harness.counts.values()) - len(harness.failures)} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary", type=lambda path: str(Path(path).resolve()))
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[command.name for command in commands(Path())])
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if reason := reason_to_skip():
        print(f"faults.py: {reason}; skipped")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-faults-") as scratch:
        sys.exit(run(arguments, Path(scratch)))


if __name__ == "__main__":
    main()
