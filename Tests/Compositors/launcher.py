"""What a launcher is to a compositor: a surface above the windows that takes the keyboard for itself. Usage: launcher.py
SOCKET [waits]. Says "done" once it is shown, and ends with stdin. With `waits` it takes the keyboard when a line comes, and says "done"
when it has it: a panel with a text field.
"""

import os
import select
import struct
import sys

from wire import Display, text, uint
from window import SIZE

OVERLAY, EXCLUSIVE = 3, 1
# Of zwlr_layer_surface_v1.
SET_SIZE, SET_KEYBOARD, ACKNOWLEDGE = 0, 4, 6


class Launcher:
    def __init__(self, path, waits):
        self.display = display = Display(path)
        self.shm = display.bind("wl_shm", 1)
        compositor, shell = display.bind("wl_compositor", 4), display.bind("zwlr_layer_shell_v1", 1)
        seat = display.bind("wl_seat", 1)
        self.has_keyboard = False
        display.request(seat, 1, uint(display.new(self._keyboard)))
        self.surface = display.new()
        display.request(compositor, 0, uint(self.surface))
        self.layer = display.new(self._configure)
        display.request(shell, 0, uint(self.layer), uint(self.surface), uint(0), uint(OVERLAY), text("launcher"))
        display.request(self.layer, SET_SIZE, uint(SIZE), uint(SIZE))
        if waits:
            display.request(self.surface, 6)
        else:
            self.take_keyboard()
        self.is_shown = False
        while not self.is_shown:
            display.dispatch(None)
        display.roundtrip()

    def _keyboard(self, opcode, _):
        # enter, leave
        if opcode in (1, 2):
            self.has_keyboard = opcode == 1

    def take_keyboard(self):
        self.display.request(self.layer, SET_KEYBOARD, uint(EXCLUSIVE))
        self.display.request(self.surface, 6)

    def _configure(self, opcode, body):
        if opcode != 0:
            sys.exit("closed by the compositor")
        self.display.request(self.layer, ACKNOWLEDGE, body[:4])
        if not self.is_shown:
            memory = os.memfd_create("launcher")
            os.ftruncate(memory, SIZE * SIZE * 4)
            pool, buffer = self.display.new(), self.display.new()
            self.display.request(self.shm, 0, uint(pool), uint(SIZE * SIZE * 4), descriptor=memory)
            os.close(memory)
            self.display.request(pool, 0, uint(buffer), struct.pack("<iiiiI", 0, SIZE, SIZE, SIZE * 4, 1))
            self.display.request(self.surface, 1, uint(buffer), uint(0), uint(0))
            self.is_shown = True
        self.display.request(self.surface, 6)


def main():
    launcher = Launcher(sys.argv[1], waits=sys.argv[2:] == ["waits"])
    print("done", flush=True)
    while True:
        ready = select.select([sys.stdin, launcher.display.socket], [], [])[0]
        if launcher.display.socket in ready:
            launcher.display.dispatch(0)
        if sys.stdin in ready:
            if not sys.stdin.readline():
                return
            launcher.take_keyboard()
            while not launcher.has_keyboard:
                launcher.display.dispatch(None)
            print("done", flush=True)


if __name__ == "__main__":
    main()
