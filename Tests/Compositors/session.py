"""A headless compositor with real clients, as a plain user, in a directory of its own."""

import json
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import xwayland
from debian13 import InDebian13
from picture import Picture
from program import Program, until
from toplevels import Toplevels

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PLAIN_USER = "nobody"


def named(kind):
    """A class of sessions in pytest's list of cases."""
    return f"{kind.name}-{kind.version}"


class Session:
    """Starts, stops and asks one compositor. Subclasses know how theirs is started."""

    # Its program's, and where it is from.
    name, version = "", ""
    # How the agent learns of its windows, as it calls that, and the protocol's global.
    backend, interface = "wlr-foreign-toplevel", "zwlr_foreign_toplevel_manager_v1"
    # By what the agent's badge is shown.
    badge = "layer-shell"
    # Whether windows are told with the output they are on, and with their process.
    tells_outputs, tells_processes = True, False
    # Of keys while the focus moves.
    withheld_share, uncertain_share = 0.0, 0.02
    output_count = 1
    # Whether it is started with Xwayland.
    with_x11 = False

    def __init__(self, directory, agent_binary):
        self.directory = Path(directory)
        self.account = pwd.getpwnam(PLAIN_USER) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.runtime = self.directory / "run"
        self.runtime.mkdir(mode=0o700)
        os.chown(self.runtime, self.account.pw_uid, self.account.pw_gid)
        self.directory.chmod(0o755)
        # The plain user may not be able to look into the tree that is tested.
        self.programs = self.directory / "programs"
        self.programs.mkdir()
        self.agent_binary = shutil.copy(agent_binary, self.programs)
        for script in ("wire.py", "window.py", "keyboard.py", "pointer.py", "locker.py", "plasma.py",
                       "launcher.py", "x11_window.py", "weston_guess.py", "become.py", "dialog.py"):
            shutil.copy(HERE / script, self.programs)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.runtime), "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime), "WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman", "XDG_SESSION_TYPE": "wayland",
        }  # fmt: skip
        self.started = []
        self.display = None
        self.compositor = None
        # What a test types and moves the focus with, once it does.
        self._typing = self._hand = None

    @property
    def program(self):
        """Its name, as the kernel has it."""
        return Path(f"/proc/{self.compositor.pid}/comm").read_text().strip()

    @staticmethod
    def tasks(pid):
        """The kernel's status of each thread."""
        return [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]

    # How the compositor is started.

    def command(self):
        raise NotImplementedError

    def as_user(self, command):
        ids = ["--reuid", str(self.account.pw_uid), "--regid", str(self.account.pw_gid), "--clear-groups"]
        return ["setpriv", *(ids if os.getuid() == 0 else []), "--pdeathsig", "KILL", *command]

    def run(self, command, name, **streams):
        program = Program(self.as_user(command), self.directory / f"{name}.log", self.environment, **streams)
        self.started.append(program)
        return program

    def start(self):
        for stale in self.runtime.glob("wayland-*"):
            stale.unlink()
        # sway would take it for its own name.
        self.environment.pop("SWAYSOCK", None)
        self._typing = self._hand = None
        if self.with_x11:
            xwayland.prepare()
        self.compositor = Program(self.command(), self.directory / f"{self.name}.log", self.environment)
        self.started.append(self.compositor)
        self.display = until(self._socket, f"{self.name} listens\n" + "\n".join(self.compositor.lines), 20)
        self.environment["WAYLAND_DISPLAY"] = self.display.name
        return self

    def _socket(self):
        if self.compositor.process.poll() is not None:
            raise AssertionError(f"{self.name} ended at once:\n" + "\n".join(self.compositor.lines))
        found = [path for path in self.runtime.glob("wayland-*") if path.is_socket()]
        return found[0] if found else None

    def stop(self):
        for program in reversed(self.started):
            if program.process.poll() is None:
                program.process.kill()
            program.process.wait()
        self.started.clear()

    # Clients.

    def agent(self, socket, name="agent", wrapper=()):
        return self.run([*wrapper, self.agent_binary, "--socket", str(socket)], name)

    def foot(self, app, title):
        return self.run(["foot", "--app-id", app, "--title", title, "sleep", "600"], f"foot-{app}")

    def _client(self, script, *arguments, interpreter="/usr/bin/python3"):
        return self.run(
            [interpreter, str(self.programs / script), str(self.display), *arguments], script,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip

    def window(self, app, title, raw=False):
        client = self._client("window.py")
        answer = client.order(json.dumps({"app": app, "title": title, "raw": raw, "map": True}))
        assert answer == "done", answer
        return client

    def bus(self):
        """The session's bus, and with it accessibility: what is started from now on finds it."""
        path = self.runtime / "bus"
        address = f"unix:path={path}"
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        # Settings would be written to the plain user's home otherwise, if it has one.
        self.environment["GSETTINGS_BACKEND"] = "memory"
        self.run(["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"], "bus")
        until(path.is_socket, "the session's bus listens")

    def keylog(self, app, role=None):
        """The client that writes down the keys it is given, to the file that is returned. With a role (AT-SPI's number)
        it is on the accessibility bus with one field of that role."""
        return self.keylog_client(app, role)[0]

    def keylog_client(self, app, role=None, title=None, toolkit="GTK"):
        program = self.programs / "keylog-client"
        if not program.exists():
            shutil.copy(REPOSITORY / ".build" / "clients" / "keylog-client", program)
        log = self.runtime / f"keys-{app}"
        role = [] if role is None else [str(role), toolkit]
        client = self.run(
            [str(program), app, title or f"window of {app}", str(log), *role], f"keylog-{app}", stdin=subprocess.PIPE)
        return until(lambda: log.exists() and "ready" in log.read_text() and log, f"{app} is mapped"), client

    def x11_window(self, *arguments):
        """x11_window.py, once it is mapped."""
        settings = [f"{name}={value}" for name, value in xwayland.environment(self.compositor, self.runtime).items()]
        client = self.run(
            ["env", *settings, "/usr/bin/python3", str(self.programs / "x11_window.py"), *arguments], "x11-window",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        said = client.process.stdout.readline()
        assert said == b"done\n", said.decode() + client.log.read_text()
        return client

    def focus(self, app):
        raise NotImplementedError

    def focus_x11(self, app):
        """By its WM_CLASS."""
        self.focus(app)

    def tap(self, code):
        """A key of a keyboard that is there from the first one on."""
        self._typing = self._typing or self.keyboard()
        answer = self._typing.order(f"tap {code}")
        assert answer.startswith("done"), answer + self._typing.log.read_text()

    def keyboard(self, layouts="us"):
        client = self._client("keyboard.py", layouts)
        assert client.process.stdout.readline().startswith(b"done")
        return client

    def outputs(self, *arguments):
        """wlr-randr, which switches outputs off and on where the compositor lets anybody do so headless."""
        command = self.as_user(["wlr-randr", *arguments])
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL, timeout=10)

    def pointer(self):
        client = self._client("pointer.py")
        assert client.process.stdout.readline().startswith(b"done")
        return client

    def launcher(self, *arguments):
        client = self._client("launcher.py", *arguments)
        assert client.process.stdout.readline().startswith(b"done"), client.log.read_text()
        return client

    def screenshot(self, output=None):
        """What is on the screen now, in physical pixels."""
        command = ["grim", "-t", "ppm", *(["-o", output] if output else []), "-"]
        shot = subprocess.run(self.as_user(command), env=self.environment, capture_output=True, timeout=20)
        assert shot.returncode == 0, shot.stderr.decode()
        return Picture(shot.stdout)


class Sway(Session):
    name, version = "sway", "1.7"
    tells_processes = True

    def command(self):
        config = self.directory / "sway.conf"
        config.write_text(f"xwayland {'enable' if self.with_x11 else 'disable'}\nfocus_on_window_activation focus\n")
        return self.as_user(["sway", "--config", str(config)])

    def start(self):
        super().start()
        self.environment["SWAYSOCK"] = str(until(self._control, "sway's own socket"))
        return self

    def _control(self):
        path = self.runtime / f"sway-ipc.{self.account.pw_uid}.{self.compositor.pid}.sock"
        return path if path.is_socket() else None

    def message(self, *arguments):
        answer = subprocess.run(
            ["swaymsg", "--raw", *arguments], env=self.environment, capture_output=True, text=True, timeout=10)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return json.loads(answer.stdout) if answer.stdout else None

    def focus(self, app, criterion="app_id"):
        self.message(f'[{criterion}="^{re.escape(app)}$"] focus')

    def focus_x11(self, app):
        self.focus(app, "class")


class Sway110(InDebian13, Sway):
    version = "1.10"


class Labwc(InDebian13, Session):
    name, version = "labwc", "0.8"

    def command(self):
        return self.in_root(self.as_user(["labwc"]))

    def start(self):
        super().start()
        # There before the agent, as a panel is: a client that comes later may be a launcher.
        self._hand = until(self._connected, "labwc takes connections")
        return self

    def _connected(self):
        try:
            return Toplevels(self.display)
        except ConnectionRefusedError:
            # Its socket has a name before it listens.
            return None

    def _client(self, script, *arguments, interpreter=None):
        # Another program than the test, which is connected: what that makes of itself is no launcher.
        program = self.programs / "python-of-clients"
        if not program.exists():
            shutil.copy(os.path.realpath("/usr/bin/python3"), program)
        return super()._client(script, *arguments, interpreter=interpreter or str(program))

    def focus(self, app):
        self._hand.focus(app)


MENU = "<Menu><Name>Applications</Name><DefaultAppDirs/><Include><All/></Include></Menu>"


class KWin(Session):
    """KWin without a screen. It tells of its windows those programs whose .desktop file asks for it."""

    name, version = "kwin", "5.27"
    backend, interface = "plasma-window-management", "org_kde_plasma_window_management"
    tells_outputs, tells_processes = False, True
    withheld_share = 0.02
    agent_may = True
    # Whether it has a lock screen of its own.
    locks = False
    # And keys of its own, such as the window switcher's.
    takes_shortcuts = False
    layouts = "us"
    scale = "1"

    def command(self):
        # The file's capability would take its environment away; it finds itself by its name.
        binary = self.programs / "kwin_wayland"
        if not binary.exists():
            shutil.copy(self.installed(), binary)
        return self.as_user([
            str(binary), *(["--xwayland"] if self.with_x11 else []), *([] if self.locks else ["--no-lockscreen"]),
            "--virtual", *([] if self.takes_shortcuts else ["--no-global-shortcuts"]),
            "--no-kactivities", "--socket", "wayland-kwin", "--width", "1024", "--height", "768",
            "--output-count", str(self.output_count), "--scale", self.scale])  # fmt: skip

    @staticmethod
    def installed():
        return shutil.which("kwin_wayland")

    def as_seen(self, program):
        """The path of a program by /proc/PID/exe, as KWin reads it."""
        return program

    def start(self):
        # Once it has crashed, it is started anew in a session that goes on.
        if not (self.runtime / "bus").exists():
            self._prepare()
        return super().start()

    def _prepare(self):
        applications = self.runtime / ".local/share/applications"
        applications.mkdir(parents=True)
        # KWin 6 looks for the program where the file says, so it lies where that is the same in the root.
        self.interpreter = shutil.copy(os.path.realpath("/usr/bin/python3"), self.programs / "python-of-the-test")
        self.permit(
            applications, "test", self.as_seen(self.interpreter), "org_kde_plasma_window_management,org_kde_kwin_fake_input")
        if self.agent_may:
            self.permit(applications, "kymograph-agent", self.as_seen(self.agent_binary), "org_kde_plasma_window_management")
        # KWin 6 finds no desktop file without a menu, which a Plasma session has.
        (self.runtime / ".config/menus").mkdir(parents=True)
        (self.runtime / ".config/menus/applications.menu").write_text(MENU)
        (self.runtime / ".config/kxkbrc").write_text(f"[Layout]\nUse=true\nLayoutList={self.layouts}\n")
        for path in [self.runtime / ".config", self.runtime / ".local", *self.runtime.glob(".[cl]o*/**/*")]:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        # KWin needs a bus to run, and says on it which layout is active.
        self.bus()
        # Without a GPU, OpenGL would be computed on the thread that answers.
        self.environment["KWIN_COMPOSE"] = "Q"

    @staticmethod
    def permit(applications, name, program, interfaces):
        (applications / f"{name}.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName={name}\nExec={program}\nNoDisplay=true\n"
            f"X-KDE-Wayland-Interfaces={interfaces}\n")

    def switch_layout(self, number):
        self._call("org.kde.keyboard", "/Layouts", "org.kde.KeyboardLayouts", "setLayout", "u", str(number))

    def lock(self):
        self._call("org.freedesktop.ScreenSaver", "/ScreenSaver", "org.freedesktop.ScreenSaver", "Lock")

    def shortcut(self, name):
        """As if its keys were pressed."""
        component = ("org.kde.kglobalaccel", "/component/kwin", "org.kde.kglobalaccel.Component")
        self._call(*component, "invokeShortcut", "s", name)

    def _call(self, *words):
        command = self.as_user(["busctl", "--user", "call", *words])
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL, timeout=10)

    def plasma(self):
        client = self._client("plasma.py", interpreter=self.interpreter)
        assert client.process.stdout.readline().startswith(b"done"), client.log.read_text()
        return client

    def focus(self, app):
        self._hand = self._hand or self.plasma()
        answer = self._hand.order(f"focus {app}")
        assert answer.startswith("done"), answer

    def keyboard(self, layouts="us"):
        """KWin's own has the layouts that its configuration says."""
        return self.plasma()


class KWinByScript(KWin):
    """It does not find the file that lets the agent see its windows, and runs the agent's script instead."""

    version = "5.27-by-script"
    backend = "kwin-script"
    agent_may = False
    # The bus is read by another thread of KWin's, which has no priority: where all processors are busy it is late now and then,
    # and an app's word on its fields too late for the keys then.
    withheld_share = uncertain_share = 0.05


class KWin63(InDebian13, KWin):
    version = "6.3"
    # Its main thread waits for others, which have no priority: now and then up to 90 ms where all processors are busy.
    uncertain_share = 0.05

    def installed(self):
        return self.root / "usr/bin/kwin_wayland"


class KWin63ByScript(KWin63):
    version = "6.3-by-script"
    withheld_share = KWinByScript.withheld_share
    backend = "kwin-script"
    agent_may = False
    # 5.27's scripts cannot read it.
    tells_outputs = True


class Cage(Session):
    """A compositor that does not tell of its windows."""

    name = "cage"

    def command(self):
        return self.as_user(["cage", "--", "sleep", "600"])


