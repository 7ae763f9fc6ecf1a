"""How late an event is durable, and shown by `kymo tail -f`."""

import json
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from programs import BIN, Kymographd, die_with_parent, now_us, wait_for
from table import Figure, Row, Section

SECONDS = 12
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


def durable(ours: Kymographd) -> list[float]:
    """From the kernel's stamp to the end of the fdatasync that covers it, ms: by strace of the journal's thread."""
    trace = ours.recorder.directory / "trace"
    strace = subprocess.Popen(
        ["strace", "-f", "-tt", "-T", "--absolute-timestamps=unix,us", "-e", "trace=write,fdatasync", "-o", str(trace), "-p",
         str(ours.pid)], stderr=subprocess.DEVNULL)
    time.sleep(1)
    offset = time.time_ns() // 1000 - now_us()
    before = len(ours.mouse.sent())
    ours.mouse.run(125, SECONDS)
    ours.mouse.finish(SECONDS * 2)
    time.sleep(2.5)
    strace.terminate()
    strace.wait()
    writes: list[float] = []
    covered: list[tuple[float, float]] = []
    for line in trace.read_text().splitlines():
        words = line.split()
        if "resumed" in line or len(words) < 3:
            continue
        if words[2].startswith("fdatasync") and writes:
            end = float(words[1]) + float(words[-1].strip("<>"))
            covered.append((max(writes), end))
            writes.clear()
        elif words[2].startswith("write(") and int(words[2][6:].rstrip(",")) > 2 and "KYMOCHK1" in line:
            writes.append(float(words[1]))
    delays = []
    for sent in ours.mouse.sent()[before:]:
        happened = (sent.time_us + offset) / 1e6
        # Written in the first chunk that was written after it had passed the gate: at most the one of the next sync.
        ends = [end for written, end in covered if written > happened]
        if ends:
            delays.append((ends[0] - happened) * 1000)
    return delays


def measure(runs: int) -> list[Section]:
    with tempfile.TemporaryDirectory() as name:
        ours = Kymographd(Path(name))
        try:
            seen = shown(ours)
        finally:
            ours.close()
    rows, notes = [], []
    for kind, delays in seen.items():
        for label, share in (("p50", 0.5), ("p99", 0.99)):
            limit = {"p99": ("≤ 300 ms beyond the hold-back (50 ms)", 350)}.get(label, ("", None))
            rows.append(Row(f"{kind} to `kymo tail -f`, {label}", Figure([percentile(delays, share)], "ms"),
                            "peers poll at 1 s (published)", Figure([1000], "ms"), *limit))
        notes.append(f"{kind}: {len(delays)} events from the kernel's stamp to the line on the terminal:\n\n{histogram(delays)}")
    return [Section("Latency", rows, notes)]
