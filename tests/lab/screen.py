"""The first screen as a person on call uses it: what stands on top, and what its first command does where it is pasted."""
import re
import subprocess

LINES, COLUMNS = 24, 80
CAUSE_WITHIN = 3  # lines


class Screen:
    def __init__(self, text):
        self.text = text
        self.lines = text.splitlines()
        self.head = " ".join(" ".join(self.lines[:CAUSE_WITHIN]).split())
        joined = text.replace(" \\\n", " ")  # as a shell does
        _, self.has_action, now = joined.partition("Right now ")
        self.commands = [" ".join(line.split()) for line in re.findall(r"^  (\S.*)$", now, re.MULTILINE)
                         if line.split()[0] not in ("/proc/sys",)]
        undo = re.search(r"^    undo   (.*)$", now, re.MULTILINE)
        self.undo = undo and " ".join(undo[1].split())
        effect = re.search(r"^    effect .*?(?:-> )(OK|WARNING|CRITICAL)\b", now.split("\nor  ")[0], re.MULTILINE)
        self.announced = effect and effect[1]

    @property
    def command(self):
        return self.commands[0] if self.commands else None


def fits(lab, text, what, in_ascii=True):
    lines = text.splitlines()
    lab.true(f"{what}: {len(lines)} lines fit the screen", len(lines) <= LINES)
    lab.true(f"{what}: {max(map(len, lines))} columns fit the screen", max(map(len, lines)) <= COLUMNS)
    lab.true(f"{what}: plain and printable", all(line.isprintable() and (line.isascii() or not in_ascii) for line in lines))


def first_screen(lab, *arguments, **options):
    """What `tcpadvisor` prints: it fits at every width, and is ASCII where LC_ALL says C, whatever LANG says."""
    for name, environment in (("120x40", {"COLUMNS": "120"}), ("80x24", {}), ("C locale", {"LC_ALL": "C"})):
        answer = lab.tool.run("report", "--no-state", *arguments, env={"LANG": "C.UTF-8"} | environment, **options)
        fits(lab, answer.out, name, in_ascii="LC_ALL" in environment)
    return Screen(answer.out)


def names(lab, screen, *words):
    """The cause stands in the first lines."""
    for word in words:
        lab.true(f"the first {CAUSE_WITHIN} lines say '{word}': {screen.head}", word in screen.head)


def paste(lab, command):
    """What the shell says to it."""
    lab.true("there is a command", command)
    done = subprocess.run(["sh", "-c", command or "false"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    lab.shown.append(f"'{command}' {done.returncode}")
    return done
