"""A lock screen above a window that stays activated, as Hyprland tells of it: by a stand-in. The real one: Tests/VM."""

import pytest
from fake_compositor import COSMIC_GLOBALS, LOCK
from service import Backend, Focus


@pytest.fixture
def locking(fake_with):
    desk, compositor = fake_with([(LOCK, 1), *COSMIC_GLOBALS])
    compositor.open_window("alpha", "first")
    return desk, compositor


def greet(desk, service):
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    return connection


def test_no_window_has_the_keyboard_while_it_is_locked(locking, service):
    desk, compositor = locking
    connection = greet(desk, service)
    first = connection.expect(Focus, app="alpha")
    compositor.lock(True)
    connection.expect(Focus, state="none", app="", title="", window=0)
    compositor.lock(False)
    assert connection.expect(Focus, app="alpha").window == first.window


def test_a_change_below_the_lock_is_told_when_it_is_gone(locking, service):
    desk, compositor = locking
    connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    compositor.lock(True)
    connection.expect(Focus, state="none")
    compositor.open_window("beta", "second")
    assert [message for message in connection.settled() if isinstance(message, Focus)] == []
    compositor.lock(False)
    connection.expect(Focus, app="beta")


def test_an_agent_that_starts_under_the_lock_tells_no_window(locking, service):
    desk, compositor = locking
    compositor.lock(True)
    connection = greet(desk, service)
    assert connection.expect(Focus).state == "none"
    compositor.lock(False)
    connection.expect(Focus, app="alpha")


def test_a_notifier_that_goes_away_is_not_taken_for_an_unlocked_session(locking, service):
    desk, compositor = locking
    connection = greet(desk, service)
    connection.expect(Focus, app="alpha")
    compositor.withdraw(LOCK)
    connection.expect(Backend, usable=False)
    connection.expect(Focus, state="unknown")
