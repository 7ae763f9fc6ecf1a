"""The gate and the codec alone, and what a report takes up on disk."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from programs import BIN, FLOOR, Kymographd, Program, settle
from table import Figure, Row, Section
from session_trace import reports_of

COUNT = 200_000
LIVE_SECONDS = 12


def answer(*command) -> dict:
    return json.loads(subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout)


def make_reports(rate: int, count: int, file: Path) -> Path:
    subprocess.run([str(BIN / "hotpath"), "reports", str(rate), str(count), str(file)], check=True)
    return file


def costs(name: str, file: Path, runs: int) -> list[Row]:
    """In turn, so that what the machine does meanwhile meets both."""
    ours, floor = [], []
    for _ in range(runs):
        ours.append(answer(BIN / "hotpath", "time", file))
        floor.append(answer(FLOOR / "column-encoder", file))

    def figure(rows: list[dict], *keys: str) -> Figure:
        return Figure([sum(row[key] for key in keys) for row in rows], "ns")

    return [
        Row(f"{name}: gate", figure(ours, "gate_ns")),
        Row(f"{name}: encode", figure(ours, "encode_ns"), "C, columns", figure(floor, "encode_ns")),
        Row(f"{name}: compress", figure(ours, "compress_ns"), "C, LZ4 frames", figure(floor, "compress_ns")),
        Row(f"{name}: encode + compress", figure(ours, "encode_ns", "compress_ns"), "C, columns + LZ4",
            figure(floor, "encode_ns", "compress_ns"), "≤ 50 ns", 50),
        Row(f"{name}: gate + encode + compress", figure(ours, "gate_ns", "encode_ns", "compress_ns"), "C, columns + LZ4",
            figure(floor, "encode_ns", "compress_ns"), "≤ 50 ns", 50),
        Row(f"{name}: bytes, 250 ms chunks, headers included", Figure([ours[0]["bytes"]], "bytes"),
            "C, columns + LZ4, no headers", Figure([floor[0]["bytes"]], "bytes")),
    ]


def play(programs: list, file: Path) -> list[float]:
    """Bytes per report, live, all of them at once."""
    before = [(program.mouse.stats()["packets"], program.bytes_written()) for program in programs]
    for program in programs:
        program.mouse.play(file)
    for program in programs:
        program.mouse.finish(120)
    settle()
    return [(program.bytes_written() - written) / (program.mouse.stats()["packets"] - packets)
            for program, (packets, written) in zip(programs, before)]


def lz4_share(file: Path) -> float:
    """What is left of a file's bytes under lz4 -1."""
    packed = subprocess.run(["lz4", "-1", "-q", "-c", str(file)], check=True, capture_output=True).stdout
    return len(packed) / max(1, file.stat().st_size)


def live_bytes(directory: Path, files: dict[str, tuple[Path, float | None]]) -> list[Row]:
    ours = Kymographd(directory)
    python = ["/usr/bin/python3", str(Path(__file__).parent / "Peers/evdev_recorder.py")]
    record = Program("libinput record", directory, "libinput", "record", "{node}", to_file=True)
    lines = Program("python-evdev, JSON lines", directory, *python, "{node}", "{file}")
    rows = []
    try:
        for name, (file, limit) in files.items():
            each = [Figure([value], "bytes") for value in play([ours, record, lines], file)]
            packed = Figure([each[2].median * lz4_share(lines.file)], "bytes")
            target = f"≤ {limit:g}" if limit else ""
            rows += [Row(name, each[0], record.name, each[1], target, limit), Row(name, each[0], lines.name, each[2]),
                     Row(name, each[0], lines.name + ", lz4 -1 in one piece", packed)]
    finally:
        for program in (ours, record, lines):
            program.close()
    return rows


def measure(runs: int) -> list[Section]:
    codec = Section("Gate and codec, per report of mouse motion")
    live = Section("Bytes on disk per report, written live")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        files: dict[str, tuple[Path, float | None]] = {}
        for rate in (1000, 8000):
            codec.rows += costs(f"{rate:,} Hz", make_reports(rate, COUNT, directory / f"{rate}"), runs)
            seconds = make_reports(rate, rate * LIVE_SECONDS // 2, directory / f"live-{rate}")
            files[f"hand at {rate:,} Hz"] = (seconds, 3)
        trace = os.environ.get("KYMO_TRACE")
        if trace:
            real = reports_of(Path(trace), directory / "trace")
            codec.rows += costs("real trace", real, runs)
            files["real trace"] = (real, 5)
        live.rows = live_bytes(directory, files)
    if not trace:
        codec.notes.append("No real trace: KYMO_TRACE names none.")
    codec.notes.append("CPU time of one thread; each run is the quickest of three passes over the same reports. The C program "
                       "makes the same columns and frames and nothing else. For comparison, published by others: MCAP's writer "
                       "1,154 ns, Perfetto 261 ns per event.")
    live.notes.append("kymographd on a mock mouse: chunks of 250 ms, all headers included. Strokes with rests between them, as "
                      "hands make them (`Benchmarks/Hotpath/Hand.swift`), and the motion of a person's session where one is given.")
    return [codec, live]
