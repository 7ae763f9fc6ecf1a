"""A fast mouse: every report, once and in order; and if the recorder is stopped, the loss stands in the journal."""

import bisect
import os
import signal
import time

from bed import FIGURES, PATIENCE_MS, Sent, wait_for, waited

# At most 131: the mock device remembers a million reports, each of which is looked for.
SECONDS = float(os.environ.get("KYMO_RATE_SECONDS", "60"))


def offered(device) -> list[tuple[int, int, int]]:
    """Reports that the kernel's buffer took, as the journal should have them."""
    return [(sent.time_us, sent.value, sent.second) for sent in device.sent() if sent.fate == Sent.QUEUED]


def recorded(daemon) -> list[tuple[int, int, int]]:
    return [(row["time_us"], row["dx"], row["dy"]) for row in daemon.each_row("motion")]


def check_that_losses_cover(daemon, device) -> list[dict]:
    """Whatever was sent is in the journal, once, in order, or inside a loss of that device; the losses."""
    losses = daemon.rows("loss")
    assert {(loss["reason"], loss["detail"]) for loss in losses} <= {("kernel_buffer", device.sysname)}
    assert all(loss["count"] is None and loss["start_us"] <= loss["end_us"] for loss in losses)
    motions = recorded(daemon)
    sent = [(report.time_us, report.value, report.second) for report in device.sent() if report.fate != Sent.UNREAD]
    missing = sorted(set(sent) - set(motions))
    found = set(motions)
    assert motions == [report for report in sent if report in found], "doubled, invented or out of order"
    spans = sorted((loss["start_us"], loss["end_us"]) for loss in losses)
    starts = [start for start, _ in spans]
    for report in missing:
        span = bisect.bisect_right(starts, report[0]) - 1
        assert span >= 0 and spans[span][0] < report[0] < spans[span][1], f"{report} is lost and nobody says so"
    # A span says "between these two events": it may not swallow what was recorded.
    return losses


def drops_at_8_khz(bed, recorder, agent, patience_ms: int) -> int:
    """How many of the mouse's reports the kernel's buffer dropped; those are inside losses, and all else is recorded, once and
    in order, or this fails."""
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}).start(devices=2)
    agent(daemon).window("editor")
    before = daemon.status()
    mouse.patience(patience_ms)
    mouse.run(8000, SECONDS)
    keyboard.type(8, SECONDS, [30, 48, 46, 32, 18])
    fed = mouse.finish(SECONDS * 1.5)
    keyboard.finish(10)
    after = daemon.until_written(last=max(keyboard.sent()[-1].time_us, mouse.sent()[-1].time_us))
    memory = daemon.peak_memory()
    assert daemon.stop() == 0
    losses = check_that_losses_cover(daemon, mouse)
    stats = mouse.stats()
    count, dropped = stats["packets"], stats["dropped"]
    FIGURES.append(
        f"8 kHz mouse for {fed['seconds']:.0f} s and typing: {count} reports at {fed['sent'] / fed['seconds']:.0f} Hz, "
        f"{dropped} dropped by the kernel's buffer ({len(losses)} losses), {waited(stats)}; a report cost "
        f"{(after['cpu_us'] - before['cpu_us']) / count:.2f} µs CPU and "
        f"{(after['bytes_written'] - before['bytes_written']) / count:.2f} bytes; {memory / 1e6:.1f} MB resident")
    assert (dropped == 0) == (losses == [])
    # Nothing is asked of the machine where nothing is asked of the recorder.
    assert not patience_ms or fed["sent"] / fed["seconds"] > 7600, f"the machine is too busy to feed 8 kHz: {fed}"
    assert losses or recorded(daemon) == offered(mouse)
    keys = [(row["time_us"], row["press"]) for row in daemon.rows("key")]
    assert len(keys) == int(8 * SECONDS) * 2
    assert keys == [(sent.time_us, "pressed" if i % 2 == 0 else "released") for i, sent in enumerate(keyboard.sent())]
    for device in (keyboard, mouse):
        device.remove()
    return dropped


def test_8_khz_with_typing_loses_nothing(bed, recorder, agent):
    # A mouse that never waits tells the recorder's standing still and the machine's not apart; one with some patience does.
    if drops_at_8_khz(bed, recorder, agent, patience_ms=0):
        assert drops_at_8_khz(bed, recorder, agent, patience_ms=PATIENCE_MS) == 0


