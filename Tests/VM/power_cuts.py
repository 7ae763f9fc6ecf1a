"""Cuts the power of a guest again and again, after the fact: of what it wrote to a disk, as logged by the machine, makes the
disks that a cut could have left, and looks whether every record is there that the recorder had called durable by then.

usage: power_cuts.py DIRECTORY [CUTS [SEED]]

DIRECTORY has base.img and writes.log, as Tests/VM/run leaves them (KYMO_VM_PARTS=endurance). What was called durable stands
in the log itself, as writes to a place behind the file system (guest/endurance.py). Each disk gets what a start of the
machine does: the file system's own journal is replayed; then readers look, then a recorder starts, and readers look again.
Environment: KYMO_BIN and KYMO_TESTBED_BUILD, as for the testbed.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "guest"), str(HERE.parent / "Testbed")]

from bed import BIN, Bed, Recorder  # noqa: E402
from judge import percentile  # noqa: E402
from marks import FILE_SYSTEM_BYTES, MAGIC, MARK  # noqa: E402
from write_log import cuts, seeded  # noqa: E402

# Every record is counted in one cut of so many; in the others the last one, and the verifier's word for the rest.
COUNT_ALL = 10


def is_mark(write):
    return write.offset == FILE_SYSTEM_BYTES and write.data.startswith(MAGIC)


def called_durable(writes):
    """The last sequence number that the guest was told is durable, before the cut."""
    return next(MARK.unpack_from(write.data)[1] for write in reversed(writes) if write is not None and is_mark(write))


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


class Failure(Exception):
    pass


def journal_of(disk, directory):
    """The journal's directory as the file system gives it back."""
    image = directory / "disk.img"
    image.write_bytes(disk[:FILE_SYSTEM_BYTES])
    replayed = run("e2fsck", "-p", "-E", "journal_only", image)
    if replayed.returncode > 1:
        raise Failure(f"e2fsck: exit code {replayed.returncode}: {replayed.stdout}{replayed.stderr}")
    checked = run("e2fsck", "-f", "-n", image)
    if checked.returncode != 0:
        raise Failure(f"the file system is not whole: {checked.stdout}")
    journal = directory / "journal"
    journal.mkdir(mode=0o700)
    run("debugfs", "-R", f"rdump /journal {directory}", image)
    image.unlink()
    return journal


def verdicts(journal):
    """Of each segment, and the exit code."""
    done = run(BIN / "kymo", "verify", "--journal", journal, "--output", "json")
    return [json.loads(line)["verdict"] for line in done.stdout.splitlines() if '"verdict"' in line], done


def last_sequence(journal):
    done = run(BIN / "kymo", "tail", "--journal", journal, "--all", "-n", "1", "--output", "json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return max((row["sequence"] for row in rows if "sequence" in row), default=0)


def sequences(journal):
    done = run(BIN / "kymo", "show", "--journal", journal, "--output", "json")
    return {json.loads(line).get("sequence") for line in done.stdout.splitlines()}


def look(journal, durable, counted):
    """What is lost of what was called durable: 0."""
    found, done = verdicts(journal)
    if not found or "damaged" in found:
        raise Failure(f"kymo verify: {done.stdout}{done.stderr}")
    last = last_sequence(journal)
    if last < durable:
        raise Failure(f"record {durable} was called durable, and the last there is {last}")
    if counted:
        missing = set(range(1, durable + 1)) - sequences(journal)
        if missing:
            raise Failure(f"{len(missing)} records that were called durable are gone, first {min(missing)}")
    return found, last


def examine(bed, disk, writes, counted, figures):
    durable = called_durable(writes)
    directory = Path(tempfile.mkdtemp(prefix="kymo-cut-"))
    try:
        journal = journal_of(disk, directory)
        found, last = look(journal, durable, counted)
        figures["torn"] += "torn" in found
        figures["beyond"].append(last - durable)
        recorder = Recorder(bed, journal=journal)
        try:
            recorder.start()
        finally:
            recorder.close()
        recorder.discard()
        found, _ = look(journal, durable, counted)
        if set(found) != {"ok"}:
            raise Failure(f"after the next start: {found}")
    finally:
        shutil.rmtree(directory)


def main(directory, count="240", seed="1"):
    directory = Path(directory)
    base = (directory / "base.img").read_bytes()
    figures = defaultdict(lambda: {"cuts": 0, "failed": 0, "torn": 0, "beyond": []})
    counted = Counter()
    bed = Bed()
    try:
        for kind, disk, writes in cuts(base, directory / "writes.log", int(count), seeded(int(seed)), since=is_mark):
            of_kind = figures[kind]
            of_kind["cuts"] += 1
            counted[kind] += 1
            try:
                examine(bed, disk, writes, counted[kind] % COUNT_ALL == 0, of_kind)
            except Failure as failure:
                of_kind["failed"] += 1
                print(f"FAIL cut {kind}, after {len(writes)} entries of the log: {failure}")
    finally:
        bed.close()
    print(f"{'power cut':<16} {'cuts':>5} {'with loss of what was durable':>30} {'torn segments':>14} "
          f"{'more than promised, records p50, most':>38}")
    for kind, of_kind in sorted(figures.items()):
        beyond = of_kind["beyond"]
        print(f"{kind:<16} {of_kind['cuts']:>5} {of_kind['failed']:>30} {of_kind['torn']:>14} "
              f"{percentile(beyond, 50)!s:>30}, {max(beyond, default=None)!s:>6}")
    total = sum(of_kind["cuts"] for of_kind in figures.values())
    failed = sum(of_kind["failed"] for of_kind in figures.values())
    print(f"{total - failed} passed, {failed} failed")
    return 0 if total and not failed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
