"""Mock input devices, and a recorder that reads them: what every test of the testbed stands on.

`Bed` is the controller (bed.c) under umockdev-wrapper; `Recorder` is kymographd in a directory of its own, with mock
devices by way of LD_PRELOAD (shim.c). Environment: KYMO_BIN, the directory of kymographd and kymo; KYMO_TESTBED_BUILD,
that of `bed` and `shim.so`.
"""

import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

import keys
import terminal
from agent import Agent
from login import Login

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("KYMO_BIN", ROOT / ".build/debug"))
BUILD = Path(os.environ.get("KYMO_TESTBED_BUILD", ROOT / ".build/testbed"))
EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_MSC, EV_SW = range(6)
# How long a mouse waits for room in the kernel's buffer where a test is not about what a machine that stands still costs.
PATIENCE_MS = 200
# What tests have measured, for the end of the run.
FIGURES: list[str] = []
_libc = ctypes.CDLL(None)


def now_us() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def wait_for(condition: Callable[[], object], what: str, seconds: float = 10):
    """The first true value of the condition; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        # Who is held up in the condition looks once more.
        is_last = time.monotonic() > deadline
        value = condition()
        if value:
            return value
        assert not is_last, f"waited {seconds} s in vain: {what}"
        time.sleep(0.01)


def waited(*stats: dict) -> str:
    """How patient devices had to be, in words."""
    longest = max(each["longest_wait_us"] for each in stats) / 1000
    return f"waited up to {longest:.1f} ms for room in it" if longest else "never waited"


def die_with_parent() -> None:
    _libc.prctl(1, signal.SIGKILL)


def subject() -> pwd.struct_passwd:
    """Whose input is recorded: root cannot be, so tests that run as root record nobody's."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


class Sent(NamedTuple):
    time_us: int
    type: int
    code: int
    value: int
    second: int
    fate: int

    QUEUED, DROPPED, UNREAD = range(3)


