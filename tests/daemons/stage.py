"""What the tests of real daemons share: a world of real sockets, the cases that every daemon must show, and daemons that
are ours from their start to their end.

Everything runs as an unprivileged user, on loopback, in a scratch directory. The sockets are real, and looked at once, into
a capture, so that a daemon must show byte for byte what the plugin says by itself.
"""
import contextlib
import ctypes
import encodings.idna  # now, as an interpreter in a home directory cannot be read any more after giving up root
import fcntl
import os
import pathlib
import pwd
import resource
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
SKIPPED = 77
HOSTILE = b"ev|il'\n$(id);"  # 15 bytes is what a process name can hold
RULES = """
[[rule]]
id = "site-pool"
tags = ["health", "site"]
for_each = "destination"
when = "remote_port == {many_port}"
value = "connections"
warning = "1000"
critical = "2000"
summary = "{{remote}} has {{connections}} connections"

[[rule]]
id = "site-long"
tags = ["health", "site"]
for_each = "destination"
when = "remote_port == {many_port}"
value = "connections"
warning = "0"
summary = "{{remote}} is one of very many, {long}"

[[rule]]
id = "site-six"
tags = ["health", "site"]
for_each = "destination"
when = "remote_port == {six_port}"
value = "connections"
warning = "3"
summary = "{{remote}} has {{connections}} connections"

[[rule]]
id = "site-process"
tags = ["health", "site"]
for_each = "close_wait"
when = "known(process)"
value = "total"
warning = "3"
summary = "{{process}} holds {{total}}"
"""

def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def need(*programs):
    """Their paths, or the end of this test. /usr/sbin is not on everybody's PATH."""
    found = [shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/nagios/plugins:/usr/lib64/nagios/plugins")
             for program in programs]
    missing = [program for program, path in zip(programs, found) if path is None]
    if missing:
        skip(f"not installed: {', '.join(missing)}")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=20, what=""):
    """The first true answer of `condition`; patience for a loaded machine, no measure of speed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, LookupError, ValueError, subprocess.SubprocessError):
            if answer := condition():
                return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what or condition}")


class Daemon:
    """One process of ours, ended by its number; its output is kept for the case that something fails."""

    def __init__(self, log, *command, **popen):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, start_new_session=True, **popen)

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def stop(self):
        """With its workers: they are in the session that it leads."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
                return


class Case:
    """Options of the plugin by their long names, and what they must lead to."""

    def __init__(self, name, state, contains, **options):
        self.name, self.state, self.contains = name, state, contains
        self.options = {key.replace("_", "-"): value for key, value in options.items()}

    def arguments(self):
        words = []
        for key, value in self.options.items():
            if value is True:
                words.append(f"--{key}")
            else:
                values = [f"{k}={v}" for k, v in value.items()] if isinstance(value, dict) else value
                for one in values if isinstance(values, list) else [values]:
                    words += [f"--{key}", str(one)]
        return words

    def command(self, plugin):
        return shlex.join([str(plugin), *self.arguments()])


