"""Somebody at a keyboard: each key goes to the recorder (a mock device) and to the compositor (a virtual keyboard), one
right behind the other, as a kernel would hand it to both.
"""

import random
import time

import keys
from keyboard import Keyboard
from wire import uint

# A quick typist: a key each 60 to 140 ms, down for a third of that.
PAUSES = (0.06, 0.14)


class Typist:
    def __init__(self, device, display):
        self.device = device
        self.virtual = Keyboard(str(display), "us")
        self.dice = random.Random(4)

    def _send(self, code, value):
        stamp = self.device.key(code, value)
        display = self.virtual.display
        display.request(self.virtual.keyboard, 1, uint(stamp // 1000 & 0xFFFF_FFFF), uint(code), uint(value))
        # The keyboard's own enter, leave and the like are read as they come, or the compositor would hang up on it.
        while display.dispatch(0):
            pass
        return stamp

    def tap(self, code):
        """The times (µs) of press and release."""
        pause = self.dice.uniform(*PAUSES)
        pressed = self._send(code, 1)
        time.sleep(pause / 3)
        released = self._send(code, 0)
        time.sleep(pause * 2 / 3)
        return pressed, released

    def key(self, name):
        return self.tap(keys.CODES[name])

    def write(self, text):
        """The span of its keys: first press and last release, µs."""
        times = [self.tap(keys.CHARACTERS[character][0]) for character in text]
        return times[0][0], times[-1][1]
