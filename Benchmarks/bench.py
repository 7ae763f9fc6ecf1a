"""make bench: measures, shows, and writes docs/BENCHMARKS.md.

usage: bench.py [--only SECTION…] [--runs N] [--output FILE]
"""

import argparse
import importlib
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import machine  # noqa: E402

SECTIONS = ("codec", "cpu", "profile", "rest", "latency", "journal")


def sections_of(document: Path) -> dict[str, str]:
    """What the document has of each section, by the comments that stand before them."""
    if not document.exists():
        return {}
    parts = re.split(r"^<!-- (\w+) -->\n", document.read_text(), flags=re.M)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2])))


def document(sections: dict[str, str]) -> str:
    """Preface, what was measured here, and what only `make vm-test` can print."""
    parts = [(HERE / "preface.md").read_text().replace("{machine}", machine.description()).rstrip()]
    for name in SECTIONS:
        if name in sections:
            parts += [f"<!-- {name} -->", sections[name]]
    parts += ["<!-- end -->", (HERE / "virtual_machine.md").read_text().rstrip()]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS,
                         help="measure these anew; the others stay in the document as they are")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--output", type=Path, default=HERE.parent / "docs/BENCHMARKS.md")
    chosen = options.parse_args()
    for name in chosen.only:
        began = time.monotonic()
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        measured = importlib.import_module(f"section_{name}").measure(chosen.runs)
        text = "\n".join(section.markdown() for section in measured).strip()
        text += f"\n\n{machine.load()}"
        print(text)
        print(f"bench: {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        # After each, so that one that fails costs no other.
        chosen.output.write_text(document(sections_of(chosen.output) | {name: text}))


if __name__ == "__main__":
    main()
