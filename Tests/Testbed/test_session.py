"""Who has the seat, by logind's signals: whatever says that it is not the subject's turn closes the devices at once."""

import subprocess

import pytest

from agent import now_us, LOCK
from bed import FIGURES, subject, wait_for

# What closes, what undoes it, and how the journal calls it.
CLOSINGS = {
    "locked": (lambda login: login.change(LockedHint=True), lambda login: login.change(LockedHint=False), "locked"),
    "asleep": (lambda login: login.sleep(True), lambda login: login.sleep(False), "suspended"),
    "another terminal": (lambda login: login.activate(None), lambda login: login.activate(subject().pw_uid), "inactive"),
    "greeter": (lambda login: login.activate(subject().pw_uid, "c9", Class="greeter"),
                lambda login: login.activate(subject().pw_uid), "inactive"),
    "lock screen's session": (lambda login: login.activate(subject().pw_uid, "c9", Class="lock-screen"),
                              lambda login: login.activate(subject().pw_uid), "inactive"),
    "text console": (lambda login: login.activate(subject().pw_uid, "c9", Type="tty"),
                     lambda login: login.activate(subject().pw_uid), "inactive"),
    "remote": (lambda login: login.activate(subject().pw_uid, "c9", Remote=True),
               lambda login: login.activate(subject().pw_uid), "inactive"),
    "root": (lambda login: login.activate(0), lambda login: login.activate(subject().pw_uid), "inactive"),
}


@pytest.fixture
def desk(bed, recorder, agent):
    """Somebody types in an editor of which every key is recorded, and moves the mouse."""
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full", "other": "full"}).start(devices=2)
    session = agent(daemon)
    session.window("editor")
    keyboard.type(20, 60, [30, 48, 46])
    mouse.run(1000, 60)
    daemon.until(lambda rows: len(rows) > 4, "key")
    return daemon, session, keyboard, mouse


def presses_after(keyboard, time_us: int) -> int:
    return sum(sent.value >= 0x70000 and sent.second == 1 and sent.time_us > time_us for sent in keyboard.sent())


def spans(daemon, reason: str) -> list[dict]:
    return [row for row in daemon.rows("suppression") if row["reason"] == reason and row["start_us"] > 0]


@pytest.mark.parametrize("name", CLOSINGS)
def test_devices_are_closed_at_the_signal_and_opened_again(desk, agent, name):
    close, reopen, reason = CLOSINGS[name]
    daemon, session, keyboard, mouse = desk
    signalled = close(daemon.login)
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    closed = now_us()
    assert closed - signalled < 1_000_000
    assert daemon.status()["recording"] is False
    # The person goes on: in another window, even.
    if not session.state()["closed"]:
        session.window("other", 2)
    wait_for(lambda: presses_after(keyboard, closed) >= 10, "half a second of typing")
    reopened = now_us()
    reopen(daemon.login)
    if session.state()["closed"]:
        # Another session's turn: the agent of this one was dropped, and what it showed counts no more.
        wait_for(lambda: "indicator is not shown" in daemon.status().get("reason", ""), "the subject's turn again")
        assert daemon.open_nodes() == {}
        session = agent(daemon)
    wait_for(lambda: set(daemon.open_nodes()) == {"event1", "event2"}, "the nodes to be open again")
    session.window("editor")
    opened = now_us()
    daemon.until(lambda rows: rows[-1]["time_us"] > opened, "key")
    keyboard.halt()
    mouse.halt()
    assert daemon.stop() == 0

    accepted = [row["time_us"] for row in daemon.rows("key", "key_counts", "motion") if row["time_us"] < reopened]
    assert max(accepted) <= signalled + 100_000
    FIGURES.append(f"{name}: last event {(max(accepted) - signalled) / 1000:+.1f} ms from the signal")
    inside = [row for row in daemon.rows() if signalled + 100_000 < row["time_us"] < reopened]
    assert {row["kind"] for row in inside} <= {"suppression", "session", "clock", "consent"}, "not even what had the focus"
    ended = [row for row in spans(daemon, reason) if row["phase"] == "end" and row["end_us"] >= reopened]
    assert len(ended) == 1 and ended[0]["keys"] is None and ended[0]["others"] is None
    assert ended[0]["start_us"] <= signalled + 100_000
    assert not [row for row in daemon.rows("device_removed")], "nobody unplugged anything"
    assert not [row for row in daemon.rows("key") if row["press"] == "released" and row["time_us"] < opened
                and row["time_us"] > signalled], "nor are releases made up"


