#!/usr/bin/env python3
"""Completion in real shells: completion_test.py PROGRAM DIRECTORY_OF_COMPLETIONS. A shell that is not installed is skipped."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, SCRIPTS = (os.path.abspath(path) for path in sys.argv[1:3])
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x07")

# What is typed, some of what must be offered, and some of what must not.
EXPECTED = [
    ("tcpadvisor ", ["report", "check", "audit", "watch", "record"], ["--format"]),
    ("tcpadvisor au", ["audit"], ["report"]),
    ("tcpadvisor check --for", ["--format"], ["--fail-on"]),
    ("tcpadvisor --no", ["--no-state"], []),
    ("tcpadvisor check --format ", ["nagios", "json"], ["html"]),
    ("tcpadvisor audit --format ", ["junit", "tap", "sarif"], ["nagios"]),
    ("tcpadvisor ports --sort ", ["used", "connections", "rate", "left"], []),
    ("tcpadvisor check --rule close-w", ["close-wait-leak", "close-wait-unread"], ["accept-queue-full"]),
    ("tcpadvisor check --exclude-rule accept", ["accept-queue-full"], []),
    ("tcpadvisor check --tag ", ["ports", "close-wait"], ["report"]),
    ("tcpadvisor check --set close-wait-le", ["close-wait-leak."], []),
    ("tcpadvisor --assume net.ipv4.tcp_tw_reuse_", ["net.ipv4.tcp_tw_reuse_delay="], []),
    ("tcpadvisor explain TIME", ["TIME_WAIT"], ["CLOSE_WAIT"]),
    ("tcpadvisor explain close-wait-le", ["close-wait-leak"], []),
    ("tcpadvisor explain --lang ", ["en", "zh"], ["auto"]),
    ("tcpadvisor rules ", ["list", "lint", "test"], []),
    ("tcpadvisor --color ", ["auto", "always", "never"], []),
    ("tcpadvisor check --config my-", ["my-settings.toml"], []),
    ("tcpadvisor audit --report ju", ["junit:"], []),
    ("check_tcpadvisor --war", ["--warning"], []),
    ("check_tcpadvisor --format ", ["nagios", "json"], ["html"]),
    ("check_tcpadvisor --rule listen-", ["listen-overflows"], []),
]


def bash(typed, home):
    """What bash itself is told: the words of COMPREPLY."""
    words = typed.split(" ")
    script = (f"source {SCRIPTS}/tcpadvisor; COMP_LINE='{typed}'; COMP_POINT={len(typed)}; COMP_CWORD={len(words) - 1};"
              f"COMP_WORDS=({' '.join(repr(word) for word in words)}); function=$(complete -p {words[0]}); [[ $function == *'-F _tcpadvisor '* ]] || exit 1;"
              f"_tcpadvisor {words[0]} {words[-1]!r} {words[-2]!r}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return subprocess.run(["bash", "--norc", "-c", script], cwd=home, capture_output=True, text=True, timeout=60, check=True).stdout.split()


def fish(typed, home):
    script = f"source {SCRIPTS}/tcpadvisor.fish; complete -C '{typed}'"
    lines = subprocess.run(["fish", "--no-config", "-c", script], cwd=home, capture_output=True, text=True, timeout=60, check=True,
                           env=dict(os.environ, HOME=home, XDG_CONFIG_HOME=home)).stdout.splitlines()
    return [line.split("\t")[0] for line in lines]


def zsh(typed, home):
    """A terminal in which somebody types the line and asks for the choices; all that can be read on it then."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(home)
        os.environ.update(TERM="xterm", HOME=home, ZDOTDIR=home, COLUMNS="200", LINES="200")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        say(terminal, f"fpath=({SCRIPTS} $fpath); autoload -Uz compinit; compinit -u -D; PS1='%%'; bindkey '^I' list-choices; LISTMAX=0; print rea''dy\n")
        hear(terminal, "ready")
        say(terminal, typed + "\t")
        shown = hear(terminal, None)
        return re.split(r"\s+", ESCAPES.sub(" ", shown))
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def say(terminal, text):
    os.write(terminal, text.encode())


def hear(terminal, awaited, quiet=1.5, most=30):
    """Until `awaited` was printed, or until nothing more has come for a while after something did."""
    heard, end = "", time.monotonic() + most
    while time.monotonic() < end:
        ready = select.select([terminal], [], [], quiet)[0]
        if ready:
            heard += os.read(terminal, 65536).decode(errors="replace")
        if awaited and awaited in heard or not awaited and not ready and heard:
            return heard
    return heard


class Completion(unittest.TestCase):
    def offered(self, shell, complete):
        if not shutil.which(shell):
            self.skipTest(f"{shell} is not installed")
        with tempfile.TemporaryDirectory() as home:
            open(home + "/my-settings.toml", "w", encoding="utf-8").close()
            for typed, wanted, unwanted in EXPECTED:
                with self.subTest(typed=typed):
                    words = complete(typed, home)
                    for word in wanted:
                        self.assertTrue(any(offer.rstrip(" ") == word or shell == "zsh" and word.rstrip(":=.") in offer for offer in words),
                                        f"{word} is not offered: {words}")
                    for word in unwanted:
                        self.assertNotIn(word, words)

    def test_bash(self):
        self.offered("bash", bash)

    def test_zsh(self):
        self.offered("zsh", zsh)

    def test_fish(self):
        self.offered("fish", fish)

    def test_no_shell_finds_a_mistake(self):
        for shell, script in (("bash", "tcpadvisor"), ("zsh", "_tcpadvisor"), ("fish", "tcpadvisor.fish")):
            if shutil.which(shell):
                subprocess.run([shell, "-n", f"{SCRIPTS}/{script}"], check=True, timeout=60)


with tempfile.TemporaryDirectory() as path:
    os.symlink(PROGRAM, path + "/tcpadvisor")
    os.symlink(PROGRAM, path + "/check_tcpadvisor")
    os.environ["PATH"] = path + ":" + os.environ["PATH"]
    unittest.main(argv=sys.argv[:1])
