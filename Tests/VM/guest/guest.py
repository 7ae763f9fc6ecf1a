"""The guest as the test drives it: sway, the feeder, the recorder, and waiting for them."""

import fcntl
import glob
import json
import os
import pwd
import socket
import struct
import subprocess
import threading
import time

SUBJECT = "ada"
JOURNAL = "/var/lib/kymograph/journal"
VT_ACTIVATE = 0x5606


def now_us():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class Timeout(Exception):
    pass


def wait_for(what, condition, seconds=60):
    """The condition's first true value; emulated guests are slow, so deadlines are generous and polling is not."""
    deadline = time.monotonic() + seconds
    while True:
        # Who is held up in the condition looks once more.
        is_last = time.monotonic() > deadline
        value = condition()
        if value:
            return value
        if is_last:
            raise Timeout(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def switch_to_terminal(number):
    with open("/dev/tty0") as console:
        fcntl.ioctl(console, VT_ACTIVATE, number)


def seat_session(name):
    """A property of the session that has the seat; empty where none has it."""
    active = output_of("loginctl", "show-seat", "seat0", "--property=ActiveSession", "--value").strip()
    if not active:
        return ""
    return output_of("loginctl", "show-session", active, f"--property={name}", "--value").strip()


class Sway:
    """i3-ipc, spoken directly: a process per focus change would cost the emulated machine more than the change."""

    def __init__(self):
        uid = pwd.getpwnam(SUBJECT).pw_uid
        pattern = f"/run/user/{uid}/sway-ipc.{uid}.*.sock"
        path = wait_for("sway's socket", lambda: glob.glob(pattern), 120)[0]
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)

    def _ask(self, kind, text):
        body = text.encode()
        self.connection.sendall(b"i3-ipc" + struct.pack("=II", len(body), kind) + body)
        header = self._read(14)
        length = struct.unpack("=I", header[6:10])[0]
        return json.loads(self._read(length))

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            if not part:
                raise EOFError("sway closed its socket")
            data += part
        return data

    def command(self, text):
        answer = self._ask(0, text)
        if not all(part["success"] for part in answer):
            raise RuntimeError(f"sway: {text}: {answer}")

    def run(self, command):
        self.command(f"exec {command}")

    def focus(self, app):
        self.command(f'[app_id="{app}"] focus')

    def tree(self):
        return self._ask(4, "")

    def windows(self):
        def walk(node):
            if node.get("app_id"):
                yield node
            for child in node["nodes"] + node["floating_nodes"]:
                yield from walk(child)

        return {node["app_id"]: node["focused"] for node in walk(self.tree())}

    def keyboards(self):
        return [i["name"] for i in self._ask(100, "") if i["type"] == "keyboard"]


class Feeder:
    def __init__(self, program, key_log):
        self.key_log = key_log
        self.process = subprocess.Popen(
            [program, key_log], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the feeder died of: {line}")
        return json.loads(answer)

    def create(self, kind, name, vendor="1209"):
        return self.ask(f"create {kind} {vendor} {name}")

    def type(self, device, keystrokes, gap_us, hold_us):
        return self.ask(f"type {device} {keystrokes} {gap_us[0]} {gap_us[1]} {hold_us[0]} {hold_us[1]}")

    def keys(self):
        return read_lines(self.key_log)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def open_files(pid):
    """What a process has open, but for what it closes meanwhile."""
    links = []
    for entry in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            links.append(os.readlink(entry))
        except FileNotFoundError:
            continue
    return links


class InBackground(threading.Thread):
    """A call in a thread of its own, whose result or exception comes with `wait`."""

    def __init__(self, call, *arguments):
        super().__init__(daemon=True)
        self.call, self.arguments = call, arguments
        self.result = self.error = None
        self.start()

    def run(self):
        try:
            self.result = self.call(*self.arguments)
        except Exception as error:  # handed on to whoever waits
            self.error = error

    def wait(self, seconds=600):
        self.join(seconds)
        if self.is_alive():
            raise Timeout(f"{self.call.__name__} still runs after {seconds} s")
        if self.error:
            raise self.error
        return self.result


class Tail:
    """`kymo tail -f --output json`, each line with the time at which it came."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["kymo", "tail", "-f", "-n", "0", "--output", "json"], stdout=subprocess.PIPE
        )
        self.lines = []
        self.thread = InBackground(self._read)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((now_us(), line))

    def has_line(self, seconds=1):
        """Whether there is one, or comes soon."""
        deadline = time.monotonic() + seconds
        while not self.lines and time.monotonic() < deadline:
            time.sleep(0.05)
        return bool(self.lines)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.thread.wait(30)
        return [(receipt, json.loads(line)) for receipt, line in self.lines]


class Recorder:
    """The installed unit."""

    # A segment that the disk did not take to its end stays without a seal until the next start, and readers say so.
    has_open_wound = False

    def status(self):
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect("/run/kymograph/status.sock")
            with connection.makefile() as lines:
                return json.loads(lines.readline() or "{}")
        except OSError:
            return {}
        finally:
            connection.close()

    def pid(self):
        return int(output_of("systemctl", "show", "--property=MainPID", "--value", "kymographd.service"))

    def wait_until_recording(self, seconds=120):
        def ready():
            status = self.status()
            return status.get("recording") and status.get("agent") and status.get("agent_backend") != "none"

        wait_for("the recorder to record and its agent to be there", ready, seconds)

    def open_nodes(self):
        return [link for link in open_files(self.pid()) if link.startswith("/dev/input/")]

    def lines(self, *options):
        done = subprocess.run(["kymo", "show", "--output", "json", *options], capture_output=True, text=True)
        if done.returncode != 0 and not (done.returncode == 1 and self.has_open_wound):
            raise RuntimeError(f"kymo show: exit code {done.returncode}: {done.stderr}")
        return done.stdout.splitlines()

    def records(self, *options):
        return [json.loads(line) for line in self.lines(*options)]


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]
