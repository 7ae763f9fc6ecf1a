"""A script in KWin, where KWin does not offer the agent its protocol. What it tells of windows is tested where every
desktop is (test_focus.py); here is how it comes, goes and stays alone."""

import os
import select
import shutil
import signal
import subprocess

import pytest
from service import Backend, Focus, PointerPlace, Watermark, WindowPlace, now
from session import HERE, Cage, KWin, KWin63, KWin63ByScript, KWinByScript, named, until

SCRIPTING = ("org.kde.KWin", "/Scripting", "org.kde.kwin.Scripting")
NAME = "kymograph"


@pytest.fixture(params=[KWinByScript, KWin63ByScript], ids=named)
def kwin(request, start):
    return start(request.param)


def greet(desk, service):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True, backend="kwin-script")
    return agent, connection


def ask(desk, method, *words):
    command = desk.as_user(["busctl", "--user", "call", *SCRIPTING, method, *words])
    answer = subprocess.run(command, env=desk.environment, capture_output=True, text=True, timeout=10)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def is_loaded(desk):
    return ask(desk, "isScriptLoaded", "s", NAME) == "b true"


@pytest.mark.parametrize("kind", [KWinByScript, KWin63ByScript], ids=named)
def test_a_window_of_one_size_is_a_window(start, kind, service):
    """Such a one of X11's cannot be in full screen, by which a script once told windows from launchers."""
    desk = start(kind, x11=True)
    _, connection = greet(desk, service)
    desk.x11_window("Legacy", "of X11", "fixed")
    connection.expect(Focus, title="of X11", condition=lambda report: report.app.lower() == "legacy")


def move(desk, x, y):
    """The window that is active, as a person's own script does it."""
    script = desk.runtime / "move.js"
    script.write_text(
        "const window = workspace.activeWindow || workspace.activeClient, place = window.frameGeometry;\n"
        f"window.frameGeometry = {{ x: {x}, y: {y}, width: place.width, height: place.height }};\n")
    script.chmod(0o644)
    ask(desk, "loadScript", "ss", str(script), "mover")
    ask(desk, "start")


def file(desk):
    return desk.runtime / "kymograph-kwin.js"


def test_says_once_that_the_script_tells_and_which_file_would_mend_that(kwin, service):
    agent, connection = greet(kwin, service)
    connection.settled()
    told = [line for line in agent.lines if "focus from" in line]
    assert len(told) == 1 and told[0].startswith(
        "kymograph-agent: focus from kwin-script: a script of Kymograph's runs in KWin, which does not offer its protocol")
    assert "kymograph-agent.desktop" in told[0]
    assert not any("stays unknown" in line for line in agent.lines), "nor is anything said that does not come true"
    reasons = {message.reason for message in connection.messages if isinstance(message, Backend) and message.usable}
    assert [told[0].endswith(reason) for reason in reasons] == [True], "whole, and not cut"
    until(lambda: not file(kwin).exists(), "what KWin has read is removed")


@pytest.mark.parametrize("kind", [KWin, KWin63], ids=named)
def test_where_the_protocol_is_there_no_script_is_loaded(start, kind, service):
    desk = start(kind)
    desk.agent(service.path)
    connection, hello = service.greet()
    connection.expect(Backend, usable=True, backend="plasma-window-management")
    connection.settled()
    assert not is_loaded(desk) and not file(desk).exists()


@pytest.mark.parametrize("kind", [KWin, KWinByScript, KWin63, KWin63ByScript], ids=named)
def test_names_are_those_of_the_protocol(start, kind, service):
    """A rule's `app` has to match in either way. Of a window without an app id KWin 5.27 says its program's name."""
    desk = start(kind)
    desk.agent(service.path)
    connection, _ = service.greet()
    desk.window("org.example.App", "a title")
    connection.expect(Focus, app="org.example.App", title="a title")
    desk.window("", "no name")
    nameless = connection.expect(Focus, title="no name")
    assert nameless.app == ("" if isinstance(desk, KWin63) else os.path.basename(os.path.realpath("/usr/bin/python3")))


@pytest.mark.parametrize("kind", [KWin, KWinByScript, KWin63, KWin63ByScript], ids=named)
def test_where_a_window_is_and_where_the_pointer(start, kind, service):
    """KWin's protocol tells of windows; of the pointer its scripts alone, which is loaded when somebody first asks."""
    desk = start(kind)
    hand = desk.plasma()
    desk.window("alpha", "first")
    desk.agent(service.path)
    connection, _ = service.greet()
    focus = connection.expect(Focus, app="alpha")
    place = connection.heard(WindowPlace, window=focus.window)
    # window.py's surface, in the middle of a screen of 1024 by 768.
    x, y, width, height = place.place
    assert (width, height) == (64, 64) and 0 <= x < 1024 and 0 <= y < 768 and focus.time <= place.time <= now()
    connection.settled()

    def pointer(number):
        asked = now()
        connection.press(number)
        word = connection.expect(PointerPlace, number=number).word
        return word and (asked <= word[0] <= now(), *word[1:])

    hand.order(f"move {x + 10} {y + 5}")
    answers = []
    until(lambda: answers.append(pointer(len(answers) + 1)) or answers[-1], "the script runs")
    assert answers[:-1] == [None] * (len(answers) - 1) and answers[-1] == (True, "desktop", x + 10, y + 5)
    if "script" in desk.version:
        assert len(answers) == 1
    for number, (dx, dy) in enumerate(((0, 0), (63, 63), (30, 3)), 100):
        hand.order(f"move {x + dx} {y + dy}")
        assert pointer(number) == (True, "desktop", x + dx, y + dy)
    # Elsewhere it is nobody's business.
    for number, spot in enumerate(((0, 0), (x - 1, y), (x, y + 64), (1023, 767)), 200):
        hand.order(f"move {spot[0]} {spot[1]}")
        assert pointer(number) is None
    connection.settled()
    assert [said.backend for said in connection.messages if isinstance(said, Backend) and said.usable] == [desk.backend]
    move(desk, 7, 9)
    assert connection.expect(WindowPlace, window=focus.window, condition=lambda said: said.place[:2] == (7, 9))


