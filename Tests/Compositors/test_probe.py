"""Probes against a compositor that answers each request when the test says so: what no real one lets one choose."""

import socket
import struct

import pytest
from service import Backend, Watermark
from session import Session
from wire import text, uint

DISPLAY = 1
SYNC, GET_REGISTRY = 0, 1


class StandIn(Session):
    """Offers the protocol and no window; keeps every wl_display.sync until it is answered by hand."""

    name = "stand-in"

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        path = self.runtime / "wayland-0"
        self.listener.bind(str(path))
        path.chmod(0o777)
        self.listener.listen()
        self.environment["WAYLAND_DISPLAY"] = path.name
        self.received = b""
        return self

    def accept(self):
        self.listener.settimeout(10)
        self.client = self.listener.accept()[0]

    def stop(self):
        super().stop()
        self.client.close()
        self.listener.close()

    def next_sync(self, seconds=10):
        """The callback of the next sync; None after so many seconds without one."""
        self.client.settimeout(seconds)
        while True:
            while len(self.received) >= 8:
                target, word = struct.unpack_from("<II", self.received)
                body, self.received = self.received[8 : word >> 16], self.received[word >> 16 :]
                if (target, word & 0xFFFF) == (DISPLAY, SYNC):
                    return struct.unpack("<I", body)[0]
                if (target, word & 0xFFFF) == (DISPLAY, GET_REGISTRY):
                    offer = uint(1) + text("zwlr_foreign_toplevel_manager_v1") + uint(3)
                    self._send(struct.unpack("<I", body)[0], 0, offer)
            try:
                self.received += self.client.recv(65536)
            except TimeoutError:
                return None

    def answer(self, callback):
        self._send(callback, 0, uint(0))
        self._send(DISPLAY, 1, uint(callback))

    def _send(self, target, opcode, body):
        self.client.sendall(struct.pack("<II", target, (8 + len(body)) << 16 | opcode) + body)


@pytest.fixture
def greeted(start, service):
    """The stand-in and the connection of an agent that knows its initial state."""
    desk = start(StandIn)
    desk.agent(service.path)
    desk.accept()
    connection, _ = service.greet()
    for _ in range(3):
        desk.answer(desk.next_sync())
    connection.expect(Backend, usable=True)
    return desk, connection


def marks(connection):
    return [message.probe for message in connection.messages if isinstance(message, Watermark)]


def test_a_watermark_takes_two_round_trips(greeted):
    desk, connection = greeted
    number = connection.send_probe()
    desk.answer(desk.next_sync())
    second = desk.next_sync()
    assert second is not None and marks(connection) == []
    desk.answer(second)
    connection.expect(Watermark, probe=number)


def test_each_probe_is_answered_for_its_own_round_trips(greeted):
    """The round trips of an older probe once counted for a newer one."""
    desk, connection = greeted
    first = connection.send_probe()
    older = desk.next_sync()
    second = connection.send_probe()
    newer = desk.next_sync()
    desk.answer(older)
    again = desk.next_sync()
    assert marks(connection) == [], "neither has made two"
    desk.answer(again)
    connection.expect(Watermark, probe=first)
    desk.answer(newer)
    desk.answer(desk.next_sync())
    connection.expect(Watermark, probe=second)
    assert marks(connection) == [first, second]
