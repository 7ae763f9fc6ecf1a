"""A headless compositor with real clients, as a plain user, in a directory of its own."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PLAIN_USER = "nobody"


def until(condition, what, seconds=10):
    """Waits for a condition: its value, or a failure that says what was waited for."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return value


class Program:
    """A process of the session. Dies with this one, whatever happens to either."""

    def __init__(self, command, log, environment, stdin=None, stdout=None):
        self.log = log
        with open(log, "ab") as stream:
            self.process = subprocess.Popen(
                command, env=environment, cwd="/", stdin=stdin or subprocess.DEVNULL,
                stdout=stdout or stream, stderr=stream)  # fmt: skip
        self.pid = self.process.pid

    @property
    def lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def order(self, line):
        """One line in, one line out, for the clients that take orders."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Exit status, once it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.process.args} did not end within {seconds} s of signal {number}") from None
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        return status


class Picture:
    """A binary PPM."""

    def __init__(self, data):
        kind, width, height, depth, self.pixels = data.split(maxsplit=4)
        assert (kind, depth) == (b"P6", b"255")
        self.width, self.height = int(width), int(height)
        # What separates head and pixels is one byte, and pixels may look like more of it.
        self.pixels = data[-self.width * self.height * 3 :]

    def pixel(self, x, y):
        offset = (y * self.width + x) * 3
        return tuple(self.pixels[offset : offset + 3])

    def count(self, color, box, tolerance=12):
        """How many pixels within (left, top, right, bottom) are of about that colour."""
        left, top, right, bottom = box
        return sum(
            all(abs(a - b) <= tolerance for a, b in zip(self.pixel(x, y), color))
            for y in range(max(top, 0), bottom) for x in range(max(left, 0), right))  # fmt: skip


class Session:
    """Starts, stops and asks one compositor. Subclasses know how theirs is started."""

    name = ""
    # How the agent learns of its windows.
    backend = "wlr-foreign-toplevel"
    # Whether windows are told with the output they are on, and with their process.
    tells_outputs, tells_processes = True, False
    # Of keys while the focus moves.
    withheld_share, uncertain_share = 0.0, 0.02

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
                       "launcher.py", "weston_guess.py"):
            shutil.copy(HERE / script, self.programs)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.runtime), "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime), "WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman", "XDG_SESSION_TYPE": "wayland",
        }  # fmt: skip
        self.started = []
        self.display = None
        self.compositor = None

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

    def _client(self, script, *arguments):
        return self.run(
            ["/usr/bin/python3", str(self.programs / script), str(self.display), *arguments], script,
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

    def launcher(self):
        client = self._client("launcher.py")
        assert client.process.stdout.readline().startswith(b"done"), client.log.read_text()
        return client

    def screenshot(self, output=None):
        """What is on the screen now, in physical pixels."""
        command = ["grim", "-t", "ppm", *(["-o", output] if output else []), "-"]
        shot = subprocess.run(self.as_user(command), env=self.environment, capture_output=True, timeout=20)
        assert shot.returncode == 0, shot.stderr.decode()
        return Picture(shot.stdout)


class Sway(Session):
    name = "sway"
    tells_processes = True
    configuration = "xwayland disable\nfocus_on_window_activation focus\n"

    def command(self):
        config = self.directory / "sway.conf"
        config.write_text(self.configuration)
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

    def focus(self, app):
        self.message(f'[app_id="^{re.escape(app)}$"] focus')


class OwnRoot:
    """A compositor of Debian 13 in a root of its own; the agent with it, since it looks at where the agent's program lies."""

    root = None

    def in_root(self, command):
        # A mount namespace needs no cleaning up: it ends with its last process. The session's directory, and the recorder's,
        # have the same path in it, so that addresses of buses and sockets are the same.
        script = (
            'set -e; root=$1; shift; for place in dev proc tmp; do mount --rbind "/$place" "$root/$place"; done; '
            'exec chroot "$root" "$@"'
        )
        return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", str(self.root), *command]

    @property
    def agent_as_seen(self):
        """Each has a mount namespace of its own, so that the root does not hide where the root is: another process looks at one
        beside the agent. Where all this is in a root already (make clean-root), that root is not hidden either."""
        stand_in = Path(shutil.copy("/bin/sleep", self.programs / "stand-in"))
        running = subprocess.Popen(self.in_root([str(stand_in), "60"]))
        try:
            look = self.in_root(["readlink", f"/proc/{running.pid}/exe"])
            seen = until(lambda: (said := subprocess.run(look, capture_output=True, text=True).stdout.strip())
                         .endswith(stand_in.name) and said, "the stand-in for the agent runs")
        finally:
            running.kill()
            running.wait()
        return str(Path(seen).with_name(Path(self.agent_binary).name))

    def agent(self, socket, name="agent", wrapper=()):
        program = Program(
            self.in_root(self.as_user([*wrapper, self.agent_binary, "--socket", str(socket)])), self.directory / f"{name}.log",
            self.environment)  # fmt: skip
        self.started.append(program)
        return program


