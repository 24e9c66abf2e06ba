#!/usr/bin/env python3
"""Writes the completion of one shell: generate.py bash|zsh|fish OPTIONS TEMPLATE OUTPUT; OPTIONS is what
list_options writes."""
import sys
from dataclasses import dataclass, field

WORDS = {  # the closed sets of values, by the placeholder of the option's argument
    "STATE": "warning critical never",
    "WHEN": "auto always never",
    "KEY": "used connections rate left",
    "LANG": "en zh",
}
# What an argument is, by its placeholder; one that is not here stops the build.
KINDS = {
    "FORMAT": "format", "FORMAT:FILE": "report", "FILE": "file", "PATH": "file", "DIR": "directory", "ID": "rule", "TAG": "tag",
    "RULE.KEY=VALUE": "set", "NAME|PATH": "netns", "KEY=VALUE": "sysctl", "STATE": "words", "WHEN": "words", "KEY": "words", "LANG": "words",
    "RANGE": "any", "ADDRESS:PORT": "any", "ADDRESS": "any", "INTERFACE": "any", "N": "any", "N/s": "any", "SECONDS": "any",
    "VERSION": "any",
}


@dataclass
class Option:
    name: str
    letter: str
    argument: str
    repeatable: bool
    sentence: str

    @property
    def names(self):
        return [f"--{self.name}"] + ([f"-{self.letter}"] if self.letter else [])

    @property
    def kind(self):
        return KINDS[self.argument] if self.argument else "none"


@dataclass
class Command:
    name: str
    argument: str
    sentence: str
    formats: str
    options: list = field(default_factory=list)


def read(options):
    commands, sysctls = {}, []
    for line in open(options, encoding="utf-8").read().splitlines():
        kind, *fields = line.split("\t")
        if kind == "command":
            commands[fields[0]] = Command(*fields)
        elif kind == "option":
            command, name, letter, argument, repeatable, sentence = fields
            commands[command].options.append(Option(name, letter, argument, repeatable == "repeatable", sentence))
        else:
            sysctls += fields
    return list(commands.values()), sysctls


def all_options(commands):
    return {option.name: option for command in commands for option in command.options}.values()


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bash(commands):
    lines = []
    for command in commands:
        words = [name for option in command.options for name in option.names]
        lines.append(f"        {command.name}) options={quoted(' '.join(words))} formats={quoted(command.formats)} ;;")
    actions = {}
    for option in all_options(commands):
        if option.kind != "none":
            action = {"any": ":", "words": f"_tcpadvisor_words {quoted(WORDS.get(option.argument, ''))}"}.get(
                option.kind, f"_tcpadvisor_{option.kind}")
            actions.setdefault(action, []).extend(option.names)
    values = [f"        {'|'.join(names)}) {action} ;;" for action, names in actions.items()]
    takers = "|".join(name for names in actions.values() for name in names)
    return "\n".join(lines), "\n".join(values), "        " + takers


def zsh(commands):
    lines = []
    for command in commands:
        specs = []
        for option in command.options:
            text = option.sentence.replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
            value = {
                "none": "", "any": f":{option.argument.replace(':', '/')}: ", "words": f":value:({WORDS.get(option.argument, '')})",
                "format": f":format:({command.formats})", "file": ":file:_files", "directory": ":directory:_files -/",
            }.get(option.kind, f":{option.kind}:_tcpadvisor_{option.kind}")
            repeats = option.repeatable or option.name == "verbose"
            prefix = "*" if repeats else f"({' '.join(option.names)})"
            for name in option.names:
                specs.append(quoted(f"{prefix}{name}[{text}]{value}"))
        lines.append(f"        {command.name}) formats=({command.formats}); specs=(\n            " + "\n            ".join(specs) + "\n        ) ;;")
    described = [f"        {quoted(command.name + ':' + command.sentence)}" for command in commands]
    return "\n".join(lines), "\n".join(described), ""


def fish(commands):
    lines = [f"complete -c tcpadvisor -n __tcpadvisor_no_command -a {command.name} -d {fish_quoted(command.sentence)}" for command in commands]
    for option in all_options(commands):
        takers = [command for command in commands if option.name in {one.name for one in command.options}]
        flags = f"-l {option.name}" + (f" -s {option.letter}" if option.letter else "")
        value = {
            "none": "", "any": " -x", "words": f" -x -a {quoted(WORDS.get(option.argument, ''))}", "file": " -r -F",
            "directory": " -x -a '(__fish_complete_directories)'",
        }.get(option.kind, f" -x -a '(__tcpadvisor_{option.kind})'")
        tail = f"{flags}{value} -d {fish_quoted(option.sentence)}"
        lines.append(f"complete -c tcpadvisor -n '__tcpadvisor_is {' '.join(command.name for command in takers)}' {tail}")
        if "check" in (command.name for command in takers):
            lines.append(f"complete -c check_tcpadvisor {tail}")
    formats = [f"        case {command.name}\n            string split ' ' {quoted(command.formats)}" for command in commands if command.formats]
    return "\n".join(lines), "\n".join(formats), ""


def fish_quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def main():
    shell, options, template, output = sys.argv[1:]
    commands, sysctls = read(options)
    first, second, third = {"bash": bash, "zsh": zsh, "fish": fish}[shell](commands)
    text = open(template, encoding="utf-8").read()
    for mark, value in (("@FIRST@", first), ("@SECOND@", second), ("@THIRD@", third), ("@SYSCTLS@", " ".join(sysctls)),
                        ("@COMMANDS@", " ".join(command.name for command in commands))):
        text = text.replace(mark, value)
    open(output, "w", encoding="utf-8").write(text)


main()
