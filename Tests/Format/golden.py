#!/usr/bin/env python3
"""golden.py KYMO GOLDEN: every journal under GOLDEN must be read for ever as it was when it was written.

GOLDEN/VERSION/NAME is a journal's directory with, beside the segments, expected.jsonl (what `kymo show --output json` printed
then) and verdict (what `kymo verify` found: ok or damaged). A later version may add fields to a line, and may find other words
for damage; nothing else. The reader made from docs/FORMAT.md is held to the same.
"""

import json
import os
import sys

from compare import by_document, comparable, shown, verified


def without_words(line):
    return {name: value for name, value in line.items() if line["kind"] != "damage" or name != "reason"}


def differences(expected, found):
    """Of lines: what was expected and is not there."""
    if len(expected) != len(found):
        yield f"{len(found)} lines, not {len(expected)}"
    for number, (old, new) in enumerate(zip(expected, found), 1):
        for name, value in old.items():
            if name not in new or new[name] != value:
                yield f"line {number}: {name} is {new.get(name)!r}, not {value!r}"


def check(kymo, directory):
    with open(os.path.join(directory, "expected.jsonl"), encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    with open(os.path.join(directory, "verdict"), encoding="utf-8") as file:
        is_whole = {"ok\n": True, "damaged\n": False}[file.read()]
    by_kymo = ("kymo", [without_words(line) for line in expected], shown(kymo, directory), verified(kymo, directory))
    by_python = ("the document's reader", [comparable(line) for line in expected], *by_document(directory))
    for reader, wanted, found, verdict in (by_kymo, by_python):
        for difference in differences(wanted, found):
            sys.exit(f"{directory}: {reader}: {difference}")
        if verdict != is_whole:
            sys.exit(f"{directory}: {reader} calls it {'whole' if verdict else 'damaged'}")
    return len(expected)


def main(kymo, golden):
    journals = sorted(
        path for path, _, names in os.walk(golden) if any(name.startswith("kymograph-") for name in names)
    )
    if not journals:
        sys.exit(f"{golden}: no journals")
    count = sum(check(kymo, journal) for journal in journals)
    print(f"{len(journals)} golden journals, {count} lines as they were")


if __name__ == "__main__":
    main(*sys.argv[1:])
