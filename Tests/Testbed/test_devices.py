"""Devices come and go; some may not be opened; every kind of event that they make is recorded."""

import os

import pytest

from bed import EV_ABS, EV_KEY, EV_REL, EV_SW, FIGURES, Sent, wait_for

BTN_LEFT, BTN_0, BTN_TOOL_PEN, BTN_TOUCH, BTN_STYLUS = 0x110, 0x100, 0x140, 0x14A, 0x14B
FINGERS = {1: 0x145, 2: 0x14D, 3: 0x14E}
ABS_X, ABS_Y, ABS_WHEEL, ABS_PRESSURE, ABS_DISTANCE, ABS_TILT_X = 0, 1, 8, 0x18, 0x19, 0x1A
SLOT, MT_X, MT_Y, TRACKING = 0x2F, 0x35, 0x36, 0x39


def test_100_plugs_and_unplugs_are_all_recorded_and_leak_nothing(bed, recorder, agent):
    bed.add("keyboard", 1)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")

    def cycle(index: int) -> None:
        mouse = bed.add("mouse", index)
        wait_for(lambda: daemon.status()["devices"] == 2, "the mouse to be there")
        mouse.move(index, 1)
        wait_for(lambda: daemon.status()["events_permitted"] >= index - 19, "its motion to be permitted")
        mouse.remove()
        wait_for(lambda: daemon.status()["devices"] == 1, "the mouse to be gone")

    # The first one may make what stays: buffers, a cache of libinput's.
    cycle(20)
    before = len(daemon.descriptors())
    for index in range(21, 121):
        cycle(index)
    after = len(daemon.descriptors())
    assert daemon.stop() == 0
    names = [f"event{index}" for index in range(20, 121)]
    assert [row["sysname"] for row in daemon.rows("device_added")][1:] == names
    assert [row["sysname"] for row in daemon.rows("device_removed")] == names
    assert [row["dx"] for row in daemon.rows("motion")] == list(range(20, 121))
    assert len({row["device"] for row in daemon.rows("device_added")}) == 102
    FIGURES.append(f"100 plugs and unplugs: none missed; {before} descriptors before, {after} after")
    assert after == before


def test_excluded_devices_are_neither_open_nor_recorded(bed, recorder, agent):
    plain = bed.add("keyboard", 1)
    excluded = [bed.add("keyboard", 2, KYMOGRAPH_IGNORE=1), bed.add("keyboard", 3, LIBINPUT_IGNORE_DEVICE=1),
                bed.add("keyboard", 4, vendor="1050", KYMOGRAPH_IGNORE=1)]
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    agent(daemon).window("editor")
    late = bed.add("keyboard", 5, KYMOGRAPH_IGNORE=1)
    wait_for(lambda: "event5" in daemon.log, "the late one to be left out")
    assert daemon.open_nodes() == {"event1": os.O_RDONLY}
    for keyboard in [*excluded, late]:
        keyboard.write("secret")
    plain.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")
    assert daemon.stop() == 0
    assert [row["name"] for row in daemon.rows("key", "key_counts") if row["press"] == "pressed"] == ["KEY_O", "KEY_K"]
    assert [row["sysname"] for row in daemon.rows("device_added")] == ["event1"]
    for keyboard in [*excluded, late]:
        assert {sent.fate for sent in keyboard.sent()} == {Sent.UNREAD}
    assert "/dev/input/event2 is left out (udev property KYMOGRAPH_IGNORE)" in daemon.log


def test_nodes_are_opened_read_only(bed, recorder):
    for index, kind in enumerate(("keyboard", "mouse", "touchpad", "tablet", "switch"), start=1):
        bed.add(kind, index)
    daemon = recorder().start(devices=5)
    assert daemon.open_nodes() == {f"event{index}": os.O_RDONLY for index in range(1, 6)}


