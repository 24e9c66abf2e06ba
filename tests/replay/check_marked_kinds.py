#!/usr/bin/env python3
"""A new kind of record needs a mask: check_marked_kinds.py SOURCE_OF_CAPTURE TEST_OF_MARKERS

Each kind of record that a capture is written with stands in the test that masks one of every kind.
"""
import re
import sys
from pathlib import Path

source, test = (Path(path).read_text(encoding="utf-8") for path in sys.argv[1:])
kinds = set(re.findall(r'\bput\(out, (?:[\w.]+ \? )?"([\w-]+)"', source)) | set(re.findall(r'"([a-z]+-(?:gap|end))"', source))
for kind in re.findall(r'\bput_readings\(out, "(\w+)"', source):
    kinds |= {kind, f"{kind}-gap"}
missing = sorted(kind for kind in kinds - {"end"} if f'{{"{kind}",' not in test)
print(f"{len(kinds)} kinds of records")
for kind in missing:
    print(f"{kind}: not in the capture of markers: add one, and a mask")
sys.exit(bool(missing) or len(kinds) < 15)
