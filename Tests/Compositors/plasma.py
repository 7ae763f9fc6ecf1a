"""KWin's windows and its keyboard, in the hands of a test: what panel and virtual keyboard of Plasma use. Usage:
plasma.py SOCKET, then lines on stdin: `focus APP` activates the window of that app id, `tap CODE` presses and releases an
evdev key code. Answers "done BEFORE AFTER" (CLOCK_MONOTONIC, µs: it took effect in between) or what is wrong. `key CODE VALUE`
hands KWin one event and does not wait for it: "stamp BEFORE AFTER". `move X Y` puts the pointer there, `press BUTTON` and
`release BUTTON` take an evdev button code.

KWin offers both protocols to those alone whose .desktop file names them.
"""

import sys
import time
import struct

from wire import Display, text, uint

ACTIVE = 1
# Of org_kde_plasma_window_management: get_window_by_uuid, window_with_uuid; of org_kde_plasma_window: app_id_changed,
# unmapped, set_state.
GET_WINDOW, WINDOW, APP_ID, UNMAPPED, SET_STATE = 2, 4, 1, 5, 0
# Of org_kde_kwin_fake_input: authenticate, button, pointer_motion_absolute, keyboard_key.
AUTHENTICATE, BUTTON, MOTION_ABSOLUTE, KEYBOARD_KEY = 0, 2, 9, 10


def string(body, offset=0):
    length = struct.unpack_from("<I", body, offset)[0]
    return body[offset + 4 : offset + 4 + length - 1].decode()


def now():
    return time.monotonic_ns() // 1000


class Plasma:
    def __init__(self, path):
        self.display = Display(path)
        self.apps = {}
        self.manager = self.display.bind("org_kde_plasma_window_management", 13, self._announced)
        self.input = self.display.bind("org_kde_kwin_fake_input", 4)
        self.display.request(self.input, AUTHENTICATE, text("test"), text("keys"))
        self.display.roundtrip()

    def _announced(self, opcode, body):
        if opcode != WINDOW:
            return
        window = self.display.new(lambda opcode, body: self._told(window, opcode, body))
        self.display.request(self.manager, GET_WINDOW, uint(window), text(string(body, 4)))

    def _told(self, window, opcode, body):
        if opcode == APP_ID:
            self.apps[window] = string(body)
        elif opcode == UNMAPPED:
            self.apps.pop(window, None)

    def focus(self, app):
        self.display.roundtrip()
        self.display.roundtrip()
        window = {name: window for window, name in self.apps.items()}[app]
        before = now()
        self.display.request(window, SET_STATE, uint(ACTIVE), uint(ACTIVE))
        self.display.roundtrip()
        return before, now()

    def tap(self, code):
        before = now()
        for state in (1, 0):
            self.display.request(self.input, KEYBOARD_KEY, uint(code), uint(state))
        self.display.roundtrip()
        return before, now()

    def move(self, x, y):
        return self._done(MOTION_ABSOLUTE, x * 256, y * 256)

    def press(self, button):
        return self._done(BUTTON, button, 1)

    def release(self, button):
        return self._done(BUTTON, button, 0)

    def _done(self, opcode, *numbers):
        before = now()
        self.display.request(self.input, opcode, *map(uint, numbers))
        self.display.roundtrip()
        return before, now()

    def key(self, code, value):
        # What KWin says of its windows is read as it comes, or it would hang up.
        while self.display.dispatch(0):
            pass
        before = now()
        self.display.request(self.input, KEYBOARD_KEY, uint(code), uint(value))
        return before, now()


def main():
    plasma = Plasma(sys.argv[1])
    print("done", flush=True)
    for line in sys.stdin:
        verb, *arguments = line.split()
        try:
            if verb == "key":
                print("stamp", *plasma.key(*map(int, arguments)), flush=True)
                continue
            if verb == "focus":
                before, after = plasma.focus(*arguments)
            else:
                before, after = getattr(plasma, verb)(*map(int, arguments))
            print("done", before, after, flush=True)
        except KeyError:
            print(f"no window of {line.strip()}, only {sorted(plasma.apps.values())}", flush=True)


if __name__ == "__main__":
    main()