def test_keys_that_are_down_when_the_devices_open_are_no_commands(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    keyboard.key("leftctrl", 1)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")
    keyboard.tap("c")
    daemon.until(lambda rows: rows, "key_counts")
    keyboard.key("leftctrl", 0)
    keyboard.key("leftctrl", 1)
    keyboard.tap("v")
    keyboard.key("leftctrl", 0)
    daemon.until(lambda rows: rows, "key")
    # Nobody saw Control go down the first time: that C may have been typed.
    assert [row["name"] for row in daemon.rows("key") if row["press"] == "pressed"] == ["KEY_V"]


@pytest.fixture
def scene(bed, recorder, agent):
    """A recorder with one device of a kind, and a window."""
    def make(kind: str):
        device = bed.add(kind, 1)
        daemon = recorder().start(devices=1)
        agent(daemon).window("editor")
        return device, daemon
    return make


def test_buttons_and_wheels(scene):
    mouse, daemon = scene("mouse")
    mouse.emit((EV_KEY, BTN_LEFT, 1))
    mouse.emit((EV_REL, 8, -1), (EV_REL, 0x0B, -120))
    mouse.emit((EV_REL, 6, 2), (EV_REL, 0x0C, 240))
    mouse.emit((EV_KEY, BTN_LEFT, 0))
    daemon.until(lambda rows: len(rows) >= 4, "button", "scroll")
    assert [(row["name"], row["press"]) for row in daemon.rows("button")] == [
        ("BTN_LEFT", "pressed"), ("BTN_LEFT", "released")]
    down, right = daemon.rows("scroll")
    assert (down["source"], down["axes"], down["vertical_v120"]) == ("wheel", ["vertical"], 120)
    assert (right["source"], right["axes"], right["horizontal_v120"]) == ("wheel", ["horizontal"], 240)


def test_absolute_position(scene):
    pointer, daemon = scene("pointer")
    pointer.emit((EV_ABS, ABS_X, 16384), (EV_ABS, ABS_Y, 8192))
    row, = daemon.until(lambda rows: rows, "position")
    assert abs(row["x"] - 32767) < 4 and abs(row["y"] - 16383) < 4


def test_touchscreen(scene):
    screen, daemon = scene("touchscreen")
    screen.emit((EV_ABS, SLOT, 0), (EV_ABS, TRACKING, 1), (EV_ABS, MT_X, 2000), (EV_ABS, MT_Y, 1250),
                (EV_KEY, BTN_TOUCH, 1), (EV_ABS, ABS_X, 2000), (EV_ABS, ABS_Y, 1250))
    screen.emit((EV_ABS, SLOT, 1), (EV_ABS, TRACKING, 2), (EV_ABS, MT_X, 1000), (EV_ABS, MT_Y, 500))
    screen.emit((EV_ABS, SLOT, 0), (EV_ABS, MT_X, 3000))
    screen.emit((EV_ABS, SLOT, 0), (EV_ABS, TRACKING, -1), (EV_ABS, SLOT, 1), (EV_ABS, TRACKING, -1),
                (EV_KEY, BTN_TOUCH, 0))
    daemon.until(lambda rows: sum(row["phase"] == "up" for row in rows) == 2, "touch")
    touches = [(row["phase"], row["slot"]) for row in daemon.rows("touch") if row["phase"] != "frame"]
    assert touches == [("down", 0), ("down", 1), ("motion", 0), ("up", 0), ("up", 1)]
    down = daemon.rows("touch")[0]
    assert abs(down["x"] - 32767) < 40 and abs(down["y"] - 32767) < 40


class Pad:
    """Fingers on a touchpad, at the pace of a real one."""

    def __init__(self, device):
        self.device = device
        self.tracking = 10

    def down(self, *places: tuple[int, int]) -> None:
        events = []
        for slot, (x, y) in enumerate(places):
            self.tracking += 1
            events += [(EV_ABS, SLOT, slot), (EV_ABS, TRACKING, self.tracking), (EV_ABS, MT_X, x), (EV_ABS, MT_Y, y)]
        events += [(EV_KEY, BTN_TOUCH, 1), (EV_KEY, FINGERS[len(places)], 1)]
        self.device.emit(*events, (EV_ABS, ABS_X, places[0][0]), (EV_ABS, ABS_Y, places[0][1]))
        self.places = list(places)

    def move(self, *steps: tuple[int, int], times: int = 30) -> None:
        for _ in range(times):
            # libinput takes speeds into account: the pace of a touchpad's reports matters, not a moment to wait for.
            wait_for(pace(0.008), "the next report")
            self.places = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(self.places, steps, strict=True)]
            events = []
            for slot, (x, y) in enumerate(self.places):
                events += [(EV_ABS, SLOT, slot), (EV_ABS, MT_X, x), (EV_ABS, MT_Y, y)]
            self.device.emit(*events, (EV_ABS, ABS_X, self.places[0][0]), (EV_ABS, ABS_Y, self.places[0][1]))

    def up(self) -> None:
        events = []
        for slot in range(len(self.places)):
            events += [(EV_ABS, SLOT, slot), (EV_ABS, TRACKING, -1)]
        self.device.emit(*events, (EV_KEY, BTN_TOUCH, 0), (EV_KEY, FINGERS[len(self.places)], 0))


