#!/usr/bin/env python3
"""Writes tcpadvisor-facts(7): facts_page.py OUTPUT TEMPLATE SCHEMA

SCHEMA is src/facts/schema.h. A line "@facts of TABLE@" of TEMPLATE becomes the list of the facts of that table: name, unit and
sentence of each row. Ends with an error if anything in SCHEMA is no row, or if a table has not exactly one line in TEMPLATE.
"""
import re
import sys

STRING = r'"(?:[^"\\\n]|\\["\\])*"'
TEXT = rf"{STRING}(?:\s+{STRING})*"
TABLE = re.compile(r"inline constexpr auto (\w+)_columns = std::to_array<Column>\(\{")
ROW = re.compile(rf'\{{"(\w+)",\s*Type::(number|text|boolean),\s*({STRING}),\s*({TEXT})'
                 rf"(?:,\s*{STRING}(?:,\s*{TEXT}(?:,\s*Collection::\w+)?)?)?\}},")
NO_UNIT = {"text": "text", "boolean": "yes or no", "number": "number"}
PLACE = re.compile(r"@facts of (\w+)@")


def text_of(literal):
    return "".join(re.sub(r'\\(["\\])', r"\1", part[1:-1]) for part in re.findall(STRING, literal))


def rows_of(source, at):
    """[(name, unit, sentence)] of the table whose rows begin there."""
    rows = []
    while True:
        at = re.compile(r"(?:\s+|//[^\n]*\n)*").match(source, at).end()
        if source.startswith("});", at):
            return rows
        row = ROW.match(source, at)
        if row is None:
            sys.exit(f"line {source.count(chr(10), 0, at) + 1} of the schema is no row: {source[at:at + 60]!r}")
        rows.append((row[1], text_of(row[3]) or NO_UNIT[row[2]], text_of(row[4])))
        at = row.end()


def tables_of(source):
    tables = {found[1]: rows_of(source, found.end()) for found in TABLE.finditer(source)}
    if len(tables) != source.count("to_array<Column>") or not all(tables.values()):
        sys.exit("the schema has a table that cannot be read")
    return tables


def sentences(text):
    return re.split(r"(?<=\.) (?=[A-Z])", text)


def plain(text):
    text = re.sub(r"(?<= )-(?= )", r"\\-", text.replace("\\", "\\e"))
    return r"\&" + text if text.startswith((".", "'")) else text


def marked_up(sentence, names):
    """The lines of a sentence: names of facts, options, files and 'quoted words' have macros of their own."""
    marks = [("Va", r"`(\w+)`"), ("Ql", r"'([^']+)'"), ("Fl", r"-(-[a-z][a-z-]*)"), ("Pa", r"(/(?:etc|proc)\b[\w/.]*\w)"),
             ("Va", "(" + "|".join(sorted((name for name in names if "_" in name), key=len, reverse=True)) + ")")]
    lines = []
    rest = sentence
    while rest:
        found = [(match.start(), macro, match) for macro, pattern in marks
                 if (match := re.search(rf"(?:^|(?<= )){pattern}([.,:;]?)(?= |$)", rest))]
        if not found:
            return lines + [plain(rest)]
        start, macro, match = min(found, key=lambda each: each[0])
        if start > 0:
            lines.append(plain(rest[:start].rstrip()))
        lines.append(f".{macro} {match[1]} {match[2]}".rstrip())
        rest = rest[match.end():].lstrip()
    return lines


def list_of(rows, names):
    lines = [".Bl -tag -width Ds"]
    for name, unit, text in rows:
        lines.append(f".It Va {name} Pq {unit}")
        for sentence in sentences(text):
            lines += marked_up(sentence, names)
    return lines + [".El"]


def main():
    output, template, schema = sys.argv[1:]
    with open(schema, encoding="utf-8") as source:
        tables = tables_of(source.read())
    names = {name for rows in tables.values() for name, _, _ in rows}
    with open(template, encoding="utf-8") as source:
        lines = source.read().splitlines()
    places = [place[1] for line in lines if (place := PLACE.fullmatch(line))]
    if sorted(places) != sorted(tables):
        sys.exit(f"the template has lines for {sorted(places)}, the schema has {sorted(tables)}")
    with open(output, "w", encoding="utf-8") as page:
        for line in lines:
            place = PLACE.fullmatch(line)
            page.write("\n".join(list_of(tables[place[1]], names) if place else [line]) + "\n")


main()
