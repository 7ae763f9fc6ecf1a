"""Programs on mock devices, and what they use: kymographd beside its references, each on a bed of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/Testbed"))

from bed import BIN, Bed, Recorder, Sent, die_with_parent, now_us, wait_for  # noqa: E402, F401

FLOOR = Path(os.environ.get("KYMO_FLOOR_BUILD", HERE.parent / ".build/floor"))


def cpu_us(pid: int) -> float:
    """CPU time of all threads since their start. The scheduler's own nanoseconds: /proc/PID/stat counts ticks."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass
    return total / 1000


def wakeups(pid: int) -> dict[str, int]:
    """How often each thread went to sleep."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        found[task.name] = int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return found


class Memory:
    """Bytes of a process now; the peak, and what it shares with nobody."""

    def __init__(self, pid: int):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        status = Path(f"/proc/{pid}/status").read_text()

        def of(text: str, name: str) -> int:
            return int(text.split(f"{name}:")[1].split()[0]) * 1024

        self.resident = of(rollup, "\nRss")
        self.private = of(rollup, "Private_Clean") + of(rollup, "Private_Dirty")
        self.dirty = of(rollup, "Private_Dirty")
        self.peak = of(status, "VmHWM")


class Kymographd:
    """The recorder as it is used: with an agent that answers, and a window that has the keyboard."""

    name = "kymographd"

    def __init__(self, directory: Path, environment: dict[str, str] | None = None):
        self.bed = Bed()
        self.mouse = self.bed.add("mouse", 1)
        self.recorder = Recorder(self.bed, rules={"editor": "full"}, environment=environment).start(devices=1)
        self.recorder.agent.window("editor")
        self.pid = self.recorder.pid

    def bytes_written(self) -> int:
        return self.recorder.status()["bytes_written"]

    def close(self) -> None:
        self.recorder.agent.close()
        self.recorder.stop()
        self.recorder.discard()
        self.bed.close()


class Program:
    """A reference on a bed of its own. `{node}` and `{file}` in its command are a mouse, and where it writes."""

    def __init__(self, name: str, directory: Path, *command: str, to_file: bool = False):
        self.name = name
        self.bed = Bed()
        self.mouse = self.bed.add("mouse", 1)
        self.file = directory / (name.replace(" ", "-").replace(",", "") + ".out")
        words = [word.format(node="/dev/input/event1", file=self.file) for word in command]
        environment = self.bed.environment()
        self.process = subprocess.Popen(
            words, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdout=self.file.open("wb") if to_file else subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.pid = self.process.pid
        wait_for(lambda: self.mouse.stats()["has_reader"], f"{name} to open the mouse")

    def bytes_written(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.bed.close()


def references(directory: Path) -> list[Program]:
    python = ["/usr/bin/python3", str(HERE / "Peers/evdev_recorder.py")]
    return [
        Program("C, evdev", directory, str(FLOOR / "evdev-reader"), "{node}"),
        Program("C, evdev, batched", directory, str(FLOOR / "evdev-reader"), "{node}", "1000"),
        Program("C, libinput", directory, str(FLOOR / "libinput-reader")),
        Program("C, libinput, batched", directory, str(FLOOR / "libinput-reader"), "1000"),
        Program("libinput debug-events", directory, "libinput", "debug-events", to_file=True),
        Program("libinput record", directory, "libinput", "record", "{node}", to_file=True),
        Program("evtest", directory, "evtest", "{node}", to_file=True),
        Program("python-evdev, JSON lines", directory, *python, "{node}", "{file}"),
    ]


def settle() -> None:
    """What the last run left to do is done by then: a chunk, a sync."""
    time.sleep(1.5)
