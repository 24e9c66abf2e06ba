#!/usr/bin/env python3
"""No counter is read from the kernel, and none kept for later runs, that nobody asks for: check_counters.py ROOT

The list is counter_rows of src/snapshot/counters.h. (A reader without its row does not compile.) Prints every breach; exits 1
if there is one.
"""
import pathlib
import re
import sys

LIST = "src/snapshot/counters.h"
SETTER = "src/kernel/proc_net.cpp"


def main():
    root = pathlib.Path(sys.argv[1])
    text = (root / LIST).read_text(encoding="utf-8")
    body = text.partition("counter_rows = ")[2].partition("\n});")[0]
    rows = re.findall(r'^ {4}\{"([\w.]+)"(, Kept::for_rate)?\},', body, re.M)
    readers = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "src").rglob("*.cpp"))
                        if path != root / SETTER)
    found = [] if rows and len(rows) == body.count('{"') else [f"{LIST}: cannot read the list: has its form changed?"]
    found += [f"{LIST}: nobody reads {key}" for key, _ in rows if f'"{key}"' not in readers]
    found += [f"{LIST}: {key} is kept, and nobody takes its rate" for key, kept in rows
              if kept and not re.search(rf'\b(rate<|per_second\()"{re.escape(key)}"', readers)]
    print("\n".join(found))
    print(f"{0 if found else 1} passed, {1 if found else 0} failed")
    return 1 if found else 0


sys.exit(main())
