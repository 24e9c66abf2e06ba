#!/usr/bin/env python3
"""Writes a C++ source that holds the shipped rules as trees of rules::Node: embed_rules.py OUTPUT FILE...

The program reads them without parsing TOML, which would cost more than all the rest of a check on a quiet host. The tree
is what src/rules/toml.cpp would make of the file (a test compares them): members in the order of their names, each value
with its line. Columns are left out, because nobody is told of a mistake in a shipped rule.
"""
import os
import re
import sys
import tomllib

PRELUDE = """\
#include "rules/load.h"

#include <array>

namespace rules {
namespace {

constexpr Node value(Node::Kind kind, int line) {
    Node node;
    node.kind = kind;
    node.mark.line = line;
    return node;
}

constexpr Node text(int line, std::string_view content) {
    Node node = value(Node::Kind::text, line);
    node.text = content;
    return node;
}

constexpr Node number(int line, double content) {
    Node node = value(Node::Kind::number, line);
    node.number = content;
    return node;
}

constexpr Node boolean(int line, bool content) {
    Node node = value(Node::Kind::boolean, line);
    node.truth = content;
    return node;
}

template <std::size_t size>
constexpr Node list(int line, const Node (&items)[size]) {
    Node node = value(Node::Kind::list, line);
    node.count = size;
    node.first_item = items;
    return node;
}

template <std::size_t size>
constexpr Node table(int line, const Node::Member (&members)[size]) {
    Node node = value(Node::Kind::table, line);
    node.count = size;
    node.first_member = members;
    return node;
}

constexpr Node::Member member(std::string_view name, const Node& node) {
    return {{name, node.mark}, node};
}

"""


def find_lines(text):
    """Path of a value -> line. Knows the TOML of the shipped rules: a key and its value begin on one line of their own."""
    lines, sizes, at, closing = {}, {}, (), None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if closing:
            closing = None if line.endswith(closing) else closing
            continue
        if not line or line.startswith("#"):
            continue
        if header := re.fullmatch(r"(\[\[?)([\w.]+)\]\]?", line):
            at = ()
            *parents, last = header[2].split(".")
            for name in parents:
                at += (name,)
                lines.setdefault(at, number)
                at += (sizes[at] - 1,) if at in sizes else ()
            at += (last,)
            lines.setdefault(at, number)
            if header[1] == "[[":
                sizes[at] = sizes.get(at, 0) + 1
                at += (sizes[at] - 1,)
                lines[at] = number
            continue
        key, value = re.fullmatch(r"(\w+) = (.+)", line).groups()
        lines[at + (key,)] = number
        if value.startswith('"""') and not value.endswith('"""', 3):
            closing = '"""'
    return lines


def quoted(text):
    escapes = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
    shown = "".join(escapes.get(chr(byte), chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in text.encode())
    return f'{{"{shown}", {len(text.encode())}}}'


class Writer:
    def __init__(self, text, prefix):
        self.lines = find_lines(text)
        self.prefix = prefix
        self.arrays = []

    def array(self, kind, elements):
        name = f"{self.prefix}_{len(self.arrays)}"
        self.arrays.append(f"constexpr {kind} {name}[] = {{\n" + "".join(f"    {each},\n" for each in elements) + "};\n")
        return name

    def node(self, value, path=(), line=1):
        line = self.lines.get(path, line)
        if isinstance(value, bool):
            return f"boolean({line}, {str(value).lower()})"
        if isinstance(value, (int, float)):
            return f"number({line}, {float(value)!r})"
        if isinstance(value, str):
            return f"text({line}, {quoted(value)})"
        if isinstance(value, list):
            items = [self.node(item, path + (i,), line) for i, item in enumerate(value)]
            return f"list({line}, {self.array('Node', items)})" if items else f"value(Node::Kind::list, {line})"
        members = [f"member({quoted(key)}, {self.node(value[key], path + (key,), line)})" for key in sorted(value)]
        return f"table({line}, {self.array('Node::Member', members)})"


def main():
    output, *paths = sys.argv[1:]
    files = []
    with open(output, "w", encoding="utf-8") as out:
        out.write(PRELUDE)
        for path in paths:
            with open(path, encoding="utf-8") as source:
                text = source.read()
            name = os.path.basename(path)
            writer = Writer(text, name.removesuffix(".toml"))
            root = writer.node(tomllib.loads(text))
            out.write("".join(writer.arrays) + f"constexpr Node {writer.prefix} = {root};\n\n")
            files.append(f'    {{"shipped:{name}", &{writer.prefix}}},\n')
        out.write("constexpr auto files = std::to_array<ShippedFile>({\n" + "".join(files) + "});\n\n} // namespace\n\n")
        out.write("std::span<const ShippedFile> shipped_rules() {\n    return files;\n}\n\n} // namespace rules\n")


main()
