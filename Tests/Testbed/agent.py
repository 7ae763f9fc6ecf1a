"""A fake kymograph-agent: reports what it is told to, and answers probes, late or never if told so.

`Agent` starts this file as a process of its own, so that it can be stopped and killed as the real one can, and so that
its answers do not wait for the test. It reads one JSON object a line and answers each with one.
"""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import keys

PROTOCOL_VERSION = 4
HELLO, FOCUS, LAYOUT, WATERMARK, BACKEND, INDICATOR, FIELD, PAUSE, LOCK, OUTPUTS, SETTINGS = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
FOCUS_MET, CLICK_MET, WINDOW_PLACE, POINTER_PLACE = 14, 15, 16, 17
WELCOME, REFUSED, PROBE, RECORDING = 128, 129, 130, 131
INTERACTIONS, CLICK, PRESS = 136, 137, 138
PHASES = ("off", "recording", "paused")
STATES = {"unknown": 0, "none": 1, "window": 2}
ACCESS = {"unknown": 0, "not registered": 1, "failing": 2, "other": 3, "password": 4, "late": 5}


def now_us() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<H", len(data)) + data


def hello(version: int = PROTOCOL_VERSION) -> bytes:
    return struct.pack("<BH", HELLO, version) + text("testbed") + text("testbed")


def focus(state: str, window: int = 0, app: str = "", title: str = "", pid: int = 0, time_us: int | None = None) -> bytes:
    head = struct.pack("<BQBQiB", FOCUS, now_us() if time_us is None else time_us, STATES[state], window, pid, 0)
    return head + text(app) + text(title) + text("HEADLESS-1") + text("testbed")


def field(access: str, window: int = 1, time_us: int | None = None, terminal: bool = False) -> bytes:
    time_us = now_us() if time_us is None else time_us
    return struct.pack("<BQQBBBBB", FIELD, time_us, window, ACCESS[access], 0, 0, terminal, 0)


def layout(known: bool = True) -> bytes:
    message = struct.pack("<BBIQ", LAYOUT, known, 0, 0x7573) + text("English (US)" if known else "") + bytes([known])
    return message + b"".join(keys.us_table()) if known else message


def widget(role: int, name: str = "") -> bytes:
    """A widget that is 30 by 40 at 1, 2 in its window."""
    return struct.pack("<HB", role, 0) + text(name) + text("testbed app") + struct.pack("<Biiii", 1, 1, 2, 30, 40)


def focus_met(met: bytes | None, window: int = 1, time_us: int | None = None) -> bytes:
    """None: no answer."""
    head = struct.pack("<BQQB", FOCUS_MET, now_us() if time_us is None else time_us, window, met is not None)
    return head + (met or b"")


def click_met(number: int, met: bytes | None) -> bytes:
    return struct.pack("<BQB", CLICK_MET, number, met is not None) + (met or b"")


def window_place(x: int, y: int, width: int, height: int, window: int = 1) -> bytes:
    return struct.pack("<BQQiiII", WINDOW_PLACE, now_us(), window, x, y, width, height)


def pointer_place(number: int, place: tuple[str, float, float] | None, time_us: int | None = None) -> bytes:
    """`place`: from where it is counted ("desktop", "window"), x, y; None: nobody can say."""
    message = struct.pack("<BQB", POINTER_PLACE, number, place is not None)
    if place:
        frame, x, y = place
        time_us = now_us() if time_us is None else time_us
        message += struct.pack("<QBii", time_us, frame == "window", int(x * 256), int(y * 256))
    return message


def indicator(shown: bool, reason: str = "") -> bytes:
    return bytes([INDICATOR, shown]) + text("testbed" if shown else "") + text(reason)


def outputs(*listed: tuple[int, str, int, int]) -> bytes:
    """Each by number, name, and where it lies; all of one size."""
    message = bytes([OUTPUTS, len(listed)])
    for number, name, x, y in listed:
        message += struct.pack("<IiiIIIIIiBII", number, x, y, 1280, 720, 1920, 1080, 60_000, 384, 0, 300, 170)
        message += text(name) + text(f"the screen {name}")
    return message


