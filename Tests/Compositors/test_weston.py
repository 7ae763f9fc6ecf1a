"""Weston with our module: what the agent learns from it, who else learns nothing, and the badge that it shows."""

import json
import os
import signal

import pytest
from program import Program, until
from service import Backend, Focus, Indicator, Layout, Pause, now
from test_indicator import click, sees
from test_xwayland import is_given
from weston import DesktopWeston, Weston, Weston14

KEY_A, KEY_CAPS_LOCK = 30, 58
BOTH = pytest.mark.parametrize("kind", [Weston, Weston14], ids=["10", "14"])


@pytest.fixture(params=[Weston, Weston14], ids=["10", "14"])
def desk(request, start):
    return start(request.param)


def greet(desk, service):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    return agent, connection


def test_focus_of_windows_from_the_module(desk, service):
    alpha, beta = desk.window("alpha", "first"), desk.window("beta", "second")
    agent, connection = greet(desk, service)
    first = connection.expect(Focus, app="beta", title="second", pid=beta.pid, source="weston-module")
    before = now()
    desk.focus("alpha")
    told = connection.expect(Focus, app="alpha", title="first", pid=alpha.pid)
    assert before <= told.time <= now() and told.window != first.window
    alpha.stop()
    desk.focus("beta")
    again = connection.expect(Focus, app="beta", title="second")
    assert again.window == first.window
    beta.stop()
    connection.expect(Focus, state="none", app="", title="", window=0, pid=0)
    connection.heard(Layout, known=True, name="English (US)")
    assert [line for line in agent.lines if "focus from" in line] == [
        "kymograph-agent: focus from weston-module: weston offers kymograph_weston_v1"]


def test_a_title_that_nothing_was_drawn_for_is_known_before_the_next_watermark(desk, service):
    window = desk.window("alpha", "before")
    _, connection = greet(desk, service)
    connection.expect(Focus, title="before")
    connection.settled()
    assert window.order('{"title": "after"}') == "done"
    said, _ = connection.probe()
    assert [message.title for message in said if isinstance(message, Focus)] == ["after"]


@pytest.mark.parametrize("title, told", [
    ("x" * 4000, "x" * 1024), ("\u20ac" * 1300, "\u20ac" * 341), ("\x1b]0;owned\x07" * 300, None)],
    ids=["letters", "three bytes each", "escapes"])
def test_longest_titles_cost_nobody_the_connection(weston, service, title, told):
    """More than 4096 bytes in one event, and libwayland hangs up on the agent."""
    weston.window("a" * 900, title)
    agent, connection = greet(weston, service)
    report = connection.expect(Focus, state="window")
    assert report.app == "a" * 256 and report.truncated
    assert report.title == (told or title[:1024])
    connection.probe()
    assert agent.process.poll() is None and not any("owned" in line for line in agent.lines)


def test_titles_that_are_no_text(weston, service):
    weston.window("alpha", "\xff\xfe\xc3(\xe2\x82" + "\xbf" * 3000, raw=True)
    agent, connection = greet(weston, service)
    assert "\ufffd" in connection.expect(Focus, app="alpha").title
    connection.probe()
    assert agent.process.poll() is None


def test_weston_restarts(desk, service):
    desk.window("alpha", "first")
    agent, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    desk.compositor.stop()
    connection.expect(Focus, state="unknown", app="", title="", window=0)
    desk.start()
    desk.window("beta", "second")
    connection.expect(Backend, usable=True)
    connection.expect(Focus, state="window", app="beta")
    connection.heard(Indicator, shown=True)
    assert agent.process.poll() is None


def test_weston_ends_cleanly_with_agent_and_windows_connected(desk, service):
    desk.window("alpha", "first")
    _, connection = greet(desk, service)
    connection.heard(Indicator, shown=True)
    assert desk.compositor.stop() == 0, "\n".join(desk.compositor.lines[-20:])


