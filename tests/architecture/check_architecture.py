#!/usr/bin/env python3
"""The house keeps its own law: check_architecture.py ROOT

Who may include whom, and the one door of each library (src/README.md). Prints every breach; exits 1 if there is one.
"""
import pathlib
import re
import sys

FOLDERS = ["base", "snapshot", "facts", "findings", "history", "kernel", "replay", "model", "rules", "render", "cli"]
MAY_INCLUDE = {
    "base": set(),
    "snapshot": {"base"},
    "facts": {"base"},
    "findings": {"base"},
    "history": {"base", "snapshot", "findings"},
    "kernel": {"base", "snapshot"},
    "replay": {"base", "snapshot", "kernel"},
    "model": {"base", "snapshot", "facts", "history"},
    "rules": {"base", "facts", "findings", "history"},
    "render": {"base", "findings", "facts"},
    "cli": set(FOLDERS),
}
# A pattern of an include or a call, and the files (prefixes below src/) that may have it.
DOORS = [
    ("boost/program_options", r"#include\s+<boost/", ["cli/options.cpp"]),
    ("toml++", r"#include\s+<toml\+\+/", ["rules/toml.cpp"]),
    ("libmnl", r"#include\s+<libmnl/", ["kernel/"]),
    ("libcap", r"#include\s+<sys/capability\.h>", ["kernel/privileges.cpp"]),
    ("nlohmann-json", r"#include\s+<nlohmann/", ["render/"]),
    ("libyaml", r"#include\s+<yaml\.h>", ["replay/yaml_settings.cpp"]),
    ("libarchive", r"\bdlopen\s*\(|<archive(_entry)?\.h>", ["replay/archive_loaded.cpp", "replay/archive_linked.cpp"]),
    ("spdlog", r"#include\s+<spdlog/", ["cli/trace.cpp"]),
    ("netlink", r"#include\s+<linux/", ["kernel/", "replay/"]),
    ("setns", r"\bsetns\s*\(", ["kernel/"]),
    ("/proc and /sys", r'"/(proc|sys)/', ["kernel/", "replay/", "findings/place.cpp"]),
    ("opening files", r"((?<!\w)::open\s*\(|\bfopen\s*\(|\b[io]?fstream\b)", ["base/", "kernel/", "replay/"]),
    ("running programs", r"\b(system|popen|execv[pe]*|posix_spawn)\s*\(", []),
    ("printing", r"\b(std::cout|std::cerr|printf\s*\(|puts\s*\()", []),
    ("ending the process", r"(std::exit|\b_exit|std::abort|\bexit)\s*\(", ["cli/looks.cpp", "cli/time_limit.cpp"]),
]


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def breaches_of_file(source, root):
    path = source.relative_to(root).as_posix()
    folder = path.split("/")[0]
    text = source.read_text(encoding="utf-8")
    for line_number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#include\s+"([^"]+)"', line)
        if match:
            target = match.group(1).split("/")[0]
            if target != folder and target not in MAY_INCLUDE[folder]:
                yield f"{path}:{line_number}: {folder}/ may not include {match.group(1)}"
        code = without_comments(line)
        for what, pattern, doors in DOORS:
            if re.search(pattern, code) and not any(path.startswith(door) for door in doors):
                where = ", ".join(doors) or "nowhere"
                yield f"{path}:{line_number}: {what} belongs in {where}"
    if source.suffix == ".h" and not re.match(r"// .+\n", text):
        yield f"{path}:1: a header opens with what it holds and what it must not know"


def breaches(root):
    for source in sorted(root.rglob("*")):
        if source.suffix in (".h", ".cpp"):
            yield from breaches_of_file(source, root)
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in FOLDERS:
            yield f"{folder.name}/: a folder that the design does not know"


def main():
    found = list(breaches(pathlib.Path(sys.argv[1]) / "src"))
    print("\n".join(found))
    print(f"{0 if found else 1} passed, {1 if found else 0} failed")
    return 1 if found else 0


sys.exit(main())
