"""The person's settings, as the desktop tells them, take effect on what is recorded, and end with the session."""

import os

import pytest

from agent import settings
from bed import EV_KEY, EV_REL, wait_for
from test_devices import Pad, pace

BTN_LEFT, BTN_RIGHT = 0x110, 0x111
MOUSE = (0x1D6B, 0x0102, "Testbed Mouse")


def wheel(mouse):
    mouse.emit((EV_REL, 8, -1), (EV_REL, 0x0B, -120))


def click(mouse, button=BTN_LEFT):
    mouse.emit((EV_KEY, button, 1))
    mouse.emit((EV_KEY, button, 0))


@pytest.fixture
def scene(bed, recorder, agent):
    """A recorder, a window, and a device of each kind that is named: event1, event2, …"""
    def make(*kinds: str):
        devices = [bed.add(kind, index) for index, kind in enumerate(kinds, start=1)]
        daemon = recorder().start(devices=len(devices))
        session = agent(daemon)
        session.window("editor")
        return daemon, session, *devices
    return make


def of(daemon, device: int) -> list[dict]:
    return [row for row in daemon.rows("device_settings") if row["device"] == device]


def tell(daemon, session, *listed) -> None:
    """Tells it and waits until it is recorded, so that what is done next meets it."""
    before = len(daemon.rows("device_settings"))
    session.send(settings(*listed))
    daemon.until(lambda rows: len(rows) > before, "device_settings")


def test_natural_scroll_turns_the_wheel_around(scene):
    daemon, session, mouse = scene("mouse")
    wheel(mouse)
    daemon.until(lambda rows: len(rows) == 1, "scroll")
    tell(daemon, session, (MOUSE, {"natural_scroll": True}))
    wheel(mouse)
    daemon.until(lambda rows: len(rows) == 2, "scroll")
    tell(daemon, session, (MOUSE, {"natural_scroll": False}))
    wheel(mouse)
    daemon.until(lambda rows: len(rows) == 3, "scroll")
    assert [row["vertical_v120"] for row in daemon.rows("scroll")] == [120, -120, 120]
    assert [(row["known"], row["natural_scroll"], row["source"]) for row in of(daemon, 1)] == [
        (True, True, "testbed"), (True, False, "testbed")]
    assert daemon.rows("device_added")[0]["configuration_known"] is False, "it was not, when the device came"


def test_left_handed_changes_the_buttons(scene):
    daemon, session, mouse = scene("mouse")
    tell(daemon, session, ("event1", {"left_handed": True}))
    click(mouse, BTN_LEFT)
    click(mouse, BTN_RIGHT)
    daemon.until(lambda rows: len(rows) == 4, "button")
    assert [row["name"] for row in daemon.rows("button") if row["press"] == "pressed"] == ["BTN_RIGHT", "BTN_LEFT"]


def test_a_tap_is_a_click_where_the_person_has_chosen_so(scene):
    daemon, session, device = scene("touchpad")
    pad = Pad(device)

    def tap():
        pad.down((1500, 1000))
        wait_for(pace(0.05), "a short touch")
        pad.up()
        wait_for(pace(0.5), "libinput to be sure that it is not the first of two")

    tap()
    tell(daemon, session, ("touchpads", {"tap": True}))
    assert daemon.rows("button") == [], "a touch is no click on a touchpad as it comes"
    # What a busy machine makes longer than 180 ms is no tap to libinput.
    wait_for(lambda: tap() or len(daemon.rows("button")) >= 2, "a tap to be a click")
    assert [(row["name"], row["press"]) for row in daemon.rows("button")[:2]] == [
        ("BTN_LEFT", "pressed"), ("BTN_LEFT", "released")]
    told, = of(daemon, 1)
    assert told["tap"] is True and told["tap_buttons"] == "right_then_middle", "what is not told is the device's own"


def test_kinds_mean_the_devices_of_that_kind_and_no_others(scene):
    daemon, session, mouse, touchpad, keyboard, screen = scene("mouse", "touchpad", "keyboard", "touchscreen")
    session.send(settings(("mice", {"natural_scroll": True}), ("touchpads", {"natural_scroll": False})))
    daemon.until(lambda rows: len(rows) >= 2, "device_settings")
    assert {row["device_name"]: row["natural_scroll"] for row in daemon.rows("device_settings")} == {
        "Testbed Mouse": True, "Testbed Touchpad": False}
    known = {row["name"]: row["configuration_known"] for row in daemon.rows("device_added")}
    assert known == {"Testbed Mouse": False, "Testbed Touchpad": False, "Testbed Keyboard": True,
                     "Testbed Touchscreen": False}


