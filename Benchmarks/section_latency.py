"""How late an event is durable, and shown by `kymo tail -f`."""

import json
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from programs import BIN, Kymographd, die_with_parent, now_us, wait_for
from table import Figure, Row, Section

SECONDS = 12
CHUNK_HEADER = 0x184D2A51
EDGES_MS = (10, 20, 50, 100, 150, 200, 250, 300, 350, 400, 500, 1000, 1500)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def histogram(values: list[float]) -> str:
    """Text, so that it needs no picture."""
    lines, below = [], 0
    for edge in EDGES_MS:
        count = sum(value < edge for value in values) - below
        below += count
        if count:
            lines.append(f"< {edge:>5} ms {count:>6}  {'█' * max(1, round(60 * count / len(values)))}")
    return "```\n" + "\n".join(lines) + "\n```"


def shown(ours: Kymographd) -> dict[str, list[float]]:
    """From the kernel's stamp to the line of `kymo tail -f`, ms."""
    keyboard = ours.bed.add("keyboard", 2)
    wait_for(lambda: keyboard.stats()["has_reader"], "the keyboard to be open")
    tail = subprocess.Popen(
        [str(BIN / "kymo"), "tail", "--follow", "-n", "0", "--journal", str(ours.recorder.journal), "--output", "json"],
        stdout=subprocess.PIPE, preexec_fn=die_with_parent)
    seen: dict[str, list[float]] = {"key": [], "motion": []}

    def read() -> None:
        for line in tail.stdout:
            now, row = now_us(), json.loads(line)
            if row["kind"] in seen:
                seen[row["kind"]].append((now - row["time_us"]) / 1000)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(1)
    ours.mouse.run(125, SECONDS)
    keyboard.type(7, SECONDS, [30, 48, 46, 32, 18])
    ours.mouse.finish(SECONDS * 2)
    keyboard.finish(SECONDS * 2)
    time.sleep(1.5)
    tail.kill()
    reader.join()
    return seen


def chunks(segment: Path) -> list[tuple[int, int]]:
    """Last sequence number and end in the file of each chunk (docs/FORMAT.md)."""
    data, place, found = segment.read_bytes(), 15, []
    while place + 8 <= len(data):
        magic, length = struct.unpack_from("<II", data, place)
        content = place + 8
        place = content + length
        if magic == CHUNK_HEADER:
            first, count = struct.unpack_from("<QH", data, content + 16)
            place += struct.unpack_from("<I", data, content + 32)[0]
            found.append((first + count - 1, place))
    return found


def syncs_in(log: Path, segment: Path) -> list[tuple[int, int, int]]:
    """When each fdatasync of that file ended and how long it took, µs, and the file's size at its beginning."""
    lines = (tuple(map(int, line.split())) for line in log.read_text().splitlines())
    return [(ended, took, size) for ended, took, size, inode in lines if inode == segment.stat().st_ino]


def durable(directory: Path) -> tuple[list[float], list[float]]:
    """From the kernel's stamp to the end of the fdatasync that covers it, ms; how long each of those took, ms."""
    log = directory / "syncs"
    ours = Kymographd(directory, environment={"KYMO_TESTBED_SYNC_LOG": str(log)})
    try:
        ours.mouse.run(125, SECONDS)
        ours.mouse.finish(SECONDS * 2)
        ours.recorder.until_written(last=now_us())
        # The newest: one before it has what was to be said before anybody was there.
        segment = ours.recorder.segments()[-1]
        wait_for(lambda: any(size >= segment.stat().st_size for _, _, size in syncs_in(log, segment)), "the last sync")
        motions = ours.recorder.rows("motion")
        assert {f"{row['segment']:010}" for row in motions} == {segment.name[10:20]}, "all of it is in one segment"
        ends, syncs = chunks(segment), syncs_in(log, segment)
    finally:
        ours.close()
    delays = []
    for row in motions:
        end = next(end for last, end in ends if last >= row["sequence"])
        delays.append((next(time_us for time_us, _, size in syncs if size >= end) - row["time_us"]) / 1000)
    assert min(delays) > 0, "nothing is durable before it happened"
    return delays, [took / 1000 for _, took, _ in syncs]


def measure(runs: int) -> list[Section]:
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as name:
        ours = Kymographd(Path(name))
        try:
            seen = shown(ours)
        finally:
            ours.close()
        delays, syncs = durable(Path(name))
    limits = {"key": ("≤ 300 ms beyond the agent's answer", 300), "motion": ("≤ 300 ms beyond the hold-back (50 ms)", 350)}
    for kind, values in seen.items():
        rows.append(Row(f"{kind} to `kymo tail -f`, p50", Figure([percentile(values, 0.5)], "ms")))
        rows.append(Row(f"{kind} to `kymo tail -f`, p99", Figure([percentile(values, 0.99)], "ms"),
                        "peers poll at 1 s (published)", Figure([1000], "ms"), *limits[kind]))
        notes.append(f"{kind}: {len(values)} events from the kernel's stamp to the line on the terminal:\n\n{histogram(values)}")
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        target = ("≤ 1.25 s after the gate (50 ms)", 1300) if share == 0.99 else ("", None)
        rows.append(Row(f"motion to durable, {label}", Figure([percentile(delays, share)], "ms"),
                        "journald: 5 min (published)", Figure([300_000], "ms"), *target))
    notes.append(f"motion: {len(delays)} events from the kernel's stamp to the end of the fdatasync that covers them (a sync took "
                 f"{percentile(syncs, 0.5):.1f} ms, at most {max(syncs):.1f} ms):\n\n{histogram(delays)}")
    return [Section("Latency", rows, notes)]
