"""Which losses the machine itself is to blame for (witness.c)."""

import subprocess
import threading

from bed import BUILD, die_with_parent


class Witness:
    """Watches every processor from its making until `stalls` is asked for."""

    def __init__(self):
        self.process = subprocess.Popen([str(BUILD / "witness")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=die_with_parent)
        assert self.process.stdout.readline() == "watching\n"
        # Read as it comes: a full pipe would hold the witness up, and make it blind.
        self.lines: list[str] = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()

    def stalls(self) -> list[tuple[int, int]]:
        """When some processor stood still for more than half a millisecond: starts and ends, CLOCK_MONOTONIC, µs."""
        self.process.stdin.close()
        assert self.process.wait(10) == 0, "the witness died: it needs real-time priority"
        self.reader.join(10)
        return sorted((int(start), int(end)) for _, start, end in map(str.split, self.lines))


def unexplained(losses: list[dict], stalls: list[tuple[int, int]]) -> list[dict]:
    """Those within which no processor stood still."""
    return [loss for loss in losses
            if not any(start < loss["end_us"] and end > loss["start_us"] for start, end in stalls)]


def account(losses: list[dict], stalls: list[tuple[int, int]]) -> str:
    longest = max((end - start for start, end in stalls), default=0) / 1000
    return f"{len(losses)} losses, the machine stood still {len(stalls)} times, for up to {longest:.1f} ms"