def test_the_session_may_say_that_it_is_locked_before_logind_does(desk):
    daemon, session, keyboard, mouse = desk
    session.send(bytes([LOCK]) + now_us().to_bytes(8, "little") + b"\x01")
    told = now_us()
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    daemon.login.change(LockedHint=True)
    # That it is not locked, said by the session, opens nothing that logind calls locked.
    session.send(bytes([LOCK]) + now_us().to_bytes(8, "little") + b"\x00")
    wait_for(lambda: presses_after(keyboard, now_us()) == 0 and presses_after(keyboard, told) >= 10, "typing")
    assert daemon.open_nodes() == {}
    daemon.login.change(LockedHint=False)
    wait_for(lambda: daemon.open_nodes(), "the nodes to be open again")
    assert daemon.stop() == 0
    assert [row["phase"] for row in spans(daemon, "locked")] == ["begin", "end"]


def test_without_logind_nothing_is_recorded(desk):
    daemon, session, keyboard, mouse = desk
    daemon.login.process.kill()
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    assert "logind is not running" in daemon.status()["reason"]


def test_without_a_bus_nothing_is_recorded(desk):
    daemon, session, keyboard, mouse = desk
    daemon.login.bus.kill()
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    assert "cannot reach the bus" in daemon.status()["reason"]
    assert session.state()["closed"]


def test_a_logind_that_hangs_at_the_start_opens_nothing(bed, recorder):
    bed.add("mouse", 1)
    daemon = recorder()
    daemon.login.pause()
    daemon.start(consents=False, agent=False)
    assert daemon.status()["recording"] is False and daemon.open_nodes() == {}
    assert daemon.stop() == 0


def test_another_user_on_the_bus_cannot_play_logind(desk):
    """Anybody may send any signal to anybody on the system bus."""
    daemon, session, keyboard, mouse = desk
    daemon.login.change(LockedHint=True)
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    unique = [f":1.{number}" for number in range(8)]
    for destination in unique:
        for property_name, value in (("LockedHint", "false"), ("Active", "true")):
            subprocess.run(
                ["gdbus", "emit", "--address", daemon.login.address, "--dest", destination, "--object-path",
                 f"/org/freedesktop/login1/session/c{subject().pw_uid}", "--signal",
                 "org.freedesktop.DBus.Properties.PropertiesChanged", "org.freedesktop.login1.Session",
                 f"{{'{property_name}': <{value}>}}", "@as []"], capture_output=True)
    assert daemon.status()["recording"] is False and daemon.open_nodes() == {}


def test_what_is_plugged_and_unplugged_while_closed_is_right_afterwards(bed, desk):
    """Devices have numbers of their own each time they are opened; of what went meanwhile there is one record, of what
    suspending makes up there is none."""
    daemon, session, keyboard, mouse = desk
    bed.add("mouse", 3)
    wait_for(lambda: set(daemon.open_nodes()) == {"event1", "event2", "event3"}, "the second mouse")
    # A key is down when it closes.
    keyboard.halt()
    pressed = keyboard.key("a", 1)
    daemon.login.change(LockedHint=True)
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    closed = now_us()
    mouse.remove()
    # It comes and goes, and nobody ever saw it; this one stays; and one is replaced by another of its name.
    bed.add("mouse", 4).remove()
    bed.add("touchpad", 5)
    bed.command("remove", 3)
    bed.add("tablet", 3)
    assert daemon.open_nodes() == {}, "what is plugged in opens nothing"
    daemon.login.change(LockedHint=False)
    wait_for(lambda: set(daemon.open_nodes()) == {"event1", "event3", "event5"}, "what is there to be open")
    assert daemon.status()["devices"] == 3
    keyboard.key("a", 0)
    bed.command("remove", 5)
    daemon.until(lambda rows: len(rows) == 3, "device_removed")
    assert daemon.stop() == 0
    rows = [row for row in daemon.rows("device_added", "device_removed", "session") if row["time_us"] > closed]
    assert rows[0]["kind"] == "session" and rows[0]["active"]
    told = [(row["kind"], row["sysname"]) for row in rows if row["kind"] != "session"]
    assert sorted(told[:2]) == [("device_removed", "event2"), ("device_removed", "event3")], "in front of what is there"
    assert sorted(told[2:5]) == [("device_added", name) for name in ("event1", "event3", "event5")]
    assert told[5:] == [("device_removed", "event5")]
    removed = [row for row in rows if row["kind"] == "device_removed"]
    numbers = {row["sysname"]: row["device"] for row in rows if row["kind"] == "device_added"}
    assert not any(row.get("device") for row in removed[:2]) and removed[2]["device"] == numbers["event5"]
    before = [row for row in daemon.rows("device_added") if row["time_us"] < closed]
    assert not {row["device"] for row in before} & set(numbers.values()), "no number is used twice"
    assert len(before) == 3 and not [row for row in daemon.rows("device_removed") if row["time_us"] < closed]
    released = [row for row in daemon.rows("key") if row["press"] == "released" and row["name"] == "KEY_A"]
    assert not [row for row in released if row["time_us"] >= pressed], "nor is a release made up"