# In the order of the protocol, with the words that each has; scroll_button is a number.
SWITCH = (False, True)
CHOICES = {
    "tap": SWITCH, "tap_buttons": ("right_then_middle", "middle_then_right"), "tap_drag": SWITCH, "tap_drag_lock": SWITCH,
    "natural_scroll": SWITCH, "left_handed": SWITCH, "middle_emulation": SWITCH,
    "click_method": ("none", "button_areas", "clickfinger"),
    "scroll_method": ("none", "two_finger", "edge", "on_button_down"), "scroll_button": None,
    "disable_while_typing": SWITCH, "sends": ("enabled", "disabled", "disabled_on_external_mouse"),
}


def settings(*listed: tuple[str | tuple[int, int, str], dict], source: str = "testbed") -> bytes:
    """What the desktop says: of a node ("event3"), of a make (vendor, product, name), of "touchpads" or of "mice"."""
    message = bytes([SETTINGS]) + text(source) + bytes([len(listed)])
    for means, chosen in listed:
        if isinstance(means, tuple):
            message += struct.pack("<BHH", 1, means[0], means[1]) + text(means[2])
        elif means in ("touchpads", "mice"):
            message += bytes([2 if means == "touchpads" else 3])
        else:
            message += bytes([0]) + text(means)
        for name, words in CHOICES.items():
            value = chosen.get(name)
            number = 0 if value is None else value if words is None else words.index(value) + 1
            message += struct.pack("<H", number)
    return message


def pause_request(paused: bool, seconds: int = 0) -> bytes:
    return struct.pack("<BBI", PAUSE, paused, seconds)


def watermark(probe: int, sent: int, answered: int) -> bytes:
    return struct.pack("<BQQQQ", WATERMARK, probe, sent, answered, answered)


class Connection:
    """The process's side: one connection, and what has come of it."""

    def __init__(self, path: str):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self.answers = True
        self.delay = 0.0
        self.probes = 0
        self.due: list[tuple[float, int, int]] = []
        self.welcome = False
        self.refused: str | None = None
        self.closed = False
        # What the indicator was to show, from the welcome on.
        self.told: list[list] = []
        # Of whose widgets it was to tell, and the clicks and presses that it was asked of.
        self.wanted: list[int] = []
        self.clicks: list[int] = []
        self.presses: list[int] = []

    def receive(self) -> None:
        try:
            packet = self.socket.recv(9000)
        except ConnectionResetError:
            packet = b""
        if not packet:
            self.closed = True
        elif packet[0] == WELCOME:
            self.welcome = True
        elif packet[0] == REFUSED:
            self.refused = packet[3:].decode()
        elif packet[0] == RECORDING:
            self.told.append([PHASES[packet[1]], packet[4:].decode()])
        elif packet[0] == INTERACTIONS:
            self.wanted.append(struct.unpack_from("<Q", packet, 1)[0])
        elif packet[0] == CLICK:
            self.clicks.append(struct.unpack_from("<Q", packet, 1)[0])
        elif packet[0] == PRESS:
            self.presses.append(struct.unpack_from("<Q", packet, 1)[0])
        elif packet[0] == PROBE:
            self.probes += 1
            if self.answers:
                self.due.append((time.monotonic() + self.delay, struct.unpack_from("<Q", packet, 1)[0], now_us()))

    def answer(self) -> None:
        while self.due and self.due[0][0] <= time.monotonic():
            _, probe, sent = self.due.pop(0)
            self.send(watermark(probe, sent, now_us()))

    def send(self, packet: bytes) -> None:
        try:
            self.socket.send(packet)
        except (BrokenPipeError, ConnectionResetError):
            # The other end is gone, but what it said before may not have been read: that ends with the end of file.
            pass

    def obey(self, request: dict) -> dict:
        do = request.pop("do")
        if do == "send":
            self.send(bytes.fromhex(request["packet"]))
        elif do == "focus":
            access, time_us = request.pop("field", None), now_us()
            self.send(focus(**request, time_us=time_us))
            # As the real one: which field it is, since the window has the focus.
            if access:
                self.send(field(access, request["window"], time_us))
        elif do == "field":
            self.send(field(**request))
        elif do == "set":
            self.answers = request.get("answers", self.answers)
            self.delay = request.get("delay", self.delay)
        return {"time_us": now_us(), "welcome": self.welcome, "refused": self.refused, "closed": self.closed,
                "probes": self.probes, "told": self.told, "wanted": self.wanted, "clicks": self.clicks,
                "presses": self.presses}

    def serve(self) -> None:
        pending = b""
        while True:
            wait = max(0, self.due[0][0] - time.monotonic()) if self.due else None
            sources = [0] if self.closed else [0, self.socket]
            readable, _, _ = select.select(sources, [], [], wait)
            if self.socket in readable:
                self.receive()
            self.answer()
            if 0 in readable:
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    print(json.dumps(self.obey(json.loads(line))), flush=True)


