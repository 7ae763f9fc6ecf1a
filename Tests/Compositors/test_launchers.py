"""A launcher's menu above a window that the compositor still calls activated, as labwc does: keys that are typed into it are not
the window's. The agent tells by who is connected to the compositor.
"""

import json
import time

import witnesses
from keyboards import Virtual
from service import Backend, Focus, Indicator, now
from session import until

KEY_ESC, KEY_A, KEY_LEFTCTRL = 1, 30, 29
# LauncherDoubt.startMicroseconds
START_SECONDS = 5


def greet(desk, service):
    """An agent that has told of alpha, and of its badge."""
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    connection.heard(Indicator, shown=True)
    desk.window("alpha", "first")
    until(lambda: focus(connection) == ("window", "alpha"), "the window is known")
    return agent, connection


def focus(connection):
    """What the agent says of the focus once it has looked."""
    connection.settled()
    report = [message for message in connection.messages[: connection.position] if isinstance(message, Focus)][-1]
    return report.state, report.app


def is_unknown(connection):
    return focus(connection) == ("unknown", "")


def until_a_change_says_it(labwc, connection, came):
    """Goes from alpha to beta and back until one of them is known to have the keyboard: not in the first seconds."""
    apps = ["alpha", "beta"]

    def is_known():
        labwc.focus(apps[0])
        apps.reverse()
        return focus(connection) == ("window", apps[1])

    until(is_known, "a change of window says who has the keyboard", 2 * START_SECONDS)
    assert time.monotonic() - came >= START_SECONDS
    return apps[1]


def test_under_a_launcher_the_focus_is_unknown(labwc, service):
    """Once the window below was told to have the keyboard."""
    keyboard = labwc.keyboard()
    agent, connection = greet(labwc, service)
    launcher = labwc.run(["fuzzel", "--dmenu"], "fuzzel")
    until(lambda: is_unknown(connection), "the agent has seen it")

    def escaped():
        if is_unknown(connection):
            keyboard.order(f"tap {KEY_ESC}")
            return False
        return True

    until(escaped, "the launcher had the keyboard, and took Escape")
    # It hangs up before it ends, and nothing else ends the doubt.
    until(lambda: launcher.process.poll() is not None, "the launcher is gone")
    # labwc may take a moment to give it back.
    until(lambda: focus(connection) == ("window", "alpha"), "the window below to have it again")
    told = [line for line in agent.lines if "the focus is" in line]
    assert told == ["kymograph-agent: the focus is unknown: a client without a window is there, and may have the keyboard",
                    "kymograph-agent: the focus is known again"]


def test_a_menu_that_was_open_before_the_agent_came(labwc, service):
    """Nobody says whose the keyboard is: the window below was told to have it. Nor does the menu's end say it."""
    keyboard = labwc.keyboard()
    labwc.window("alpha", "first")
    empty = labwc.screenshot().pixels
    launcher = labwc.run(["fuzzel", "--dmenu"], "fuzzel")
    until(lambda: labwc.screenshot().pixels != empty, "the menu is on the screen")
    came = time.monotonic()
    agent = labwc.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    connection.heard(Indicator, shown=True)
    assert is_unknown(connection)

    def escaped():
        keyboard.order(f"tap {KEY_ESC}")
        return launcher.process.poll() is not None

    until(escaped, "the launcher is gone")
    assert is_unknown(connection)
    labwc.window("beta", "second")
    until_a_change_says_it(labwc, connection, came)
    assert [line.partition("agent: ")[2] for line in agent.lines if "the focus is" in line] == [
        "the focus is unknown: what was there before the agent may have the keyboard, until the next change of window",
        "the focus is known again"]  # fmt: skip


def test_keys_of_a_launcher_are_nobodys(bed, recorder, labwc):
    """From the device to the journal: what is typed into it is withheld, what is typed before and behind it is alpha's."""
    device = bed.add("keyboard", 1)
    recorder.start(agent=False)
    keyboard = Virtual(labwc)
    labwc.agent(recorder.agent_socket)
    until(lambda: recorder.status()["devices"] == 1, "the indicator is seen, and the keyboard open")
    labwc.window("alpha", "first")

    def press(code, value):
        stamp, _ = keyboard.key(code, value)
        device.key(code, value, at_us=stamp)

    def written():
        """Whose were five of Control and a letter, of which every rule keeps the letter."""
        start_us = now()
        for _ in range(5):
            # Not to wait for anything: as people type.
            time.sleep(0.05)
            for code, value in ((KEY_LEFTCTRL, 1), (KEY_A, 1), (KEY_A, 0), (KEY_LEFTCTRL, 0)):
                press(code, value)
        recorder.until_written(now(), seconds=20)
        return [row["app"] for row in recorder.rows("key") if row["time_us"] >= start_us and row["press"] == "pressed"]

    until(lambda: written() == ["alpha"] * 5, "alpha's keys are written")
    empty = labwc.screenshot().pixels
    launcher = labwc.run(["fuzzel", "--dmenu"], "fuzzel")
    until(lambda: labwc.screenshot().pixels != empty, "the launcher is on the screen")
    assert written() == []
    assert any(row["reason"] == "focus_unknown" for row in recorder.withheld())

    def escaped():
        press(KEY_ESC, 1)
        press(KEY_ESC, 0)
        return launcher.process.poll() is not None

    until(escaped, "the launcher had the keyboard, and took Escape")
    # That it is gone is seen with the first key at the latest.
    assert written()[-4:] == ["alpha"] * 4
    assert written() == ["alpha"] * 5


