"""GNOME Shell without a screen, with the extension of the tree, and the test's own extension that moves its windows."""

import os
import re
import shutil
import subprocess

from debian13 import InDebian13
from program import Program, until
from session import HERE, REPOSITORY, Session

HAND = "hand@kymograph.test"
LEGACY, MODERN = "kymograph-legacy@kymograph.org", "kymograph@kymograph.org"


class Gnome(Session):
    """GNOME 43 of Debian 12. It wants a logind, which is a mock on a bus of its own."""

    name, version = "gnome-shell", "43"
    backend = "gnome-shell"
    tells_outputs, tells_processes = False, True
    # It draws on the thread that answers, with OpenGL that is computed here, and giving a window the focus keeps it busy for
    # 3 ms.
    withheld_share, uncertain_share = 0.02, 0.05
    extensions = (HAND, LEGACY, MODERN)
    layouts = ("us",)
    # Of the extensions.
    build, uuid = "legacy", LEGACY

    def command(self):
        return self.as_user([
            "gnome-shell", "--headless", *["--virtual-monitor", "1024x768"] * self.output_count,
            *([] if self.with_x11 else ["--no-x11"]),
            "--wayland-display", "wayland-gnome"])  # fmt: skip

    def start(self):
        self.install()
        if not (self.runtime / "bus").exists():
            self.system_bus()
            self.bus()
        self.environment |= {
            "GSETTINGS_BACKEND": "keyfile", "XDG_CURRENT_DESKTOP": "GNOME", "LIBGL_ALWAYS_SOFTWARE": "1",
            "NO_AT_BRIDGE": "0"}  # fmt: skip
        self.settings(self.extensions)
        super().start()
        self.hand = self.another_hand()
        return self

    def another_hand(self):
        hand = self._client("gnome_hand.py")
        line = hand.process.stdout.readline()
        assert line.startswith(b"done"), line.decode() + hand.log.read_text() + "\n".join(self.compositor.lines)
        return hand

    @property
    def agent_as_seen(self):
        """Its program by /proc/PID/exe, as the shell reads it."""
        return self.agent_binary

    def install(self):
        """The extension as the package has it, but for the place of the agent; and the test's hand."""
        place = self.runtime / ".local/share/gnome-shell/extensions"
        if not place.exists():
            command = [REPOSITORY / "packaging/gnome-extensions", place, self.agent_as_seen]
            subprocess.run(command, check=True)
            self._install_hand(place / HAND)
            for path in [self.runtime / ".local", *(self.runtime / ".local").rglob("*")]:
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        for script in ("gnome_hand.py", "gnome_impostor.py", "gnome_form.py"):
            shutil.copy(HERE / script, self.programs)

    def _install_hand(self, place):
        source = HERE / "gnome-hand"
        place.mkdir()
        shutil.copy(source / "metadata.json", place)
        shutil.copy(source / f"{self.build}.js", place / "extension.js")
        text = (source / "hand.js").read_text()
        (place / "hand.js").write_text(text if self.build == "legacy" else text.replace("\nvar Hand", "\nexport const Hand"))

    def settings(self, extensions):
        file = self.runtime / ".config/glib-2.0/settings/keyfile"
        file.parent.mkdir(parents=True, exist_ok=True)
        sources = ", ".join(f"('xkb', '{layout}')" for layout in self.layouts)
        file.write_text(
            f"[org/gnome/shell]\nenabled-extensions={list(extensions)}\nwelcome-dialog-last-shown-version='99'\n"
            f"[org/gnome/desktop/input-sources]\nsources=[{sources}]\n"
            "[org/gnome/desktop/interface]\nenable-animations=false\n"
            # A banner would lie above what a test clicks on.
            "[org/gnome/desktop/notifications]\nshow-banners=false\n")
        for path in [self.runtime / ".config", *(self.runtime / ".config").rglob("*")]:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def system_bus(self):
        address = f"unix:path={self.runtime / 'system'}"
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = address
        self.run(["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"], "system-bus")
        until((self.runtime / "system").is_socket, "the stand-in for the system's bus listens")
        mock = self.run(["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"], "logind")
        until(lambda: self._owned("org.freedesktop.login1"), f"the mock of logind\n{mock.lines}")

    def _owned(self, name):
        command = self.as_user(["busctl", f"--address={self.environment['DBUS_SYSTEM_BUS_ADDRESS']}", "list", "--acquired"])
        listed = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout
        return re.search(rf"^{re.escape(name)}\s", listed, re.M)

    def order(self, line):
        """(before, after) in µs: it took effect in between."""
        said = self.hand.order(line).split(maxsplit=1)
        assert said[0] == "done", f"{line}: {said}"
        return tuple(int(number) for number in said[1].split())

    def focus(self, app):
        self.order(f"focus {app}")

    def keyboard(self, layouts="us"):
        self.order("keyboard on")
        return self.hand


class Gnome48(InDebian13, Gnome):
    """The agent is in the root, too, since the shell looks at where its program lies."""

    version = "48"
    build, uuid = "modern", MODERN

    @property
    def agent_as_seen(self):
        return self.as_seen(self.agent_binary, self.in_root)

    def agent(self, socket, name="agent", wrapper=()):
        program = Program(
            self.in_root(self.as_user([*wrapper, self.agent_binary, "--socket", str(socket)])), self.directory / f"{name}.log",
            self.environment)  # fmt: skip
        self.started.append(program)
        return program


class Asking:
    """A window of dialogs.py."""

    def __init__(self, gnome, toolkit):
        shutil.copy(HERE / "dialogs.py", gnome.programs)
        self.app, self.gnome = f"org.example.{toolkit}", gnome
        self.log = gnome.runtime / f"dialogs-{toolkit}"
        gnome.environment.update(GDK_BACKEND="wayland", GSK_RENDERER="cairo")
        command = ["/usr/bin/python3", str(gnome.programs / "dialogs.py"), toolkit, self.app, str(self.log)]
        self.program = gnome.run(command, self.log.name)
        until(lambda: gnome.hand.order(f"focus {self.app}").startswith("done"), f"{self.app} has the focus", 20)

    def given(self, order="tap 30"):
        """Who is given the key that is typed then, and what makes its text."""
        before = self.log.read_text() if self.log.exists() else ""
        self.gnome.order(order)
        return until(lambda: self.log.exists() and self.log.read_text()[len(before) :], "a field is given it").strip()
