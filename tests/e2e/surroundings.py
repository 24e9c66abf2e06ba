#!/usr/bin/env python3
"""What the program makes of what it inherits and of what other users prepare: surroundings.py BINARY [unittest options]

Signals that are blocked, limits, streams that are closed or do not block, links and directories of others, files that do not
answer.
"""
import ctypes
import fcntl
import os
import resource
import signal
import subprocess
import time

import command_line
from command_line import NOBODY, CommandLine, needs_namespaces, needs_root

PIPE = 4096  # bytes: the smallest that a pipe may take


class Signals(CommandLine):
    def test_the_timeout_ends_what_hangs_even_if_its_signal_was_blocked_or_ignored(self):
        def blocked():
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

        def ignored():
            signal.signal(signal.SIGALRM, signal.SIG_IGN)

        os.mkfifo(self.scratch / "nobody-reads-this")
        for prepare in (blocked, ignored):
            begin = time.monotonic()
            answer = self.check("--output", self.scratch / "nobody-reads-this", "--timeout", "1", preexec_fn=prepare)
            self.assertLess(time.monotonic() - begin, 15)
            self.assert_unknown_line(answer, "no answer within 1 s")

    def test_a_pipe_that_nobody_reads_does_not_hold_the_timeout_up(self):
        reader, writer = os.pipe()
        try:
            os.set_blocking(writer, False)
            os.write(writer, b"x" * (1 << 20))  # as much as it takes
            os.set_blocking(writer, True)
            self.assertEqual(3, self.check("--timeout", "1", stdout=writer).exit)
        finally:
            os.close(reader)
            os.close(writer)

    @needs_namespaces
    def test_a_file_whose_server_hangs_does_not_hold_the_timeout_up(self):
        """No signal that has a handler ends this wait, in the kernel; in containers such a server is behind files of /proc."""
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            self.skipTest("no /dev/fuse")
        server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)  # it never answers
        self.addCleanup(os.close, server)
        libc = ctypes.CDLL(None, use_errno=True)
        clone_newns, ms_rec, ms_private = 0x20000, 0x4000, 0x40000

        def mount():
            options = f"fd={server},rootmode=100444,user_id=0,group_id=0".encode()
            done = (libc.unshare(clone_newns), libc.mount(b"none", b"/", None, ms_rec | ms_private, None),
                    libc.mount(b"hangs", b"/proc/uptime", b"fuse", 0, options))
            assert done == (0, 0, 0), os.strerror(ctypes.get_errno())

        self.assert_unknown_line(self.check("--timeout", "1", preexec_fn=mount), "no answer within 1 s")

    @needs_namespaces
    def test_a_pipe_in_the_place_of_a_file_of_the_kernel(self):
        os.mkfifo(self.scratch / "pipe")
        mount = f'mount --bind "{self.scratch}/pipe" /proc/sys/net/ipv4/ip_local_port_range && exec "$@"'
        answer = self.start("unshare", ["--mount", "sh", "-c", mount, "sh", str(self.plugin), "--rules", str(self.rules)])
        self.assertIn(answer.exit, (1, 2, 3), answer.shown)
        self.assertIn("not judged", answer.line1, answer.shown)
        self.assertNotIn("no answer", answer.out, answer.shown)

    def test_a_limit_of_file_sizes_is_an_error_and_leaves_nothing(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        capture, target = self.capture(), self.scratch / "answer"
        answer = self.check("--replay", capture, "--output", target, preexec_fn=limit)
        self.assert_unknown_line(answer, "File too large")
        self.assertFalse(target.exists())
        self.assert_told(self.run_it("record", target, preexec_fn=limit), "File too large")
        self.assertEqual({"capture", "check_tcpadvisor", "rules.d"}, {path.name for path in self.scratch.iterdir()} - {"state"})


class Streams(CommandLine):
    def test_output_that_does_not_block_is_whole(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
        whole = self.run_it("rules", "list", "-v").out
        self.assertGreater(len(whole), 2 * size, "it fills the pipe, or nothing is tested")
        with subprocess.Popen([command_line.BINARY, "rules", "list", "-v"], stdout=writer, env={}) as process:
            os.close(writer)
            time.sleep(0.3)  # until the pipe is full
            with open(reader, encoding="utf-8") as pipe:
                self.assertEqual(whole, pipe.read())
            self.assertEqual(0, process.wait())

    def test_without_standard_output_it_is_said_on_the_other(self):
        for stream, program in ((1, self.plugin), (1, command_line.BINARY)):
            answer = self.start(program, ["--no-state"], preexec_fn=lambda stream=stream: os.close(stream), stdout=None)
            self.assertEqual(3, answer.exit, answer.shown)
            self.assertIn("cannot write to standard output: Bad file descriptor", answer.err)

    def test_no_file_takes_the_number_of_a_closed_stream(self):
        target = self.scratch / "answer"
        code = f'exec "{command_line.BINARY}" states --output "{target}" <&- >&- 2>&-'
        done = subprocess.run(["sh", "-c", code], check=False, timeout=30)
        self.assertEqual(0, done.returncode)
        self.assertIn("ESTABLISHED", target.read_text(encoding="utf-8"))
        answer = self.start("sh", ["-c", f'exec "{command_line.BINARY}" states --output /dev/stdout >&-'])
        self.assertEqual(3, answer.exit, answer.shown)

    def test_standard_output_by_its_name(self):
        for to in ("> out", ">> out", "| cat > out"):
            (self.scratch / "out").write_text("before\n", encoding="ascii")
            answer = self.start("sh", ["-c", f'cd "{self.scratch}" && "{command_line.BINARY}" states --output /dev/stdout {to}'])
            out = (self.scratch / "out").read_text(encoding="utf-8")
            self.assertEqual((0, to == ">> out"), (answer.exit, out.startswith("before")), answer.shown + out)
            self.assertIn("ESTABLISHED", out)


class Places(CommandLine):
    @needs_root
    def test_a_link_of_another_user_leads_nowhere(self):
        shared, secret = self.scratch / "shared", self.scratch / "secret"
        shared.mkdir()
        shared.chmod(0o1777)
        secret.write_text("kept", encoding="ascii")
        secret.chmod(0o600)
        link = shared / "x"
        link.symlink_to(secret)
        os.lchown(link, NOBODY, NOBODY)
        capture = self.capture()
        for answer in (self.check("--replay", capture, "--output", link), self.run_it("report", "--replay", capture, "--report", f"json:{link}"),
                       self.run_it("record", link)):
            self.assertEqual(3, answer.exit, answer.shown)
            self.assertIn("is a link of user 65534", (answer.out + answer.err).replace("'", ""), answer.shown)
        self.assertEqual(("kept", 0o600), (secret.read_text(encoding="ascii"), secret.stat().st_mode & 0o777))

    def test_modes(self):
        target, capture = self.scratch / "answer", self.scratch / "capture"
        for umask, mode in ((0o022, 0o644), (0o077, 0o600)):
            target.unlink(missing_ok=True)
            self.assertEqual(0, self.run_it("states", "--output", target, umask=umask).exit)
            self.assertEqual(mode, target.stat().st_mode & 0o777)
            self.assertEqual(0, self.run_it("record", capture, umask=umask).exit)
            self.assertEqual(0o600, capture.stat().st_mode & 0o777)

    def test_a_capture_without_its_sockets_is_no_success(self):
        path = self.scratch / "capture"
        code = f'ulimit -n 5; exec "{command_line.BINARY}" record "{path}"'
        answer = self.start("sh", ["-c", code])
        self.assertEqual(3, answer.exit, answer.shown)


class States(CommandLine):
    def states(self, directory, **options):
        return self.check("--state-dir", directory, "--rule", "listen-overflows", **options)

    def aged(self, path):
        yesterday = time.time() - 2 * 86400
        os.utime(path, (yesterday, yesterday))

    @needs_root
    def test_a_directory_of_another_user_is_told_to_everybody(self):
        squatted = self.scratch / "state"
        squatted.mkdir()
        os.chown(squatted, NOBODY, NOBODY)
        answer = self.states(squatted)
        self.assertIn("note: no history: ", answer.out, answer.shown)
        self.assertIn("belongs to user 65534", answer.out, answer.shown)

    @needs_namespaces
    def test_a_state_that_cannot_be_kept_for_a_day_is_unknown(self):
        state = self.scratch / "state"
        state.mkdir(mode=0o700)
        self.assertEqual(0, self.states(state).exit)
        [kept] = list(state.iterdir())
        uptime = self.scratch / "uptime"
        mount = (f'mount --bind "{state}" "{state}" && mount -o remount,bind,ro "{state}" && mount --bind "{uptime}" /proc/uptime '
                 '&& exec "$@"')

        def judged(days_up):
            uptime.write_text(f"{days_up * 86400:.2f} 1.00\n", encoding="ascii")
            return self.start("unshare", ["--mount", "sh", "-c", mount, "sh", str(self.plugin), "--rules", str(self.rules),
                                          "--state-dir", str(state), "--rule", "listen-overflows"])

        answer = judged(days_up=3)
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertIn("note: this run is not kept: ", answer.out, answer.shown)
        self.aged(kept)
        answer = judged(days_up=3)
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn("nothing was kept for a day", answer.out, answer.shown)
        answer = judged(days_up=0.5)
        self.assertEqual(0, answer.exit, "what is from before the boot is of no use anyway" + answer.shown)

    def test_a_directory_that_another_run_keeps_locked_does_not_hold_the_answer_up(self):
        state = self.scratch / "state"
        state.mkdir(mode=0o700)
        holder = os.open(state, os.O_RDONLY)
        self.addCleanup(os.close, holder)
        fcntl.flock(holder, fcntl.LOCK_EX)
        answer = self.states(state)
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertIn("is locked by another run", answer.out, answer.shown)

    def test_nothing_but_its_own_is_pruned(self):
        home = self.scratch / "home"
        home.mkdir(mode=0o700)
        (home / ".profile").write_text("mine", encoding="ascii")
        self.aged(home / ".profile")
        self.states(home)
        self.assertTrue((home / ".profile").exists())

    def test_a_link_on_the_way(self):
        (self.scratch / "real").mkdir()
        (self.scratch / "link").symlink_to(self.scratch / "real")
        answer = self.states(self.scratch / "link" / "sub")
        self.assertIn("is a link", answer.out, answer.shown)
        self.assertEqual([], list((self.scratch / "real").iterdir()))


if __name__ == "__main__":
    command_line.main()
