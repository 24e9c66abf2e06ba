#!/usr/bin/env python3
"""What --all-netns finds, and what it admits not to see: held_namespaces.py BINARY [unittest options]

Each test makes network namespaces that only one thing leads to. Needs root.
"""
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "lab"))
import command_line  # noqa: E402
import network  # noqa: E402
from command_line import NOBODY, CommandLine, needs_namespaces  # noqa: E402


@needs_namespaces
class Held(CommandLine):
    def begin(self, target):
        """Runs in a thread whose namespaces are its own; what it returns is kept until the test ends."""
        kept, ready, end = [], threading.Event(), threading.Event()

        def body():
            try:
                kept.append(target())
            finally:
                ready.set()
            end.wait()

        thread = threading.Thread(target=body)
        thread.start()
        ready.wait()
        self.addCleanup(lambda: (end.set(), thread.join()))
        self.assertTrue(kept)
        return kept[0]

    def numbers(self):
        """The story of a run, which names the namespaces that were looked into by the inodes of their files."""
        return self.run_it("states", "--all-netns", "-vvv").err

    def assert_found(self, number):
        self.assertIn(f"inode {number}", self.numbers())

    def test_by_a_thread(self):
        def work():
            network.enter_fresh_namespace()
            return os.stat("/proc/thread-self/ns/net").st_ino

        self.assert_found(self.begin(work))

    def test_by_a_descriptor(self):
        kept = []

        def work():
            network.enter_fresh_namespace()
            kept.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        self.addCleanup(lambda: os.close(kept[0]))
        self.assert_found(os.fstat(kept[0]).st_ino)

    def test_by_a_mount_elsewhere(self):
        place = self.scratch / "docker netns"
        place.write_text("", encoding="ascii")
        script = 'mount --bind /proc/self/ns/net "$1"; stat -L -c %i /proc/self/ns/net'
        number = subprocess.run(["unshare", "--net", "sh", "-c", script, "sh", str(place)], check=True, capture_output=True,
                                encoding="ascii").stdout.strip()
        self.addCleanup(lambda: subprocess.run(["umount", str(place)], check=True))
        self.assert_found(number)
        self.assertIn("'docker netns'", self.numbers())

    def test_by_a_mount_in_another_mount_namespace(self):
        place = self.scratch / "inside"
        place.write_text("", encoding="ascii")
        script = 'unshare --net sh -c \'mount --bind /proc/self/ns/net "$1"; stat -L -c %i /proc/self/ns/net\' sh "$1"; exec sleep 60'
        with subprocess.Popen(["unshare", "--mount", "sh", "-c", script, "sh", str(place)], stdout=subprocess.PIPE,
                              encoding="ascii") as process:
            try:
                self.assert_found(process.stdout.readline().strip())
            finally:
                process.kill()

    def assert_gap(self, answer, words):
        """At least UNKNOWN: another namespace of this machine may alert."""
        self.assertIn(answer.exit, (1, 2, 3), answer.shown)
        document = answer.json
        self.assertIn("UNKNOWN", {rule["state"] for rule in document["rules"]} | {document["state"]}, answer.shown)
        self.assertIn(words, answer.out, answer.shown)

    def in_private_run(self, script, *arguments, user=NOBODY, capabilities="-all"):
        """The check as another user where /run is a place of its own."""
        program = Path(shutil.copy(command_line.BINARY, self.scratch / "program"))
        self.scratch.chmod(0o755)
        caps = f"--inh-caps={capabilities} --ambient-caps={capabilities}" if capabilities != "-all" else ""
        code = (f'mount -t tmpfs none /run; {script}; exec setpriv --reuid={user} --regid={user} --clear-groups {caps} '
                f'"{program}" check --all-netns --no-state --rules "{self.rules}" --format json')
        return self.start("unshare", ["--mount", "sh", "-c", code, "sh", *arguments])

    def test_names_that_may_not_be_listed(self):
        answer = self.in_private_run("mkdir -m 0700 /run/netns", capabilities="+sys_admin,+sys_ptrace")
        self.assert_gap(answer, "/run/netns")

    def test_processes_that_proc_hides(self):
        for hidepid in ("2", "4"):
            answer = self.in_private_run(f"mount -t proc -o hidepid={hidepid} proc /proc")  # never a remount: that one is everybody's
            self.assert_gap(answer, "hidepid")

    def test_processes_of_an_outer_pid_namespace(self):
        answer = self.start("unshare", ["--pid", "--fork", "--kill-child", "--mount-proc", str(self.plugin), "--rules",
                                        str(self.rules), "--all-netns", "--no-state", "--format", "json"])
        self.assert_gap(answer, "outside of this PID namespace")

    def test_ports_of_an_interface_where_one_may_not_look(self):
        """Nobody knows whether that namespace has it: it is named, and no OK."""
        name = f"tcpadvisor-e2e-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.addCleanup(lambda: subprocess.run(["ip", "netns", "delete", name], check=True))
        question = [command_line.BINARY, "ports", "--device", "lo", "--all-netns"]
        answer = self.start(question[0], question[1:])
        self.assertNotIn("port use is unknown", answer.out, answer.shown)
        answer = self.start("setpriv", ["--bounding-set=-sys_admin", *question])
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn(f"{name}: port use is unknown", answer.out, answer.shown)


if __name__ == "__main__":
    command_line.main()
