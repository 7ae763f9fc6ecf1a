"""Programs that ask for a secret, as people meet them. Each is started in a desk (session.Session) under an app id of its
own, and offers the same three steps: an ordinary place to type, the secret one, and where it can an ordinary one again.
"""

import os
import re
import shutil
import signal
import subprocess
import termios
import time
from pathlib import Path

import browsers
from session import HERE, until

PAGE = """<!doctype html><meta charset=utf-8><title>0 0 0</title>
<input autofocus><input type=password autocomplete=off><input>
<script>
const fields = [...document.querySelectorAll("input")]
const tell = () => document.title = fields.map(field => field.value.length).join(" ") + " at " +
    fields.indexOf(document.activeElement)
addEventListener("input", tell); addEventListener("focusin", tell); addEventListener("focus", tell); tell()
</script>"""


class Prompt:
    """`ask` makes it ask for the secret, `leave` ends that. `received`: the secret as it arrived; None: not to be seen."""

    has_third = True

    def __init__(self, desk, app):
        self.desk = desk
        self.app = app
        self.directory = desk.runtime / app
        self.directory.mkdir()
        os.chown(self.directory, desk.account.pw_uid, desk.account.pw_gid)
        self.program = None

    def run(self, command, **environment):
        old = dict(self.desk.environment)
        self.desk.environment.update(environment)
        try:
            self.program = self.desk.run(command, f"prompt-{self.app}")
        finally:
            self.desk.environment.clear()
            self.desk.environment.update(old)

    def window(self):
        """sway's word on the window that has the focus, if it is this one's."""

        def nodes(node):
            yield node
            for child in node["nodes"] + node["floating_nodes"]:
                yield from nodes(child)

        tree = self.desk.message("--type", "get_tree")
        mine = [node for node in nodes(tree) if node.get("focused") and self.is_own(node.get("app_id") or "")]
        return mine[0] if mine else None

    def is_own(self, app_id):
        return app_id == self.app

    def start(self):
        raise NotImplementedError

    def ask(self, typist):
        raise NotImplementedError

    def leave(self, typist):
        raise NotImplementedError

    def received(self):
        return None

    def close(self):
        if self.program.process.poll() is None:
            self.program.process.kill()
        self.program.process.wait()
        until(lambda: self.window() is None, f"{self.app} is gone")


