#!/usr/bin/env python3
"""Runs the harnesses of this directory.

  run.py replay PROGRAM CORPUS       every input of a corpus once
  run.py fuzz BUILD [NAME...] [SECONDS] [--runs N] [--keep]
                                     libFuzzer, on from the corpus; what it finds lies in BUILD/fuzz/NAME.finds.
                                     --keep: the smallest inputs that reach what was reached become the corpus

A corpus is one packed file: thousands of small ones would be in everybody's way."""
import argparse
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LONGEST = {"capture": 8192, "rules": 1024, "settings": 1024, "verdicts": 16384}  # bytes of an input; others 4096
MOST_PACKED = 100_000  # bytes of a corpus
SLOW = {"verdicts": 100, "host_report": 10, "rules": 4, "capture": 4}  # so many times slower than the others: fewer executions


def unpack(packed, directory):
    with tarfile.open(packed) as tar:
        for member in tar:
            Path(directory, Path(member.name).name).write_bytes(tar.extractfile(member).read())


def pack(inputs, packed):
    """The same bytes for the same inputs, whoever packs them and when."""
    tar_bytes = io.BytesIO()
    with tarfile.open(fileobj=tar_bytes, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for content in sorted(inputs, key=lambda one: (len(one), one)):
            member = tarfile.TarInfo(hashlib.sha1(content).hexdigest()[:12])
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    with open(packed, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
        zipped.write(tar_bytes.getvalue())


def replay(program, packed):
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-fuzz-") as directory:
        unpack(packed, directory)
        inputs = sorted(str(path) for path in Path(directory).iterdir())
        return subprocess.run([program, *inputs], check=False).returncode


def environment():
    return dict(os.environ,
                ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1",
                UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")


def last_status(log):
    """Executions, coverage and features of the last line that tells them, and executions a second."""
    found = re.findall(r"^#(\d+)\s.*cov: (\d+) ft: (\d+)", log, re.M)
    done = re.search(r"^Done (\d+) runs", log, re.M)
    executions, coverage, features = found[-1] if found else ("0", "0", "0")
    return int(done.group(1)) if done else int(executions), int(coverage), int(features)


def fuzz_one(build, name, arguments):
    program = build / f"tests/fuzz/fuzz_{name}"
    work = build / "fuzz" / name
    finds = build / "fuzz" / f"{name}.finds"
    for directory in (work, finds):
        directory.mkdir(parents=True, exist_ok=True)
    if (CORPUS / f"{name}.tar.gz").exists():
        unpack(CORPUS / f"{name}.tar.gz", work)
    before = set(finds.iterdir())
    known = sum(1 for _ in work.iterdir())  # are run first, and count
    limit = f"-max_total_time={arguments.seconds}" if arguments.seconds else \
        f"-runs={known + max(1, arguments.runs // SLOW.get(name, 1))}"
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-fuzz-") as new:
        written = str(work) if arguments.keep or arguments.seconds else new
        run = subprocess.run(
            [program, limit, f"-seed={arguments.seed}", f"-max_len={LONGEST.get(name, 4096)}", "-timeout=20", "-rss_limit_mb=1024",
             "-malloc_limit_mb=512", "-detect_leaks=0", "-entropic=0", "-print_final_stats=1", "-verbosity=1",
             f"-artifact_prefix={finds}/", written, *([] if written == str(work) else [str(work)])],
            check=False, stderr=subprocess.PIPE, text=True, errors="replace", env=environment())
    executions, coverage, features = last_status(run.stderr)
    seconds = max(time.monotonic() - start, 0.001)
    new_finds = sorted(set(finds.iterdir()) - before)
    print(f"{name:14} {executions:>11} executions  {executions / seconds:>8.0f}/s  {coverage:>6} edges  "
          f"{features:>6} features  {len(new_finds)} finds", flush=True)
    if run.returncode != 0:
        print(run.stderr[-6000:])
        print("find:", *new_finds, f"again: {program} FIND", sep="\n  ")
    elif arguments.keep:
        keep(program, name, work, CORPUS / f"{name}.tar.gz")
    return run.returncode


def keep(program, name, work, packed):
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-fuzz-") as merged:
        subprocess.run([program, "-merge=1", f"-max_len={LONGEST.get(name, 4096)}", merged, str(work)], check=True,
                       stderr=subprocess.DEVNULL, env=environment())
        inputs = sorted((path.read_bytes() for path in Path(merged).iterdir()), key=len)
    while True:
        pack(inputs, packed)
        if packed.stat().st_size <= MOST_PACKED:
            return
        inputs = inputs[: len(inputs) * 9 // 10]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    replayed = commands.add_parser("replay")
    replayed.add_argument("program")
    replayed.add_argument("corpus")
    fuzzed = commands.add_parser("fuzz")
    fuzzed.add_argument("build", type=Path)
    fuzzed.add_argument("names", nargs="*")
    fuzzed.add_argument("--runs", type=int, default=0)
    fuzzed.add_argument("--seed", type=int, default=1)
    fuzzed.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "replay":
        sys.exit(replay(arguments.program, arguments.corpus))
    numbers = [int(word) for word in arguments.names if word.isdigit()]
    arguments.names = [word for word in arguments.names if not word.isdigit()]
    arguments.seconds = numbers[-1] if numbers else 0 if arguments.runs else 60
    known = sorted(path.name.removesuffix(".tar.gz") for path in CORPUS.iterdir())
    wrong = [name for name in arguments.names if name not in known]
    if wrong:
        sys.exit(f"no harness {wrong[0]}: there are {', '.join(known)}")
    results = [fuzz_one(arguments.build, name, arguments) for name in arguments.names or known]
    sys.exit(1 if any(results) else 0)


if __name__ == "__main__":
    main()
