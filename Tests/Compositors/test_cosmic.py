"""COSMIC's protocol of windows, spoken to a stand-in: Debian has no COSMIC. What is true of a real one, no test here says."""

import pytest
from fake_compositor import ACTIVATED, COSMIC_GLOBALS, GLOBALS, INFO, LIST
from service import Backend, Focus, Indicator
from wire import uint


@pytest.fixture
def cosmic(fake_with):
    return fake_with(COSMIC_GLOBALS)


def greet(desk, service):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    return agent, connection


def states(connection):
    return [(message.state, message.app) for message in connection.settled() if isinstance(message, Focus)]


def test_windows_that_are_there_before_the_agent(cosmic, service):
    desk, compositor = cosmic
    compositor.open_window("alpha", "first")
    compositor.open_window("beta", "second", active=False)
    agent, connection = greet(desk, service)
    connection.expect(Focus, app="alpha", title="first", output="FAKE-1", source="cosmic-toplevel-info", pid=0)
    assert any("offers zcosmic_toplevel_info_v1" in line for line in agent.lines)


def test_focus_moves_and_a_window_keeps_its_number(cosmic, service):
    desk, compositor = cosmic
    alpha = compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    first = connection.expect(Focus, app="alpha")
    compositor.open_window("beta", "second")
    second = connection.expect(Focus, app="beta", title="second")
    compositor.focus(alpha)
    again = connection.expect(Focus, app="alpha")
    assert again.window == first.window != second.window
    compositor.focus(None)
    connection.expect(Focus, state="none", app="")


def test_a_window_that_opens_has_the_keyboard_by_the_next_watermark(cosmic, service):
    """Its state has to be asked for: one round trip more, and the watermark has two."""
    desk, compositor = cosmic
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    for number in range(20):
        compositor.open_window(f"app{number}", "t")
        said, _ = connection.probe()
        told = [message.app for message in said if isinstance(message, Focus)]
        # The order may have reached the stand-in after the first question.
        assert not told or told[-1] in ("", f"app{number}")
        if not told or told[-1] == "":
            connection.expect(Focus, app=f"app{number}")


def test_states_change_with_done_and_not_before(cosmic, service):
    desk, compositor = cosmic
    alpha = compositor.open_window("alpha", "first")
    beta = compositor.open_window("beta", "second", active=False)
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    connection.settled()

    def moved_without_done(client):
        if beta in client.cosmic:
            client.event(client.cosmic[alpha], 8, uint(0))
            client.event(client.cosmic[beta], 8, uint(4), uint(ACTIVATED))

    compositor.tell(moved_without_done)
    assert states(connection) == []
    compositor.tell(lambda client: client.settled())
    connection.expect(Focus, app="beta")


def test_titles(cosmic, service):
    desk, compositor = cosmic
    alpha = compositor.open_window("alpha", "first")
    beta = compositor.open_window("beta", "second", active=False)
    _, connection = greet(desk, service)
    first = connection.expect(Focus, app="alpha")
    compositor.rename(beta, "nobody's business")
    compositor.rename(alpha, "another")
    assert connection.expect(Focus, title="another").window == first.window
    assert not any(message.app == "beta" for message in connection.messages if isinstance(message, Focus))


def test_closing_the_window_clears_the_focus(cosmic, service):
    desk, compositor = cosmic
    alpha = compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    compositor.close_window(alpha)
    connection.expect(Focus, state="none", app="", window=0)
    compositor.open_window("beta", "second")
    connection.expect(Focus, app="beta")


@pytest.mark.parametrize("offered", [[*GLOBALS, (INFO, 2), (LIST, 1)], [(LIST, 1), *GLOBALS, (INFO, 2)]],
                         ids=["info first", "list first"])  # fmt: skip
def test_in_whichever_order_the_two_are_announced(fake_with, service, offered):
    desk, compositor = fake_with(offered)
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")


@pytest.mark.parametrize("offered", [[*GLOBALS, (LIST, 1)], [*GLOBALS, (INFO, 2)], [*GLOBALS, (LIST, 1), (INFO, 1)]],
                         ids=["list alone", "info alone", "info of version 1"])  # fmt: skip
def test_half_of_it_is_not_enough(fake_with, service, offered):
    """The list says what windows are called, and not which of them is active."""
    desk, compositor = fake_with(offered)
    compositor.open_window("alpha", "first")
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=False, condition=lambda said: "does not offer" in said.reason)
    assert not any(message.state != "unknown" for message in connection.collect(0.5) if isinstance(message, Focus))


@pytest.mark.parametrize("interface", [INFO, LIST])
def test_either_goes(cosmic, service, interface):
    desk, compositor = cosmic
    compositor.open_window("alpha", "first")
    _, connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    compositor.withdraw(interface)
    connection.expect(Focus, state="unknown", app="")


def test_badge(cosmic, service):
    desk, compositor = cosmic
    compositor.draw()
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=True, means="layer-shell")
