#!/usr/bin/env python3
"""The document of the kernel's facts and those who cite it agree: check_citations.py ROOT

A citation is "docs/kernel-model.md, 3.3" or "docs/kernel-model.md, 0, 1.4 and 3.3": each section must exist there, and so
must each section and each scenario of the lab that the document itself names. Prints every breach; exits 1 if there is
one.
"""
import pathlib
import re
import sys

DOCUMENT = "docs/kernel-model.md"
FOLDERS = ["src", "tests", "bench", "tools", "man", "rules"]
SUFFIXES = {".h", ".cpp", ".py", ".toml", ".txt", ".1", ".5", ".7", ".in"}
NUMBER = r"\d+(?:\.\d+)*"
CITATION = re.compile(rf"(docs/)?kernel-model(\.md)?(?:, ({NUMBER}(?:(?:, | and ){NUMBER})*))?")
WRAPPED = re.compile(r"\n\s*(?://+|#)\s*")  # a comment goes on in the next line


def texts(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and path.name != pathlib.Path(__file__).name:
                yield path.relative_to(root).as_posix(), WRAPPED.sub(" ", path.read_text("utf-8", "replace"))


def breaches_of_citations(root, sections):
    count = 0
    for path, text in texts(root):
        for cited in CITATION.finditer(text):
            if not (cited[1] and cited[2] and cited[3]):
                yield f"{path}: '{cited[0]}' is no citation of a section, such as '{DOCUMENT}, 3.3'"
                continue
            count += 1
            for section in re.findall(NUMBER, cited[3]):
                if section not in sections:
                    yield f"{path}: {DOCUMENT} has no section {section}"
    if count == 0:
        yield f"nobody cites {DOCUMENT}"


def breaches_of_document(root, text, sections):
    for section in re.findall(rf"§({NUMBER})", text):
        if section not in sections:
            yield f"{DOCUMENT}: has no section {section}"
    scenarios = {name for path in (root / "tests/lab/scenarios").glob("*.py")
                 for name in re.findall(r"^@scenario.*\ndef (\w+)\(", path.read_text("utf-8"), re.MULTILINE)}
    for last_cell in re.findall(r"^\|.*\| ([^|]*) \|$", text.partition("\n### 10.2 ")[2], re.MULTILINE):
        for name in re.findall(r"`(\w+)`", last_cell):
            if name not in scenarios:
                yield f"{DOCUMENT}: the lab has no scenario {name}"


def main():
    root = pathlib.Path(sys.argv[1])
    text = (root / DOCUMENT).read_text(encoding="utf-8")
    sections = set(re.findall(rf"^##+ ({NUMBER})\.? ", text, re.MULTILINE))
    found = [*breaches_of_citations(root, sections), *breaches_of_document(root, text, sections)]
    print("\n".join(found))
    print(f"{0 if found else 1} passed, {1 if found else 0} failed")
    return 1 if found else 0


sys.exit(main())