class Form(Prompt):
    """A window of a toolkit's (forms.py)."""

    kind = ""

    def start(self):
        shutil.copy(HERE / "forms.py", self.desk.programs)
        self.log = self.directory / "log"
        self.run(
            ["/usr/bin/python3", str(self.desk.programs / "forms.py"), self.kind, self.app, str(self.log)],
            GDK_BACKEND="wayland", GSK_RENDERER="cairo", QT_QPA_PLATFORM="wayland")  # fmt: skip
        until(lambda: self.window() and self.is_at(0), f"{self.app}: its first field has the keyboard", 30)

    def lines(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def is_at(self, number):
        places = [line for line in self.lines() if line.startswith("at ")]
        return bool(places) and places[-1] == f"at {number}"

    def text(self, number):
        texts = [line for line in self.lines() if line.startswith(f"text {number} ")]
        return texts[-1].split(" ", 2)[2] if texts else ""

    def ask(self, typist):
        typist.key("tab")

    def leave(self, typist):
        typist.key("tab")

    def received(self):
        return self.text(1)


class GTK3(Form):
    kind = "gtk3"


class GTK4(Form):
    kind = "gtk4"


class GTK4Hidden(Form):
    kind = "gtk4-hidden"


class Qt(Form):
    kind = "qt"


class Browser(Prompt):
    """A page with three fields. How many characters each has, the page says in its title."""

    def page(self):
        page = self.directory / "page.html"
        page.write_text(PAGE)
        return page.as_uri()

    def counts(self):
        window = self.window()
        found = re.search(r"(\d+) (\d+) (\d+) at (-?\d)", window["name"] or "") if window else None
        return [int(text) for text in found.groups()] if found else None

    def ready(self):
        until(lambda: (self.counts() or [0, 0, 0, -1])[3] == 0, f"{self.app}: its first field has the keyboard", 90)

    def ask(self, typist):
        typist.key("tab")

    def leave(self, typist):
        typist.key("tab")

    def received(self):
        return "*" * (self.counts() or [0, 0])[1]

    def close(self):
        # Its other processes go with the first if that can tidy up.
        self.program.stop(signal.SIGTERM, 20)
        until(lambda: self.window() is None, f"{self.app} is gone")


class Firefox(Browser):
    def start(self):
        command, environment = browsers.firefox(self.directory, self.desk.account, self.app)
        self.run([*command, "--kiosk", self.page()], **environment)
        self.ready()


class WebKit(Browser):
    """A GTK window with a page in it, whose fields are those of another process, on the accessibility bus by itself."""

    def start(self):
        shutil.copy(HERE / "forms.py", self.desk.programs)
        command = ["/usr/bin/python3", str(self.desk.programs / "forms.py"), "webkit", self.app]
        self.run([*command, str(self.directory / "log"), self.page()], GDK_BACKEND="wayland",
                 WEBKIT_DISABLE_COMPOSITING_MODE="1", LIBGL_ALWAYS_SOFTWARE="1")  # fmt: skip
        self.ready()

    def close(self):
        Prompt.close(self)


class Chromium(Browser):
    """As Debian starts it, but for what a test must not do: ask the network, or for a keyring."""

    flags = ()

    def is_own(self, app_id):
        # It takes its own from its desktop file, whatever it is told.
        return app_id == self.app or app_id.startswith("chromium")

    def start(self):
        command = browsers.chromium(self.directory, self.desk.account, self.app)
        self.run([*command, "--kiosk", *self.flags, self.page()])
        self.ready()


class ChromiumAccessible(Chromium):
    """As somebody starts it who needs a screen reader."""

    flags = ("--force-renderer-accessibility",)


class Terminal(Prompt):
    """A terminal, in it a script: reads a line, asks for the secret, reads a line.

    Under foot's app ids it is foot, of which accessibility knows nothing: no rule makes more than counts of its keys.
    Else it is VTE in GTK 3, which says that its terminal has the focus: there `full` means every key.
    """

    script = ""
    # Whether the terminal is in the state in which it takes the secret; by default: lines, without echo.
    asks_raw = False

    def command(self):
        return self.script

    def start(self):
        path = self.directory / "script"
        path.write_text(f"cd {self.directory}\ntty >terminal\nread -r first\necho \"$first\" >first\n{self.command()}\n"
                        "read -r last; echo \"$last\" >last; sleep 60\n")  # fmt: skip
        if self.app.startswith("foot"):
            self.run(["foot", "--app-id", self.app, "bash", str(path)])
        else:
            shutil.copy(HERE / "forms.py", self.desk.programs)
            command = ["/usr/bin/python3", str(self.desk.programs / "forms.py"), "vte", self.app]
            self.run([*command, str(self.directory / "log"), str(path)], GDK_BACKEND="wayland")
        until(lambda: self.window() and self.written("terminal"), f"{self.app} is there", 30)

    def written(self, name):
        path = self.directory / name
        return path.read_text().rstrip("\n") if path.exists() else ""

    def modes(self):
        descriptor = os.open(self.written("terminal"), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return termios.tcgetattr(descriptor)[3]
        finally:
            os.close(descriptor)

    def asks(self):
        modes = self.modes()
        is_silent, is_line = not modes & termios.ECHO, bool(modes & termios.ICANON)
        return is_silent and is_line != self.asks_raw

    def ask(self, typist):
        typist.key("enter")
        until(lambda: self.written("first"), "the first line was read")
        until(self.asks, f"{self.app} asks", 20)

    def leave(self, typist):
        typist.key("enter")
        if self.has_third:
            until(lambda: self.modes() & termios.ECHO, "it asks no more", 20)

    def received(self):
        return self.written("secret") or None


class Read(Terminal):
    script = 'read -rs -p "secret: " secret; echo "$secret" >secret'


class Getpass(Terminal):
    script = "/usr/bin/python3 -c 'import getpass; open(\"secret\", \"w\").write(getpass.getpass())'"


class Sudo(Terminal):
    """As somebody who may not: it asks all the same."""

    has_third = False
    script = "sudo -k true"


class Su(Terminal):
    has_third = False
    script = "su root -c true"


class Ssh(Terminal):
    """To a server on this machine, with a password."""

    has_third = False
    port = 0

    def command(self):
        return (
            f"ssh -p {self.port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o NumberOfPasswordPrompts=1 "
            "-o PreferredAuthentications=password,keyboard-interactive -F none somebody@127.0.0.1 true")  # fmt: skip

    def start(self):
        key = self.desk.directory / f"{self.app}-host-key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        Path("/run/sshd").mkdir(exist_ok=True)
        self.port = free_port()
        server = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", str(key), "-p", str(self.port), "-o",
                  "ListenAddress=127.0.0.1", "-o", "PidFile=none"]  # fmt: skip
        self.server = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *server], stderr=open(self.desk.directory / "sshd.log", "wb"))
        super().start()

    def close(self):
        self.server.kill()
        self.server.wait()
        super().close()


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


BUS = """<busconfig><type>system</type><listen>{address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow send_type="signal"/>
<allow receive_sender="*"/></policy></busconfig>"""