def test_a_device_that_comes_later_is_known_at_once(scene, bed):
    daemon, session, _ = scene("keyboard")
    session.send(settings((MOUSE, {"natural_scroll": True})))
    session.state()
    mouse = bed.add("mouse", 7)
    daemon.until(lambda rows: rows, "device_settings")
    wheel(mouse)
    daemon.until(lambda rows: rows, "scroll")
    added = next(row for row in daemon.rows("device_added") if row["sysname"] == "event7")
    told, = of(daemon, added["device"])
    assert added["configuration_known"] is True and told["natural_scroll"] is True
    assert told["sequence"] == added["sequence"] + 1
    assert daemon.rows("scroll")[0]["vertical_v120"] == -120


def test_settings_of_one_agent_do_not_outlive_it(scene, agent):
    daemon, session, mouse = scene("mouse")
    tell(daemon, session, (MOUSE, {"natural_scroll": True}))
    session.close()
    wait_for(lambda: daemon.open_nodes() == {}, "the devices to be closed with the indicator")
    again = agent(daemon)
    wait_for(lambda: daemon.status()["devices"] == 1, "the devices to be open again")
    again.window("editor")
    wheel(mouse)
    daemon.until(lambda rows: rows, "scroll")
    assert [row["vertical_v120"] for row in daemon.rows("scroll")] == [120]
    first, second = daemon.rows("device_added")
    assert second["configuration_known"] is False and of(daemon, second["device"]) == []


def test_what_is_told_while_devices_are_closed_opens_none_and_holds_when_they_open(scene):
    daemon, session, mouse = scene("mouse")
    daemon.login.change(LockedHint=True)
    wait_for(lambda: daemon.open_nodes() == {}, "the devices to be closed")
    session.send(settings(("event1", {"natural_scroll": True, "sends": "disabled"})))
    session.send(settings(("event1", {"natural_scroll": True, "sends": "enabled"})))
    session.state()
    wheel(mouse)
    assert daemon.open_nodes() == {}
    daemon.login.change(LockedHint=False)
    wait_for(lambda: daemon.status()["devices"] == 1, "the devices to be open again")
    session.window("editor", 2)
    wheel(mouse)
    daemon.until(lambda rows: rows, "scroll")
    assert [row["vertical_v120"] for row in daemon.rows("scroll")] == [-120]
    second = daemon.rows("device_added")[1]
    assert second["configuration_known"] is True and len(of(daemon, second["device"])) == 1


def test_a_device_that_the_person_has_switched_off_is_closed_and_opened_again(scene):
    daemon, session, mouse = scene("mouse")
    tell(daemon, session, (MOUSE, {"sends": "disabled"}))
    assert daemon.open_nodes() == {}, "the desktop does not listen to it, and neither does the recorder"
    click(mouse)
    tell(daemon, session, (MOUSE, {"sends": "enabled"}))
    assert daemon.open_nodes() == {"event1": os.O_RDONLY}
    click(mouse, BTN_RIGHT)
    daemon.until(lambda rows: len(rows) == 2, "button")
    assert {row["name"] for row in daemon.rows("button")} == {"BTN_RIGHT"}


def test_a_desktop_that_says_nothing_any_more_leaves_the_device_as_it_comes(scene):
    daemon, session, mouse = scene("mouse")
    tell(daemon, session, (MOUSE, {"natural_scroll": True}))
    tell(daemon, session)
    wheel(mouse)
    daemon.until(lambda rows: rows, "scroll")
    assert [row["vertical_v120"] for row in daemon.rows("scroll")] == [120]
    assert [row["known"] for row in of(daemon, 1)] == [True, False]


def test_a_segment_opens_with_the_settings_in_force(scene):
    daemon, session, _ = scene("mouse")
    tell(daemon, session, (MOUSE, {"natural_scroll": True}))
    daemon.process.send_signal(10)  # SIGUSR1: a new segment.
    daemon.until(lambda rows: len(rows) == 2, "device_settings")
    first, repeated = daemon.rows("device_settings")
    assert repeated["marks"] == ["snapshot"] and repeated["natural_scroll"] is True
    assert repeated["segment"] == first["segment"] + 1 and repeated["device"] == first["device"]
