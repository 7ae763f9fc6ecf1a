"""Fixtures: one compositor and one service per test, and nothing left running after it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from fake_compositor import GLOBALS, FakeCompositor
from gnome import Gnome48
from service import Service
from session import REPOSITORY, Cage, KWin, Labwc, OwnRoot, Session, Sway
from weston import Weston


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
    shutil.rmtree(directory)


@pytest.fixture
def start(place):
    """Starts a compositor of that class."""
    sessions: list[Session] = []

    def make(kind, outputs=1):
        if kind is Labwc:
            root = os.environ.get("KYMO_LABWC_ROOT")
            if os.getuid() != 0 or not root:
                pytest.skip("labwc needs root (chroot) and the Debian 13 tree in KYMO_LABWC_ROOT")
            if subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], stderr=-1).returncode:
                pytest.skip("labwc needs a private mount namespace, which the kernel refuses here")
            Labwc.root = Path(root)
        if issubclass(kind, OwnRoot):
            variable = "KYMO_GNOME_ROOT" if issubclass(kind, Gnome48) else "KYMO_WESTON_ROOT"
            root = os.environ.get(variable)
            if os.getuid() != 0 or not root:
                pytest.skip(f"{kind.__name__} needs root (chroot) and the Debian 13 tree in {variable}")
            kind.root = Path(root)
        sessions.append(kind(place, _binary()))
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
