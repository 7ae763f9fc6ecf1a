#!/usr/bin/env python3
"""compare.py KYMO DIRECTORY...: does a reader made from docs/FORMAT.md find what `kymo show` and `kymo verify` find?"""

import json
import subprocess
import sys

from json_lines import Lines
from read_segment import read_journal


def by_document(directory):
    """The lines, and whether the journal is whole, its hash chain computed."""
    lines, wrong = Lines(), []
    found = [line for line in map(lines.of, read_journal(directory, wrong)) if line is not None]
    return found, not wrong and all(line["kind"] != "damage" for line in found)


def verified(kymo, directory):
    """What `kymo verify` says: whether the journal is whole."""
    command = [kymo, "verify", "--journal", directory]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code not in (0, 1):
        sys.exit(f"{directory}: kymo verify ended with {code}")
    return code == 0


def shown(kymo, directory):
    """What `kymo show` says, every field of it."""
    command = [kymo, "show", "--journal", directory, "--output", "json"]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout.decode("utf-8")
    return [json.loads(text) for text in output.splitlines()]


def comparable(line):
    """Names of codes are the kernel's, those of roles AT-SPI's; words for damage are kymo's own. A device's name is its record's content."""
    line = dict(line)
    if line["kind"] in ("key", "button", "tablet_tool"):
        line.pop("name", None)
    if line["kind"] == "damage":
        line.pop("reason")
    line.pop("role_name", None)
    return line


def main(kymo, directories):
    line_count, damage_count, broken_count = 0, 0, 0
    for directory in directories:
        (expected, is_whole), found = by_document(directory), [comparable(line) for line in shown(kymo, directory)]
        if is_whole != verified(kymo, directory):
            sys.exit(f"{directory}: whole for {'the document' if is_whole else 'kymo verify'} alone")
        for number, (ours, theirs) in enumerate(zip(expected, found)):
            if ours != theirs:
                sys.exit(f"{directory}: line {number}\n document: {ours}\n kymo:     {theirs}")
        if len(expected) != len(found):
            longer = (expected if len(expected) > len(found) else found)[min(len(expected), len(found))]
            sys.exit(f"{directory}: the document finds {len(expected)} lines, kymo {len(found)}; the next is {longer}")
        if not found:
            sys.exit(f"{directory}: nothing to compare")
        line_count += len(found)
        damage_count += sum(line["kind"] == "damage" for line in found)
        broken_count += not is_whole
    print(f"{len(directories)} journals, {line_count} lines agree, {damage_count} of them damage; {broken_count} not whole")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
