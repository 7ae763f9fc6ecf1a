"""Hyprland's own sockets, answered by a test: it starts on no machine without a screen. The real one: Tests/VM."""

import json
import os
import socket
import threading

QUESTIONS, EVENTS = ".socket.sock", ".socket2.sock"


class FakeHyprland:
    """Beside a fake compositor, which is this process: by its number the agent finds the sockets."""

    def __init__(self, runtime, window=None, pointer=(0, 0), layouts=(0,)):
        self.window, self.pointer, self.layouts = window, pointer, list(layouts)
        self.asked = []
        self.answers = True
        self.kept = []
        self.directory = runtime / "hypr" / f"v0_{os.getpid()}"
        self.directory.mkdir(parents=True)
        self.listeners = {name: self._listen(name) for name in (QUESTIONS, EVENTS)}
        threading.Thread(target=self._serve, args=(self.listeners[QUESTIONS], self._answer), daemon=True).start()
        threading.Thread(target=self._serve, args=(self.listeners[EVENTS], self.kept.append), daemon=True).start()

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.directory / name))
        (self.directory / name).chmod(0o666)
        listener.listen()
        return listener

    def _serve(self, listener, take):
        while True:
            try:
                take(listener.accept()[0])
            except OSError:
                return

    def _answer(self, peer):
        question = peer.recv(4096).decode()
        self.asked.append(question)
        if not self.answers:
            return self.kept.append(peer)
        flags, _, rest = question.partition("]]")
        batch = rest.split(";") if flags == "[[BATCH" else [question]
        with peer:
            peer.sendall("\n\n\n".join(self._reply(part) for part in batch).encode())

    def _reply(self, question):
        if question == "j/activewindow":
            return json.dumps(self.window or {}, indent=4)
        if question == "j/cursorpos":
            return "\n" + json.dumps(dict(zip("xy", self.pointer)), indent=4) + "\n"
        keyboards = ",".join(
            f'{{"name": "keys-{number}", "active_layout_index": {"none" if group is None else group}, "active_keymap": "English (US)"}}'
            for number, group in enumerate(self.layouts))
        return f'{{"mice": [], "keyboards": [{keyboards}]}}'

    def event(self, line):
        for peer in self.kept:
            peer.sendall(f"{line}\n".encode())

    def stop(self):
        for peer in (*self.listeners.values(), *self.kept):
            peer.close()


def window(app, place, pid=4242, xwayland=False):
    return {"address": "0x1", "class": app, "title": "a\n\n\ntitle", "pid": pid, "at": list(place[:2]), "size": list(place[2:]),
            "xwayland": xwayland}  # fmt: skip
