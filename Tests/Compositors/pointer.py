"""A virtual pointer. Usage: pointer.py SOCKET, then lines on stdin: `move X Y WIDTH HEIGHT` goes to a place in a layout
of that size, `press BUTTON` and `release BUTTON` take an evdev button code. Answers "done" when the compositor has taken
it. Ends with stdin, and the pointer with it.
"""

import sys
import time

from wire import Display, uint


class Pointer:
    def __init__(self, path):
        self.display = display = Display(path)
        seat = display.bind("wl_seat", 1)
        manager = display.bind("zwlr_virtual_pointer_manager_v1", 1)
        self.pointer = display.new()
        display.request(manager, 0, uint(seat), uint(self.pointer))
        display.roundtrip()

    def _send(self, opcode, *arguments):
        milliseconds = time.monotonic_ns() // 1_000_000 & 0xFFFF_FFFF
        self.display.request(self.pointer, opcode, uint(milliseconds), *(uint(value) for value in arguments))
        self.display.request(self.pointer, 4)
        self.display.roundtrip()

    def move(self, x, y, width, height):
        self._send(1, x, y, width, height)

    def press(self, button):
        self._send(2, button, 1)

    def release(self, button):
        self._send(2, button, 0)


def main():
    pointer = Pointer(sys.argv[1])
    print("done", flush=True)
    for line in sys.stdin:
        verb, *arguments = line.split()
        getattr(pointer, verb)(*map(int, arguments))
        print("done", flush=True)


if __name__ == "__main__":
    main()
