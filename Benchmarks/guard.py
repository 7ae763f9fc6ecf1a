"""make guard: instructions per event on the hot path, by callgrind on input that is the same every time, against what
Benchmarks/instructions.txt allows. They do not depend on what else the machine does.

usage: guard.py HOTPATH
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

EVENTS = 100_000
# How much more than what is kept is a failure; so much less is asked to be kept.
TOLERANCE = 0.10
KEPT = Path(__file__).parent / "instructions.txt"
# Functions by a part of their mangled names, with all that they call.
PHASES = {"gate": "6PhasesC4gate", "encode": "6PhasesC6encode", "compress": "6PhasesC8compress",
          "hand to the ring": "6PhasesC4hand", "journal's thread": "12WriterThreadC3run"}


def inclusive(profile: Path) -> Counter[str]:
    """Instructions of each function and what it calls."""
    names: dict[str, str] = {}
    total: Counter[str] = Counter()
    function = ""

    def named(text: str) -> str:
        number, name = re.fullmatch(r"(\(\d+\))(?: (.*))?", text).groups()
        return names.setdefault(number, name or "")

    lines = iter(profile.read_text().splitlines())
    for line in lines:
        if line.startswith("fn="):
            function = named(line[3:])
        elif line.startswith("cfn="):
            named(line[4:])
        elif line.startswith("calls="):
            total[function] += int(next(lines).split()[1])
        elif re.match(r"[+\-*\d]", line) and function:
            fields = line.split()
            total[function] += int(fields[1]) if len(fields) == 2 else 0
    return total


def measure(program: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        # Debug information in a form that valgrind 3.19 cannot read: names are enough.
        subprocess.run(["strip", "-g", "-o", str(directory / "hotpath"), program], check=True)
        (directory / "journal").mkdir()
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/profile", str(directory / "hotpath"),
             "count", str(EVENTS), str(directory / "journal")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        total = inclusive(directory / "profile")
    found = {}
    for phase, part in PHASES.items():
        sums = [count for function, count in total.items() if part in function and "closure" not in function]
        assert sums, f"no function of the profile has {part} in its name"
        # The gate runs twice: once before the codec alone, once before the journal.
        found[phase] = max(sums) / EVENTS / (2 if phase == "gate" else 1)
    found["write"] = found.pop("journal's thread") - found["encode"] - found["compress"]
    return found


def kept() -> dict[str, float]:
    lines = (line.split("#")[0].strip() for line in KEPT.read_text().splitlines())
    return {name.strip(): float(value) for name, value in (line.rsplit(":", 1) for line in lines if line)}


def main() -> int:
    found, limits = measure(sys.argv[1]), kept()
    grown = 0
    print("instructions per event   now  kept")
    for phase, value in found.items():
        limit = limits[phase]
        verdict = ""
        if value > limit * (1 + TOLERANCE):
            grown += 1
            verdict = "  GREW: make it cheaper, or say in Benchmarks/instructions.txt why it may cost that"
        elif value < limit * (1 - TOLERANCE):
            verdict = f"  fell: keep it, write {value:.0f} to Benchmarks/instructions.txt"
        print(f"{phase:<22} {value:5.0f} {limit:5.0f}{verdict}")
    print(f"{len(found) - grown} passed, {grown} failed")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