def test_kwin_ends_and_comes_again(kwin, service):
    kwin.window("alpha", "first")
    agent, connection = greet(kwin, service)
    before = connection.expect(Focus, app="alpha")
    kwin.compositor.stop()
    connection.expect(Backend, usable=False)
    connection.expect(Focus, state="unknown", app="", window=0)
    number = connection.send_probe()
    restarted = now()
    kwin.start()
    connection.expect(Backend, usable=True, backend="kwin-script", seconds=20)
    connection.heard(Watermark, probe=number, condition=lambda mark: mark.sent > restarted)
    kwin.window("beta", "second")
    assert connection.heard(Focus, app="beta").window != before.window
    assert agent.process.poll() is None


def test_it_leaves_with_the_agent(kwin, service):
    agent, _ = greet(kwin, service)
    assert is_loaded(kwin)
    agent.stop()
    until(lambda: not is_loaded(kwin), "the script is gone")
    assert not file(kwin).exists()


def test_an_agent_that_comes_again_replaces_the_script_of_the_one_that_was_killed(kwin, service):
    kwin.window("alpha", "first")
    kwin.window("beta", "second")
    agent, connection = greet(kwin, service)
    agent.stop(signal.SIGKILL)
    assert is_loaded(kwin), "nobody was there to take it out"
    connection.close()
    _, connection = greet(kwin, service)
    connection.expect(Focus, app="beta")
    kwin.focus("alpha")
    said = connection.settled()
    assert [message.app for message in said if isinstance(message, Focus)] == ["alpha"]
    ask(kwin, "unloadScript", "s", NAME)
    until(lambda: not is_loaded(kwin), "there was one")


def test_a_person_has_scripts_of_their_own(kwin, service):
    """KWin numbers scripts by how many there are, and so gives a number twice."""
    own = kwin.runtime / "own.js"
    own.write_text("workspace.cursorPos;\n")
    own.chmod(0o644)
    # It is on the bus once it has a client.
    kwin.window("alpha", "first")
    for name in ("first", NAME, "second"):
        ask(kwin, "loadScript", "ss", str(own), name)
    ask(kwin, "start")
    _, connection = greet(kwin, service)
    connection.expect(Focus, app="alpha")
    assert [ask(kwin, "isScriptLoaded", "s", name) for name in ("first", "second")] == ["b true"] * 2


def test_kwin_that_hangs_confirms_nothing(kwin, service):
    kwin.window("alpha", "first")
    _, connection = greet(kwin, service)
    connection.settled()
    kwin.compositor.send(signal.SIGSTOP)
    number = connection.send_probe()
    assert not [message for message in connection.collect(1) if isinstance(message, Watermark)]
    kwin.compositor.send(signal.SIGCONT)
    connection.heard(Watermark, probe=number)


def test_kwin_that_hung_until_the_agent_gave_up_is_asked_anew(kwin, service):
    kwin.window("alpha", "first")
    _, connection = greet(kwin, service)
    connection.settled()
    kwin.compositor.send(signal.SIGSTOP)
    number = connection.send_probe()
    connection.expect(Focus, state="unknown")
    kwin.compositor.send(signal.SIGCONT)
    connection.expect(Backend, usable=True, seconds=20)
    connection.expect(Focus, app="alpha")
    connection.heard(Watermark, probe=number)
    assert is_loaded(kwin)


@pytest.mark.skipif(not os.environ.get("KYMO_RESTS"), reason="72 s of rest: `make soak` sets KYMO_RESTS")
def test_it_listens_after_half_a_minute_of_rest_and_ends_after_one_without_an_agent(start, service):
    """QtDBus gives up a question that the agent leaves open for 25 s, and a script is not told so."""
    kwin = start(KWin63ByScript)
    kwin.window("alpha", "first")
    agent, connection = greet(kwin, service)
    assert not [message for message in connection.collect(32) if isinstance(message, Backend)]
    connection.settled()
    agent.stop(signal.SIGKILL)
    until(lambda: not is_loaded(kwin), "the script has ended itself", 60)


def test_a_program_that_takes_kwins_name_is_not_believed(start, service):
    """Its process is not the one at the other end of the Wayland socket, whatever that is called."""

    class Disguised(Cage):
        def command(self):
            shutil.copy(shutil.which("cage"), self.programs / "kwin_wayland")
            return self.as_user([str(self.programs / "kwin_wayland"), "--", "sleep", "600"])

    desk = start(Disguised)
    desk.bus()
    shutil.copy(HERE / "kwin_impostor.py", desk.programs)
    impostor = desk._client("kwin_impostor.py")
    assert impostor.process.stdout.readline() == b"owned\n", impostor.log.read_text()
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=False, condition=lambda said: "is not the compositor" in said.reason)
    said = connection.messages + connection.collect(1)
    assert {message.state for message in said if isinstance(message, Focus)} == {"unknown"}
    assert not select.select([impostor.process.stdout], [], [], 0)[0], "it was not even asked"
    assert agent.process.poll() is None
