"""The least of Wayland's wire format that a test client needs: whatever bytes we want, when we want them.

Ready-made clients cannot send a title of just the size that a message takes, nor a keymap of two groups.
"""

import os
import select
import socket
import struct
import time


def uint(value):
    return struct.pack("<I", value)


def text(value):
    """A string argument: length with its NUL, then padded to 32 bits. Takes bytes, for what is not UTF-8."""
    data = (value if isinstance(value, bytes) else value.encode()) + b"\0"
    return uint(len(data)) + data + bytes(-len(data) % 4)


class ProtocolError(Exception):
    """The compositor ended the connection, and says why."""


class Display:
    """One connection. Objects are numbers; events go to the callable that was registered for the object."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.received = b""
        self.next_id = 2
        self.handlers = {1: self._display_event}
        self.globals = {}
        registry = self.new(lambda opcode, body: self._global(opcode, body))
        self.registry = registry
        self.request(1, 1, uint(registry))
        self.roundtrip()

    def new(self, handler=None):
        number = self.next_id
        self.next_id += 1
        self.handlers[number] = handler or (lambda opcode, body: None)
        return number

    def request(self, target, opcode, *arguments, descriptor=None):
        body = b"".join(arguments)
        message = struct.pack("<II", target, (8 + len(body)) << 16 | opcode) + body
        if descriptor is None:
            self.socket.sendall(message)
        else:
            socket.send_fds(self.socket, [message], [descriptor])

    def bind(self, interface, version, handler=None):
        name = self.globals[interface]
        number = self.new(handler)
        self.request(self.registry, 0, uint(name), text(interface), uint(version), uint(number))
        return number

    def dispatch(self, seconds):
        """Handles what arrives; returns whether anything did in that time."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return False
        data, descriptors, _, _ = socket.recv_fds(self.socket, 65536, 16)
        for descriptor in descriptors:
            os.close(descriptor)
        if not data:
            raise ProtocolError("the compositor closed the connection")
        self.received += data
        while len(self.received) >= 8:
            target, word = struct.unpack_from("<II", self.received)
            size = word >> 16
            if len(self.received) < size:
                break
            body = self.received[8:size]
            self.received = self.received[size:]
            self.handlers.get(target, lambda opcode, body: None)(word & 0xFFFF, body)
        return True

    def roundtrip(self, seconds=10):
        answered = []
        callback = self.new(lambda opcode, body: answered.append(True))
        self.request(1, 0, uint(callback))
        deadline = time.monotonic() + seconds
        while not answered:
            left = deadline - time.monotonic()
            if left <= 0 or not self.dispatch(left):
                raise TimeoutError("no answer from the compositor")

    def _display_event(self, opcode, body):
        if opcode == 0:
            target, code, length = struct.unpack_from("<III", body)
            said = body[12 : 12 + length - 1].decode(errors="replace")
            raise ProtocolError(f"object {target}, code {code}: {said}")

    def _global(self, opcode, body):
        if opcode == 0:
            name, length = struct.unpack_from("<II", body)
            self.globals[body[8 : 8 + length - 1].decode()] = name
