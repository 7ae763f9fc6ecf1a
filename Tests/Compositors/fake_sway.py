"""sway's own socket (sway-ipc(7)), answered by a test: a sway without a screen reads no devices."""

import json
import os
import socket
import struct
import threading

MAGIC = b"i3-ipc"
SUBSCRIBE, GET_INPUTS, INPUT_EVENT = 2, 100, 0x80000015


class FakeSway:
    """Beside a fake compositor, which is this process: by its number the agent finds the socket."""

    def __init__(self, runtime, uid, inputs):
        self.inputs = inputs
        path = runtime / f"sway-ipc.{uid}.{os.getpid()}.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen()
        self.peer = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        self.peer = self.listener.accept()[0]
        received = b""
        while data := self.peer.recv(4096):
            received += data
            while len(received) >= 14:
                length, kind = struct.unpack_from("<II", received, 6)
                if len(received) < 14 + length:
                    break
                received = received[14 + length :]
                self._send(kind, self.inputs if kind == GET_INPUTS else {"success": True})

    def _send(self, kind, said):
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.peer.sendall(MAGIC + struct.pack("<II", len(body), kind) + body)

    def change(self, inputs):
        """As sway does it: the event says that something is other than it was, and the agent asks what."""
        self.inputs = inputs
        self._send(INPUT_EVENT, {"change": "libinput_config", "input": {}})

    def stop(self):
        self.listener.close()
        if self.peer:
            self.peer.close()
