#!/usr/bin/env python3
"""Writes a C++ source that holds text files: embed.py OUTPUT HEADER FUNCTION FILE...

FUNCTION, declared in HEADER as std::span<const base::Embedded>(), returns each file's name and text in order.
"""
import os
import sys


def literal(text):
    # One literal may hold 65536 bytes at least (C++ [implimits]); adjacent ones are joined by the compiler.
    parts = [text[i:i + 8000] for i in range(0, len(text), 8000)] or [""]
    return "\n".join('R"=====(' + part + ')====="' for part in parts)


def main():
    output, header, function, *files = sys.argv[1:]
    namespace, name = function.split("::")
    with open(output, "w", encoding="utf-8") as out:
        out.write(f'#include "{header}"\n\n#include <array>\n\nnamespace {namespace} {{\n\n')
        out.write(f"std::span<const base::Embedded> {name}() {{\n")
        out.write("    static constexpr auto files = std::to_array<base::Embedded>({\n")
        for path in files:
            with open(path, encoding="utf-8") as source:
                out.write(f'        {{"{os.path.basename(path)}", {literal(source.read())}}},\n')
        out.write(f"    }});\n    return files;\n}}\n\n}} // namespace {namespace}\n")


main()
