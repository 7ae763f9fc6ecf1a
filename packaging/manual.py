"""Manual pages from what a program says of itself.

usage: manual.py PROGRAM SECTION DIRECTORY

PROGRAM --experimental-dump-help gives the command line as JSON (swift-argument-parser's ToolInfo, version 0). Each
subcommand gets a page. A file man/NAME.man beside this script has further sections of the page NAME.

The parser's own plugin, generate-manual, was tried first: it builds the programs a second time, without optimisation,
and has no place for files, examples and exit codes.
"""

import json
import subprocess
import sys
from pathlib import Path

FURTHER = Path(__file__).parent / "man"


def roff(text):
    """Text as roff shows it unchanged: hyphens that can be copied, and no line that looks like a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in escaped.split("\n"))


def bold(text):
    return f"\\fB{roff(text)}\\fR"


def names(argument):
    return [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument.get("names", [])]


def preferred(argument):
    name = argument["preferredName"]
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def value(argument):
    return "" if argument["kind"] == "flag" else f"\\fI{roff(argument['valueName'])}\\fR"


def shown(command):
    return [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]


def subcommands(command):
    return [sub for sub in command.get("subcommands", []) if sub["shouldDisplay"] and sub["commandName"] != "help"]


def synopsis(argument):
    words = [] if argument["kind"] == "positional" else [bold(preferred(argument))]
    words += [value(argument)] if argument["kind"] != "flag" else []
    words += ["..."] if argument["isRepeating"] else []
    text = "\\ ".join(words)
    return f"[{text}]" if argument["isOptional"] else text


def option(argument):
    head = ", ".join(bold(name) for name in names(argument))
    text = [roff(argument["abstract"])] if argument.get("abstract") else []
    if argument.get("allValues"):
        text.append(f"One of {', '.join(bold(one) for one in argument['allValues'])}.")
    if "defaultValue" in argument:
        text.append(f"Default: {roff(argument['defaultValue'])}.")
    return [".TP", f"{head} {value(argument)}".strip(), "\n".join(text) or "\\&"]


def page(command, path, section, source):
    """The lines of a page; `path` is the command with those above it, kymo and kymo journal."""
    name = "-".join(path + [command["commandName"]])
    words = " ".join(path + [command["commandName"]])
    abstract = command.get("abstract", "").rstrip(".")
    lines = [f".TH {name.upper()} {section} \"\" \"{source}\" \"Kymograph\"", ".ad l", ".nh", ".SH NAME",
             f"{roff(name)} \\- {roff(abstract[:1].lower() + abstract[1:])}", ".SH SYNOPSIS", f".B {roff(words)}"]
    if subcommands(command):
        lines += ["\\fIcommand\\fR", "[\\fIoptions\\fR]"]
    lines += [synopsis(argument) for argument in shown(command) if "help" not in map(str, (
        n["name"] for n in argument.get("names", [])))]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", roff(command["discussion"]).replace("\n\n", "\n.PP\n")]
    if subcommands(command):
        lines.append(".SH COMMANDS")
        for sub in subcommands(command):
            lines += [".TP", f"{bold(words + ' ' + sub['commandName'])}", roff(sub.get("abstract", "")),
                      f"See {bold(name + '-' + sub['commandName'])}({section})."]
    lines.append(".SH OPTIONS")
    for argument in shown(command):
        lines += option(argument)
    further = FURTHER / f"{name}.man"
    if further.exists():
        lines.append(further.read_text().rstrip("\n"))
    related = [name + "-" + sub["commandName"] for sub in subcommands(command)] + (["-".join(path)] if path else [])
    seen = [f"{bold(one)}({section})" for one in related]
    seen += [f"{bold(one)}({where})" for one, where in
             (("kymo", 1), ("kymograph-agent", 1), ("kymographd", 8), ("kymograph.toml", 5)) if one != name and one not in related]
    lines += [".SH SEE ALSO", ",\n".join(seen), ".PP", "/usr/share/doc/kymograph/"]
    return name, "\n".join(lines) + "\n"


def write(command, path, section, source, directory):
    name, text = page(command, path, section, source)
    (directory / f"{name}.{section}").write_text(text)
    for sub in subcommands(command):
        write(sub, path + [command["commandName"]], section, source, directory)


def main(program, section, directory):
    dump = json.loads(subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout)
    if dump["serializationVersion"] != 0:
        sys.exit(f"{program} describes itself in version {dump['serializationVersion']}; this script knows version 0")
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    write(dump["command"], [], section, f"kymograph {version}", Path(directory))


main(*sys.argv[1:])