class World:
    """Sockets on loopback: 200 destinations, one over IPv6, and CLOSE_WAIT held by a process with a hostile name."""

    destinations = 200

    def __init__(self, program):
        self.stack = contextlib.ExitStack()
        try:
            self.build(program)
        except BaseException:
            self.stack.close()
            raise

    def build(self, program):
        self.scratch = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="tcpadvisor-daemons-")))
        self.plugins = self.scratch / "plugins"
        self.plugins.mkdir()
        self.plugin = self.plugins / "check_tcpadvisor"
        shutil.copy(program, self.plugin)  # the build directory may be nobody else's
        if os.geteuid() == 0:
            leave_the_network()
            become_unprivileged(self.scratch)
        self.rules = self.scratch / "rules.d"
        self.rules.mkdir()
        self.open_sockets()
        self.capture = self.scratch / "capture"
        self.record()

    def open_sockets(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        many = self.stack.enter_context(socket.create_server(("0.0.0.0", 0), backlog=2 * self.destinations))
        six = self.stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        self.many_port, self.six_port = many.getsockname()[1], six.getsockname()[1]
        for number in range(self.destinations):
            self.stack.enter_context(socket.create_connection((f"127.0.1.{number + 1}", self.many_port)))
        held = 6
        self.hold(held)
        for _ in range(held):
            six.accept()[0].close()
        (self.rules / "site.toml").write_text(RULES.format(many_port=self.many_port, six_port=self.six_port, long="and there is more to say " * 11),
            encoding="utf-8")

    def hold(self, count):
        """A process with a hostile name keeps connections that the other end closes."""
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(15, HOSTILE, 0, 0, 0)  # PR_SET_NAME
            ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: what gave up root hides its descriptors
            held = [socket.create_connection(("::1", self.six_port)) for _ in range(count)]
            signal.pause()
            os._exit(len(held))
        self.stack.callback(os.waitpid, child, 0)
        self.stack.callback(os.kill, child, signal.SIGKILL)

    def record(self):
        """The process is looked for once sockets are stuck for five seconds."""
        link = self.scratch / "tcpadvisor"
        link.symlink_to(self.plugin)

        def recorded():
            self.capture.unlink(missing_ok=True)
            subprocess.run([link, "record", self.capture], check=True, capture_output=True)
            return "holds" in self.run(Case("", 1, "", **self.site("site-process"))).stdout
        wait_until(recorded, what="a capture with the process")

    def site(self, *rules):
        return {"replay": self.capture, "rules": self.rules, "no_state": True, "rule": list(rules)}

    def cases(self):
        pool, six = self.site("site-pool"), self.site("site-six")
        broken = self.scratch / "broken.d"
        broken.mkdir(exist_ok=True)
        (broken / "site.toml").write_text("[[rule]]\nid = 'x'\nfor_each = 'destinatoin'\n", encoding="utf-8")
        return [
            Case("ok", 0, "TCP OK: ", **pool, verbose=True),
            Case("warning", 1, "[::1]:", **six),
            Case("critical", 2, "TCP CRITICAL: [::1]:", **six, set={"site-six.critical": "5"}),
            Case("array", 2, "TCP CRITICAL: [::1]:", **six, set=["site-six.critical=5"]),
            Case("ranges", 2, "TCP CRITICAL: ", **six, warning="~:2", critical="@0:10"),
            Case("unknown", 3, "site.toml", **self.site() | {"rules": broken}),
            Case("mistake", 3, "TCP UNKNOWN: ", **self.site("site-nothing")),
            Case("timeout", 3, "TCP UNKNOWN: no answer within 0.0001 s", timeout="0.0001"),
            Case("long", 1, "is one of very many", **self.site("site-long")),
            Case("process", 1, "ev", **self.site("site-process"), set={"site-process.critical": "50"}),
        ]

    def run(self, case):
        """The plugin by itself, as a daemon would start it."""
        return subprocess.run([self.plugin, *case.arguments()], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=30, env={"PATH": "/usr/bin:/bin", "HOME": str(self.scratch)})

    def close(self):
        self.stack.close()


def leave_the_network():
    """A namespace with a loopback and nothing else, where root may make one: the sockets of these tests are no business of
    the host's."""
    new_network, interface_flags, up = 0x40000000, 0x8914, 1
    if ctypes.CDLL(None).unshare(new_network) != 0:
        return
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, interface_flags, struct.pack("16sh14x", b"lo", up))


def become_unprivileged(directory):
    """Daemons refuse to be root, and so should their tests."""
    user = pwd.getpwnam("nobody")
    for path in (directory, *directory.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    os.environ["HOME"] = str(directory)


class WithWorld(unittest.TestCase):
    """Direct answers are checked once, then every daemon is held to them."""

    maxDiff = None
    program = None

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.program)
        cls.addClassCleanup(cls.world.close)
        cls.cases = cls.world.cases()
        cls.direct = {case.name: cls.world.run(case) for case in cls.cases}

    def check_direct(self):
        for case in self.cases:
            answer = self.direct[case.name]
            self.assertEqual((case.state, ""), (answer.returncode, answer.stderr), case.name + answer.stdout)
            self.assertIn(case.contains, answer.stdout, case.name)
            self.assertEqual(1 if "=" in answer.stdout.partition("|")[2] else 0, answer.stdout.count("|"), answer.stdout)
        self.assertGreater(len(self.direct["long"].stdout), 5000)
        self.assertLessEqual(len(self.direct["long"].stdout), 8192)


def main():
    if len(sys.argv) < 2:
        sys.exit(f"{sys.argv[0]} PROGRAM [unittest options]")
    WithWorld.program = sys.argv.pop(1)
    unittest.main()
