"""Records as docs/JSON.md has them, so that they can be compared with what kymo prints. Names of keys are left out."""

from datetime import datetime, timedelta, timezone

from read_segment import Damage, Forgotten, Segment

PRESS = ["released", "pressed"]
CLASSES = ["letter", "digit", "punctuation", "space", "enter", "editing", "navigation", "other", "text"]
PHASES = ["begin", "update", "end", "cancel"]
TOUCH = ["down", "motion", "up", "cancel", "frame"]
TABLET = ["axis", "proximity_in", "proximity_out", "tip_down", "tip_up", "button_pressed", "button_released"]
PAD = ["button", "ring", "strip", "key", "dial"]
SWITCH = {1: "lid", 2: "tablet_mode", 3: "keypad_slide"}
SOURCE = {1: "wheel", 2: "finger", 3: "continuous"}
CAPABILITIES = ["keyboard", "pointer", "touch", "tablet_tool", "tablet_pad", "gesture", "switch"]
SUPPRESSION = {
    0: "focus_unknown", 1: "unconfirmed", 2: "rule", 3: "no_window", 4: "inactive", 5: "stopping",
    6: "session_unknown", 7: "locked", 8: "suspended", 9: "no_consent", 10: "paused", 11: "no_indicator",
    16: "password", 17: "terminal", 18: "accessibility", 19: "denied", 20: "private_window",
}
# Devices were closed: nobody knows what was typed. Or a secret may have been, and its length is one, too.
UNCOUNTED = {4, 6, 7, 8, 9, 10, 11} | {3, 16, 17, 18, 19, 20}
TRANSFORM = ["normal", "90", "180", "270", "flipped", "flipped-90", "flipped-180", "flipped-270"]
SWITCHED = [None, False, True]
# A button is its own word.
SETTINGS = [
    ("tap", SWITCHED), ("tap_buttons", [None, "right_then_middle", "middle_then_right"]), ("tap_drag", SWITCHED),
    ("tap_drag_lock", SWITCHED), ("natural_scroll", SWITCHED), ("left_handed", SWITCHED), ("middle_emulation", SWITCHED),
    ("click_method", [None, "none", "button_areas", "clickfinger"]),
    ("scroll_method", [None, "none", "two_finger", "edge", "on_button_down"]), ("scroll_button", range(65536)),
    ("disable_while_typing", SWITCHED), ("sends", [None, "enabled", "disabled", "disabled_on_external_mouse"]),
]
LOSS = ["kernel_buffer", "ring_full", "hold_back_full", "crash", "torn_tail", "journal_write"]
# Bit numbers, in the order in which docs/JSON.md lists the names.
MODIFIERS = [(1, "control"), (2, "alt"), (3, "super"), (0, "shift"), (4, "level3")]
KINDS = {
    1: "key", 2: "key_counts", 3: "motion", 4: "position", 5: "button", 6: "scroll", 7: "swipe", 8: "pinch", 9: "hold",
    10: "touch", 11: "tablet_tool", 12: "tablet_pad", 13: "switch", 32: "device_added", 33: "device_removed",
    34: "focus", 35: "layout", 36: "suppression", 37: "loss", 38: "clock", 39: "session", 40: "recorder",
    41: "forgetting", 42: "consent", 43: "pause", 44: "output",
    45: "device_settings", 46: "window_place", 48: "interaction", 49: "pointer_place",
}  # fmt: skip


def bits(value, names):
    return [name for bit, name in names if value >> bit & 1]


def some(**fields):
    return {name: value for name, value in fields.items() if value}


def fixed(value):
    return value / 256


def fields_of(kind, i, t):
    if kind == 1:
        return {"code": i[0], "press": PRESS[i[1]], "modifiers": bits(i[2], MODIFIERS)}
    if kind == 2:
        return {"bucket_us": 100000} | {name: count for name, count in zip(CLASSES, i) if count}
    if kind == 3:
        return {"dx": fixed(i[0]), "dy": fixed(i[1])}
    if kind == 4:
        return {"x": i[0], "y": i[1]}
    if kind == 5:
        return {"code": i[0], "press": PRESS[i[1]]}
    if kind == 6:
        wheel = {"vertical_v120": i[2], "horizontal_v120": i[3]} if i[0] == 1 else {}
        axes = bits(i[1], [(0, "vertical"), (1, "horizontal")])
        return {"source": SOURCE[i[0]], "axes": axes, "vertical": fixed(i[4]), "horizontal": fixed(i[5])} | wheel
    if kind == 7:
        return {"phase": PHASES[i[0]], "fingers": i[1], "dx": fixed(i[2]), "dy": fixed(i[3])}
    if kind == 8:
        rest = {"dx": fixed(i[2]), "dy": fixed(i[3]), "scale": fixed(i[4]), "angle": fixed(i[5])}
        return {"phase": PHASES[i[0]], "fingers": i[1]} | rest
    if kind == 9:
        return {"phase": PHASES[i[0]], "fingers": i[1]}
    if kind == 10:
        return {"phase": TOUCH[i[0]], "slot": i[1]} | ({"x": i[2], "y": i[3]} if i[0] <= 1 else {})
    if kind == 11:
        names = ["x", "y", "pressure", "distance", "tilt_x", "tilt_y", "rotation", "slider", "wheel_v120"]
        values = i[3:7] + [fixed(value) for value in i[7:10]] + i[10:12]
        return {"phase": TABLET[i[0]], "tool": i[1]} | some(code=i[2]) | dict(zip(names, values))
    if kind == 12:
        return {"control": PAD[i[0]], "number": i[1], "value": fixed(i[2]), "mode": i[3]}
    if kind == 13:
        return {"switch": SWITCH[i[0]], "on": bool(i[1])}
    return state_of(kind, i, t)


