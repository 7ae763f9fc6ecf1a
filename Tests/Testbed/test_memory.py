"""Keys that wait for a decision: in locked memory, and nowhere once it is made; and no core of the recorder has them."""

import os
import re
import resource
import signal
import tempfile
import time
from pathlib import Path

import pytest

import keys
from bed import die_with_parent, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the recorder's memory")
ORDINARY, SECRET = "thequickfoxjumps", "m4xk7vz2qp9w"
# So many keys behind one another are the secret's.
RUN = 4
# Between the same field of two records of events: ours, libinput's, libevdev's, the kernel's (struct input_event: 24).
STRIDES = range(2, 514, 2)


class Region:
    def __init__(self, head: str, flags: str):
        span, mode, _, _, _, *name = head.split(maxsplit=5)
        self.start, self.end = (int(text, 16) for text in span.split("-"))
        self.is_readable = mode.startswith("rw")
        self.name = name[0].strip() if name else "anonymous"
        self.flags = flags.split()


def regions(pid: int) -> list[Region]:
    text = Path(f"/proc/{pid}/smaps").read_text()
    heads = re.finditer(r"^([0-9a-f]+-[0-9a-f]+ .*)$((?:\n[A-Z].*)*?)\nVmFlags: (.*)$", text, re.M)
    return [Region(match[1], match[3]) for match in heads]


def memory(pid: int) -> list[tuple[Region, bytes]]:
    """All that it can write to, as it is now."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for region in regions(pid):
            if region.is_readable:
                try:
                    found.append((region, os.pread(file.fileno(), region.end - region.start, region.start)))
                except OSError:
                    pass  # No memory of its own (a device, a guard page).
    return found


def places(data: bytes, text: str) -> int:
    """How often a run of the text's keys stands there: as records at equal distances, presses alone or each with its
    release, or as text."""
    codes = [keys.CHARACTERS[character][0] for character in text]
    count = 0
    for first in range(len(codes) - RUN + 1):
        run = codes[first:first + RUN]
        count += text[first:first + RUN].encode() in data
        head = run[0].to_bytes(2, "little")
        at = data.find(head)
        while at >= 0:
            if at % 2 == 0:
                count += any(stands(data, at, stride, run) for stride in STRIDES)
            at = data.find(head, at + 1)
    return count


def stands(data: bytes, at: int, stride: int, run: list[int]) -> bool:
    def code(number: int) -> int:
        place = at + number * stride
        return int.from_bytes(data[place:place + 2], "little") if place + 2 <= len(data) else -1

    if code(1) == run[1]:
        return all(code(number) == run[number] for number in range(2, RUN))
    return code(1) == run[0] and all(code(number) == run[number // 2] for number in range(2, 2 * RUN))


def find(pid: int, text: str) -> list[Region]:
    return [region for region, data in memory(pid) if places(data, text)]


@pytest.fixture
def desk(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    session = agent(daemon)
    session.window("editor")
    return daemon, session, keyboard


def type_at_a_pace(keyboard, text: str) -> None:
    """The recorder reads key by key, as it does behind hands."""
    for character in text:
        keyboard.tap(keys.CHARACTERS[character][0])
        time.sleep(0.008)


def test_a_suppressed_secret_is_nowhere_in_memory(desk):
    daemon, session, keyboard = desk
    keyboard.write(ORDINARY, pause=0.01)
    daemon.until(lambda rows: rows, "key")
    # Into a password's field, and nobody confirms it yet.
    session.field("password")
    session.set(answers=False)
    type_at_a_pace(keyboard, SECRET)
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        waiting = find(daemon.pid, SECRET)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert waiting, "what is looked for can be found: the keys wait"
    assert all({"lo", "dd"} <= set(region.flags) for region in waiting), [(region.name, region.flags) for region in waiting]
    locked = int(re.search(r"VmLck:\s+(\d+) kB", Path(f"/proc/{daemon.pid}/status").read_text())[1])
    assert locked * 1024 >= sum(region.end - region.start for region in waiting)
    session.set(answers=True)
    wait_for(lambda: daemon.status()["events_suppressed"] >= len(SECRET), "the secret to be suppressed")
    assert daemon.rows("key", "key_counts") and find(daemon.pid, SECRET) == []
    print(f"\nwhile it waits: in {len(waiting)} region of {(waiting[0].end - waiting[0].start) >> 10} KiB, locked and not "
          f"dumped (VmLck {locked} KiB); when it is suppressed: nowhere")


def test_a_recorder_that_crashes_leaves_no_core(bed, recorder, agent):
    """The unit's limit does not hold for cores that the kernel pipes to a program; and a limit can be raised."""
    if Path("/proc/sys/kernel/core_pattern").read_text().startswith("|"):
        pytest.skip("cores are piped to a program here, whose doings cannot be told from none")

    def crash(command: list[str], environment: dict | None = None) -> bool:
        """Whether the kernel says that it made a core."""
        with tempfile.TemporaryDirectory() as directory:
            pid = os.fork()
            if pid == 0:
                die_with_parent()
                resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                os.chdir(directory)
                os.execvpe(command[0], command, environment or dict(os.environ))
            if "--config" in command:
                wait_for(lambda: daemon.status() is not None, "kymographd to answer")
            else:
                wait_for(lambda: b"sleep" in Path(f"/proc/{pid}/comm").read_bytes(), "the other one to run")
            os.kill(pid, signal.SIGSEGV)
            return os.WCOREDUMP(os.waitpid(pid, 0)[1])

    daemon = recorder()
    started = {}
    daemon.start(consents=False, agent=False)
    started["command"] = Path(f"/proc/{daemon.pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    started["environment"] = dict(
        entry.split("=", 1) for entry in Path(f"/proc/{daemon.pid}/environ").read_bytes().decode().split("\0") if entry)
    assert daemon.stop() == 0
    assert crash(["sleep", "60"]), "cores can be made here"
    assert not crash(started["command"], started["environment"])


def memory_of_files_kib(pid: int) -> int:
    return int(re.search(r"RssFile:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


def test_what_a_start_and_a_decision_needed_leaves_memory(desk):
    daemon, _, _ = desk
    started = memory_of_files_kib(daemon.pid)
    wait_for(lambda: memory_of_files_kib(daemon.pid) < started - 1000, "the start's code to leave memory")
    rested = memory_of_files_kib(daemon.pid)
    assert "has consented" in daemon.at_terminal("consent", "show").output
    used = memory_of_files_kib(daemon.pid)
    assert used > rested + 200, "a receipt is verified: that takes code which was not there"
    wait_for(lambda: memory_of_files_kib(daemon.pid) < used - 200, "the decision's code to leave memory")
    print(f"\npages of files: {started} KiB after the start, {rested} at rest, {used} when a consent has been shown")


def test_no_page_is_a_huge_one(desk):
    """Where the kernel hands them out unasked, a thread's stack of which 20 KiB are used takes 2 MiB."""
    status = Path(f"/proc/{desk[0].pid}/status").read_text()
    assert "THP_enabled:\t0" in status or "THP_enabled" not in status
