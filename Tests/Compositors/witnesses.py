"""Real clients that bear witness of the keys they are given: the truth about who had the keyboard, key by key."""

import http.server
import json
import os
import shutil
import threading
import time

import browsers
from session import HERE

# With Control, each of these is a key that every client hands on and no compositor takes. Firefox and Chromium keep n, q, t
# and w for themselves.
LETTERS = "abcdefghijklmoprsuvxy"
# This one does no harm before a page hears it, where others print, save or open something: a dialog would have the keyboard then.
GREETING = "z"
# The time is that at which the browser was given the key: its page may be told seconds later.
PAGE = """<!doctype html><meta charset=utf-8><title>witness</title><style>input { caret-animation: manual }</style><input autofocus>
<script>
let told = []
addEventListener("keydown", event => {
    event.preventDefault()
    if (event.ctrlKey && event.code.startsWith("Key")) told.push([event.code[3].toLowerCase(), performance.timeOrigin + event.timeStamp])
})
const tell = () => fetch("/" + NAME, {method: "POST", body: JSON.stringify(told.splice(0))})
setInterval(() => told.length && tell(), 200)
// So that it is known to be there.
tell()
</script>"""


class Server:
    """On this machine: hands out `page(name)`, and calls `told(name, body)` with what that page posts."""

    def __init__(self, page, told):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self._answer(page(self.path.strip("/")).encode())

            def do_POST(self):
                told(self.path.strip("/"), self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._answer(b"")

            def _answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Pages(Server):
    """Hands out the page above, and takes what it heard."""

    def __init__(self):
        self.heard = {}
        # Pages know the time of day alone.
        self.offset_us = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        super().__init__(lambda name: PAGE.replace("NAME", json.dumps(name)), self._told)

    def _told(self, name, body):
        heard = self.heard.setdefault(name, [])
        heard += [(letter, int(at * 1000) - self.offset_us) for letter, at in json.loads(body)]


class Witness:
    """One client in a desk. Its app id is what the compositor calls it; `heard` are (letter, µs when it was told)."""

    def __init__(self, desk, pages):
        self.desk, self.pages = desk, pages
        self.log = desk.runtime / f"witness-{type(self).__name__}"

    @property
    def app(self):
        return f"org.example.{type(self).__name__}"

    def run(self, command, **environment):
        # On no bus: what an app says of its fields is not what is measured, and none of them is asked. Nor do they have the
        # priority that the test has, and the compositor.
        settings = [f"{name}={value}" for name, value in environment.items()]
        self.program = self.desk.run(
            ["env", "DBUS_SESSION_BUS_ADDRESS=disabled:", *settings, "chrt", "--other", "0", *command], self.log.name)

    def script(self, kind):
        shutil.copy(HERE / "witness.py", self.desk.programs)
        self.log.touch()
        os.chown(self.log, self.desk.account.pw_uid, self.desk.account.pw_gid)
        return ["/usr/bin/python3", str(self.desk.programs / "witness.py"), kind, self.app, str(self.log)]

    def start(self):
        raise NotImplementedError

    def is_ready(self):
        """A key that came sooner might be taken for something else."""
        return True

    def heard(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(letter, int(moment)) for letter, moment in map(str.split, lines)]


class GTK(Witness):
    def start(self):
        self.run(self.script("gtk"), GDK_BACKEND="wayland", NO_AT_BRIDGE="1")


class Qt(Witness):
    def start(self):
        self.run(self.script("qt"), QT_QPA_PLATFORM="wayland")


class Foot(Witness):
    app = "foot"

    def start(self):
        self.run(["foot", "--app-id", self.app, *self.script("tty")])


class VTE(Witness):
    """A terminal where foot cannot run: it divides by the size of KWin's virtual screen, which has none."""

    def start(self):
        self.run(self.script("vte"), GDK_BACKEND="wayland", NO_AT_BRIDGE="1")


class Browser(Witness):
    def directory(self):
        directory = self.desk.runtime / self.log.name
        directory.mkdir()
        os.chown(directory, self.desk.account.pw_uid, self.desk.account.pw_gid)
        return directory

    @property
    def name(self):
        return type(self).__name__

    def is_ready(self):
        return self.name in self.pages.heard

    def heard(self):
        return list(self.pages.heard.get(self.name, []))


class Firefox(Browser):
    def start(self):
        command, environment = browsers.firefox(self.directory(), self.desk.account, self.app)
        self.run([*command, self.pages.address(self.name)], **environment)


class Chromium(Browser):
    # It takes its own from the address of a page that it shows as an app.
    app = "chrome-127.0.0.1__Chromium-Default"

    def start(self):
        command = browsers.chromium(self.directory(), self.desk.account, self.app)
        self.run([*command, f"--app={self.pages.address(self.name)}"])


def in_desk(desk, pages, terminal=Foot):
    """One of each toolkit there. Firefox is to be the first: its page has the keyboard if its window has, when it comes."""
    return [kind(desk, pages) for kind in (Firefox, Chromium, GTK, Qt, terminal)]
