"""make bench: measures, and writes docs/BENCHMARKS.md.

usage: bench.py [--only SECTION…] [--runs N] [--output FILE]
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import machine  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("codec", "cpu", "rest", "latency", "journal")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--only", nargs="+", choices=SECTIONS, help="print these sections; write no file")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--output", type=Path, default=ROOT / "docs/BENCHMARKS.md")
    chosen = options.parse_args()
    parts = []
    for name in chosen.only or SECTIONS:
        began = time.monotonic()
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        sections = importlib.import_module(f"section_{name}").measure(chosen.runs)
        parts += [section.markdown() for section in sections]
        print(f"bench: {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    text = "\n".join(parts).rstrip() + "\n"
    print(text)
    if not chosen.only:
        preface = (Path(__file__).parent / "preface.md").read_text()
        chosen.output.write_text(preface.replace("{machine}", machine.description()) + "\n" + text)


if __name__ == "__main__":
    main()
