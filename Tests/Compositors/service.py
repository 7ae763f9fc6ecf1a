"""kymographd's end of the agent's protocol (docs/AGENT-PROTOCOL.md), so that what the agent says can be judged
without devices. Reads every byte of every packet and asserts the limits that the protocol promises.
"""

import select
import socket
import struct
import time
from dataclasses import dataclass, field

PACKET_LIMIT = 8192
LIMITS = {"app": 256, "title": 1024, "output": 64, "source": 64, "name": 64, "reason": 256, "description": 256,
          "widget": 256, "application": 64}  # fmt: skip
STATES = {0: "unknown", 1: "none", 2: "window"}
ACCESS = {0: "unknown", 1: "not registered", 2: "failing", 3: "other", 4: "password", 5: "late"}
PURPOSE = {0: "untold", 1: "other", 2: "password"}
ECHO = {0: "clean", 1: "secret", 2: "unreadable", 3: "relayed"}
SECONDS = 10


@dataclass
class Hello:
    backend: str
    compositor: str


@dataclass
class Focus:
    time: int
    state: str
    window: int
    pid: int
    truncated: bool
    app: str
    title: str
    output: str
    source: str


@dataclass
class Layout:
    known: bool
    group: int
    hash: int
    name: str
    table: bytes = field(repr=False)


@dataclass
class Watermark:
    probe: int
    sent: int
    answered: int
    checked: int


@dataclass
class Backend:
    usable: bool
    backend: str
    reason: str


@dataclass
class Indicator:
    shown: bool
    means: str
    reason: str


@dataclass
class Field:
    time: int
    window: int
    access: str
    purpose: str
    private: bool
    terminal: bool
    samples: list


@dataclass
class Pause:
    paused: bool
    seconds: int


@dataclass
class Lock:
    time: int
    locked: bool


@dataclass
class Output:
    number: int
    x: int
    y: int
    width: int
    height: int
    mode: tuple
    refresh: int
    scale: float
    transform: int
    millimetres: tuple
    name: str
    description: str


@dataclass
class Outputs:
    outputs: list

    @property
    def places(self):
        """Where each lies, by name: x, y, width, height."""
        return {output.name: (output.x, output.y, output.width, output.height) for output in self.outputs}

    def __getitem__(self, name):
        return next(output for output in self.outputs if output.name == name)


@dataclass
class Widget:
    role: int
    truncated: bool
    name: str
    application: str
    # x, y, width, height in the window; None: not known.
    bounds: tuple | None


@dataclass
class FocusMet:
    time: int
    window: int
    # None: no answer.
    widget: Widget | None


@dataclass
class ClickMet:
    number: int
    # "nothing", "password" or a Widget.
    answer: object


@dataclass
class WindowPlace:
    time: int
    window: int
    # x, y, width, height.
    place: tuple


@dataclass
class PointerPlace:
    number: int
    # When it was looked, "desktop" or "window", x, y; None: nobody could say.
    word: tuple | None


class _Packet:
    def __init__(self, data):
        self.data = data

    def number(self, form):
        value = struct.unpack_from("<" + form, self.data)[0]
        self.data = self.data[struct.calcsize("<" + form) :]
        return value

    def string(self, limit):
        length = self.number("H")
        assert length <= LIMITS[limit], f"{limit} of {length} bytes"
        value, self.data = self.data[:length], self.data[length:]
        assert len(value) == length
        return value.decode("utf-8")


@dataclass
class Settings:
    source: str
    # By what they mean: a node, (vendor, product, name), "touchpads" or "mice"; then by name.
    choices: dict


_SWITCH = (None, False, True)
_CHOICES = {
    "tap": _SWITCH, "tap_buttons": (None, "lrm", "lmr"), "tap_drag": _SWITCH, "tap_drag_lock": _SWITCH,
    "natural_scroll": _SWITCH, "left_handed": _SWITCH, "middle_emulation": _SWITCH,
    "click_method": (None, "none", "button_areas", "clickfinger"),
    "scroll_method": (None, "none", "two_finger", "edge", "on_button_down"), "scroll_button": None,
    "dwt": _SWITCH, "sends": (None, "enabled", "disabled", "disabled_on_external_mouse"),
}  # fmt: skip


