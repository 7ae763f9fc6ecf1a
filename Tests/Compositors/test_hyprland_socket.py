"""What Hyprland's own sockets tell beside its windows' protocol: by a stand-in. The real one: Tests/VM."""

import signal

import pytest
from fake_compositor import COSMIC_GLOBALS
from fake_hyprland import FakeHyprland, window
from impostor import listened_to_by_another
from program import until
from service import Backend, Focus, PointerPlace, WindowPlace, now

@pytest.fixture
def hyprlands(fake_with):
    made = []

    def make(**said):
        desk, compositor = fake_with(COSMIC_GLOBALS)
        made.append(FakeHyprland(desk.runtime, **said))
        return desk, compositor, made[-1]

    yield make
    for one in made:
        one.stop()


def greet(desk, service):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    return agent, connection


def test_process_and_place_of_the_window(hyprlands, service):
    desk, compositor, hyprland = hyprlands(window=window("alpha", (10, 20, 300, 200)))
    compositor.open_window("alpha", "first")
    agent, connection = greet(desk, service)
    focus = connection.heard(Focus, app="alpha", pid=4242)
    told = connection.heard(WindowPlace, window=focus.window, place=(10, 20, 300, 200))
    assert focus.time <= told.time <= now()
    assert any("places and layout from Hyprland's socket" in line for line in agent.lines)
    hyprland.window = window("alpha", (30, 40, 500, 400))
    hyprland.event("activewindow>>alpha,title")
    hyprland.event("movewindow>>1,2")
    connection.expect(WindowPlace, window=focus.window, place=(30, 40, 500, 400))


def test_another_window_than_has_the_focus_is_not_believed_to_be_it(hyprlands, service):
    """Between the question and the answer the focus may have moved."""
    desk, compositor, hyprland = hyprlands(window=window("beta", (10, 20, 300, 200)))
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.settled()
    connection.press(1)
    connection.settled()
    assert {said.pid for said in connection.messages if isinstance(said, Focus)} == {0}
    assert not [said for said in connection.messages if isinstance(said, WindowPlace)]


def test_a_window_of_x11_has_its_process(hyprlands, service):
    desk, compositor, _ = hyprlands(window=window("Alpha", (1, 2, 3, 4), xwayland=True))
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.heard(Focus, app="alpha", pid=4242)


@pytest.mark.parametrize("pointer,word", [
    ((10, 20), True), ((309, 219), True), ((310, 30), False), ((20, 220), False), ((9, 30), False), ((-5, 30), False)])  # fmt: skip
def test_where_the_pointer_is_over_the_window_that_has_the_keyboard(hyprlands, service, pointer, word):
    desk, compositor, _ = hyprlands(window=window("alpha", (10, 20, 300, 200)), pointer=pointer)
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    asked = now()
    connection.press(7)
    said = connection.expect(PointerPlace, number=7).word
    assert (said and said[1:]) == (("desktop", *pointer) if word else None)
    assert not word or asked <= said[0] <= now()


def test_without_a_window_the_pointer_is_nowhere(hyprlands, service):
    desk, _, _ = hyprlands()
    _, connection = greet(desk, service)
    connection.press(1)
    assert connection.expect(PointerPlace, number=1).word is None


def test_one_that_hangs_keeps_nobody_waiting(hyprlands, service):
    desk, compositor, hyprland = hyprlands(window=window("alpha", (10, 20, 300, 200)))
    hyprland.answers = False
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.heard(Focus, app="alpha", pid=0)
    for number in range(20):
        connection.press(number)
        _, mark = connection.probe()
        assert mark.checked - mark.sent < 300_000
    assert len(hyprland.asked) <= 8, "it is asked no more"
    # What was not asked of it is answered at once, the rest when it ends.
    hyprland.stop()
    for number in range(20):
        assert connection.heard(PointerPlace, number=number).word is None


def test_sockets_of_another_process_are_not_believed(fake_with, service):
    desk, compositor = fake_with(COSMIC_GLOBALS)
    directory = desk.runtime / "hypr" / "v0_1"
    directory.mkdir(parents=True)
    paths = [str(directory / name) for name in (".socket.sock", ".socket2.sock")]
    with listened_to_by_another(paths):
        compositor.open_window("alpha", "first")
        agent, connection = greet(desk, service)
        connection.heard(Focus, app="alpha", pid=0)
        connection.press(1)
        assert connection.expect(PointerPlace, number=1).word is None
        assert not any("Hyprland's socket" in line for line in agent.lines)


def test_events_that_lay_there_are_no_event_too_long(hyprlands, service):
    """An agent that was stopped for a while took all that it found for one line, and listened to Hyprland no more."""
    desk, compositor, hyprland = hyprlands(window=window("alpha", (10, 20, 300, 200)))
    compositor.open_window("alpha", "first")
    agent, connection = greet(desk, service)
    connection.heard(WindowPlace, place=(10, 20, 300, 200))
    agent.send(signal.SIGSTOP)
    hyprland.window = window("alpha", (30, 40, 500, 400))
    hyprland.event("\n".join(["windowtitle>>" + "x" * 87] * 1000 + ["movewindow>>1,2"]))
    agent.send(signal.SIGCONT)
    connection.expect(WindowPlace, place=(30, 40, 500, 400))


def test_an_event_without_an_end_is_not_understood(hyprlands, service):
    desk, compositor, hyprland = hyprlands(window=window("alpha", (10, 20, 300, 200)))
    compositor.open_window("alpha", "first")
    agent, connection = greet(desk, service)
    connection.heard(WindowPlace, place=(10, 20, 300, 200))
    hyprland.event("x" * 100_000)
    until(lambda: any("not understood" in line for line in agent.lines), "the agent says so")
    connection.settled()