def test_a_window_that_opens_under_a_launcher_does_not_get_its_keys(labwc, service):
    labwc.keyboard()
    _, connection = greet(labwc, service)
    launcher = labwc.launcher()
    assert is_unknown(connection)
    labwc.window("beta", "opened meanwhile")
    assert is_unknown(connection)
    launcher.stop()
    until(lambda: focus(connection) == ("window", "beta"), "labwc gives the keyboard to the window above")


def test_an_app_that_starts_is_told_once_it_has_its_window(labwc, service):
    _, connection = greet(labwc, service)
    client = labwc._client("window.py")
    until(lambda: is_unknown(connection), "its client is there")
    assert client.order('{"app": "beta", "title": "second", "map": true}') == "done"
    assert focus(connection) == ("window", "beta")
    client.stop()
    assert focus(connection) == ("window", "alpha")


def test_real_apps_are_no_launchers(undisturbed, labwc, service):
    """Firefox, Chromium, GTK, Qt and foot, one after the other: browsers may connect more than once."""
    _, connection = greet(labwc, service)
    pages = witnesses.Pages()
    try:
        for client in witnesses.in_desk(labwc, pages):
            client.start()
            until(lambda: focus(connection) == ("window", client.app), f"{client.app} has its window", 60)
    finally:
        pages.close()


def test_apps_that_start_together_are_no_launchers(labwc, service):
    """As at the beginning of a session."""
    _, connection = greet(labwc, service)
    clients = [labwc._client("window.py") for _ in range(3)]
    until(lambda: is_unknown(connection), "their clients are there")
    for number, client in enumerate(clients):
        assert client.order(json.dumps({"app": f"app{number}", "title": "x", "map": True})) == "done"
    assert focus(connection) == ("window", "app2")


def test_a_client_of_a_moment(labwc, service):
    """As grim or wl-copy: while it is there nobody knows what it will do."""
    _, connection = greet(labwc, service)
    client = labwc._client("window.py")
    until(lambda: is_unknown(connection), "the agent has seen it")
    client.stop()
    until(lambda: focus(connection) == ("window", "alpha"), "it is gone")
    labwc.screenshot()
    assert focus(connection) == ("window", "alpha")


def test_a_client_that_stays_is_no_launcher_once_another_window_gets_the_keyboard(labwc, service):
    """As a panel or a daemon for notifications: the keyboard went to a window while it had had the time to take it."""
    _, connection = greet(labwc, service)
    labwc.window("beta", "second")
    until(lambda: focus(connection) == ("window", "beta"), "the second window is known, too")
    came = time.monotonic()
    panel = labwc._client("window.py")
    until(lambda: is_unknown(connection), "the agent has seen it")
    app = until_a_change_says_it(labwc, connection, came)
    panel.stop()
    until(lambda: focus(connection) == ("window", app), "nothing changes with it")


def test_what_takes_the_keyboard_later_and_was_there_before_the_agent_is_not_seen(labwc, service):
    """A panel with a text field, say. A limit, kept here so that we notice when it goes."""
    labwc.keyboard()
    panel = labwc.launcher("waits")
    labwc.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    labwc.window("alpha", "first")
    until(lambda: focus(connection) == ("window", "alpha"), "its window is known")
    assert panel.order("take") == "done"
    for _ in range(3):
        assert focus(connection) == ("window", "alpha")


def test_sway_tells_of_launchers_and_is_believed(sway, service):
    """A client that merely comes changes nothing there."""
    _, connection = greet(sway, service)
    launcher = sway._client("window.py")
    assert focus(connection) == ("window", "alpha")
    assert launcher.order('{"title": "not shown"}') == "done"
    assert focus(connection) == ("window", "alpha")
