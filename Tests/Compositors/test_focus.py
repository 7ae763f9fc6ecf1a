"""Which window owns the keyboard, as the agent tells it of real compositors."""

import pytest
from service import Backend, Focus, Indicator, Lock
from session import KWin, KWin63, KWin63ByScript, KWinByScript, Labwc, Sway, Sway110, named, until
from weston import Weston

KEY_ESC, KEY_A, KEY_LEFTALT = 1, 30, 56


SWAYS, KWINS = (Sway, Sway110), (KWin, KWin63, KWinByScript, KWin63ByScript)


@pytest.fixture(params=[*SWAYS, Labwc, *KWINS, Weston], ids=named)
def desk(request, start):
    return start(request.param)


@pytest.fixture(params=SWAYS, ids=named)
def sway(request, start):
    return start(request.param)


@pytest.fixture(params=KWINS, ids=named)
def kwin(request, start):
    return start(request.param)


@pytest.fixture(params=KWINS, ids=named)
def kwin_with_shortcuts(request, start, monkeypatch):
    monkeypatch.setattr(request.param, "takes_shortcuts", True)
    return start(request.param)


def greet(desk, service):
    """An agent that has told its initial state."""
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    return agent, connection


def windows(messages):
    """App ids in the order of the reports; the second report of one focus, with its pid, is no change."""
    seen = []
    for message in messages:
        if isinstance(message, Focus) and (not seen or seen[-1][0] != message.window):
            seen.append((message.window, message.app))
    return [app for _, app in seen]


def test_initial_focus_of_an_agent_that_starts_after_the_windows(desk, service):
    desk.window("alpha", "first")
    desk.window("beta", "second one")
    _, connection = greet(desk, service)
    report = connection.expect(Focus)
    if isinstance(desk, Labwc):
        # A menu may be above them (test_launchers.py).
        assert report.state == "unknown"
        return
    assert (report.state, report.app, report.title) == ("window", "beta", "second one")
    assert report.source == desk.backend and not report.truncated and report.window > 0


def test_no_window_at_all_is_none(desk, service):
    _, connection = greet(desk, service)
    assert connection.expect(Focus).state == "none"


def test_every_change_is_reported_once_and_in_order(desk, service):
    _, connection = greet(desk, service)
    for app in ("alpha", "beta", "gamma"):
        desk.window(app, f"title of {app}")
    # labwc names a window's output a moment after the window.
    whole = lambda report: bool(report.output) == desk.tells_outputs and (  # noqa: E731
        report.pid or not desk.tells_processes)
    connection.expect(Focus, app="gamma", condition=whole)
    wanted = ["alpha", "beta", "gamma", "beta"] * 5
    said = []
    for app in wanted:
        desk.focus(app)
        said += connection.settled()
    assert windows(said) == wanted
    reports = [message for message in said if isinstance(message, Focus)]
    assert all(report.title == f"title of {report.app}" for report in reports)
    assert len({(report.window, report.app) for report in reports}) == 3, "a window keeps its number"
    times = [report.time for report in reports]
    assert times == sorted(times)


@pytest.mark.parametrize("kind", [*SWAYS, Labwc], ids=named)
def test_foot_is_a_window_like_any(start, kind, service):
    """Not on KWin's virtual screen, which has no size in millimetres: foot divides by it."""
    desk = start(kind)
    _, connection = greet(desk, service)
    connection.expect(Focus, state="none")
    terminal = desk.foot("terminal", "a shell")
    connection.expect(Focus, state="window", app="terminal", title="a shell")
    terminal.stop()
    connection.expect(Focus, state="none", app="", title="", window=0, pid=0)


def test_title_changes_are_reported_for_the_same_window(desk, service):
    _, connection = greet(desk, service)
    window = desk.window("alpha", "before")
    first = connection.expect(Focus, title="before")
    # Weston's module looks when the window shows something new.
    assert window.order('{"title": "after \\u2026 it", "draw": true}') == "done"
    assert connection.expect(Focus, title="after … it").window == first.window


def test_titles_of_windows_without_the_focus_are_nobodys_business(desk, service):
    _, connection = greet(desk, service)
    behind = desk.window("alpha", "secret 1")
    desk.window("beta", "front")
    connection.expect(Focus, app="beta")
    connection.settled()
    assert behind.order('{"title": "secret 2"}') == "done"
    said = connection.settled()
    assert [message for message in said if isinstance(message, Focus) and message.app != "beta"] == []


def test_a_dialog_of_an_app_is_a_window_of_it(desk, service):
    _, connection = greet(desk, service)
    window = desk.window("alpha", "a document")
    document = connection.expect(Focus, app="alpha", title="a document")
    assert window.order('{"dialog": true, "app": "alpha", "title": "a question", "map": true}') == "done"
    question = connection.expect(Focus, app="alpha", title="a question")
    assert question.window != document.window


def test_closing_the_last_window_clears_the_focus(desk, service):
    _, connection = greet(desk, service)
    window = desk.window("alpha", "only")
    connection.expect(Focus, app="alpha")
    window.stop()
    connection.expect(Focus, state="none", app="", title="", window=0, pid=0)


def test_empty_workspace_clears_the_focus(sway, service):
    sway.window("alpha", "first")
    _, connection = greet(sway, service)
    connection.expect(Focus, app="alpha")
    sway.message("workspace 2")
    connection.expect(Focus, state="none", app="")
    sway.message("workspace 1")
    connection.expect(Focus, state="window", app="alpha")


@pytest.mark.parametrize("kind", [*SWAYS, Labwc], ids=named)
def test_lock_screen_clears_the_focus(start, kind, service):
    desk = start(kind)
    desk.keyboard()
    _, connection = greet(desk, service)
    desk.window("alpha", "first")
    connection.expect(Focus, app="alpha")
    desk.run(["swaylock", "--color", "000000"], "swaylock")
    connection.expect(Focus, state="none", app="")