def pace(seconds: float):
    import time
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def test_touchpad_motion_scroll_and_gestures(scene):
    device, daemon = scene("touchpad")
    pad = Pad(device)
    pad.down((1000, 1000))
    pad.move((15, 0))
    pad.up()
    wait_for(pace(0.3), "the fingers to rest")
    pad.down((1000, 600), (1600, 600))
    pad.move((0, 15), (0, 15))
    pad.up()
    wait_for(pace(0.3), "the fingers to rest")
    pad.down((800, 1000), (1400, 1000), (2000, 1000))
    pad.move((15, 0), (15, 0), (15, 0))
    pad.up()
    wait_for(pace(0.3), "the fingers to rest")
    pad.down((1300, 900), (1600, 1200))
    pad.move((-15, -15), (15, 15))
    pad.up()
    wait_for(pace(0.3), "the fingers to rest")
    pad.down((1000, 1000), (1600, 1000))
    wait_for(pace(0.5), "libinput to take it for a hold")
    pad.up()
    daemon.until(lambda rows: [row for row in rows if row["kind"] == "hold" and row["phase"] == "end"], seconds=5)
    rows = daemon.rows("motion", "scroll", "swipe", "pinch", "hold")
    kinds = [row["kind"] for row in rows]
    assert kinds.count("motion") > 10 and all(row["dx"] > 0 for row in rows if row["kind"] == "motion")
    scrolls = [row for row in rows if row["kind"] == "scroll"]
    assert len(scrolls) > 5 and {row["source"] for row in scrolls} == {"finger"}
    assert scrolls[-1]["vertical"] == 0, "the stop of the axis"
    swipes = [row for row in rows if row["kind"] == "swipe"]
    assert [row["phase"] for row in swipes][0] == "begin" and swipes[-1]["phase"] == "end"
    assert {row["fingers"] for row in swipes} == {3} and sum(row["dx"] for row in swipes) > 0
    pinches = [row for row in rows if row["kind"] == "pinch"]
    assert pinches[0]["phase"] == "begin" and pinches[-1]["phase"] == "end"
    assert max(row["scale"] for row in pinches) > 1.2
    assert [row["phase"] for row in rows if row["kind"] == "hold" and row["fingers"] == 2][-2:] == ["begin", "end"]


def test_tablet_pen(scene):
    tablet, daemon = scene("tablet")
    tablet.emit((EV_KEY, BTN_TOOL_PEN, 1), (EV_ABS, ABS_X, 10000), (EV_ABS, ABS_Y, 7500), (EV_ABS, ABS_DISTANCE, 20))
    tablet.emit((EV_ABS, ABS_X, 11000), (EV_ABS, ABS_DISTANCE, 0), (EV_ABS, ABS_TILT_X, 20))
    tablet.emit((EV_KEY, BTN_TOUCH, 1), (EV_ABS, ABS_PRESSURE, 1200))
    tablet.emit((EV_ABS, ABS_X, 12000), (EV_ABS, ABS_PRESSURE, 1500))
    tablet.emit((EV_KEY, BTN_STYLUS, 1))
    tablet.emit((EV_KEY, BTN_STYLUS, 0))
    tablet.emit((EV_KEY, BTN_TOUCH, 0), (EV_ABS, ABS_PRESSURE, 0))
    tablet.emit((EV_KEY, BTN_TOOL_PEN, 0), (EV_ABS, ABS_X, 0), (EV_ABS, ABS_Y, 0))
    daemon.until(lambda rows: rows and rows[-1]["phase"] == "proximity_out", "tablet_tool")
    rows = daemon.rows("tablet_tool")
    phases = [row["phase"] for row in rows]
    assert [phase for phase in phases if phase != "axis"] == [
        "proximity_in", "tip_down", "button_pressed", "button_released", "tip_up", "proximity_out"]
    assert "axis" in phases and max(row["pressure"] for row in rows) > 30000
    assert abs(rows[0]["x"] - 32767) < 40


def test_tablet_pad(scene):
    pad, daemon = scene("pad")
    pad.emit((EV_KEY, BTN_0, 1), (EV_ABS, 0x28, 15))
    pad.emit((EV_KEY, BTN_0, 0), (EV_ABS, 0x28, 0))
    pad.emit((EV_ABS, ABS_WHEEL, 30), (EV_ABS, 0x28, 15))
    daemon.until(lambda rows: len(rows) >= 3, "tablet_pad")
    rows = daemon.rows("tablet_pad")
    assert [(row["control"], row["value"]) for row in rows[:2]] == [("button", 1), ("button", 0)]
    assert rows[2]["control"] == "ring"


def test_lid(scene):
    lid, daemon = scene("switch")
    lid.emit((EV_SW, 0, 1))
    lid.emit((EV_SW, 0, 0))
    daemon.until(lambda rows: len(rows) == 2, "switch")
    assert [(row["switch"], row["on"]) for row in daemon.rows("switch")] == [("lid", True), ("lid", False)]