def test_agents_come_and_go(weston, service):
    weston.window("alpha", "first")
    for _ in range(5):
        agent, connection = greet(weston, service)
        connection.expect(Focus, app="alpha")
        connection.heard(Indicator, shown=True)
        agent.stop(signal.SIGKILL)
        connection.close()
    assert weston.compositor.process.poll() is None


def test_a_keyboard_that_goes_takes_the_focus_with_it(weston, service):
    weston.window("alpha", "first")
    _, connection = greet(weston, service)
    connection.expect(Focus, app="alpha")
    weston.parent.started[-1].stop()
    connection.expect(Focus, state="none", app="")
    weston.parent.keyboard()
    connection.expect(Layout, known=True)
    weston.focus("alpha")
    connection.expect(Focus, state="window", app="alpha")


def test_a_dialog_of_an_app_is_a_window_of_it(desk, service):
    desk.window("alpha", "below")
    app = desk._client("dialog.py", "org.example.editor", "a document", "a question")
    _, connection = greet(desk, service)
    document = connection.heard(Focus, app="org.example.editor", title="a document", pid=app.pid)
    app.process.stdin.write(b"\n")
    app.process.stdin.flush()
    question = connection.expect(Focus, app="org.example.editor", title="a question", pid=app.pid)
    assert question.window != document.window
    app.stop()
    desk.focus("alpha")
    connection.expect(Focus, app="alpha")


def test_a_window_of_x11_has_the_keyboard_and_no_name(start, service):
    """Weston 10 gives it none. Of what has no name nothing is recorded (Policy)."""
    desk = start(Weston, x11=True)
    desk.window("alpha", "of Wayland")
    legacy = desk.x11_window("Legacy", "of X11")
    _, connection = greet(desk, service)
    connection.heard(Focus, state="window", app="", title="of X11", pid=0)
    until(lambda: is_given(legacy, desk), "its keys reach it")
    desk.focus("alpha")
    connection.expect(Focus, app="alpha")


# -- the layout

@BOTH
def test_a_key_that_switches_the_layout(start, kind, service, monkeypatch):
    monkeypatch.setattr(kind, "layouts", None)
    desk = start(kind)
    desk.order("keyboard us,de")
    _, connection = greet(desk, service)
    english = connection.heard(Layout, known=True)
    assert (english.group, english.name) == (0, "English (US)")
    for group, name in ((1, "German"), (0, "English (US)")):
        desk.order(f"key {KEY_CAPS_LOCK}")
        # No signal says so: it is known before the watermark that the key waits for.
        told, = [message for message in connection.settled() if isinstance(message, Layout)]
        assert (told.known, told.group, told.name, told.hash) == (True, group, name, english.hash)
    assert not [message for message in connection.settled() if isinstance(message, Layout)], "told once"


def test_keyboards_of_one_seat_are_one_to_weston(desk, service):
    """With the keymap of that which typed last."""
    american = desk.parent.started[-1]
    german = desk.keyboard("de")
    _, connection = greet(desk, service)

    def in_force():
        connection.settled()
        return [message.name for message in connection.messages if isinstance(message, Layout)][-1]

    for keyboard, name in ((american, "English (US)"), (german, "German"), (american, "English (US)")):
        keyboard.order(f"tap {KEY_A}")
        until(lambda: in_force() == name, f"{name} is in force")


def test_keyboards_of_two_seats_that_disagree(desk, service):
    desk.window("alpha", "first")
    desk.window("beta", "second")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="beta")
    connection.heard(Layout, known=True)
    # Another seat has a keymap of its own, and its keyboard is in no window yet: whose a key is nobody can say.
    desk.order("seat de")
    connection.expect(Focus, state="none", app="")
    connection.heard(Layout, known=False, condition=lambda layout: layout.hash != 0)
    desk.focus("alpha")
    connection.expect(Focus, app="alpha")
    assert not any(message.known for message in connection.settled() if isinstance(message, Layout))


# -- who is told

