"""A person at a simulated keyboard and mouse, in a real headless sway: what `make run` records where there is no
hardware. Everything but the hands is real: libinput and udev, the compositor, its windows, the agent, the recorder.
"""

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "Compositors")]

from bed import BIN, EV_KEY, EV_REL, Bed, Device, Recorder, wait_for  # noqa: E402
from session import Sway  # noqa: E402

BTN_LEFT = 0x110
# AT-SPI's number of the role "text" (ATSPI_ROLE_TEXT).
TEXT_FIELD = 61
REL_WHEEL, REL_WHEEL_HI_RES = 8, 11
REPORTS_PER_SECOND = 125
# As fast as people type who do not look at their hands.
SECONDS_PER_KEY = 0.09


def move(mouse: Device, dx: int, dy: int, seconds: float) -> None:
    """There, slowly at both ends, as hands do it."""
    steps = int(seconds * REPORTS_PER_SECOND)
    place = (0, 0)
    for step in range(1, steps + 1):
        share = (1 - math.cos(math.pi * step / steps)) / 2
        target = (round(dx * share), round(dy * share))
        mouse.move(target[0] - place[0], target[1] - place[1])
        place = target
        time.sleep(1 / REPORTS_PER_SECOND)


def click(mouse: Device) -> None:
    mouse.emit((EV_KEY, BTN_LEFT, 1))
    time.sleep(0.08)
    mouse.emit((EV_KEY, BTN_LEFT, 0))


def scroll(mouse: Device, clicks: int) -> None:
    for _ in range(abs(clicks)):
        mouse.emit((EV_REL, REL_WHEEL, clicks // abs(clicks)), (EV_REL, REL_WHEEL_HI_RES, 120 * (clicks // abs(clicks))))
        time.sleep(0.06)


def press(keyboard: Device, *names: str) -> None:
    """A chord: all down, all up again."""
    for name in names:
        keyboard.key(name, 1)
        time.sleep(0.04)
    for name in reversed(names):
        keyboard.key(name, 0)
        time.sleep(0.02)


def change_to(sway: Sway, app: str) -> None:
    sway.focus(app)
    time.sleep(0.4)


def near(path: Path) -> Path:
    """As short as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def play(bed: Bed, sway: Sway, keyboard: Device, mouse: Device) -> None:
    move(mouse, 420, 160, 0.8)
    click(mouse)
    keyboard.write("Hello, Kymograph.\n", pause=SECONDS_PER_KEY)
    press(keyboard, "leftctrl", "s")
    time.sleep(0.3)
    change_to(sway, "browser")
    move(mouse, -200, 90, 0.5)
    keyboard.write("cheap flights to oslo", pause=SECONDS_PER_KEY)
    press(keyboard, "leftctrl", "c")
    scroll(mouse, -5)
    time.sleep(0.3)
    change_to(sway, "vault")
    keyboard.write("my master password\n", pause=SECONDS_PER_KEY)
    change_to(sway, "editor")
    second = bed.add("mouse", 3)
    wait_for(lambda: second.stats()["has_reader"], "the second mouse to be opened")
    move(second, 0, -240, 0.4)
    second.remove()
    press(keyboard, "leftctrl", "leftshift", "t")
    time.sleep(1)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--run", type=Path, required=True, help="where the journal is left")
    run = options.parse_args().run
    journal = run / "journal"
    shutil.rmtree(journal, ignore_errors=True)
    journal.mkdir(parents=True, mode=0o700)

    place = Path(tempfile.mkdtemp(prefix="kymo-", dir="/tmp"))
    bed = Bed()
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    recorder = Recorder(bed, rules={"editor": "full", "vault": "off"}, titles="full", journal=journal)
    sway = Sway(place, BIN / "kymograph-agent").start()
    try:
        recorder.start(consents=False, agent=False)
        sway.bus()
        sway.keyboard("us")
        for app, title in (("vault", "Passwords"), ("browser", "News")):
            sway.window(app, title)
        # Every key is kept only where accessibility says that the field is no password's.
        sway.keylog_client("editor", TEXT_FIELD, "notes.txt")
        sway.agent(recorder.agent_socket)
        print("make run: the simulated person reads the notice and consents: kymo consent grant", flush=True)
        print("\n".join("  " + line for line in recorder.grant().output.splitlines()[-3:]), flush=True)
        wait_for(lambda: recorder.status()["devices"] == 2, "the indicator to be seen, and the devices to be open")
        print("make run: rules: editor = full with titles, vault = off, every other app = class (the default)\n", flush=True)
        tail = subprocess.Popen([BIN / "kymo", "tail", "--follow", "--number", "100", "--journal", journal])
        play(bed, sway, keyboard, mouse)
        recorder.stop()
        time.sleep(0.3)
        tail.terminate()
        tail.wait()
        print("\nmake run: kymo verify", flush=True)
        subprocess.run([BIN / "kymo", "verify", "--journal", journal], check=True)
        print(f"make run: look again with: {near(BIN)}/kymo show --journal {near(journal)}")
    finally:
        sway.stop()
        recorder.close()
        recorder.discard()
        bed.close()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