class Polkit(Terminal):
    """polkit's agent for terminals, with a polkitd of the test's own on a bus of the test's own."""

    has_third = False

    def command(self):
        return (
            f"export DBUS_SYSTEM_BUS_ADDRESS={self.bus}\n"
            "pkttyagent --process $$ --notify-fd 9 9>registered & until [ -e registered ]; do :; done; sleep 1\n"
            "pkcheck --action-id org.freedesktop.policykit.exec --process $$ --allow-user-interaction"
        )

    def start(self):
        # The recorder's bus has a stand-in for polkit on it.
        socket = self.desk.directory / f"{self.app}-bus"
        self.bus = f"unix:path={socket}"
        configuration = self.desk.directory / f"{self.app}-bus.conf"
        configuration.write_text(BUS.format(address=self.bus))
        self.broker = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "dbus-daemon", "--nofork", "--nosyslog", f"--config-file={configuration}"],
            stderr=subprocess.DEVNULL)  # fmt: skip
        until(socket.is_socket, "polkit's bus listens")
        socket.chmod(0o666)
        self.daemon = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "/usr/lib/polkit-1/polkitd"],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus}, stdout=subprocess.DEVNULL,
            stderr=open(self.desk.directory / "polkitd.log", "wb"))  # fmt: skip
        super().start()

    def close(self):
        for process in (self.daemon, self.broker):
            process.kill()
            process.wait()
        super().close()


class Pinentry(Terminal):
    """Reads keys one by one and draws stars itself; known by its name."""

    has_third = False
    asks_raw = True

    def ask(self, typist):
        super().ask(typist)
        # Which programs ask is read every 250 ms: a key that is typed sooner than anybody can see the prompt gets through.
        time.sleep(0.3)

    script = 'printf "OPTION ttyname=%s\\nOPTION ttytype=xterm\\nGETPIN\\n" "$(cat terminal)" | pinentry-curses >secret-answer'


class Stars(Terminal):
    """The same, by a program that nobody has heard of."""

    asks_raw = True
    script = (
        "stty -icanon -echo; secret=; while IFS= read -rn1 key && [ -n \"$key\" ]; do secret+=$key; printf '*'; done; "
        'stty icanon echo; echo "$secret" >secret'
    )


GREETD = """
import json, os, socket, struct
listener = socket.socket(socket.AF_UNIX)
listener.bind("greetd")
listener.listen()
open("listening", "w").close()
peer = listener.accept()[0]
def told():
    return json.loads(peer.recv(struct.unpack("=I", peer.recv(4))[0]))
def tell(**answer):
    data = json.dumps(answer).encode()
    peer.sendall(struct.pack("=I", len(data)) + data)
assert told()["type"] == "create_session"
tell(type="auth_message", auth_message_type="secret", auth_message="Password:")
open("secret", "w").write(told()["response"])
tell(type="error", error_type="auth_error", description="no")
"""


class Agreety(Terminal):
    """greetd's greeter for consoles, in a terminal, with a stand-in for greetd behind it."""

    has_third = False

    def command(self):
        (self.directory / "greetd.py").write_text(GREETD)
        return ("/usr/bin/python3 greetd.py & until [ -e listening ]; do :; done\n"
                "echo \"$first\" | GREETD_SOCK=$PWD/greetd agreety --cmd true")  # fmt: skip


class Greeter(GTK3):
    """An ordinary window, and then the seat is a greeter's: whatever program that is, logind says so."""

    def ask(self, typist):
        self.desk.login.activate(self.desk.account.pw_uid, "c9", Class="greeter")
        until(lambda: not self.desk.is_open(), "no device is open")

    def leave(self, typist):
        self.desk.login.activate(self.desk.account.pw_uid)
        until(self.desk.is_open, "the session's turn again", 30)

    def received(self):
        return None


class PolkitWindow(GTK3):
    """A window with the app id of a graphical polkit agent: nothing of it, whatever a rule says."""


class Swaylock(GTK3):
    """An ordinary window, and then the screen is locked."""

    def ask(self, typist):
        # It detaches when the screen is locked.
        command = ["swaylock", "--daemonize", "--color", "000000"]
        subprocess.run(self.desk.as_user(command), env=self.desk.environment, check=True, timeout=20)

    def _lockers(self):
        """Its processes, the one that knows the compositor last: another checks passwords, and has little open."""
        directory = str(self.desk.runtime).encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if (entry / "comm").read_text() == "swaylock\n" and directory in (entry / "environ").read_bytes():
                    found.append((len(list((entry / "fd").iterdir())), int(entry.name)))
            except OSError:
                pass
        return [pid for _, pid in sorted(found)]

    def leave(self, typist):
        os.kill(self._lockers()[-1], signal.SIGUSR1)
        until(lambda: not self._lockers(), "the screen is unlocked")
        until(self.window, "the window has the focus again")

    def received(self):
        return None
