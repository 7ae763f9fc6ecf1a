"""A window with any app id and title. Usage: window.py SOCKET, then one JSON object per line on stdin:
{"app": TEXT} and {"title": TEXT} set them (bytes as Latin-1 with "raw": true), {"map": true} shows it, {"draw": true} shows it anew. With
"dialog": true all that is of a second window, whose parent the first is. {"menu": [X, Y]} shows a menu, from there in the window
on, and {"geometry": [X, Y, WIDTH, HEIGHT]} says what of the picture is the window, without its shadow. In full screen or maximised
it has the size that it was given, else its own.
Answers "done" when the compositor has taken the line. Ends with stdin; says what the compositor objects to.
"""

import json
import os
import select
import struct
import sys

from wire import Display, ProtocolError, text, uint

SIZE = 64
# States of xdg_toplevel in which the compositor decides how large it is.
MAXIMIZED, FULLSCREEN = 1, 2
# An xdg_positioner's anchor, and its gravity.
TOP_LEFT, BOTTOM_RIGHT = 5, 8


class Desk:
    """What windows are made with."""

    def __init__(self, path):
        self.display = display = Display(path)
        self.shell = display.bind("xdg_wm_base", 1, self._ping)
        self.shm = display.bind("wl_shm", 1)
        self.compositor = display.bind("wl_compositor", 4)

    def _ping(self, opcode, body):
        self.display.request(self.shell, 3, body)


class Window:
    def __init__(self, desk, parent=None):
        self.desk, self.display = desk, desk.display
        self.surface = self.display.new()
        self.display.request(desk.compositor, 0, uint(self.surface))
        self.xdg = self.display.new(self._configure)
        self.display.request(desk.shell, 2, uint(self.xdg), uint(self.surface))
        self.wanted = (SIZE, SIZE)
        self.size = None
        self._become(parent)

    def _become(self, parent):
        self.toplevel = self.display.new(self._configure_toplevel)
        self.display.request(self.xdg, 1, uint(self.toplevel))
        if parent:
            self.display.request(self.toplevel, 1, uint(parent.toplevel))

    def take(self, order):
        encoding = "latin-1" if order.get("raw") else "utf-8"
        if "title" in order:
            self.display.request(self.toplevel, 2, text(order["title"].encode(encoding)))
        if "app" in order:
            self.display.request(self.toplevel, 3, text(order["app"].encode(encoding)))
        if "geometry" in order:
            self.display.request(self.xdg, 3, struct.pack("<iiii", *order["geometry"]))
        if order.get("map"):
            self.show()
        if order.get("draw"):
            self._attach()
            self.display.request(self.surface, 6)
        self.display.roundtrip()

    def show(self):
        self.display.request(self.surface, 6)
        while not self.size:
            self.display.dispatch(None)

    def _configure_toplevel(self, opcode, body):
        if opcode != 0:
            return
        width, height, length = struct.unpack_from("<iiI", body)
        states = struct.unpack_from(f"<{length // 4}I", body, 12)
        is_given = width > 0 and height > 0 and {MAXIMIZED, FULLSCREEN} & set(states)
        self.wanted = (width, height) if is_given else (SIZE, SIZE)

    def _configure(self, opcode, body):
        self.display.request(self.xdg, 4, body)
        if self.size != self.wanted:
            self._attach()
        self.display.request(self.surface, 6)

    def _attach(self):
        self.size = width, height = self.wanted
        memory = os.memfd_create("window")
        os.ftruncate(memory, width * height * 4)
        pool, buffer = self.display.new(), self.display.new()
        self.display.request(self.desk.shm, 0, uint(pool), uint(width * height * 4), descriptor=memory)
        os.close(memory)
        self.display.request(pool, 0, uint(buffer), struct.pack("<iiiiI", 0, width, height, width * 4, 1))
        self.display.request(self.surface, 1, uint(buffer), uint(0), uint(0))


class Menu(Window):
    def __init__(self, window, place):
        self.place = place
        super().__init__(window.desk, window)

    def _become(self, parent):
        positioner = self.display.new()
        self.display.request(self.desk.shell, 1, uint(positioner))
        self.display.request(positioner, 1, uint(SIZE), uint(SIZE))
        self.display.request(positioner, 2, struct.pack("<iiii", *self.place, 1, 1))
        self.display.request(positioner, 3, uint(TOP_LEFT))
        self.display.request(positioner, 4, uint(BOTTOM_RIGHT))
        self.display.request(self.xdg, 2, uint(self.display.new()), uint(parent.xdg), uint(positioner))


def main():
    desk = Desk(sys.argv[1])
    windows = {"window": Window(desk)}
    sources = [sys.stdin.fileno(), desk.display.socket]
    pending = b""
    while True:
        ready = select.select(sources, [], [])[0]
        if desk.display.socket in ready:
            desk.display.dispatch(0)
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                return
            pending += data
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                order = json.loads(line)
                which = "dialog" if order.get("dialog") else "window"
                if which not in windows:
                    windows[which] = Window(desk, parent=windows["window"])
                if "menu" in order:
                    windows["menu"] = Menu(windows[which], order["menu"])
                    windows["menu"].show()
                windows[which].take(order)
                print("done", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (ProtocolError, OSError) as trouble:
        print(f"refused: {trouble}", flush=True)
        sys.exit(1)
