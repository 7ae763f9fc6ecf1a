"""A compositor's keyboard in the hands of a test that has another one beside it: `key` gives the compositor a key, and says
when a kernel would have stamped it (µs of CLOCK_MONOTONIC), and how much later the compositor had it at the latest.
"""

from gnome import Gnome
from keyboard import Keyboard
from service import now
from session import KWin
from wire import uint


# Its key, and its bit in XKB's modifiers.
CONTROL, CONTROL_MASK = 29, 4


class Virtual:
    """Of it no compositor keeps account of what is down, and labwc forgets Control with each change of focus."""

    def __init__(self, desk):
        self.keyboard = Keyboard(str(desk.display), "us")
        self.is_control = False

    def key(self, code, value):
        # What the compositor says of it is read as it comes, or it would hang up.
        while self.keyboard.display.dispatch(0):
            pass
        if self.is_control and value:
            self._hold(0)
            self._hold(CONTROL_MASK)
        stamp = now()
        self._request(1, stamp // 1000 & 0xFFFF_FFFF, code, value)
        late = now() - stamp
        if code == CONTROL:
            self.is_control = bool(value)
            self._hold(CONTROL_MASK if value else 0)
        return stamp, late

    def _hold(self, modifiers):
        self._request(2, modifiers, 0, 0, 0)

    def _request(self, opcode, *numbers):
        self.keyboard.display.request(self.keyboard.keyboard, opcode, *map(uint, numbers))


class OfAnother:
    """Another process has it, which says when it handed the key over. Not the one that moves the focus: orders would wait
    for each other."""

    def __init__(self, hand):
        self.hand = hand

    def key(self, code, value):
        word, before, after = self.hand.order(f"key {code} {value}").split()
        assert word == "stamp"
        return int(before), int(after) - int(before)


def keyboard_of(desk):
    if isinstance(desk, KWin):
        return OfAnother(desk.plasma())
    if isinstance(desk, Gnome):
        desk.keyboard()
        return OfAnother(desk.another_hand())
    return Virtual(desk)