def state_of(kind, i, t):
    if kind == 32:
        ids = {"vendor_id": i[0], "product_id": i[1], "bus": i[2]}
        able = {"capabilities": bits(i[3], list(enumerate(CAPABILITIES)))}
        size = {"width_um": i[4], "height_um": i[5]} if i[4] else {}
        return {"name": t[0], "sysname": t[1], "seat": t[2], "configuration_known": bool(i[6])} | ids | able | size
    if kind == 33:
        return {"sysname": t[0]}
    if kind == 34:
        form = ["off", "full", "truncated", "hash"][i[2]]
        title = {"title_hash" if form == "hash" else "title": t[1]} if i[2] else {}
        rest = {"state": ["unknown", "none", "window"][i[1]], "title_form": form, "uncertainty_us": i[5]}
        return rest | title | some(pid=i[3], window=i[4], output=t[2]) | {"source": t[3]}
    if kind == 35:
        return {"known": bool(i[0]), "group": i[1], "keymap_hash": f"{i[2]:x}", "name": t[0]}
    if kind == 36:
        counts = [None, None] if i[0] in UNCOUNTED else i[4:6]
        span = {"start_us": i[2], "end_us": i[3], "keys": counts[0], "others": counts[1]}
        return {"reason": SUPPRESSION[i[0]], "phase": ["begin", "end"][i[1]]} | span
    if kind == 37:
        span = {"start_us": i[1], "end_us": i[2], "count": i[4] if i[3] else None}
        return {"reason": LOSS[i[0]], "detail": t[0]} | span
    if kind == 38:
        return {"realtime_us": i[0], "reason": ["start", "resume", "step", "rotation"][i[1]]}
    if kind == 39:
        return {"user_id": i[0], "active": bool(i[1]), "subject": t[0]}
    if kind == 41:
        return {"everything": bool(i[0])}
    if kind == 42:
        return {"given": bool(i[0]), "user_id": i[1], "receipt": t[0], "subject": t[1]}
    if kind == 43:
        return {"paused": True, "until_us": i[1] or None} if i[0] else {"paused": False}
    if kind == 44:
        place = {"number": i[0], "connected": bool(i[1]), "name": t[0], "x": i[2], "y": i[3], "transform": TRANSFORM[i[10]]}
        size = {"width": i[4], "height": i[5]} if i[4] else {}
        mode = {"mode_width": i[6], "mode_height": i[7]} if i[6] else {}
        screen = {"width_mm": i[11], "height_mm": i[12]} if i[11] else {}
        return place | size | mode | screen | some(description=t[1], refresh_mhz=i[8], scale=fixed(i[9]))
    if kind == 45:
        told = {"known": bool(i[0])} | some(source=t[0])
        return told | {name: words[value] for (name, words), value in zip(SETTINGS, i[1:]) if value}
    if kind == 48:
        return interaction(i, t)
    if kind == 46:
        return dict(zip(("x", "y", "width", "height"), i))
    if kind == 49:
        return {"frame": ("desktop", "window")[i[0]], "delay_us": i[1], "x": fixed(i[2]), "y": fixed(i[3])}
    return {"running": bool(i[0]), "version": t[0], "libinput": t[1]}


def interaction(i, t):
    """Names of roles are AT-SPI's: `comparable` leaves them out."""
    line = {"cause": ["focus", "click"][i[0]], "answered": bool(i[1])}
    if not i[1]:
        return line
    form = ["off", "full", "truncated", "hash"][i[3]]
    name = {"name_hash" if form == "hash" else "name": t[0]} if i[3] else {}
    place = dict(zip(("x", "y", "width", "height"), i[5:9])) if i[4] else {}
    return line | {"role": i[2], "name_form": form} | name | some(application=t[1]) | place


class Lines:
    """Follows devices and focus, as far as the journal has told them."""

    def __init__(self):
        self.offset, self.devices, self.apps = 0, {}, {}

    def of(self, item):
        """The object of an item; None if it has none."""
        if isinstance(item, Segment):
            self.offset = item.realtime - item.monotonic
            return None
        if isinstance(item, Damage):
            if item.offset == 0:
                self.devices, self.apps = {}, {}
            line = {"kind": "damage", "segment": item.segment, "offset": item.offset}
            if item.missing:
                line |= {"missing_first": item.missing.start, "missing_last": item.missing.stop - 1}
            return line
        if isinstance(item, Forgotten):
            span = {"forgotten_first": item.span.start, "forgotten_last": item.span.stop - 1}
            return {"kind": "forgotten", "segment": item.segment} | span
        self.follow(item)
        line = {"kind": KINDS[item.kind], "sequence": item.sequence, "segment": item.segment, "time_us": item.time}
        line["realtime"] = self.realtime(item.time)
        line |= some(device=item.device, device_name=self.devices.get(item.device, "") if item.device else "")
        line |= some(focus=item.focus, app=self.apps.get(item.focus, "") if item.focus else "")
        names = ["uncertain", "caused_focus_change", "snapshot"]
        line |= some(marks=bits(item.marks, list(enumerate(names))))
        if item.kind == 33:
            self.devices.pop(item.device, None)
        return line | fields_of(item.kind, item.integers, item.texts)

    def follow(self, item):
        if item.kind == 40 and item.integers[0] == 1 and not item.marks & 4:
            self.devices, self.apps = {}, {}
        elif item.kind == 32:
            self.devices[item.device] = item.texts[0]
        elif item.kind == 34:
            # Only a window has a name that events can carry.
            self.apps[item.integers[0]] = item.texts[0] if item.integers[1] == 2 else ""

    def realtime(self, time):
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=time + self.offset)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06}Z"
