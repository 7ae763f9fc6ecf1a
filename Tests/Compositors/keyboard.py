"""A virtual keyboard with any layouts. Usage: keyboard.py SOCKET LAYOUTS (as `us,de`), then lines on stdin:
`tap CODE` presses and releases an evdev key code; `keymap LAYOUTS` replaces the keymap. Answers "done" when the
compositor has taken it. Ends with stdin, and the keyboard with it.
"""

import ctypes
import os
import sys
import time

from wire import Display, uint

XKB_FORMAT = 1


class RuleNames(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")]


def keymap_text(layouts):
    xkb = ctypes.CDLL("libxkbcommon.so.0")
    pointer = ctypes.c_void_p
    xkb.xkb_context_new.restype = xkb.xkb_keymap_new_from_names.restype = pointer
    xkb.xkb_keymap_get_as_string.restype = ctypes.c_char_p
    context = pointer(xkb.xkb_context_new(0))
    names = RuleNames(layout=layouts.encode())
    keymap = pointer(xkb.xkb_keymap_new_from_names(context, ctypes.byref(names), 0))
    if not keymap:
        sys.exit(f"libxkbcommon knows no layout {layouts}")
    return xkb.xkb_keymap_get_as_string(keymap, XKB_FORMAT)


class Keyboard:
    def __init__(self, path, layouts):
        self.display = display = Display(path)
        seat = display.bind("wl_seat", 1)
        manager = display.bind("zwp_virtual_keyboard_manager_v1", 1)
        self.keyboard = display.new()
        display.request(manager, 0, uint(seat), uint(self.keyboard))
        self.use(layouts)

    def use(self, layouts):
        text = keymap_text(layouts) + b"\0"
        memory = os.memfd_create("keymap")
        os.write(memory, text)
        self.display.request(self.keyboard, 0, uint(XKB_FORMAT), uint(len(text)), descriptor=memory)
        os.close(memory)
        self.display.roundtrip()

    def tap(self, code):
        for state in (1, 0):
            milliseconds = time.monotonic_ns() // 1_000_000 & 0xFFFF_FFFF
            self.display.request(self.keyboard, 1, uint(milliseconds), uint(code), uint(state))
        self.display.roundtrip()


def main():
    keyboard = Keyboard(sys.argv[1], sys.argv[2])
    print("done", flush=True)
    for line in sys.stdin:
        verb, argument = line.split()
        if verb == "tap":
            keyboard.tap(int(argument))
        else:
            keyboard.use(argument)
        print("done", flush=True)


if __name__ == "__main__":
    main()
