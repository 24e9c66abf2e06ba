#!/usr/bin/env python3
"""Runs a program with the captures unpacked: unpacked.py PROGRAM ARGUMENT..., to which the directory of them is added."""
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path


def unpack(directory):
    """Writes every capture here into the directory, as the lab recorded it."""
    for packed in Path(__file__).parent.glob("*.capture.gz"):
        Path(directory, packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))


def main():
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-captures-") as directory:
        unpack(directory)
        sys.exit(subprocess.run([*sys.argv[1:], directory], check=False).returncode)


if __name__ == "__main__":
    main()
