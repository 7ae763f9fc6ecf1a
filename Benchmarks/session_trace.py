"""A person's real session as reports of a mouse: JSON lines with `action`, `time_stamp` in seconds, `x` and `y`."""

import json
import struct
from pathlib import Path


def reports_of(trace: Path, file: Path) -> Path:
    """Positions in pixels become steps; what rounding leaves goes to the next one. The finest step is one unit."""
    moves = [row for row in map(json.loads, trace.read_text().splitlines()) if row["action"] == "move"]
    steps = sorted({round(abs(b[axis] - a[axis]), 6) for a, b in zip(moves, moves[1:]) for axis in ("x", "y")} - {0})
    unit = steps[0]
    place = [moves[0]["x"], moves[0]["y"]]
    with file.open("wb") as out:
        for row in moves[1:]:
            dx, dy = (round((row[axis] - place[index]) / unit) for index, axis in enumerate(("x", "y")))
            place = [place[0] + dx * unit, place[1] + dy * unit]
            if dx or dy:
                out.write(struct.pack("=Qii", round(row["time_stamp"] * 1_000_000), dx, dy))
    return file
