#!/usr/bin/env python3
"""Rules without their prose, for the check that runs every minute: lean_rules.py OUTPUT FILE

Keeps what decides a verdict and its line (and what settings may name), drops why, remedies, myths, references and comments.
"""
import json
import sys
import tomllib

DROPPED = {"title", "why", "see", "source", "remedy", "myth"}


def value(item):
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {value(inner)}" for key, inner in item.items()) + " }"
    if isinstance(item, list):
        return "[" + ", ".join(value(inner) for inner in item) + "]"
    return json.dumps(item, ensure_ascii=False)


def main():
    output, source = sys.argv[1:]
    with open(source, "rb") as file:
        document = tomllib.load(file)
    with open(output, "w", encoding="utf-8") as out:
        for rule in document["rule"]:
            out.write("[[rule]]\n")
            for key, item in rule.items():
                if key not in DROPPED:
                    out.write(f"{key} = {value(item)}\n")


main()
