"""Where windows are, and where presses were: what the agent says of them, and what of it is written."""

from agent import now_us, pointer_place, window_place
from bed import wait_for

LEFT, RIGHT = 0x110, 0x111


def asked(session) -> list[int]:
    return session.state()["presses"]


def test_from_the_agents_word_to_the_journal(bed, recorder, agent):
    mouse = bed.add("mouse", 2)
    rules = "".join(f"[[rule]]\napp = {words}\n" for words in (
        '"editor"\ninteractions = "on"', '"still"\ninteractions = "on"\npointer = "off"', '"vault"\nkeys = "off"'))
    daemon = recorder(extra=rules).start(devices=1)
    session = agent(daemon)
    # Where such things are not kept, nobody asks for it; and of a window that is kept from the journal nothing is said.
    for number, app in ((1, "still"), (2, "vault"), (4, "browser")):
        session.window(app, number)
        session.send(window_place(1, 2, 30, 40, number))
        mouse.tap(LEFT)
        if app == "browser":
            daemon.until(lambda rows: len(rows) == 2, "button")
        else:
            wait_for(lambda n=number: daemon.status()["events_suppressed"] >= 2 * n, f"the tap in {app} to be withheld")
    assert asked(session) == []
    session.window("editor", 3)
    session.send(window_place(-1280, 20, 800, 600, 3))
    wait_for(lambda: session.state()["wanted"][-1:] == [3], "the rule for the window to be in force")
    # In turn: libinput takes the second of two quick presses of one button for a bounce.
    mouse.tap(LEFT)
    wait_for(lambda: len(asked(session)) == 1, "the agent to be asked where the pointer is")
    session.send(pointer_place(asked(session)[0], ("desktop", -1000.5, 40)))
    daemon.until(lambda rows: len(rows) == 1, "pointer_place")
    mouse.tap(RIGHT)
    wait_for(lambda: len(asked(session)) == 2, "the agent to be asked of the next press")
    session.send(pointer_place(asked(session)[1], ("window", 1.25, 0)))
    # Nobody can say; it was not asked; it was looked long before.
    mouse.tap(LEFT)
    wait_for(lambda: len(asked(session)) == 3, "the agent to be asked of the third press")
    session.send(pointer_place(asked(session)[2], None))
    session.send(pointer_place(99, ("desktop", 1, 1)))
    mouse.tap(RIGHT)
    wait_for(lambda: len(asked(session)) == 4, "the agent to be asked of the fourth press")
    session.send(pointer_place(asked(session)[3], ("desktop", 1, 1), time_us=now_us() - 60_000_000))
    daemon.until(lambda rows: len(rows) == 2, "pointer_place")
    wait_for(lambda: daemon.status()["pointer_places_withheld"] == 1, "what is of another time to be counted")
    session.send(window_place(0, 0, 1920, 1080, 3))
    daemon.until(lambda rows: len(rows) == 4, "window_place")
    status = daemon.status()
    assert daemon.stop() == 0

    windows = daemon.rows("window_place")
    places = [(row["app"], row["x"], row["y"], row["width"], row["height"]) for row in windows]
    assert places == [("still", 1, 2, 30, 40), ("browser", 1, 2, 30, 40), ("editor", -1280, 20, 800, 600), ("editor", 0, 0, 1920, 1080)]
    pressed = [row["time_us"] for row in daemon.rows("button") if row["press"] == "pressed"]
    pointers = daemon.rows("pointer_place")
    assert [(row["app"], row["frame"], row["x"], row["y"]) for row in pointers] == [
        ("editor", "desktop", -1000.5, 40), ("editor", "window", 1.25, 0)]
    assert [row["time_us"] for row in pointers] == pressed[1:3]
    assert all(0 <= row["delay_us"] < 300_000 for row in pointers)
    assert (status["pointer_places"], status["pointer_places_withheld"]) == (2, 1)
    shown = daemon.kymo("show", "--kind", "pointer_place", "--journal", str(daemon.journal)).stdout
    assert "at -1000.5, 40 of the desktop" in shown, shown


def test_a_new_segments_reader_is_told_after_a_pause(bed, recorder, agent):
    bed.add("mouse", 2)
    daemon = recorder().start(devices=1)
    session = agent(daemon)
    session.window("editor", 1)
    session.send(window_place(1, 2, 30, 40))
    daemon.until(lambda rows: len(rows) == 1, "window_place")
    assert daemon.at_terminal("pause").code == 0
    assert daemon.at_terminal("resume").code == 0
    daemon.until(lambda rows: len(rows) == 2, "window_place")
    assert daemon.stop() == 0
