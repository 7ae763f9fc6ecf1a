"""Where the window is that has the keyboard, which sway tells by its own socket: when asked, and not of each change by itself."""

import pytest
from service import Focus, WindowPlace, now
from session import Sway, Sway110, named

KEY_A, KEY_B = 30, 48


@pytest.fixture(params=[Sway, Sway110], ids=named)
def desk(request, start):
    desk = start(request.param)
    # What a person has bound: sway tells that a binding was used, and not what it did.
    desk.message("bindsym a move position 30 40, bindsym b resize set width 200 px height 100 px")
    return desk


def place(desk, app):
    """As sway prints it."""

    def found(node):
        if node.get("app_id") == app:
            box = node["rect"]
            return box["x"], box["y"], box["width"], box["height"]
        return next(filter(None, map(found, node["nodes"] + node["floating_nodes"])), None)

    return found(desk.message("--type", "get_tree"))


def greet(desk, service):
    desk.tap(KEY_A + 10)
    desk.agent(service.path)
    connection, _ = service.greet()
    return connection


def test_the_frame_of_the_window_is_told_with_the_focus_and_as_others_come_and_go(desk, service):
    desk.window("alpha", "first")
    connection = greet(desk, service)
    alpha = connection.heard(Focus, app="alpha")
    whole = place(desk, "alpha")
    told = connection.heard(WindowPlace, window=alpha.window)
    assert told.place == whole and alpha.time <= told.time <= now()
    beta = desk.window("beta", "second")
    focus = connection.heard(Focus, app="beta")
    half = connection.expect(WindowPlace, window=focus.window, condition=lambda said: said.place == place(desk, "beta")).place
    assert half != whole and half[0] > 0
    desk.focus("alpha")
    other = connection.expect(WindowPlace, window=alpha.window).place
    assert other == place(desk, "alpha") and other != whole
    beta.stop()
    assert connection.expect(WindowPlace, window=alpha.window, place=whole)
    assert place(desk, "alpha") == whole


def test_the_frame_is_told_after_a_binding_and_at_a_press(desk, service):
    desk.window("alpha", "first")
    connection = greet(desk, service)
    alpha = connection.heard(Focus, app="alpha")
    connection.heard(WindowPlace, window=alpha.window)
    desk.message("floating enable")
    connection.expect(WindowPlace, window=alpha.window, condition=lambda said: said.place == place(desk, "alpha"))
    desk.tap(KEY_A)
    moved = connection.expect(WindowPlace, window=alpha.window, condition=lambda said: said.place[:2] == (30, 40))
    assert moved.place == place(desk, "alpha")
    desk.tap(KEY_B)
    connection.expect(WindowPlace, window=alpha.window, condition=lambda said: said.place == place(desk, "alpha") != moved.place)
    # As a mouse does it: sway says nothing. The next press asks.
    desk.message("move position 70 80")
    connection.press(1)
    connection.expect(WindowPlace, window=alpha.window, condition=lambda said: said.place[:2] == (70, 80))
    # What has not changed is not told again.
    connection.press(2)
    connection.settled()
    assert not [said for said in connection.settled() if isinstance(said, WindowPlace)]
