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
import subprocess
import sys
import tempfile
from collections import defaultdict
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


def mount(disk, directory):
    """The journal's directory as the file system gives it back at the next start, after what Debian does then (fsck -p)."""
    image = directory.parent / "disk.img"
    image.write_bytes(disk[:FILE_SYSTEM_BYTES])
    checked = run("e2fsck", "-p", "-f", image)
    # 1: it has mended something, such as files that were deleted and still open.
    if checked.returncode > 1:
        raise Failure(f"e2fsck: exit code {checked.returncode}: {checked.stdout}{checked.stderr}")
    shutil.rmtree(directory, ignore_errors=True)
    said = run("debugfs", "-R", f"rdump /journal {directory.parent}", image)
    image.unlink()
    if not directory.is_dir():
        raise Failure(f"there is no journal on the disk: {said.stderr}")
    for path in (directory, *directory.iterdir()):
        os.chown(path, os.geteuid(), os.getegid())


def verdicts(journal):
    """Of each segment, and the exit code."""
    done = run(BIN / "kymo", "verify", "--journal", journal, "--output", "json")
    return [json.loads(line)["verdict"] for line in done.stdout.splitlines() if '"verdict"' in line], done


def last_sequence(journal):
    done = run(BIN / "kymo", "tail", "--journal", journal, "--all", "-n", "1", "--output", "json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return max((row["sequence"] for row in rows if "sequence" in row), default=0)


def sequences(journal):
    done = run(BIN / "kymo", "show", "--journal", journal, "--all", "--output", "json")
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


def examine(recorder, disk, writes, counted, figures):
    durable = called_durable(writes)
    journal = recorder.journal
    mount(disk, journal)
    found, last = look(journal, durable, counted)
    figures["torn"] += "torn" in found
    figures["beyond"].append(last - durable)
    # The next start makes it whole; nobody sits there.
    recorder.start(consents=False, agent=False)
    code = recorder.stop()
    if code != 0:
        raise Failure(f"the recorder that was started next ended with {code}: {recorder.log[-2000:]}")
    found, _ = look(journal, durable, counted)
    if set(found) != {"ok"}:
        raise Failure(f"after the next start: {found}")


def table(figures):
    yield f"{'power cut':<16} {'cuts':>5} {'cuts that lost what was called durable':>38} {'torn segments':>14} {'more than promised':>30}"
    for kind, of_kind in sorted(figures.items()):
        beyond = of_kind["beyond"]
        more = f"p50 {percentile(beyond, 50)}, at most {max(beyond)} records" if beyond else "-"
        yield f"{kind:<16} {of_kind['cuts']:>5} {of_kind['failed']:>38} {of_kind['torn']:>14} {more:>30}"


def main(directory, count="240", seed="1"):
    directory = Path(directory)
    base = (directory / "base.img").read_bytes()
    figures = defaultdict(lambda: {"cuts": 0, "failed": 0, "torn": 0, "beyond": []})
    bed = Bed()
    place = Path(tempfile.mkdtemp(prefix="kymo-cuts-"))
    recorder = Recorder(bed, journal=place / "journal")
    try:
        for kind, disk, writes in cuts(base, directory / "writes.log", int(count), seeded(int(seed)), since=is_mark):
            of_kind = figures[kind]
            of_kind["cuts"] += 1
            try:
                examine(recorder, disk, writes, of_kind["cuts"] % COUNT_ALL == 0, of_kind)
            except Failure as failure:
                of_kind["failed"] += 1
                print(f"FAIL cut {kind}, after {len(writes)} entries of the log: {failure}")
    finally:
        recorder.close()
        recorder.discard()
        bed.close()
        shutil.rmtree(place)
    lines = list(table(figures))
    print("\n".join(lines))
    (directory / "table.txt").write_text("\n".join(lines) + "\n")
    total = sum(of_kind["cuts"] for of_kind in figures.values())
    failed = sum(of_kind["failed"] for of_kind in figures.values())
    print(f"{total - failed} passed, {failed} failed")
    return 0 if total and not failed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
