"""Weston with the module of the tree, in a window of a headless sway: Weston's own headless backend has no seat. The test's
own module moves its focus, as nobody can from outside.
"""

import shutil
import socket
import subprocess
import time

from debian13 import InDebian13
from program import Program, until
from session import REPOSITORY, Session, Sway

SOCKET = "wayland-weston"


class Parent(Sway):
    """One window, and nothing around it."""

    def command(self):
        command = super().command()
        with open(self.directory / "sway.conf", "a") as file:
            file.write("default_border none\n")
        return command


class Weston(Session):
    """Weston 10 of Debian 12, with the shell that kiosks use."""

    name, version = "weston", "10"
    backend, interface = "weston-module", "kymograph_weston_v1"
    badge = "weston-module"
    tells_outputs, tells_processes = False, True
    shell = "kiosk-shell.so"
    modules = ("kymograph.so", "hand.so")
    renderer = "--use-pixman"
    idle_seconds = 0
    # Of the parent's keyboard, which is that of Weston's seat; None: it has none.
    layouts = "us"

    def __init__(self, directory, agent_binary):
        super().__init__(directory, agent_binary)
        (self.runtime / "parent").mkdir()
        self.parent = Parent(self.runtime / "parent", agent_binary)
        self.hand = None

    def build(self):
        """The modules as the package has ours, but for the place of the agent."""
        out = self.directory / "modules"
        if not out.exists():
            self.compile(out)
        return out

    def compile(self, out):
        for tree in ("weston", "Tests/Compositors/weston-hand"):
            command = ["make", "--silent", "-C", str(REPOSITORY / tree), f"OUT={out}", f"AGENT={self.agent_as_seen}"]
            subprocess.run(command, check=True)

    @property
    def agent_as_seen(self):
        """Its program by /proc/PID/exe, as the compositor reads it."""
        return self.agent_binary

    def configuration(self):
        file = self.directory / "weston.ini"
        # A window in full screen does not ask the parent how large that is.
        file.write_text("[output]\nname=wayland-fullscreen\nmode=1280x720\n")
        return file

    def command(self):
        modules = self.build()
        return self.as_user([
            "env", f"WAYLAND_DISPLAY={self.parent.display}", "weston", f"--config={self.configuration()}", "--backend=wayland-backend.so",
            self.renderer, "--sprawl", f"--socket={SOCKET}", f"--shell={self.shell}",
            "--modules=" + ",".join(str(modules / name) for name in self.modules), f"--idle-time={self.idle_seconds}",
            *(["--xwayland"] if self.with_x11 else [])])  # fmt: skip

    def start(self):
        if not self.parent.started:
            self.parent.environment["WLR_HEADLESS_OUTPUTS"] = self.environment.get("WLR_HEADLESS_OUTPUTS", "1")
            self.parent.start()
            # Without one Weston's seat has no keyboard, and nobody has its focus.
            if self.layouts:
                self.parent.keyboard(self.layouts)
        self.hand = None
        return super().start()

    def stop(self):
        super().stop()
        self.parent.stop()

    def order(self, line):
        if not self.hand:
            self.hand = until(self._reach_hand, "the test's module listens, which Weston loads behind its own socket")
        self.hand.sendall(f"{line}\n".encode())
        answer = self.hand.recv(64)
        assert answer == b"done\n", f"{line}: {answer}"

    def _reach_hand(self):
        hand = socket.socket(socket.AF_UNIX)
        hand.settimeout(10)
        try:
            hand.connect(str(self.runtime / "hand.sock"))
        except (FileNotFoundError, ConnectionRefusedError):
            hand.close()
            return None
        return hand

    def focus(self, app):
        self.order(f"focus {app}")

    def focus_in(self, app):
        """(before, after) in µs: it took effect in between."""
        before = time.monotonic_ns() // 1000
        self.focus(app)
        return before, time.monotonic_ns() // 1000

    # What is Weston's window on the parent is what a screen and a mouse would be.

    def keyboard(self, layouts="us"):
        return self.parent.keyboard(layouts)

    def pointer(self):
        return self.parent.pointer()

    def screenshot(self, output=None):
        return self.parent.screenshot(output)


class DesktopWeston(Weston):
    """With Weston's own desktop, which locks the screen when nobody has done anything for a while."""

    shell = "desktop-shell.so"
    # Long enough for a window to get the keyboard before.
    idle_seconds = 8


class Weston14(InDebian13, Weston):
    """Weston 14, in a root of its own; its module is compiled there. The agent is in the root, too, since the module looks at where
    its program lies."""

    version = "14"
    renderer = "--renderer=pixman"

    def compile(self, out):
        sources = self.directory / "sources"
        for tree in ("weston", "Tests/Compositors/weston-hand", "Sources/CKymographWeston"):
            shutil.copytree(REPOSITORY / tree, sources / tree)
        for tree in ("weston", "Tests/Compositors/weston-hand"):
            command = ["make", "--silent", "-C", str(sources / tree), f"OUT={out}", f"AGENT={self.agent_as_seen}"]
            subprocess.run(self.in_root(command), check=True)

    @property
    def agent_as_seen(self):
        return self.as_seen(self.agent_binary, self.in_root)

    def agent(self, socket, name="agent", wrapper=()):
        program = Program(
            self.in_root(self.as_user([*wrapper, self.agent_binary, "--socket", str(socket)])), self.directory / f"{name}.log",
            self.environment)  # fmt: skip
        self.started.append(program)
        return program