def _choice(packet):
    kind = packet.number("B")
    if kind == 0:
        means = packet.string("name")
    elif kind == 1:
        means = (packet.number("H"), packet.number("H"), packet.string("description"))
    else:
        means = {2: "touchpads", 3: "mice"}[kind]
    numbers = {name: packet.number("H") for name in _CHOICES}
    settings = {name: _CHOICES[name][value] if _CHOICES[name] else value for name, value in numbers.items()}
    return means, {name: value for name, value in settings.items() if value is not None and (name != "scroll_button" or value)}


def _output(packet):
    number, x, y, width, height = (packet.number(form) for form in "IiiII")
    mode, refresh = (packet.number("I"), packet.number("I")), packet.number("I")
    scale, transform = packet.number("i") / 256, packet.number("B")
    millimetres = (packet.number("I"), packet.number("I"))
    name, description = packet.string("output"), packet.string("description")
    return Output(number, x, y, width, height, mode, refresh, scale, transform, millimetres, name, description)


def widget(packet):
    role, truncated = packet.number("H"), bool(packet.number("B"))
    name, application = packet.string("widget"), packet.string("application")
    bounds = tuple(packet.number("i") for _ in range(4)) if packet.number("B") else None
    return Widget(role, truncated, name, application, bounds)


def decode(data):
    assert len(data) <= PACKET_LIMIT
    packet = _Packet(data)
    kind = packet.number("B")
    if kind == 1:
        assert packet.number("H") == 4, "protocol version"
        message = Hello(packet.string("name"), packet.string("name"))
    elif kind == 2:
        moment, state = packet.number("Q"), STATES[packet.number("B")]
        window, pid, truncated = packet.number("Q"), packet.number("i"), bool(packet.number("B"))
        strings = [packet.string(name) for name in ("app", "title", "output", "source")]
        message = Focus(moment, state, window, pid, truncated, *strings)
    elif kind == 3:
        known, group, digest = bool(packet.number("B")), packet.number("I"), packet.number("Q")
        name, has_table = packet.string("name"), packet.number("B")
        table, packet.data = (packet.data[:1280], packet.data[1280:]) if has_table else (b"", packet.data)
        assert len(table) in (0, 1280) and bool(table) == known
        message = Layout(known, group, digest, name, table)
    elif kind == 4:
        message = Watermark(*(packet.number("Q") for _ in range(4)))
        assert message.sent <= message.answered <= message.checked
    elif kind == 5:
        message = Backend(bool(packet.number("B")), packet.string("name"), packet.string("reason"))
    elif kind == 6:
        message = Indicator(bool(packet.number("B")), packet.string("name"), packet.string("reason"))
    elif kind == 7:
        moment, window = packet.number("Q"), packet.number("Q")
        access, purpose = ACCESS[packet.number("B")], PURPOSE[packet.number("B")]
        private, terminal, count = bool(packet.number("B")), bool(packet.number("B")), packet.number("B")
        assert count <= 64
        samples = [(packet.number("Q"), ECHO[packet.number("B")]) for _ in range(count)]
        message = Field(moment, window, access, purpose, private, terminal, samples)
    elif kind == 8:
        message = Pause(bool(packet.number("B")), packet.number("I"))
    elif kind == 9:
        message = Lock(packet.number("Q"), bool(packet.number("B")))
    elif kind == 10:
        count = packet.number("B")
        assert count <= 16
        message = Outputs([_output(packet) for _ in range(count)])
    elif kind == 11:
        source, count = packet.string("source"), packet.number("B")
        assert count <= 24
        message = Settings(source, dict(_choice(packet) for _ in range(count)))
    elif kind == 14:
        moment, window, answer = packet.number("Q"), packet.number("Q"), packet.number("B")
        assert answer in (0, 1), answer
        message = FocusMet(moment, window, widget(packet) if answer else None)
    elif kind == 15:
        number, answer = packet.number("Q"), packet.number("B")
        message = ClickMet(number, widget(packet) if answer == 1 else {0: "nothing", 2: "password"}[answer])
    elif kind == 16:
        message = WindowPlace(*(packet.number("Q") for _ in range(2)), tuple(packet.number(form) for form in "iiII"))
    elif kind == 17:
        number, answered = packet.number("Q"), packet.number("B")
        assert answered in (0, 1), answered
        word = (packet.number("Q"), ("desktop", "window")[packet.number("B")]) if answered else ()
        message = PointerPlace(number, word + tuple(packet.number("i") / 256 for _ in word) or None)
    else:
        raise AssertionError(f"message type {kind}")
    assert not packet.data, f"{len(packet.data)} bytes too many in {message}"
    return message


