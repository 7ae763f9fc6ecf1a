"""GNOME Shell: who has the keyboard by our extension, and the indicator in its panel."""

import select
import shutil
import signal
from pathlib import Path

import pytest
from gnome import Asking, Gnome, Gnome48
from service import Backend, Field, Focus, Indicator, Layout, Pause, Watermark
from session import Cage, until


ESCAPE, TAB, Y, ALT, F7 = 1, 15, 21, 56, 65


@pytest.fixture(params=[Gnome, Gnome48], ids=["43", "48"])
def kind(request):
    return request.param


@pytest.fixture
def gnome(start, kind):
    return start(kind)


def greet(gnome, service):
    agent = gnome.agent(service.path)
    connection, _ = service.greet()
    connection.heard(Backend, usable=True)
    return agent, connection


def window(gnome, app, title="a title"):
    client = gnome.foot(app, title)
    until(lambda: gnome.hand.order(f"focus {app}").startswith("done"), f"{app} has the focus")
    return client


def last(connection, kind):
    return [message for message in connection.messages[: connection.position] if isinstance(message, kind)][-1]


def test_focus_of_real_windows(gnome, service):
    alpha, beta = window(gnome, "alpha", "first"), window(gnome, "beta", "second")
    agent, connection = greet(gnome, service)
    connection.heard(Focus, app="beta", title="second", pid=beta.pid, source="gnome-shell")
    before, after = gnome.order("focus alpha")
    told = connection.expect(Focus, app="alpha", title="first", pid=alpha.pid)
    assert before <= told.time <= after, "the shell's own time, in the order's"
    assert [line for line in agent.lines if "focus from" in line] == [
        "kymograph-agent: focus from gnome-shell: Kymograph's extension in GNOME Shell answers on the session's bus"]


def test_what_the_shell_takes_is_no_windows(gnome, service):
    """The overview's search, a dialog of the shell's own (polkit's is one), a menu of the panel, the window switcher, a window
    that is moved by keys: keys go there."""
    gnome.keyboard()
    window(gnome, "beta"), window(gnome, "alpha")
    _, connection = greet(gnome, service)

    def told():
        connection.settled()
        focus = last(connection, Focus)
        return focus.app if focus.state == "window" else focus.state

    # Where it is at first, in the corner, "Activities" takes the panel's menu over, and does not close with it.
    gnome.order("point 400,300")
    for taker in ("overview", "modal", "menu"):
        until(lambda: told() == "alpha", "alpha has it")
        gnome.order(f"{taker} on")
        assert told() == "none", taker
        gnome.order(f"{taker} off")
    for key in (TAB, F7):
        until(lambda: told() == "alpha", "alpha has it")
        gnome.hand.order(f"key {ALT} 1")
        gnome.order(f"tap {key}")
        until(lambda: told() == "none", "the shell has taken it")
        gnome.hand.order(f"key {ALT} 0")
        if key == TAB:
            until(lambda: told() == "beta", "the other window has it")
            gnome.order("focus alpha")
    gnome.order(f"tap {ESCAPE}")
    until(lambda: told() == "alpha", "alpha has it again")


def test_an_empty_workspace_has_no_window(gnome, service):
    window(gnome, "alpha")
    _, connection = greet(gnome, service)
    gnome.order("nowhere")
    connection.settled()
    assert last(connection, Focus).state == "none"
    gnome.order("somewhere")
    connection.settled()
    assert last(connection, Focus).app == "alpha"


def test_a_window_that_closes_leaves_none(gnome, service):
    client = window(gnome, "alpha")
    _, connection = greet(gnome, service)
    connection.heard(Focus, app="alpha")
    client.stop()
    connection.expect(Focus, state="none")


def test_extension_switched_off_and_on(gnome, service):
    """Nothing is known then, and nothing shown: the recorder closes its devices."""
    window(gnome, "alpha")
    agent, connection = greet(gnome, service)
    connection.heard(Indicator, shown=True)
    gnome.order(f"extension {gnome.uuid} off")
    assert "switched off" in connection.expect(Backend, usable=False).reason
    connection.heard(Indicator, shown=False)
    connection.heard(Focus, state="unknown")
    number = connection.send_probe()
    gnome.order(f"extension {gnome.uuid} on")
    connection.expect(Backend, usable=True)
    connection.expect(Focus, app="alpha")
    assert connection.heard(Watermark, probe=number), "what was asked meanwhile is answered"
    connection.heard(Indicator, shown=True)
    assert agent.process.poll() is None


def test_the_mode_of_the_lock_screen_unloads_the_extension(gnome, service):
    window(gnome, "alpha")
    _, connection = greet(gnome, service)
    connection.heard(Indicator, shown=True)
    gnome.order("locked on")
    connection.expect(Backend, usable=False)
    connection.heard(Focus, state="unknown")
    connection.heard(Indicator, shown=False)
    gnome.order("locked off")
    connection.expect(Backend, usable=True)
    connection.heard(Indicator, shown=True)


def test_without_the_extension_it_is_said_what_mends_it(start, service, kind):
    class Bare(kind):
        extensions = kind.extensions[:1]

    start(Bare).agent(service.path)
    connection, _ = service.greet()
    told = connection.heard(Backend, lambda message: "gnome-extensions enable" in message.reason)
    assert not told.usable and f"gnome-extensions enable {Bare.uuid}" in told.reason
    assert last(connection, Focus).state == "unknown"
    assert "gnome-extensions enable" in connection.heard(
        Indicator, lambda message: "gnome-extensions" in message.reason, shown=False).reason


