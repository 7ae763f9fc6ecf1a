"""Reading a journal back: verification beside a C decoder of the same format, and recovery of an open segment."""

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from programs import BIN, FLOOR, Bed, Recorder, cpu_us
from section_codec import make_reports
from table import Figure, Row, Section

BYTES = 64 << 20
CHUNKS_MS = (50, 100, 250, 500, 1000)


def cpu_seconds(command: list) -> float:
    """User and system time of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make(reports: Path, how: str, directory: Path) -> Path:
    directory.mkdir()
    subprocess.run([str(BIN / "hotpath"), "journal", str(reports), str(BYTES), how, str(directory)], check=True)
    return max(directory.glob("kymograph-*"), key=lambda path: path.stat().st_size)


def verification(name: str, reports: Path, directory: Path, runs: int) -> Row:
    segment = make(reports, "sealed", directory)
    megabytes = segment.stat().st_size / 1e6
    ours, floor = [], []
    for _ in range(runs):
        ours.append(megabytes / cpu_seconds([BIN / "kymo", "verify", "--journal", directory]))
        floor.append(megabytes / cpu_seconds([FLOOR / "chunk-decoder", segment]))
    shutil.rmtree(directory)
    return Row(f"read + verify, {name}", Figure(ours, "MB/s"), "C decoder", Figure(floor, "MB/s"), "≥ 500 MB/s, or ≥ 0.85 of C",
               0.85, more_is_better=True, limits_ratio=True)


def recovery(reports: Path, directory: Path, runs: int) -> list[Row]:
    """From the start of kymographd until it answers, with and without a 64 MiB segment that was left open: the time that passes,
    which other programs lengthen, and the processor's time, which is what the C decoder's can be compared with."""
    made = make(reports, "active", directory)
    with_segment, without = ([], []), ([], [])
    bed = Bed()
    for _ in range(runs):
        for times, is_there in ((with_segment, True), (without, False)):
            recorder = Recorder(bed)
            if is_there:
                # All but the last second of a segment that was left open has been synced.
                with open(shutil.copy(made, recorder.journal), "rb") as file:
                    os.fsync(file.fileno())
            began = time.monotonic()
            recorder.start()
            times[0].append((time.monotonic() - began) * 1000)
            times[1].append(cpu_us(recorder.pid) / 1000)
            recorder.stop()
            recorder.discard()
    bed.close()
    passed, used = ([value - sorted(plain)[len(plain) // 2] for value in whole]
                    for whole, plain in zip(with_segment, without))
    floor = [cpu_seconds([FLOOR / "chunk-decoder", made]) * 1000 for _ in range(runs)]
    return [Row("recovery of a 64 MiB active segment", Figure(passed, "ms"), target="≤ 250 ms", limit=250),
            Row("recovery of a 64 MiB active segment: CPU time", Figure(used, "ms"), "C decoder over the same file",
                Figure(floor, "ms"))]


def peak_megabytes(command: list) -> float:
    """Peak resident memory of a whole process."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    return os.wait4(process.pid, 0)[2].ru_maxrss / 1000


def verify_memory(directory: Path) -> list[Row]:
    """Of `kymo verify`, whatever there is to verify. What is a hole in these journals is damage, the longest search there is."""
    rows = []
    for segments in (160, 10_000):
        directory.mkdir()
        subprocess.run([str(BIN / "make-journal"), str(directory), str(segments), "10240", "32"], check=True,
                       stdout=subprocess.DEVNULL)
        peak = peak_megabytes([BIN / "kymo", "verify", "--journal", directory])
        least = peak_megabytes([BIN / "kymo", "--version"])
        shutil.rmtree(directory)
        rows.append(Row(f"peak memory of `verify`, 10 GB in {segments:,} segments", Figure([peak], "MB"), "`kymo --version`",
                        Figure([least], "MB"), "bounded: ≤ 40 MB", 40))
    return rows


def first_rows(directory: Path, runs: int) -> list[Row]:
    """From the start of `kymo show --since` to its first line, with 10 GB retained."""
    rows = []
    for segments in (100, 1000, 10_000):
        directory.mkdir()
        subprocess.run([str(BIN / "make-journal"), str(directory), str(segments), "10240", "32"], check=True,
                       stdout=subprocess.DEVNULL)
        times, least = [], []
        for _ in range(runs):
            began = time.monotonic()
            subprocess.run([str(BIN / "kymo"), "--version"], check=True, stdout=subprocess.DEVNULL)
            least.append((time.monotonic() - began) * 1000)
            began = time.monotonic()
            shown = subprocess.Popen([str(BIN / "kymo"), "show", "--since", "1 min ago", "--journal", str(directory)],
                                     stdout=subprocess.PIPE)
            line = shown.stdout.readline()
            times.append((time.monotonic() - began) * 1000)
            shown.kill()
            shown.wait()
            shown.stdout.close()
            assert line, "nothing was shown"
        shutil.rmtree(directory)
        rows.append(Row(f"first row of `show --since '1 min ago'`, 10 GB in {segments:,} segments", Figure(times, "ms"),
                        "`kymo --version`", Figure(least, "ms"), "≤ 50 ms", 50))
    return rows


def trade_off(reports: Path) -> Section:
    section = Section("Chunk deadline and sync interval")
    table = ["| chunk | bytes per report at 1 kHz | lost to SIGKILL, at most | lost to a power cut at 1 s sync | at 5 s |",
             "| --- | --- | --- | --- | --- |"]
    for chunk in CHUNKS_MS:
        answer = json.loads(subprocess.run([str(BIN / "hotpath"), "time", str(reports), str(chunk)], check=True,
                                           capture_output=True, text=True).stdout)
        table.append(f"| {chunk} ms | {answer['bytes']:.2f} | {chunk} ms | {chunk + 1000} ms | {chunk + 5000} ms |")
    section.notes += ["\n".join(table), "All of it after the gate. An hour of uninterrupted motion is 3,600 syncs at 1 s, 720 at 5 s; "
                      "at rest there is none. Chosen: 250 ms and 1 s."]
    return section


def measure(runs: int) -> list[Section]:
    section = Section("Reading back")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        fast = make_reports(8000, 200_000, directory / "8000")
        slow = make_reports(1000, 200_000, directory / "1000")
        section.rows += [verification("8 kHz", fast, directory / "a", runs), verification("1 kHz", slow, directory / "b", runs),
                         *recovery(fast, directory / "c", runs), *first_rows(directory / "d", runs), *verify_memory(directory / "e")]
        section.notes.append("MB of file per second of CPU time of the whole process, files in the page cache. The C decoder checks "
                             "what kymo checks: headers, hash chain, LZ4's checksums, every value.")
        section.notes.append("What a SIGKILL, a power cut, a full disk and a flipped bit cost is proved by tests, not timed: "
                             "`make faults` (`Tests/JournalTests/Faults`).")
        section.notes.append("The journals of 10 GB are sparse (`Benchmarks/MakeJournal`): the first and last chunks of each segment "
                             "and its seal are there, and what a query never reads is a hole.")
        return [section, trade_off(slow)]