def look(desk, *arguments):
    """What a client that is not the agent finds: whether the global is listed, and how often it could be bound."""
    client = desk._client("weston_guess.py", *arguments)
    return json.loads(client.process.stdout.readline())


def test_others_do_not_see_the_global_and_cannot_bind_it(desk):
    desk.window("alpha", "first")
    found = look(desk)
    assert found["listed"] == [] and found["bound"] == []
    assert found["tried"] > 5


def test_the_same_program_under_another_user_is_refused(weston, service):
    """Root's own, here: the compositor's user is another."""
    if os.getuid() != 0:
        pytest.skip("needs root, to be another user")
    weston.window("alpha", "first")
    agent = Program([weston.agent_binary, "--socket", str(service.path)], weston.directory / "root.log", weston.environment)
    weston.started.append(agent)
    connection, _ = service.greet()
    reason = connection.expect(Backend, usable=False, condition=lambda said: "kymograph_weston_v1" in said.reason).reason
    assert "package kymograph-weston" in reason
    assert not any(message.state != "unknown" for message in connection.collect(0.5) if isinstance(message, Focus))


def test_the_same_program_that_another_user_connected_is_refused(weston, service):
    """What /proc says of it is right: its program is the agent, and its user Weston's. Only who connected was another."""
    if os.getuid() != 0:
        pytest.skip("needs root, to be another user")
    weston.window("alpha", "first")
    become = ["/usr/bin/python3", str(weston.programs / "become.py"), str(weston.display)]
    weston.started.append(Program(
        [*become, *weston.as_user([weston.agent_binary, "--socket", str(service.path)])], weston.directory / "become.log",
        weston.environment))  # fmt: skip
    connection, _ = service.greet()
    connection.expect(Backend, usable=False, condition=lambda said: "weston does not offer" in said.reason)
    assert not any(message.state != "unknown" for message in connection.collect(0.5) if isinstance(message, Focus))


def test_weston_without_the_module(start, service, monkeypatch):
    monkeypatch.setattr(Weston, "modules", ("hand.so",))
    desk = start(Weston)
    desk.window("alpha", "first")
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=False, condition=lambda said: "modules=kymograph.so" in said.reason)
    connection.heard(Indicator, condition=lambda said: "weston does not offer" in said.reason, shown=False)


# -- what is no window

def test_lock_screen_clears_the_focus(start, service):
    """Weston's own, of its desktop: kiosks have none."""
    desk = start(DesktopWeston)
    desk.window("alpha", "first")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    connection.expect(Focus, state="none", app="", seconds=30)
    # A key wakes the screen; the lock's own dialog has the keyboard then.
    desk.parent.keyboard().order(f"tap {KEY_A}")
    assert [message for message in connection.settled() if isinstance(message, Focus)] == []


# -- the badge

def test_badge_shows_what_the_service_says_and_takes_clicks(desk, service):
    desk.window("alpha", "first")
    pointer = desk.pointer()
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=True, means="weston-module")
    sees(desk, "off")
    connection.tell("recording")
    sees(desk, "recording")
    connection.heard(Focus, app="alpha")
    click(pointer, desk)
    assert connection.expect(Pause) == Pause(paused=True, seconds=0)
    connection.tell("paused", "until 14:05")
    sees(desk, "paused")
    said = connection.settled()
    assert not [message for message in said if isinstance(message, Focus)], "a badge takes no keyboard"
    desk.window("beta", "second")
    connection.expect(Focus, app="beta")
    sees(desk, "paused")


def test_badge_leaves_with_its_agent(weston, service):
    agent = weston.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=True)
    sees(weston, "off")
    agent.stop(signal.SIGKILL)
    sees(weston, None)
    assert weston.compositor.process.poll() is None


def test_weston_dies(weston, service):
    weston.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=True)
    weston.compositor.send(signal.SIGKILL)
    told = connection.expect(Indicator, shown=False)
    assert "the compositor closed the connection" in told.reason
    weston.compositor.process.wait()
    weston.start()
    connection.expect(Indicator, shown=True, means="weston-module")
