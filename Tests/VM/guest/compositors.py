"""Compositors that start nowhere without a DRM device, as the test drives them: by their own sockets."""

import glob
import json
import os
import pwd
import socket
import struct
import subprocess

from guest import SUBJECT, wait_for


def connected(pattern):
    """To the socket of that name which somebody listens at: one that has crashed leaves its own behind."""
    for path in sorted(glob.glob(pattern), key=os.path.getmtime, reverse=True):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
    return None


class Hyprland:
    """hyprctl's socket: a question, an answer, and the end."""

    name, tells_of_locks, tells_layouts = "Hyprland", True, True

    def __init__(self):
        self.pattern = f"/run/user/{pwd.getpwnam(SUBJECT).pw_uid}/hypr/*/.socket.sock"
        wait_for("Hyprland's socket", lambda: connected(self.pattern), 180).close()

    def ask(self, text):
        with connected(self.pattern) as connection:
            connection.sendall(text.encode())
            answer = b""
            while part := connection.recv(1 << 16):
                answer += part
        return answer.decode()

    def _order(self, text):
        answer = self.ask(text)
        if answer != "ok":
            raise RuntimeError(f"Hyprland: {text}: {answer}")

    def version(self):
        return json.loads(self.ask("j/version"))["tag"].removeprefix("v")

    def run(self, command):
        self._order(f"/dispatch exec {command}")

    def focus(self, app):
        self._order(f"/dispatch focuswindow class:^({app})$")

    def windows(self):
        focused = json.loads(self.ask("j/activewindow")).get("address")
        return {window["class"]: window["address"] == focused for window in json.loads(self.ask("j/clients"))}

    def processes(self):
        return {window["class"]: window["pid"] for window in json.loads(self.ask("j/clients"))}

    def use_layout(self, layouts, number):
        """Of all keyboards: one with another layout would leave open which the next key meets."""
        self._order(f"/keyword input:kb_layout {layouts}")
        self._order(f"/switchxkblayout all {number}")

    def keyboards(self):
        """It writes small what it has from libinput, and no spaces."""
        return [keyboard["name"].replace("-", " ") for keyboard in json.loads(self.ask("j/devices"))["keyboards"]]

    def go_to_workspace(self, number):
        self._order(f"/dispatch workspace {number}")


class Wayfire:
    """The socket of its plugin ipc: a length and JSON, both ways."""

    name, tells_of_locks, tells_layouts = "Wayfire", False, False

    def __init__(self):
        self.pattern = "/tmp/wayfire-wayland-*.socket"
        wait_for("Wayfire's socket", lambda: connected(self.pattern), 180).close()

    def ask(self, method, **data):
        body = json.dumps({"method": method, "data": data}).encode()
        with connected(self.pattern) as connection, connection.makefile("rb") as answers:
            connection.sendall(struct.pack("<I", len(body)) + body)
            answer = json.loads(answers.read(struct.unpack("<I", answers.read(4))[0]))
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"Wayfire: {method} {data}: {answer['error']}")
        return answer

    def _views(self):
        return [view for view in self.ask("window-rules/list-views") if view["role"] == "toplevel"]

    def processes(self):
        return {view["app-id"]: view["pid"] for view in self._views()}

    def version(self):
        return subprocess.run(["wayfire", "--version"], capture_output=True, text=True).stdout.split("-")[0].strip()

    def run(self, command):
        self.ask("stipc/run", cmd=str(command))

    def focus(self, app):
        view = next((view for view in self._views() if view["app-id"] == app), None)
        if view is None:
            raise RuntimeError(f"Wayfire: no window of {app}")
        self.ask("window-rules/focus-view", id=view["id"])

    def windows(self):
        focused = (self.ask("window-rules/get-focused-view")["info"] or {}).get("id")
        return {view["app-id"]: view["id"] == focused for view in self._views()}

    def keyboards(self):
        return [device["name"] for device in self.ask("input/list-devices") if device["type"] == "keyboard"]

    def go_to_workspace(self, number):
        output = self.ask("window-rules/list-outputs")[0]["id"]
        self.ask("vswitch/set-workspace", x=number - 1, y=0, **{"output-id": output})


BY_PART = {"wayfire": Wayfire, "hyprland": Hyprland}