def now():
    """CLOCK_MONOTONIC in µs, as the protocol counts."""
    return time.monotonic_ns() // 1000


class Connection:
    def __init__(self, peer):
        self.socket = peer
        self.messages = []
        self.position = 0
        self.last_probe = 0

    def read(self, seconds=SECONDS):
        """The next message; None after so many seconds without one. ConnectionError when the agent hangs up."""
        if self.position == len(self.messages):
            if not select.select([self.socket], [], [], max(seconds, 0))[0]:
                return None
            data = self.socket.recv(PACKET_LIMIT + 1)
            if not data:
                raise ConnectionError("the agent closed the connection")
            self.messages.append(decode(data))
        self.position += 1
        return self.messages[self.position - 1]

    def expect(self, kind, condition=lambda message: True, seconds=SECONDS, **values):
        """The next message of that kind with those values; what comes before it is passed over."""
        deadline = time.monotonic() + seconds
        passed = []
        while (message := self.read(deadline - time.monotonic())) is not None:
            wanted = all(getattr(message, name, None) == value for name, value in values.items())
            if isinstance(message, kind) and wanted and condition(message):
                return message
            passed.append(message)
        raise AssertionError(f"no {kind.__name__} with {values} in {seconds} s; came: {passed}")

    def heard(self, kind, condition=lambda message: True, seconds=SECONDS, **values):
        """That message, whether it has come already or is still to come."""
        for message in self.messages[: self.position]:
            wanted = all(getattr(message, name, None) == value for name, value in values.items())
            if isinstance(message, kind) and wanted and condition(message):
                return message
        return self.expect(kind, condition, seconds, **values)

    def collect(self, seconds):
        """All that is said in so many seconds."""
        deadline = time.monotonic() + seconds
        said = []
        while (message := self.read(deadline - time.monotonic())) is not None:
            said.append(message)
        return said

    def send_probe(self):
        self.last_probe += 1
        self.socket.send(struct.pack("<BQ", 130, self.last_probe))
        return self.last_probe

    def press(self, number):
        """Asks where the pointer is."""
        self.socket.send(struct.pack("<BQ", 138, number))

    def probe(self, seconds=SECONDS):
        """Everything the agent said up to its watermark, and the watermark."""
        number = self.send_probe()
        start = self.position
        mark = self.expect(Watermark, probe=number, seconds=seconds)
        return self.messages[start : self.position - 1], mark

    def tell(self, phase, said=""):
        """What the indicator is to show: "off", "recording" or "paused"."""
        said = said.encode()
        self.socket.send(struct.pack("<BBH", 131, ("off", "recording", "paused").index(phase), len(said)) + said)

    def want_widgets(self, window):
        """Of that window's widgets the agent is to tell; 0: of none."""
        self.socket.send(struct.pack("<BQ", 136, window))

    def click(self, number):
        self.socket.send(struct.pack("<BQ", 137, number))

    def settled(self):
        """What the agent said once the compositor has nothing more to say."""
        said, _ = self.probe()
        return said

    def close(self):
        self.socket.close()


class Service:
    """Listens where kymographd would."""

    def __init__(self, path):
        self.path = path
        self.listener = None
        self.start()

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.path))
        self.path.chmod(0o666)
        self.listener.listen(8)

    def stop(self):
        self.listener.close()
        self.path.unlink()

    def accept(self, seconds=SECONDS):
        self.listener.settimeout(seconds)
        return Connection(self.listener.accept()[0])

    def greet(self, seconds=SECONDS):
        """Accepts an agent and welcomes it: the connection and its hello."""
        connection = self.accept(seconds)
        hello = connection.expect(Hello, seconds=seconds)
        connection.socket.send(struct.pack("<BH", 128, 4))
        return connection, hello

    def refuse(self, reason, seconds=SECONDS):
        """As kymographd does it: before the agent has said anything, and without reading."""
        connection = self.accept(seconds)
        said = reason.encode()
        connection.socket.send(struct.pack("<BH", 129, len(said)) + said)
        connection.close()
