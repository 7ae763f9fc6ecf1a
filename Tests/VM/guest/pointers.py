"""The settings of pointers that the person has chosen in sway, with devices that the kernel has: in the journal, and in force
on what is recorded.
"""

import json
import time

from bench import MOUSE, VENDOR
from guest import Tail, now_us, wait_for

TOUCHPAD = "kymograph test touchpad"
EV_KEY, EV_REL, EV_ABS = 1, 2, 3
REL_WHEEL, REL_WHEEL_HI_RES = 8, 11
ABS_X, ABS_Y, MT_SLOT, MT_X, MT_Y, MT_TRACKING = 0, 1, 0x2F, 0x35, 0x36, 0x39
BTN_LEFT, BTN_RIGHT, BTN_TOOL_FINGER, BTN_TOUCH = 0x110, 0x111, 0x145, 0x14A
# Seconds that a click or a tap takes, and after which libinput is sure that a tap is not the first of two.
BRIEFLY, SURELY = 0.06, 0.5


class Hand:
    """On the mouse and a touchpad, with an eye on the journal."""

    def __init__(self, bench):
        self.bench, self.report = bench, bench.report
        self.devices = {MOUSE: bench.mouse}
        self.touches = 0
        self.tail = Tail()
        wait_for("tail to follow", lambda: self.wheel() and self.tail.has_line(), 60)

    def send(self, name, *events):
        """One report; when it went out."""
        words = " ".join(str(word) for event in events for word in event)
        return self.bench.feeder.ask(f"report {self.devices[name]['device']} {words}")["first_us"]

    def wheel(self):
        """A click towards the person."""
        return self.send(MOUSE, (EV_REL, REL_WHEEL, -1), (EV_REL, REL_WHEEL_HI_RES, -120))

    def click(self, button):
        begun = self.send(MOUSE, (EV_KEY, button, 1))
        time.sleep(BRIEFLY)
        self.send(MOUSE, (EV_KEY, button, 0))
        return begun

    def tap(self):
        self.touches += 1
        x, y = 2000, 1200
        begun = self.send(TOUCHPAD, (EV_ABS, MT_SLOT, 0), (EV_ABS, MT_TRACKING, self.touches), (EV_ABS, MT_X, x),
                          (EV_ABS, MT_Y, y), (EV_KEY, BTN_TOUCH, 1), (EV_KEY, BTN_TOOL_FINGER, 1), (EV_ABS, ABS_X, x),
                          (EV_ABS, ABS_Y, y))  # fmt: skip
        time.sleep(BRIEFLY)
        self.send(TOUCHPAD, (EV_ABS, MT_TRACKING, -1), (EV_KEY, BTN_TOUCH, 0), (EV_KEY, BTN_TOOL_FINGER, 0))
        time.sleep(SURELY)
        return begun

    def rows(self, kind, since_us, name):
        found = (json.loads(line) for _, line in list(self.tail.lines))
        return [row for row in found if row["kind"] == kind and row["time_us"] >= since_us and row.get("device_name") == name]

    def choose(self, name, setting, **told):
        """As a person does it; once the journal says so of that device, what is done next meets it."""
        since = now_us()
        self.bench.compositor.command(f"input {setting}")
        wait_for(f"{setting} in the journal", lambda: any(
            row["source"] == "sway" and row["known"] and told.items() <= row.items()
            for row in self.rows("device_settings", since, name)))
        self.report.check(f"pointers: {setting}: the journal says so", True)

    def until_here(self):
        """A click of the wheel: what was done before it is in the journal when it is."""
        since = self.wheel()
        return wait_for("the wheel in the journal", lambda: self.rows("scroll", since, MOUSE))

    def buttons(self, since, name):
        self.until_here()
        return [(row["name"], row["press"]) for row in self.rows("button", since, name)]

    def close(self):
        self.tail.close()


def identifier(name):
    """As sway(5) has it: vendor and product are decimal there."""
    return f"{int(VENDOR, 16)}:1:{name.replace(' ', '_')}"


def settings_of_pointers(bench):
    start = now_us()
    hand = Hand(bench)
    try:
        the_wheel_turns_around(hand)
        the_buttons_change_places(hand)
        a_tap_is_a_click(hand)
    finally:
        hand.close()
    bench.report.figure("pointers: all of it", f"{(now_us() - start) / 1e6:.0f} s")


def the_wheel_turns_around(hand):
    mouse = identifier(MOUSE)
    directions = [hand.until_here()[0]["vertical_v120"]]
    for word in ("enabled", "disabled"):
        hand.choose(MOUSE, f"{mouse} natural_scroll {word}", natural_scroll=word == "enabled")
        directions.append(hand.until_here()[0]["vertical_v120"])
    hand.report.check("pointers: natural scroll turns the wheel around, and back", directions == [120, -120, 120], directions)


def the_buttons_change_places(hand):
    pressed = []
    for word in ("enabled", "disabled"):
        hand.choose(MOUSE, f"{identifier(MOUSE)} left_handed {word}", left_handed=word == "enabled")
        since = hand.click(BTN_LEFT)
        hand.click(BTN_RIGHT)
        pressed.append([name for name, press in hand.buttons(since, MOUSE) if press == "pressed"])
    hand.report.check("pointers: left and right change places for the left-handed, and back",
                      pressed == [["BTN_RIGHT", "BTN_LEFT"], ["BTN_LEFT", "BTN_RIGHT"]], pressed)


def a_tap_is_a_click(hand):
    report, recorder = hand.report, hand.bench.recorder
    since = now_us()
    hand.devices[TOUCHPAD] = made = hand.bench.feeder.create("touchpad", TOUCHPAD, VENDOR)
    touchpad, node = identifier(TOUCHPAD), f"/dev/input/{made['sysname']}"
    wait_for("the touchpad's settings in the journal", lambda: hand.rows("device_settings", since, TOUCHPAD))
    click = [("BTN_LEFT", "pressed"), ("BTN_LEFT", "released")]

    def tapped():
        return hand.buttons(hand.tap(), TOUCHPAD)

    found = tapped()
    report.check("pointers: a tap is no click on a touchpad as it comes", found == [], found)
    hand.choose(TOUCHPAD, f"{touchpad} tap enabled", tap=True)
    # What a busy machine makes longer than 180 ms is no tap to libinput.
    wait_for("a tap to be a click", lambda: tapped() == click)
    report.check("pointers: a tap is a click where the person has chosen so", True)
    hand.choose(TOUCHPAD, "type:touchpad events disabled", sends="disabled")
    nodes = recorder.open_nodes()
    report.check("pointers: a touchpad that is switched off is not open, and others are", nodes and node not in nodes, nodes)
    found = tapped()
    report.check("pointers: nothing of it is recorded", found == [], found)
    hand.choose(TOUCHPAD, "type:touchpad events enabled", sends="enabled")
    wait_for("a tap to be a click again", lambda: tapped() == click)
    report.check("pointers: switched on again it is read again", True)
    hand.choose(TOUCHPAD, f"{touchpad} tap disabled", tap=False)
    found = tapped()
    report.check("pointers: a tap is no click any more", found == [], found)
    hand.bench.feeder.ask(f"destroy {made['device']}")