class Bed:
    def __init__(self):
        environment = {**os.environ, "G_MESSAGES_DEBUG": ""}
        self.process = subprocess.Popen(
            ["umockdev-wrapper", str(BUILD / "bed")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment)
        self.root = Path(self._answer()["root"])

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        assert line, "the testbed's controller ended"
        answer = json.loads(line)
        assert answer.pop("ok"), answer["error"]
        return answer

    def command(self, *words) -> dict:
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def add(self, kind: str, index: int, **properties) -> "Device":
        self.command("add", kind, index, *(f"{name}={value}" for name, value in properties.items()))
        return Device(self, index)

    def environment(self) -> dict[str, str]:
        """What makes a program see the mock devices, and nothing else."""
        return {**os.environ, "UMOCKDEV_DIR": str(self.root), "LD_PRELOAD": f"{BUILD}/shim.so:libumockdev-preload.so.0"}

    def close(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.root, ignore_errors=True)


class Device:
    def __init__(self, bed: Bed, index: int):
        self.bed = bed
        self.index = index
        self.sysname = f"event{index}"

    def emit(self, *events: tuple[int, int, int], at_us: int | None = None) -> int:
        """One packet; its time in µs, which is now if none is given."""
        words = (word for event in events for word in event)
        stamp = [] if at_us is None else [f"at={at_us}"]
        return self.bed.command("emit", self.index, *stamp, *words)["time_us"]

    def key(self, name: str | int, value: int, at_us: int | None = None) -> int:
        code = name if isinstance(name, int) else keys.CODES[name]
        return self.emit((EV_MSC, 4, 0x70000 + code), (EV_KEY, code, value), at_us=at_us)

    def tap(self, name: str | int) -> int:
        """The time of the press."""
        pressed = self.key(name, 1)
        self.key(name, 0)
        return pressed

    def write(self, text: str, pause: float = 0) -> None:
        """Types as a person would, with Shift where the layout wants it."""
        for character in text:
            code, shifted = keys.CHARACTERS[character]
            if shifted:
                self.key("leftshift", 1)
            self.tap(code)
            if shifted:
                self.key("leftshift", 0)
            if pause:
                time.sleep(pause)

    def move(self, dx: int, dy: int) -> int:
        return self.emit((EV_REL, 0, dx), (EV_REL, 1, dy))

    def run(self, rate_hz: float, seconds: float) -> None:
        self.bed.command("run", self.index, rate_hz, seconds)

    def type(self, rate_hz: float, seconds: float, codes: list[int]) -> None:
        self.bed.command("type", self.index, rate_hz, seconds, *codes)

    def play(self, path: Path) -> None:
        """Moves as the reports in a file do (struct report of feeder.h), at their times."""
        self.bed.command("play", self.index, path)

    def feeding(self) -> dict:
        return self.bed.command("feeding", self.index)

    def finish(self, seconds: float) -> dict:
        """Waits until `run` or `type` is done."""
        return wait_for(lambda: (lambda report: report if not report["running"] else None)(self.feeding()),
                        f"{self.sysname} to be done", seconds)

    def patience(self, milliseconds: int) -> None:
        """For how long it waits, from now on, for room in the kernel's buffer before a report is dropped. Until this is called
        it never waits, as hardware: a machine that stands still for 3 ms costs reports at 8 kHz then."""
        self.bed.command("patience", self.index, milliseconds)

    def halt(self) -> None:
        self.bed.command("halt", self.index)

    def stats(self) -> dict:
        return self.bed.command("stats", self.index)

    def sent(self) -> list[Sent]:
        with tempfile.NamedTemporaryFile() as file:
            self.bed.command("sent", self.index, file.name)
            return [Sent(*fields) for fields in struct.iter_unpack("<QHHiiI", Path(file.name).read_bytes())]

    def remove(self) -> None:
        self.bed.command("remove", self.index)


class Recorder:
    """kymographd in `directory`, which holds its configuration, sockets, journal and log."""

    def __init__(self, bed: Bed, rules: dict[str, str] | None = None, titles: str = "off", extra: str = "",
                 journal: Path | None = None, environment: dict[str, str] | None = None):
        self.bed = bed
        # Short, for sockets' names; and open to the subject, who is another user when the tests run as root.
        self.directory = Path(tempfile.mkdtemp(prefix="kymo-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.journal = journal or self.directory / "journal"
        if journal is None:
            self.journal.mkdir(mode=0o700)
        self.config = self.directory / "kymograph.toml"
        self.agent_socket = self.directory / "agent.sock"
        self.status_socket = self.directory / "status.sock"
        self.control_socket = self.directory / "control.sock"
        self.consents = self.directory / "consent"
        self.access_log = self.directory / "access.log"
        self.notice = self.directory / "notice.md"
        self.notice.write_text("# Be informed\n\nThis is a test.\n")
        self.notice.chmod(0o644)
        # Whoever sits there: their agent, once they have consented.
        self.agent: Agent | None = None
        self.login = Login(self.directory)
        self.log_path = self.directory / "log"
        self.process: subprocess.Popen | None = None
        self.extra_environment = environment or {}
        self.config.write_text(self._configuration(rules or {}, titles) + extra)
        self.config.chmod(0o600)
        self.session(subject().pw_uid)

    def _configuration(self, rules: dict[str, str], titles: str) -> str:
        # No test disk is so large that retention would leave it the room that others want.
        text = f'[journal]\ndirectory = "{self.journal}"\nkeep_free_megabytes = 0\n[agent]\nsocket = "{self.agent_socket}"\n'
        text += f'[status]\nsocket = "{self.status_socket}"\n[control]\nsocket = "{self.control_socket}"\n'
        text += f'[consent]\ndirectory = "{self.consents}"\nnotice = "{self.notice}"\n'
        text += f'access_log = "{self.access_log}"\n'
        for app, keep in rules.items():
            text += f'[[rule]]\napp = "{app}"\nkeys = "{keep}"\ntitles = "{titles if keep == "full" else "off"}"\n'
        return text

    def session(self, uid: int | None) -> None:
        """Who owns the seat's active session from now on; None: nobody."""
        self.login.activate(uid)

    # -- the process

    def launch(self, *arguments: str, activator: Callable[[dict[str, str]], list[str]] = lambda _: []) -> subprocess.Popen:
        """Starts kymographd and does not wait for anything. `activator` makes, of the environment that kymographd needs,
        the beginning of a command line that starts it."""
        environment = {**self.bed.environment(), "DBUS_SYSTEM_BUS_ADDRESS": self.login.address,
                       "SWIFT_BACKTRACE": "enable=no", **self.extra_environment}
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                [*activator(environment), str(BIN / "kymographd"), "--config", str(self.config), *arguments],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def start(self, devices: int = 0, consents: bool = True, agent: bool = True) -> "Recorder":
        """Starts it and waits until it answers, and knows so many devices. The person there consents, if they have not yet,
        and their agent shows the indicator."""
        self.process = self.launch()
        wait_for(lambda: self._answers(), "kymographd to answer")
        if consents and not (self.consents / f"{subject().pw_uid}" / "receipt").exists():
            self.grant()
        if agent:
            self.sit_down()
        wait_for(lambda: self._answers() and self.status()["devices"] >= devices, "kymographd to be ready")
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"kymographd ended with {self.process.returncode}:\n{self.log}"
        return self.status() is not None

    def sit_down(self, **options) -> Agent:
        """The agent of the person there, anew. A recorder that has just started may answer before it knows who is there, and
        refuse them: they come again, as the session's own agent does."""
        deadline = time.monotonic() + 10
        while True:
            if self.agent:
                self.agent.close()
            self.agent = Agent(self.agent_socket, **{"uid": subject().pw_uid, **options})
            if options or self.agent.is_welcome():
                return self.agent
            assert time.monotonic() < deadline, f"the agent is refused: {self.agent.state()['refused']}"
            time.sleep(0.05)

    def grant(self, uid: int | None = None, answer: str = "I consent") -> terminal.Done:
        """Consents, as one does: at a terminal."""
        done = self.at_terminal("consent", "grant", uid=uid, says=[('type "I consent"', answer)])
        if answer == "I consent":
            assert done.code == 0 and "Thank you. Receipt" in done.output, done.output
        return done

    def at_terminal(self, *arguments: str, uid: int | None = None, says: list[tuple[str, str]] = ()) -> terminal.Done:
        """kymo, asked by a user at a terminal."""
        uid = subject().pw_uid if uid is None else uid
        return terminal.run([terminal.program(BIN / "kymo"), *arguments, "--control", str(self.control_socket)], uid, says)

    def status(self) -> dict | None:
        """What status.sock says; None while nobody answers."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        with connection:
            try:
                connection.connect(str(self.status_socket))
            except (FileNotFoundError, ConnectionRefusedError):
                return None
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return json.loads(answer)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def descriptors(self) -> dict[int, str]:
        """Its open descriptors and what they are of."""
        found = {}
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                found[int(link.name)] = os.readlink(link)
            except FileNotFoundError:
                pass
        return found

    def peak_memory(self) -> int:
        """Bytes. The kernel's own figure: getrusage() would count what pytest had before it became kymographd."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def open_nodes(self) -> dict[str, int]:
        """Device nodes that are open, and their access mode (os.O_RDONLY…)."""
        nodes = {}
        for descriptor, target in self.descriptors().items():
            if "/dev/input/" in target:
                try:
                    info = Path(f"/proc/{self.pid}/fdinfo/{descriptor}").read_text()
                except FileNotFoundError:
                    continue  # Closed since it was listed.
                flags = int(info.split("flags:")[1].split()[0], 8)
                nodes[target.rsplit("/", 1)[1].removesuffix(" (deleted)")] = flags & os.O_ACCMODE
        return nodes

    # -- the journal

    def kymo(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([str(BIN / "kymo"), *arguments], capture_output=True, text=True, timeout=120)

    def rows(self, *kinds: str) -> list[dict]:
        """The journal by way of `kymo show`, only those kinds if any are named."""
        return list(self.each_row(*kinds))

    def each_row(self, *kinds: str) -> Iterator[dict]:
        chosen = ["--kind", ",".join(kinds)] if kinds else []
        shown = self.kymo("show", "--journal", str(self.journal), "--output", "json", *chosen)
        damage = [line for line in shown.stdout.splitlines() if '"kind":"damage"' in line]
        assert shown.returncode == 0, f"{shown.stderr}{damage}"
        return map(json.loads, shown.stdout.splitlines())

    def withheld(self) -> list[dict]:
        """The ended spans in which devices were open. That they were closed before there was anybody is no news."""
        return [row for row in self.rows("suppression") if row["phase"] == "end" and row["keys"] is not None]

    def until(self, condition: Callable[[list[dict]], object], *kinds: str, seconds: float = 10):
        """Waits until the journal's rows fulfil the condition; what it returned."""
        return wait_for(lambda: condition(self.rows(*kinds)), f"the journal to fulfil the condition in {self.directory}",
                        seconds)

    def until_written(self, last: int, seconds: float = 10) -> dict:
        """Waits until nothing of before `last` (µs) can be on its way to the journal any more; the status then."""
        def waits_for_the_disk() -> bool:
            threads = Path(f"/proc/{self.process.pid}/task").glob("*/status")
            return any("\nState:\tD" in thread.read_text() for thread in threads)

        def is_written() -> dict | None:
            # The gate decides within 300 ms, the journal writes within 250 ms; then nothing more is added. While a thread waits
            # for the disk nothing is written, either.
            if now_us() < last + 600_000 or waits_for_the_disk():
                return None
            status = self.status()
            time.sleep(0.3)
            is_at_rest = not waits_for_the_disk() and self.status()["events_written"] == status["events_written"]
            return status if is_at_rest else None

        return wait_for(is_written, "the journal to be written", seconds)

    def segments(self) -> list[Path]:
        return sorted(self.journal.glob("kymograph-*.lz4"))

    def close(self) -> None:
        if self.agent:
            self.agent.close()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.login.close()

    def discard(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
