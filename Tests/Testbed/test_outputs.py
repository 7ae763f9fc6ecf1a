"""What the agent tells of the session's outputs, as records: what came, changed and went, and what is in force."""

from agent import outputs
from bed import wait_for


def told(daemon):
    return [(row["number"], row["name"], row["x"], row["connected"]) for row in daemon.rows("output")
            if "snapshot" not in row.get("marks", [])]


def test_outputs_are_recorded_as_what_has_changed(bed, recorder, agent):
    bed.add("keyboard", 1)
    daemon = recorder().start(devices=1)
    session = agent(daemon)
    left, right = (7, "DP-1", 0, 0), (9, "DP-2", 1280, 0)
    for listed in [(left,), (left, right), (left, right), (left, (9, "DP-2", 1280, 100)), ((9, "DP-2", 0, 0),), ()]:
        session.send(outputs(*listed))
    daemon.until(lambda rows: len(rows) >= 6, "output")
    assert told(daemon) == [
        (1, "DP-1", 0, True), (2, "DP-2", 1280, True), (2, "DP-2", 1280, True),
        (1, "DP-1", 0, False), (2, "DP-2", 0, True), (2, "DP-2", 0, False)]
    first = daemon.rows("output")[0]
    assert (first["width"], first["height"], first["mode_width"], first["mode_height"]) == (1280, 720, 1920, 1080)
    assert (first["scale"], first["refresh_mhz"], first["transform"]) == (1.5, 60_000, "normal")
    assert first["description"] == "the screen DP-1"


def test_a_segment_opens_with_the_outputs_that_are_there(bed, recorder, agent):
    bed.add("keyboard", 1)
    daemon = recorder().start(devices=1)
    session = agent(daemon)
    session.send(outputs((7, "DP-1", 0, 0), (9, "DP-2", 1280, 0)))
    session.send(outputs((9, "DP-2", 1280, 0)))
    daemon.until(lambda rows: len(rows) == 3, "output")
    before = len(daemon.segments())
    daemon.process.send_signal(10)  # SIGUSR1: a new segment.
    wait_for(lambda: len(daemon.segments()) > before, "the next segment")
    daemon.until(lambda rows: any("snapshot" in row.get("marks", []) for row in rows), "output")
    repeated = [row for row in daemon.rows("output") if "snapshot" in row.get("marks", [])]
    assert [(row["number"], row["name"]) for row in repeated] == [(2, "DP-2")]


def test_what_was_told_while_devices_were_closed_is_recorded_when_they_open(bed, recorder, agent):
    """Each time anew, under other numbers: nobody knows what was there in between."""
    bed.add("keyboard", 1)
    daemon = recorder().start(devices=1)
    session = agent(daemon)
    session.send(outputs((7, "DP-1", 0, 0)))
    daemon.until(lambda rows: len(rows) == 1, "output")
    daemon.login.change(LockedHint=True)
    wait_for(lambda: daemon.open_nodes() == {}, "the devices to be closed")
    session.send(outputs((7, "DP-1", 0, 0), (8, "DP-3", 1280, 0)))
    session.send(outputs((8, "DP-3", 1280, 0)))
    session.state()
    daemon.login.change(LockedHint=False)
    daemon.until(lambda rows: len(rows) == 2, "output")
    assert told(daemon) == [(1, "DP-1", 0, True), (2, "DP-3", 1280, True)]
    closed = [row for row in daemon.rows("suppression") if row["reason"] == "locked"]
    inside = [row for row in daemon.rows("output") if closed[0]["start_us"] < row["time_us"] < closed[-1]["end_us"]]
    assert inside == [], "nothing is written while nothing may be recorded"
