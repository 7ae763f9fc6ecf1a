"""A fast mouse: every report, once and in order; and if the recorder is stopped, the loss stands in the journal."""

import signal
import time

from bed import Sent

SCRATCH = "KEY_"


def reports(device) -> list[tuple[int, int, int]]:
    """What the reader was offered, as the journal should have it."""
    return [(sent.time_us, sent.value, sent.second) for sent in device.sent() if sent.fate == Sent.QUEUED]


def recorded(daemon) -> list[tuple[int, int, int]]:
    return [(row["time_us"], row["dx"], row["dy"]) for row in daemon.each_row("motion")]


def figures(before: dict, after: dict, count: int) -> str:
    return (f"{(after['cpu_us'] - before['cpu_us']) / count:.2f} µs CPU a report, "
            f"{after['resident_bytes'] / 1e6:.1f} MB, {after['bytes_written'] / count:.2f} bytes a report")


def test_8_khz_for_60_s_with_typing_loses_nothing(bed, recorder, agent):
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}).start(devices=2)
    session = agent(daemon)
    session.window("editor")
    before = daemon.status()
    mouse.run(8000, 60)
    keyboard.type(8, 60, [30, 48, 46, 32, 18])
    fed = mouse.finish(90)
    typed = keyboard.finish(30)
    after = daemon.until_written(last=max(keyboard.sent()[-1].time_us, mouse.sent()[-1].time_us))
    assert daemon.stop() == 0
    stats = mouse.stats()
    print(f"\n8 kHz mouse for 60 s: {fed['sent']} reports at {fed['sent'] / fed['seconds']:.0f} Hz, "
          f"{stats['dropped']} dropped by the kernel's buffer; {typed['sent']} key events; "
          + figures(before, after, fed["sent"]))
    assert fed["sent"] / fed["seconds"] > 7600, f"the machine is too busy to feed 8 kHz: {fed}"
    assert daemon.rows("loss") == []
    assert stats["dropped"] == 0
    assert recorded(daemon) == reports(mouse)
    keys = [(row["time_us"], row["press"]) for row in daemon.rows("key")]
    assert keys == [(sent.time_us, "pressed" if i % 2 == 0 else "released") for i, sent in enumerate(keyboard.sent())]
