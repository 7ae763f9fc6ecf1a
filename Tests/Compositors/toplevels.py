"""A compositor's windows by zwlr_foreign_toplevel_manager_v1, in the hands of a test, as in a panel's."""

import time

from plasma import string
from wire import Display, uint

# Of the manager: toplevel; of a handle: app_id, closed.
TOPLEVEL, APP_ID, CLOSED = 0, 1, 6
ACTIVATE = 4


def now():
    return time.monotonic_ns() // 1000


class Toplevels:
    def __init__(self, path):
        self.display = Display(str(path))
        self.apps = {}
        self.seat = self.display.bind("wl_seat", 1)
        self.display.bind("zwlr_foreign_toplevel_manager_v1", 1, self._announced)
        self.display.roundtrip()

    def _announced(self, opcode, body):
        if opcode == TOPLEVEL:
            handle = int.from_bytes(body[:4], "little")
            self.display.handlers[handle] = lambda opcode, body: self._told(handle, opcode, body)

    def _told(self, handle, opcode, body):
        if opcode == APP_ID:
            self.apps[handle] = string(body)
        elif opcode == CLOSED:
            self.apps.pop(handle, None)

    def focus(self, app):
        """(before, after) in µs: it took effect in between."""
        self.display.roundtrip()
        handle = {name: handle for handle, name in self.apps.items()}[app]
        before = now()
        self.display.request(handle, ACTIVATE, uint(self.seat))
        self.display.roundtrip()
        return before, now()
