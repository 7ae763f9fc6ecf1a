"""make bench: measures, shows, and writes docs/BENCHMARKS.md.

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
    options.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS,
                         help="measure these anew; the others stay in the document as they are")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--output", type=Path, default=ROOT / "docs/BENCHMARKS.md")
    chosen = options.parse_args()
    kept = ROOT / ".build/benchmarks"
    kept.mkdir(parents=True, exist_ok=True)
    for name in chosen.only:
        began = time.monotonic()
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        sections = importlib.import_module(f"section_{name}").measure(chosen.runs)
        text = "\n".join(section.markdown() for section in sections)
        (kept / f"{name}.md").write_text(text)
        print(text)
        print(f"bench: {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    parts = [(kept / f"{name}.md") for name in SECTIONS]
    preface = (Path(__file__).parent / "preface.md").read_text().replace("{machine}", machine.description())
    text = "\n".join(part.read_text() for part in parts if part.exists())
    chosen.output.write_text(preface + "\n" + text.rstrip() + "\n")


if __name__ == "__main__":
    main()