def test_a_recorder_that_is_stopped_for_100_ms_says_what_is_missing(bed, recorder, agent):
    mouse = bed.add("mouse", 2)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")
    # So that the gaps are the three that are made here.
    mouse.patience(PATIENCE_MS)
    mouse.run(8000, 60)
    wait_for(lambda: mouse.feeding()["sent"] > 4000, "the mouse to move")
    stopped, dropped = [], []
    for _ in range(3):
        already = mouse.stats()["dropped"]
        mouse.patience(0)
        daemon.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        time.sleep(0.1)
        daemon.process.send_signal(signal.SIGCONT)
        mouse.patience(PATIENCE_MS)
        stopped.append(time.monotonic() - began)
        end = mouse.feeding()["sent"] + 2000
        wait_for(lambda end=end: mouse.feeding()["sent"] > end, "the mouse to move on")
        dropped.append(mouse.stats()["dropped"] - already)
    mouse.halt()
    daemon.until_written(last=mouse.sent()[-1].time_us)
    assert daemon.stop() == 0
    losses = check_that_losses_cover(daemon, mouse)
    lengths = [(loss["end_us"] - loss["start_us"]) / 1000 for loss in losses]
    FIGURES.append(f"stopped for {', '.join(f'{s * 1000:.0f}' for s in stopped)} ms at 8 kHz: "
                   f"{dropped} reports dropped, losses of {', '.join(f'{ms:.1f}' for ms in lengths)} ms recorded")
    assert all(count > 600 for count in dropped)
    # Exactly the gap: from the last report before it to the first after it.
    times = [time_us for time_us, _, _ in recorded(daemon)]
    for loss in losses:
        before = bisect.bisect_right(times, loss["start_us"])
        assert times[before - 1] == loss["start_us"] and times[before] == loss["end_us"]
    assert sum(length > 50 for length in lengths) == 3


EV_SYN, SYN_DROPPED = 0, 3


def test_reports_that_are_read_in_one_go_with_a_drop_stay_before_its_loss(bed, recorder, agent):
    mouse = bed.add("mouse", 2)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")
    mouse.move(1, 1)
    daemon.until(lambda rows: rows, "motion")
    daemon.process.send_signal(signal.SIGSTOP)
    before = [mouse.move(dx, 1) for dx in (2, 3, 4)]
    dropped = mouse.emit((EV_SYN, SYN_DROPPED, 0))
    daemon.process.send_signal(signal.SIGCONT)
    wait_for(lambda: daemon.status()["events_permitted"] >= 4, "the reports before the drop")
    after = mouse.move(5, 1)
    loss, = daemon.until(lambda rows: rows, "loss")
    daemon.until(lambda rows: len(rows) == 5, "motion")
    assert [row["dx"] for row in daemon.rows("motion")] == [1, 2, 3, 4, 5]
    assert (loss["start_us"], loss["end_us"]) == (before[-1], after)
    assert loss["start_us"] < dropped < loss["end_us"]
    assert [row["kind"] for row in daemon.rows("motion", "loss")] == ["motion"] * 4 + ["loss", "motion"]


def test_drops_that_libinput_no_longer_tells_are_inside_a_loss_all_the_same(bed, recorder, agent):
    mouse = bed.add("mouse", 2)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")
    drops = []
    # libinput tells five in 30 s, and then no more.
    for dx in range(1, 13):
        mouse.move(dx, 1)
        drops.append(mouse.emit((EV_SYN, SYN_DROPPED, 0)))
        wait_for(lambda dx=dx: daemon.status()["events_permitted"] >= dx, "the report before the drop")
    last = mouse.move(100, 1)
    wait_for(lambda: daemon.status()["events_permitted"] >= 13, "the report after the last drop")
    daemon.until_written(last)
    assert daemon.stop() == 0
    losses = daemon.rows("loss")
    assert 1 < len(losses) <= 6
    for time_us in drops:
        assert any(loss["start_us"] <= time_us <= loss["end_us"] for loss in losses), "dropped and nobody says so"
    assert losses[-1]["end_us"] >= last, "after the flood notice nobody knows: the span goes to the end"