@pytest.mark.parametrize("kind", KWINS, ids=named)
def test_lock_screen_of_kwin_is_told_as_a_lock(start, kind, service, monkeypatch):
    """Not as a change of focus: KWin keeps the window below active."""
    monkeypatch.setattr(kind, "locks", True)
    desk = start(kind)
    desk.window("alpha", "first")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    desk.lock()
    connection.expect(Lock, locked=True)
    assert not [message for message in connection.settled() if isinstance(message, Focus)]


def test_output_of_the_window_that_has_the_focus(sway, service):
    sway.window("alpha", "first")
    _, connection = greet(sway, service)
    first = connection.expect(Focus, app="alpha", output="HEADLESS-1")
    sway.message("create_output")
    sway.message("move container to output HEADLESS-2")
    sway.focus("alpha")
    assert connection.expect(Focus, app="alpha", output="HEADLESS-2").window == first.window
    sway.message("move container to output HEADLESS-1")
    sway.focus("alpha")
    assert connection.expect(Focus, app="alpha", output="HEADLESS-1").window == first.window


def test_launcher_clears_the_focus(sway, service):
    sway.keyboard()
    sway.window("alpha", "first")
    _, connection = greet(sway, service)
    connection.expect(Focus, app="alpha")
    launcher = sway.run(["fuzzel", "--dmenu"], "fuzzel")
    connection.expect(Focus, state="none", app="")
    launcher.stop()
    connection.expect(Focus, state="window", app="alpha")


def test_launcher_of_kwin_clears_the_focus(kwin, service):
    kwin.plasma()
    kwin.window("alpha", "first")
    _, connection = greet(kwin, service)
    connection.expect(Focus, app="alpha")
    launcher = kwin.launcher()
    connection.expect(Focus, state="none", app="")
    launcher.stop()
    connection.expect(Focus, state="window", app="alpha")


def test_kwin_does_not_tell_of_its_window_switcher(kwin_with_shortcuts, service):
    """A limit of KWin, kept here so that we notice when it goes: the window before still counts as active, and is given no key."""
    kwin = kwin_with_shortcuts
    keyboard = kwin.plasma()
    logs = {app: kwin.keylog(app) for app in ("alpha", "beta")}
    _, connection = greet(kwin, service)
    connection.expect(Focus, app="beta")
    keyboard.order(f"tap {KEY_A}")
    until(lambda: presses(logs["beta"]) == 1, "beta is given keys")
    assert keyboard.order(f"key {KEY_LEFTALT} 1").startswith("stamp")
    kwin.shortcut("Walk Through Windows")
    connection.settled()
    pressed = {app: presses(log) for app, log in logs.items()}
    for _ in range(3):
        keyboard.order(f"tap {KEY_A}")
    said = connection.settled()
    assert {app: presses(log) for app, log in logs.items()} == pressed, "KWin took them"
    assert not [message for message in said if isinstance(message, Focus)]
    keyboard.order(f"key {KEY_LEFTALT} 0")
    connection.expect(Focus, app="alpha")


def presses(log):
    return log.read_text().count(f'"code":{KEY_A},"press":"pressed"')


def test_the_badge_is_shown(desk, service):
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=True, means=desk.badge)


@pytest.mark.parametrize("kind", [KWinByScript, KWin63ByScript], ids=named)
def test_kwin_that_does_not_let_the_agent_see_windows_nor_load_a_script(start, kind, service):
    """There is no bus for it."""
    desk = start(kind)
    desk.window("alpha", "first")
    agent = desk.agent(service.path, wrapper=["env", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"])
    connection, _ = service.greet()
    assert "kymograph-agent.desktop" in connection.expect(
        Backend, usable=False, condition=lambda said: "org_kde_plasma_window_management" in said.reason).reason
    said = connection.collect(1)
    assert not any(isinstance(message, Focus) and message.state != "unknown" for message in said)
    assert any("kymograph-agent.desktop" in line for line in agent.lines)


@pytest.mark.parametrize("kind", [*SWAYS, *KWINS, Weston], ids=named)
def test_pid_is_the_clients(start, kind, service):
    desk = start(kind)
    clients = {app: desk.window(app, "x") for app in ("alpha", "beta")}
    _, connection = greet(desk, service)
    # Also of the window that had the focus before the agent came.
    connection.expect(Focus, app="beta", pid=clients["beta"].pid)
    desk.focus("alpha")
    connection.expect(Focus, app="alpha", pid=clients["alpha"].pid)


def test_pid_of_windows_that_look_the_same(sway, service):
    """Once the pid was found by app id and title, which two shells in one directory share."""
    first = sway.window("term", "~")
    first_id = _focused(sway)["id"]
    second = sway.window("term", "~")
    second_id = _focused(sway)["id"]
    _, connection = greet(sway, service)
    owners = {connection.expect(Focus, pid=second.pid).window: second.pid}
    sway.message(f"[con_id={first_id}] focus")
    owners[connection.expect(Focus, pid=first.pid).window] = first.pid
    for _ in range(20):
        for con_id, pid in ((second_id, second.pid), (first_id, first.pid)):
            sway.message(f"[con_id={con_id}] focus")
            connection.expect(Focus, pid=pid)
    told = [message for message in connection.messages if isinstance(message, Focus) and message.pid]
    assert all(owners[report.window] == report.pid for report in told)


def _focused(sway):
    def find(node):
        if node["focused"]:
            return node
        return next(filter(None, map(find, node["nodes"] + node["floating_nodes"])), None)

    return until(lambda: find(sway.message("-t", "get_tree")), "a focused container")
