"""How long after it happened `kymo tail -f` shows an event."""

import json
import subprocess
import threading

from bed import BIN, FIGURES, die_with_parent, now_us, wait_for


def percentile(sorted_values: list[int], share: float) -> int:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def test_tail_shows_an_event_at_most_300_ms_after_the_hold_back(bed, recorder, agent):
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}).start(devices=2)
    agent(daemon).window("editor")
    tail = subprocess.Popen(
        [str(BIN / "kymo"), "tail", "--follow", "-n", "0", "--journal", str(daemon.journal), "--output", "json"],
        stdout=subprocess.PIPE, preexec_fn=die_with_parent)
    seen: dict[str, list[int]] = {"key": [], "motion": []}

    def read() -> None:
        for line in tail.stdout:
            row, now = json.loads(line), now_us()
            if row["kind"] in seen:
                seen[row["kind"]].append(now - row["time_us"])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        # Bursts and rests: the first event of a chunk waits longest.
        mouse.run(125, 10)
        keyboard.type(7, 10, [30, 48, 46, 32, 18])
        mouse.finish(20)
        keyboard.finish(20)
        wait_for(lambda: len(seen["key"]) == 140 and len(seen["motion"]) >= mouse.stats()["packets"], "all to be shown")
    finally:
        tail.kill()
        reader.join()
        tail.wait()
    for kind, delays in seen.items():
        delays.sort()
        median, late = percentile(delays, 0.5), percentile(delays, 0.99)
        FIGURES.append(f"kymo tail -f, {kind}: p50 {median / 1000:.0f} ms, p99 {late / 1000:.0f} ms after it happened "
                       f"({len(delays)} events)")
        # The hold-back waits for the agent: at most 300 ms, and hardly any time for one that answers. The disk takes what it takes.
        assert late <= 600_000 + daemon.status()["sync_longest_us"]