def test_shell_restarts(gnome, service):
    window(gnome, "alpha")
    agent, connection = greet(gnome, service)
    connection.heard(Focus, app="alpha")
    gnome.compositor.stop(signal.SIGKILL)
    connection.expect(Backend, usable=False)
    connection.heard(Focus, state="unknown")
    connection.heard(Indicator, shown=False)
    gnome.start()
    window(gnome, "beta")
    connection.expect(Backend, usable=True, seconds=20)
    connection.expect(Focus, app="beta")
    assert agent.process.poll() is None


def test_a_shell_that_hangs_confirms_nothing(gnome, service):
    window(gnome, "alpha")
    _, connection = greet(gnome, service)
    connection.settled()
    gnome.compositor.send(signal.SIGSTOP)
    number = connection.send_probe()
    said = connection.collect(1)
    assert not [message for message in said if isinstance(message, Watermark)]
    gnome.compositor.send(signal.SIGCONT)
    connection.heard(Watermark, probe=number)


def impostor(gnome, *arguments):
    client = gnome._client("gnome_impostor.py", *arguments)
    return client.process.stdout.readline().decode().strip()


def test_extension_answers_the_agent_alone(gnome, service):
    """A title is not every program's business; nor may one that is not the agent say what the indicator shows."""
    window(gnome, "alpha", "a secret of alpha's")
    greet(gnome, service)
    for call in ("Attach", "Confirm", "Show", "Pointer", "Settings"):
        assert "AccessDenied" in impostor(gnome, "call", call), call


def test_a_program_that_takes_the_shells_name_is_not_believed(start, service):
    """Where no GNOME Shell is, its name is free for all; but they are not at the other end of the Wayland socket."""
    cage = start(Cage)
    cage.bus()
    shutil.copy(Path(__file__).parent / "gnome_impostor.py", cage.programs)
    client = cage._client("gnome_impostor.py", "be", "org.gnome.Shell")
    assert client.process.stdout.readline() == b"owned\n", client.log.read_text()
    agent = cage.agent(service.path)
    connection, _ = service.greet()
    # It looks for a tray and asks for the owner of the name at the same time; by then it would have asked the impostor.
    connection.heard(Indicator, lambda message: "no tray on this desktop" in message.reason)
    said = connection.messages + connection.collect(1)
    assert not [message for message in said if isinstance(message, Backend) and message.usable]
    assert {message.state for message in said if isinstance(message, Focus)} == {"unknown"}
    assert not select.select([client.process.stdout], [], [], 0)[0], "it was not even asked"
    assert agent.process.poll() is None


def test_layout_by_the_shells_group(start, service, kind):
    """Of two keyboards none can have another than the other."""
    class Polyglot(kind):
        layouts = ("us", "de", "ru")

    gnome = start(Polyglot)
    gnome.keyboard()
    _, connection = greet(gnome, service)
    connection.heard(Layout, known=True, name="English (US)")
    gnome.order("layout 1")
    connection.expect(Layout, known=True, name="German")
    asking = Asking(gnome, "gtk3")
    assert asking.given(f"tap {Y}") == "document z"
    assert asking.given(f"other {Y}") == "document zz"
    connection.settled()
    assert last(connection, Layout).name == "German"
    gnome.order("layout 2")
    connection.expect(Layout, known=True, name="Russian")


def test_purpose_of_a_password_field(gnome, service):
    """GTK tells the compositor what kind of text a field takes."""
    gnome.keyboard()
    _, connection = greet(gnome, service)
    client = gnome._client("gnome_form.py")
    assert client.process.stdout.readline().strip() == b"done", client.log.read_text()

    def told():
        connection.settled()
        fields = [message for message in connection.messages[: connection.position] if isinstance(message, Field)]
        return fields and fields[-1].purpose

    until(lambda: told() == "other", "an entry has the keyboard")
    gnome.order(f"tap {TAB}")
    until(lambda: told() == "password", "the password's entry has it")
    gnome.order(f"tap {TAB}")
    until(lambda: told() == "other", "another entry has it")


def test_indicator_says_what_the_recorder_says_and_a_click_pauses(gnome, service):
    gnome.keyboard()
    _, connection = greet(gnome, service)
    connection.heard(Indicator, shown=True, means="gnome-shell")
    connection.tell("recording")

    def place_of_recording():
        state, place, *text = gnome.hand.order("indicator").split()
        return state == "seen" and text == ["●", "recording"] and place

    gnome.order(f"click {until(place_of_recording, 'the panel says so')}")
    assert connection.expect(Pause).paused
    connection.tell("paused", "until 14:05")
    until(lambda: gnome.hand.order("indicator").endswith("‖ paused until 14:05"), "the panel says so")


def test_indicator_in_full_screen_is_a_badge(gnome, service):
    window(gnome, "alpha")
    _, connection = greet(gnome, service)
    connection.heard(Indicator, shown=True)
    connection.tell("recording")
    until(lambda: gnome.hand.order("badge") == "hidden", "the panel is there")
    gnome.order("full on")
    until(lambda: gnome.hand.order("badge") == "seen ● recording", "the badge is there")
    connection.settled()
    assert last(connection, Indicator).shown, "at no time without either"
    gnome.order("full off")
    until(lambda: gnome.hand.order("badge") == "hidden", "the panel is there again")


def test_indicator_leaves_with_the_agent(gnome, service):
    agent, connection = greet(gnome, service)
    connection.heard(Indicator, shown=True)
    agent.stop(signal.SIGKILL)
    until(lambda: gnome.hand.order("indicator").startswith("hidden"), "nothing is recorded, and nothing shown")