class Agent:
    """The test's side. `uid`: as whom it connects (the kernel tells the recorder); `shows`: the indicator can be seen."""

    def __init__(self, path: Path, uid: int | None = None, greet: bool = True, shows: bool = True):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(Path(__file__).resolve()), str(path), str(os.geteuid() if uid is None else uid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stopped = False
        assert self._line() == {"connected": True}, f"cannot connect to {path}"
        if greet:
            self.send(hello())
            self.send(layout())
            if shows:
                self.send(indicator(True))

    def _line(self) -> dict:
        line = self.process.stdout.readline()
        assert line, "the fake agent ended"
        return json.loads(line)

    def ask(self, **request) -> dict:
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return self._line()

    def send(self, packet: bytes) -> dict:
        return self.ask(do="send", packet=packet.hex())

    def window(self, app: str, window: int = 1, title: str = "", pid: int = 0, field: str | None = "other") -> int:
        """A window of that app, with that kind of field, has the focus from now on; the time of the report, µs."""
        return self._focus(state="window", app=app, window=window, title=title, pid=pid, field=field)

    def field(self, access: str, window: int = 1) -> int:
        """Another field of the window has the keyboard from now on."""
        return self.ask(do="field", access=access, window=window)["time_us"]

    def no_window(self) -> int:
        return self._focus(state="none")

    def unknown(self) -> int:
        return self._focus(state="unknown")

    def _focus(self, **report) -> int:
        # Until the recorder has read the greeting nobody vouches for keys: one that is typed at once would be withheld.
        self.is_welcome()
        return self.ask(do="focus", **report)["time_us"]

    def is_welcome(self) -> bool:
        """What the recorder says to the greeting, once it has."""
        deadline = time.monotonic() + 10
        while not ((state := self.state())["welcome"] or state["refused"] or state["closed"]):
            assert time.monotonic() < deadline, "waited 10 s in vain for the recorder's welcome"
            time.sleep(0.005)
        return bool(state["welcome"])

    def set(self, **knobs) -> None:
        self.ask(do="set", **knobs)

    def state(self) -> dict:
        return self.ask(do="state")

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def is_there(self) -> bool:
        return self.process.poll() is None and not self.stopped and not self.state()["closed"]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def main() -> None:
    import ctypes

    # An answer that a busy machine delays beyond 300 ms costs keys, rightly; here it would only cost a test its point.
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass
    # Here and not in the parent: the new user need not be able to read this file.
    uid = int(sys.argv[2])
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    # Never outlive the test: PR_SET_PDEATHSIG, which a change of user clears.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    try:
        connection = Connection(sys.argv[1])
    except OSError as error:
        print(json.dumps({"connected": False, "error": str(error)}), flush=True)
        return
    print(json.dumps({"connected": True}), flush=True)
    connection.serve()


if __name__ == "__main__":
    main()
