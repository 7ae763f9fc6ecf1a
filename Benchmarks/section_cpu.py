"""CPU time per report, the recorder beside its references, all fed alike in turn; and what they write."""

import tempfile
import time
from pathlib import Path

from programs import Kymographd, cpu_us, references, settle
from table import Figure, Row, Section

RATES = (125, 1000, 4000, 8000, 16000)
# The design's, taken where the floor cost 1.5 µs; it stands in the floor's row, so that the ratio is seen beside it.
FLOOR_NAME = "C, libinput, batched"
TARGETS = {8000: ("≤ 2.2 µs", 2.2)}


def seconds(rate: int) -> float:
    """Long enough for some hundred reports, and for what the end costs (the last chunk, a sync) to be little beside them;
    all rates, programs and runs together must not take too long."""
    return 1.5 if rate < 4000 else 2


def feed(program, rate: int) -> tuple[float, float]:
    """CPU time in µs and bytes written, per report."""
    # Those that the kernel's buffer kept for it: a report that was dropped cost its reader nothing.
    queued = program.mouse.stats()["queued"]
    cpu, written = cpu_us(program.pid), program.bytes_written()
    program.mouse.run(rate, seconds(rate))
    program.mouse.finish(20)
    # Only the recorder has something left to do: its gate waits for the agent, its chunk for its end.
    settle() if program.name == "kymographd" else time.sleep(0.05)
    reports = program.mouse.stats()["queued"] - queued
    return (cpu_us(program.pid) - cpu) / reports, (program.bytes_written() - written) / reports


def measure(runs: int) -> list[Section]:
    cpu: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        programs = [Kymographd(Path(name)), *references(Path(name))]
        try:
            for run in range(runs):
                for rate in RATES:
                    for program in programs:
                        cost, _ = feed(program, rate)
                        cpu.setdefault((program.name, rate), []).append(cost)
            dropped = {program.name: program.mouse.stats()["dropped"] for program in programs}
        finally:
            for program in programs:
                program.close()
    section = Section("CPU time per report")
    for rate in RATES:
        ours = Figure(cpu["kymographd", rate], "µs")
        for program in programs[1:]:
            target, limit = TARGETS.get(rate, ("", None)) if program.name == FLOOR_NAME else ("", None)
            section.rows.append(Row(f"mouse at {rate:,} Hz", ours, program.name, Figure(cpu[program.name, rate], "µs"),
                                    target, limit))
    section.notes.append(
        "User and system time of all threads, by the scheduler's own count. kymographd: libinput, gate, codec, disk and the "
        "answers of an agent; every reference reads the same kind of mock mouse (a FIFO behind umockdev) and, but for the C "
        "programs, writes to a file. “Batched”: sleeps 1 ms after each read.")
    section.notes.append("Reports that a model of the kernel's buffer dropped, in all runs: " + ", ".join(
        f"{name} {count}" for name, count in dropped.items()) + ".")
    return [section]
