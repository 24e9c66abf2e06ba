#!/usr/bin/env python3
"""Each capture, answered by a program for another processor as by one for this: emulated.py PROGRAM ROOT, in which the other one
was built."""
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "captures"))
from unpacked import unpack  # noqa: E402

OTHER = "/source/build/src/cli/tcpadvisor"
PROGRAM, ROOT = "", ""  # set by main


def emulator():
    """By what Meson runs the programs that it builds in that root."""
    with open(ROOT + OTHER, "rb") as file:
        machine = file.read(20)
    number = int.from_bytes(machine[18:20], "little" if machine[5] == 1 else "big")
    return {183: "qemu-aarch64", 22: "qemu-s390x", 62: "qemu-x86_64"}[number]


class Emulated(unittest.TestCase):
    def test_every_capture(self):
        shutil.rmtree(ROOT + "/captures", ignore_errors=True)
        os.mkdir(ROOT + "/captures")
        unpack(ROOT + "/captures")
        answered = 0
        run = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        for capture in sorted(os.listdir(ROOT + "/captures")):
            with self.subTest(capture):
                arguments = ["report", "--format", "json", "--replay", "/captures/" + capture]
                other = subprocess.run(["chroot", ROOT, emulator(), OTHER, *arguments], **run)
                arguments[-1] = ROOT + arguments[-1]
                own = subprocess.run([PROGRAM, *arguments], **run)
                answered += own.returncode < 3
                self.assertEqual((other.returncode, other.stdout.replace(b'"/captures', b'"' + ROOT.encode() + b"/captures")), (own.returncode, own.stdout))
        self.assertGreater(answered, 30)


if __name__ == "__main__":
    PROGRAM, ROOT = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
