"""Fixtures: one compositor and one service per test, and nothing left running after it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from debian13 import InDebian13
from fake_compositor import GLOBALS, FakeCompositor
from service import Service
from session import REPOSITORY, Cage, KWin, Labwc, Session, Sway
from weston import Weston, Weston14

sys.path.insert(0, str(REPOSITORY / "Tests" / "Testbed"))


def pytest_terminal_summary(terminalreporter):
    """One line that CI adds up."""
    counts = {name: len(terminalreporter.getreports(name)) for name in ("passed", "failed", "error", "skipped")}
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    terminalreporter.write_line(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed{skipped}")


def _binary():
    directory = Path(os.environ.get("KYMO_BIN", REPOSITORY / ".build" / "debug"))
    return directory / "kymograph-agent"


@pytest.fixture
def place():
    """Short, since a socket's path has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="kymo-"))
    yield directory
    # What the bus has started ends by itself, and may still write.
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def start(place):
    """Starts a compositor of that class."""
    sessions: list[Session] = []

    def make(kind, outputs=1, x11=False):
        if issubclass(kind, InDebian13):
            variable = "KYMO_WESTON_ROOT" if issubclass(kind, Weston14) else "KYMO_DEBIAN13_ROOT"
            root = os.environ.get(variable)
            if os.getuid() != 0 or not root:
                pytest.skip(f"{kind.name} {kind.version} needs root (chroot) and the Debian 13 tree in {variable}")
            if subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], stderr=-1).returncode:
                pytest.skip(f"{kind.name} {kind.version} needs a private mount namespace, which the kernel refuses here")
            kind.root = Path(root)
        sessions.append(kind(place, _binary()))
        sessions[-1].output_count = outputs
        sessions[-1].with_x11 = x11
        sessions[-1].environment["WLR_HEADLESS_OUTPUTS"] = str(outputs)
        return sessions[-1].start()

    yield make
    for session in sessions:
        session.stop()


@pytest.fixture
def sway(start):
    return start(Sway)


@pytest.fixture
def labwc(start):
    return start(Labwc)


@pytest.fixture
def kwin(start):
    return start(KWin)


@pytest.fixture
def weston(start):
    return start(Weston)


@pytest.fixture
def cage(start):
    return start(Cage)


@pytest.fixture
def fake_with(place):
    """Makes the session of a fake compositor that offers those globals, and that compositor."""
    made = []

    def make(offered):
        desk = Session(place, _binary())
        desk.display = desk.runtime / "wayland-1"
        desk.environment["WAYLAND_DISPLAY"] = desk.display.name
        made.append((desk, FakeCompositor(desk.display, offered)))
        return made[-1]

    yield make
    for desk, compositor in made:
        desk.stop()
        compositor.stop()


@pytest.fixture
def fake(fake_with):
    return fake_with(GLOBALS)


@pytest.fixture
def service(place):
    made = Service(place / "agent.sock")
    yield made
    made.listener.close()


@pytest.fixture
def undisturbed():
    """The share of uncertain keys is that of the round trips' time: other load on the machine would be measured. A
    compositor of today asks for this scheduling by itself."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        print("\nmeasured at normal priority: real-time scheduling is not permitted here")
    yield
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def bed(undisturbed):
    from bed import Bed

    made = Bed()
    yield made
    made.close()


@pytest.fixture
def recorder(bed):
    from bed import Recorder

    made = Recorder(bed, rules={"alpha": "full", "beta": "full"})
    yield made
    made.close()
    made.discard()
