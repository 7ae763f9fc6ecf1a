"""Where the CPU time of one wake-up goes: samples of perf's software clock, of the recorder and of the least that reads
through libinput, on the same mock mouse at 8 kHz."""

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from machine import package
from programs import Kymographd, cpu_us, references, settle
from table import Figure, Row, Section

RATE = 8000
SECONDS = 20
# Samples per second of CPU time: some thousand in all, and few enough to change little.
SAMPLES = 2000

# What a sample belongs to, by the first that its innermost frames match; kernel frames are told by the system call under them.
KERNEL = (
    ("sleeping and waking", r"nanosleep|ppoll|futex"),
    ("epoll", r"epoll"),
    ("reading the node", r"_read$|sys_read"),
    ("writing and syncing the journal", r"sys_write|sys_fdatasync|sys_fsync|sys_pwrite"),
)
USER = (
    ("libinput, libevdev and what they call", r"/(libinput|libevdev|libm|libmtdev|libudev)[.-]"),
    ("the testbed's stand-in for a device", r"shim\.so|umockdev"),
    ("libc", r"/libc[.-]|/ld-linux|\[vdso\]"),
)
# Mangled names begin with the module that a function is of.
OURS = (
    ("Devices: libinput's events as ours", r"^\$s7Devices"),
    ("Policy: the gate", r"^\$s6Policy"),
    ("Journal: ring, columns, disk", r"^\$s7Journal|LZ4|sha256"),
    ("the loop", r"^\$s(9EventLoop|10kymographd)|^kymo_"),
    ("Swift's runtime", r"^swift_|^\$s(s|S)"),
)
ORDER = [name for name, _ in KERNEL] + ["the kernel, elsewhere"] + [name for name, _ in USER + OURS] + ["elsewhere in the program"]


def place(frames: list[tuple[str, str]]) -> str:
    """Of one sample, innermost frame first: function and object."""
    function, binary = frames[0]
    if "kernel" in binary:
        under = " ".join(name for name, where in frames if "kernel" in where)
        return next((name for name, pattern in KERNEL if re.search(pattern, under)), "the kernel, elsewhere")
    for name, pattern in USER:
        if re.search(pattern, binary):
            return name
    return next((name for name, pattern in OURS if re.search(pattern, function)), "elsewhere in the program")


def samples(recording: Path) -> Counter[str]:
    done = subprocess.run(["perf", "script", "-i", str(recording), "-F", "comm,ip,sym,dso"], capture_output=True,
                          text=True, check=True)
    found: Counter[str] = Counter()
    for block in done.stdout.split("\n\n"):
        frames = re.findall(r"^\s+[0-9a-f]+ (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)$", block, re.M)
        if frames:
            found[place(frames)] += 1
    return found


def profile(program, recording: Path) -> tuple[float, dict[str, float]]:
    """µs per report, unwatched; and what share of the samples fell where."""
    cost = run(program)
    watch = subprocess.Popen(
        ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES), "-g", "-o", str(recording), "-p", str(program.pid)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        run(program)
    finally:
        watch.terminate()
        watch.wait()
    found = samples(recording)
    total = sum(found.values())
    return cost, {name: count / total for name, count in found.items()}


def run(program) -> float:
    queued, cpu = program.mouse.stats()["queued"], cpu_us(program.pid)
    program.mouse.run(RATE, SECONDS)
    program.mouse.finish(SECONDS + 20)
    settle()
    return (cpu_us(program.pid) - cpu) / (program.mouse.stats()["queued"] - queued)


def measure(runs: int) -> list[Section]:
    del runs  # one long run: shares, not seconds
    section = Section("Where the time goes at 8 kHz")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ours = Kymographd(directory)
        others = references(directory)
        floor = next(program for program in others if program.name == "C, libinput, batched")
        try:
            cost, shares = profile(ours, directory / "ours")
            floor_cost, floor_shares = profile(floor, directory / "floor")
        finally:
            for program in [ours, *others]:
                program.close()
    for place_name in ORDER:
        if shares.get(place_name, 0) + floor_shares.get(place_name, 0) > 0:
            section.rows.append(Row(place_name, Figure([cost * shares.get(place_name, 0)], "µs"), floor.name,
                                    Figure([floor_cost * floor_shares.get(place_name, 0)], "µs")))
    section.rows.append(Row("all of it", Figure([cost], "µs"), floor.name, Figure([floor_cost], "µs")))
    section.notes.append(
        f"µs per report: the CPU time of {SECONDS} s without a profiler, shared out as the samples of perf's software clock fell "
        f"(linux-perf {package('linux-perf')}, {SAMPLES} per second of CPU time) while it was repeated.")
    return [section]
