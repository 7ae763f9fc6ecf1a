"""The recorder and its agent at rest, their memory, and their start."""

import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from programs import BIN, FLOOR, HERE, Bed, Kymographd, Memory, Program, Recorder, Sent, cpu_us, now_us, wait_for, wakeups
from table import Figure, Row, Section

sys.path.append(str(HERE.parent / "Tests/Compositors"))

import agent  # noqa: E402
from bed import subject  # noqa: E402
from session import Sway  # noqa: E402

REST_SECONDS = 64
WATCHDOG_US = 60_000_000
TYPING_SECONDS = 40
KEYS_PER_SECOND = 6


class Watchdog:
    """systemd's side of a unit with WatchdogSec=60."""

    def __init__(self, directory: Path):
        self.path = directory / "notify.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        self.socket.setblocking(False)

    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(WATCHDOG_US)}

    def messages(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


def rest(directory: Path) -> tuple[list[Row], list[str]]:
    """Both services, in a headless sway that nobody touches."""
    watchdog, bed = Watchdog(directory), Bed()
    _, keyboard = bed.add("mouse", 1), bed.add("keyboard", 2)
    recorder = Recorder(bed, environment=watchdog.environment())
    sway = Sway(directory, BIN / "kymograph-agent").start()
    try:
        recorder.start(agent=False)
        sway.keyboard("us")
        sway.window("editor", "notes.txt")
        real_agent = sway.agent(recorder.agent_socket)
        wait_for(lambda: recorder.status()["devices"] == 2, "the indicator to be seen, and the devices to be open")
        time.sleep(4)
        watchdog.messages()
        pids = {"kymographd": recorder.pid, "kymograph-agent": real_agent.pid}
        memory = {name: Memory(pid) for name, pid in pids.items()}
        # Outside of what is counted below: a question wakes whoever answers.
        syncs = recorder.status()["syncs"]
        before = {name: (Counter(wakeups(pid)), cpu_us(pid)) for name, pid in pids.items()}
        time.sleep(REST_SECONDS)
        rows, notes = [], []
        for name, pid in pids.items():
            woken = Counter(wakeups(pid))
            woken.subtract(before[name][0])
            per_30 = sum(woken.values()) * 30 / REST_SECONDS
            rows.append(Row(f"{name}: wake-ups in 30 s", Figure([per_30], ""), "a poll every 10 ms (published)",
                            Figure([3000], ""), "≤ 1", 1))
            rows.append(Row(f"{name}: CPU time in 30 s", Figure([(cpu_us(pid) - before[name][1]) * 30 / REST_SECONDS], "µs")))
            rows.append(Row(f"{name}: resident at rest", Figure([memory[name].resident / 1e6], "MB"), "of it private",
                            Figure([memory[name].private / 1e6], "MB"), *(("≤ 14 MB", 14) if name == "kymographd" else ())))
        told = Counter(watchdog.messages())
        notes.append(f"In {REST_SECONDS} s with `WatchdogSec=60`, as in the unit, kymographd told systemd: "
                     + (", ".join(f"{text} {count} times" for text, count in told.items()) or "nothing")
                     + ". That is what its wake-ups are for; the agent has none.")
        notes += memory_by_mapping(recorder.pid)
        rows.insert(0, syncs_per_hour(recorder, syncs, REST_SECONDS, "at rest"))
        syncs = recorder.status()["syncs"]
        keyboard.type(KEYS_PER_SECOND, TYPING_SECONDS, [30, 31, 32, 33, 57])
        keyboard.finish(TYPING_SECONDS + 10)
        rows.insert(1, syncs_per_hour(recorder, syncs, TYPING_SECONDS, f"while {KEYS_PER_SECOND} keys a second are typed"))
    finally:
        sway.stop()
        recorder.stop()
        recorder.discard()
        bed.close()
    return rows, notes


def syncs_per_hour(recorder: Recorder, before: int, seconds: float, when: str) -> Row:
    """What the disk is asked to do, by kymographd's own count."""
    count = (recorder.status()["syncs"] - before) * 3600 / seconds
    return Row(f"kymographd: fdatasync per hour, {when}", Figure([count], ""), "journald, SyncIntervalSec=5min (published)",
               Figure([12], ""))


def memory_by_mapping(pid: int) -> list[str]:
    """Where the resident memory of a process is."""
    kinds: Counter[str] = Counter()
    name = ""
    program = os.readlink(f"/proc/{pid}/exe")
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+\s*(.*)", line)
        if head:
            flags, path = head.groups()
            if path == program:
                name = "the program: code and constants" if "w" not in flags and "x" in flags or flags.startswith("r--") \
                    else "the program: data"
            elif ".so" in path:
                name = "libraries: " + re.sub(r"(\.so).*|-[\d.]+\.so.*", r"\1", path.rsplit("/", 1)[1])
            else:
                name = path or "anonymous: ring, hold-back, buffers, thread stacks"
        elif line.startswith("Rss:"):
            kinds[name] += int(line.split()[1])
    big = [(name, kilobytes) for name, kilobytes in kinds.most_common() if kilobytes >= 100]
    rest = sum(kinds.values()) - sum(kilobytes for _, kilobytes in big)
    return ["Where kymographd's resident memory at rest is (kB): "
            + ", ".join(f"{name} {kilobytes:,}" for name, kilobytes in big) + f", the rest {rest:,}."]


class WaitingAgent:
    """The agent of a session that was there before the recorder: says at once what lets devices be opened, and again if
    the recorder does not know yet who sits there."""

    def __init__(self, path: Path):
        self.pid = os.fork()
        if self.pid == 0:
            os.setuid(subject().pw_uid)
            while not self._connected(str(path)):
                time.sleep(0.0005)
            signal.pause()

    @staticmethod
    def _connected(path: str) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(path)
            for packet in (agent.hello(), agent.layout(), agent.indicator(True)):
                connection.send(packet)
            welcome = connection.recv(9000)[:1] == bytes([agent.WELCOME])
        except OSError:
            return False
        # Open for as long as the process lives.
        WaitingAgent.connection = connection if welcome else None
        return welcome

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def first_event_ms(launch, mouse) -> float:
    """From the start of a process until a report of a mouse that moves at 1 kHz is taken by the kernel for it."""
    mouse.run(1000, 3)
    time.sleep(0.1)
    began = now_us()
    running = launch()
    wait_for(lambda: mouse.stats()["queued"] > 20, "the mouse to be read")
    mouse.halt()
    first = next(sent.time_us for sent in mouse.sent() if sent.fate == Sent.QUEUED and sent.time_us > began)
    running.close()
    return (first - began) / 1000


def start_times(directory: Path, runs: int) -> Row:
    ours, floor = [], []
    for _ in range(runs):
        bed = Bed()
        recorder, mouse = Recorder(bed), bed.add("mouse", 1)
        # Whoever sits there has consented some time ago.
        recorder.start(agent=False)
        recorder.stop()
        waiting = WaitingAgent(recorder.agent_socket)

        class Ours:
            def __init__(self):
                recorder.process = recorder.launch()

            def close(self):
                recorder.stop()

        ours.append(first_event_ms(Ours, mouse))
        waiting.close()
        recorder.discard()
        bed.close()
        bed = Bed()

        class Floor:
            def __init__(self):
                import subprocess
                self.process = subprocess.Popen([FLOOR / "libinput-reader"], env=bed.environment(), stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL)

            def close(self):
                self.process.kill()
                self.process.wait()

        floor.append(first_event_ms(Floor, bed.add("mouse", 1)))
        bed.close()
    return Row("start to first event, with consent on file and an agent that waits", Figure(ours, "ms"), "C, libinput", Figure(floor, "ms"), "≤ 50 ms", 50)


def busy(directory: Path) -> list[Row]:
    ours = Kymographd(directory)
    floor = Program("C, libinput", directory, str(FLOOR / "libinput-reader"))
    try:
        for program in (ours, floor):
            program.mouse.run(8000, 8)
            program.mouse.finish(30)
        ours_memory, floor_memory = Memory(ours.pid), Memory(floor.pid)
    finally:
        ours.close()
        floor.close()
    return [
        Row("kymographd: resident after 64,000 reports at 8 kHz", Figure([ours_memory.resident / 1e6], "MB"), "C, libinput",
            Figure([floor_memory.resident / 1e6], "MB"), "≤ 14 MB", 14),
        Row("kymographd: private after 64,000 reports at 8 kHz", Figure([ours_memory.private / 1e6], "MB"), "C, libinput",
            Figure([floor_memory.private / 1e6], "MB")),
        Row("kymographd: peak", Figure([ours_memory.peak / 1e6], "MB"), "C, libinput", Figure([floor_memory.peak / 1e6], "MB"),
            "≤ 14 MB", 14),
    ]


def measure(runs: int) -> list[Section]:
    with tempfile.TemporaryDirectory(prefix="kymo-", dir="/tmp") as name:
        directory = Path(name)
        rows, notes = rest(directory)
        rows += busy(directory)
        rows.append(start_times(directory, runs))
    return [Section("At rest, memory, start", rows, notes)]
