#!/usr/bin/env python3
"""Rules without their prose, for the check that runs every minute: lean_rules.py OUTPUT FILE

Keeps what decides a verdict and its line (and what settings may name), drops why, remedies, myths, references, evidence and
comments. Writes no TOML, because parsing that costs more than all the rest of a check on a quiet host, but a tree whose
reader is src/rules/lean.cpp: one line a value, that begins with its kind and tables and lists with their size.
"""
import sys
import tomllib

DROPPED = {"title", "why", "see", "source", "remedy", "myth", "evidence", "help"}


def lines(item):
    if isinstance(item, dict):
        kept = {key: inner for key, inner in item.items() if key not in DROPPED}
        yield f"{{{len(kept)}"
        for key, inner in kept.items():
            yield key
            yield from lines(inner)
    elif isinstance(item, list):
        yield f"[{len(item)}"
        for inner in item:
            yield from lines(inner)
    elif isinstance(item, bool):
        yield f"?{int(item)}"
    elif isinstance(item, (int, float)):
        yield f"#{item!r}"
    else:
        assert isinstance(item, str) and "\n" not in item, item
        yield f"'{item}"


def main():
    output, source = sys.argv[1:]
    with open(source, "rb") as file:
        document = tomllib.load(file)
    with open(output, "w", encoding="utf-8") as out:
        out.write("\n".join(lines(document)) + "\n")


main()
