"""A window of X11's. Usage: x11_window.py CLASS TITLE [unmanaged|fixed]. An empty CLASS: one without WM_CLASS. `unmanaged` is one
that no window manager decides about (override-redirect), and that takes the keyboard by itself, as old launchers do; `fixed` one of
one size.
Says "done" once it is mapped, then "key CODE" (evdev's) for each key that it is given. Ends with stdin.
"""

import ctypes
import os
import select
import sys

INPUT_HINT, CARDINAL, REPLACE = 1, 6, 0
# Of size hints: that there is a least and a largest size.
FIXED_SIZE = 1 << 4 | 1 << 5
KEY_PRESS, MAP_NOTIFY = 2, 19
KEY_PRESS_MASK, STRUCTURE_MASK = 1 << 0, 1 << 17
OVERRIDE_REDIRECT, REVERT_TO_PARENT, CURRENT_TIME = 1 << 9, 2, 0

pointer, word, number = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int


class ClassHint(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("of_class", ctypes.c_char_p)]


class Hints(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_long), ("input", number), ("state", number), ("icon", word * 2), ("place", number * 2),
                ("mask", word), ("group", word)]  # fmt: skip


class SizeHints(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_long), ("place", number * 4), ("least", number * 2), ("largest", number * 2), ("rest", number * 9)]


class Attributes(ctypes.Structure):
    _fields_ = [("pixels", word * 4), ("gravities", number * 2), ("backing", number), ("planes", word * 2), ("save", number),
                ("masks", ctypes.c_long * 2), ("override_redirect", number), ("rest", word * 2)]  # fmt: skip


class KeyEvent(ctypes.Structure):
    _fields_ = [("type", number), ("serial", word), ("is_sent", number), ("display", pointer), ("windows", word * 3),
                ("time", word), ("places", number * 4), ("state", ctypes.c_uint), ("code", ctypes.c_uint)]  # fmt: skip


class Event(ctypes.Union):
    _fields_ = [("key", KeyEvent), ("room", ctypes.c_long * 24)]


class X11Window:
    def __init__(self, of_class, title, is_unmanaged, is_fixed):
        self.x11 = x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = pointer
        x11.XDefaultRootWindow.restype = x11.XCreateSimpleWindow.restype = x11.XInternAtom.restype = word
        self.display = display = pointer(x11.XOpenDisplay(None))
        if not display:
            sys.exit("no answer from Xwayland")
        root = word(x11.XDefaultRootWindow(display))
        self.window = window = word(x11.XCreateSimpleWindow(display, root, 40, 40, 200, 100, 0, word(0), word(0)))
        x11.XSelectInput(display, window, ctypes.c_long(KEY_PRESS_MASK | STRUCTURE_MASK))
        x11.XStoreName(display, window, title.encode())
        if of_class:
            x11.XSetClassHint(display, window, ctypes.byref(ClassHint(b"instance", of_class.encode())))
        x11.XSetWMHints(display, window, ctypes.byref(Hints(flags=INPUT_HINT, input=1)))
        if is_fixed:
            size = (number * 2)(200, 100)
            x11.XSetWMNormalHints(display, window, ctypes.byref(SizeHints(flags=FIXED_SIZE, least=size, largest=size)))
        process = x11.XInternAtom(display, b"_NET_WM_PID", 0)
        x11.XChangeProperty(
            display, window, word(process), word(CARDINAL), 32, REPLACE, ctypes.byref(word(os.getpid())), 1)
        if is_unmanaged:
            x11.XChangeWindowAttributes(
                display, window, word(OVERRIDE_REDIRECT), ctypes.byref(Attributes(override_redirect=1)))
        x11.XMapRaised(display, window)
        while self.next().key.type != MAP_NOTIFY:
            pass
        if is_unmanaged:
            x11.XSetInputFocus(display, window, REVERT_TO_PARENT, word(CURRENT_TIME))
        x11.XSync(display, 0)

    def next(self):
        event = Event()
        self.x11.XNextEvent(self.display, ctypes.byref(event))
        return event

    def tell_keys(self):
        while self.x11.XPending(self.display):
            event = self.next()
            if event.key.type == KEY_PRESS:
                # X11 counts from 8.
                print("key", event.key.code - 8, flush=True)


def main():
    window = X11Window(sys.argv[1], sys.argv[2], "unmanaged" in sys.argv[3:], "fixed" in sys.argv[3:])
    print("done", flush=True)
    socket = window.x11.XConnectionNumber(window.display)
    while True:
        window.tell_keys()
        if sys.stdin in select.select([sys.stdin, socket], [], [])[0] and not sys.stdin.read(1):
            return


if __name__ == "__main__":
    main()