class Labwc(Session):
    """labwc of Debian 13 in a root of its own: Debian 12 has none."""

    name = "labwc"
    root = None

    def in_root(self, command):
        # A mount namespace needs no cleaning up: it ends with its last process.
        script = (
            'set -e; root=$1 run=$2; shift 2; mount --rbind /dev "$root/dev"; '
            'mount --bind "$run" "$root/mnt"; exec chroot "$root" "$@"'
        )
        return [
            "unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", str(self.root),
            str(self.runtime), "env", "XDG_RUNTIME_DIR=/mnt", "HOME=/mnt", *self.as_user(command),
        ]  # fmt: skip

    def command(self):
        return self.in_root(["labwc"])

    def focus(self, app):
        command = self.in_root(["wlrctl", "toplevel", "focus", f"app_id:{app}"])
        subprocess.run(command, env=self.environment, check=True, timeout=10)


class KWin(Session):
    """KWin without a screen. It tells of its windows those programs whose .desktop file asks for it."""

    name = "kwin"
    backend = "plasma-window-management"
    tells_outputs, tells_processes = False, True
    withheld_share = 0.02
    agent_may = True
    layouts = "us"

    def command(self):
        # The file's capability would take its environment away; it finds itself by its name.
        binary = self.programs / "kwin_wayland"
        if not binary.exists():
            shutil.copy(shutil.which("kwin_wayland"), binary)
        return self.as_user([
            str(binary), "--virtual", "--no-lockscreen", "--no-global-shortcuts",
            "--no-kactivities", "--socket", "wayland-kwin", "--width", "1024", "--height", "768"])  # fmt: skip

    def start(self):
        applications = self.runtime / ".local/share/applications"
        applications.mkdir(parents=True)
        # By the name of the file that Debian has for it: this one goes before it.
        python = Path(os.path.realpath("/usr/bin/python3"))
        self.permit(applications, python.name, python, "org_kde_plasma_window_management,org_kde_kwin_fake_input")
        if self.agent_may:
            self.permit(applications, "kymograph-agent", self.agent_binary, "org_kde_plasma_window_management")
        (self.runtime / ".config").mkdir()
        (self.runtime / ".config/kxkbrc").write_text(f"[Layout]\nUse=true\nLayoutList={self.layouts}\n")
        for path in [self.runtime / ".config", self.runtime / ".config/kxkbrc", self.runtime / ".local", *(self.runtime / ".local").rglob("*")]:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        # KWin needs a bus to run, and says on it which layout is active.
        self.bus()
        # Without a GPU, OpenGL would be computed on the thread that answers.
        self.environment["KWIN_COMPOSE"] = "Q"
        return super().start()

    @staticmethod
    def permit(applications, name, program, interfaces):
        (applications / f"{name}.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName={name}\nExec={program}\nNoDisplay=true\n"
            f"X-KDE-Wayland-Interfaces={interfaces}\n")

    def switch_layout(self, number):
        command = self.as_user(["busctl", "--user", "call", "org.kde.keyboard", "/Layouts", "org.kde.KeyboardLayouts",
                                "setLayout", "u", str(number)])  # fmt: skip
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL, timeout=10)

    def plasma(self):
        client = self._client("plasma.py")
        assert client.process.stdout.readline().startswith(b"done"), client.log.read_text()
        return client

    def focus(self, app):
        if not hasattr(self, "hand"):
            self.hand = self.plasma()
        answer = self.hand.order(f"focus {app}")
        assert answer.startswith("done"), answer


class Cage(Session):
    """A compositor that does not tell of its windows."""

    name = "cage"

    def command(self):
        return self.as_user(["cage", "--", "sleep", "600"])


