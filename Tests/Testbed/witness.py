"""Which losses the machine itself is to blame for (witness.c)."""

import subprocess

from bed import BUILD, die_with_parent


class Witness:
    """Watches every processor from its making until `stalls` is asked for."""

    def __init__(self):
        self.process = subprocess.Popen([str(BUILD / "witness")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=die_with_parent)
        assert self.process.stdout.readline() == "watching\n"

    def stalls(self) -> list[tuple[int, int]]:
        """When some processor stood still for more than half a millisecond: starts and ends, CLOCK_MONOTONIC, µs."""
        said, _ = self.process.communicate("", timeout=10)
        assert self.process.returncode == 0, "the witness died: it needs real-time priority"
        return sorted((int(start), int(end)) for _, start, end in (line.split() for line in said.splitlines()))


def unexplained(losses: list[dict], stalls: list[tuple[int, int]]) -> list[dict]:
    """Those within which no processor stood still."""
    return [loss for loss in losses
            if not any(start < loss["end_us"] and end > loss["start_us"] for start, end in stalls)]


def account(losses: list[dict], stalls: list[tuple[int, int]]) -> str:
    longest = max((end - start for start, end in stalls), default=0) / 1000
    return f"{len(losses)} losses, the machine stood still {len(stalls)} times, for up to {longest:.1f} ms"
