"""Weston with our module: where the window is that has the keyboard, and where in it a button was pressed."""

import pytest
from program import until
from service import Focus, PointerPlace, WindowPlace, now
from test_weston import BOTH, greet
from weston import Weston, Weston14

MODIFIER_KEYS = {"Control": 29, "Shift": 42, "Alt": 56, "Super": 125}
BUTTONS = {"left": 0x110, "right": 0x111, "middle": 0x112, "beyond task": 0x11F}
WHOLE = (0, 0, 1280, 720)


@pytest.fixture(params=[Weston, Weston14], ids=["10", "14"])
def desk(request, start):
    return start(request.param)


def test_where_the_window_is(desk, service):
    window = desk.window("alpha", "first")
    _, connection = greet(desk, service)
    alpha = connection.heard(Focus, app="alpha").window
    connection.heard(WindowPlace, window=alpha, place=WHOLE)
    desk.order("move alpha 30 -20")
    moved = connection.expect(WindowPlace, window=alpha, place=(30, -20, 1280, 720))
    assert moved.time <= now()
    desk.window("beta", "second")
    beta = connection.expect(Focus, app="beta").window
    connection.expect(WindowPlace, window=beta, place=WHOLE)
    # Nobody asks about a window without the keyboard.
    desk.order("move alpha 50 60")
    assert not [message for message in connection.settled() if isinstance(message, WindowPlace)]
    desk.focus("alpha")
    connection.expect(WindowPlace, window=alpha, place=(50, 60, 1280, 720))
    # What the app says is its shadow is no part of it.
    assert window.order('{"geometry": [10, 12, 200, 100], "draw": true}') == "done"
    assert connection.expect(WindowPlace, window=alpha).place[2:] == (200, 100)


def test_whoever_comes_late_is_told_what_others_were(weston, service):
    weston.window("alpha", "first")
    weston.window("beta", "second")
    agent, connection = greet(weston, service)
    weston.focus("alpha")
    alpha = connection.expect(Focus, app="alpha").window
    connection.expect(WindowPlace, window=alpha, place=WHOLE)
    connection.close()
    # The same agent, of another service.
    connection, _ = service.greet()
    connection.expect(WindowPlace, window=alpha, place=WHOLE)
    weston.focus("beta")
    connection.expect(Focus, app="beta")
    agent.stop()
    connection.close()
    _, connection = greet(weston, service)
    connection.heard(Focus, app="beta")
    weston.focus("alpha")
    alpha = connection.expect(Focus, app="alpha").window
    connection.expect(WindowPlace, window=alpha, place=WHOLE)


class Mouse:
    """Of Weston's parent, on which Weston fills the screen; and the question where its last press was."""

    def __init__(self, desk, connection):
        self.pointer, self.connection, self.number = desk.pointer(), connection, 0
        assert self.told() is None, "nothing was pressed yet"

        def is_plugged_in():
            self.click(640, 360)
            return self.told()

        # What it does before Weston has taken notice of it is lost.
        until(is_plugged_in, "Weston has the mouse")

    def move(self, x, y):
        assert self.pointer.order(f"move {x} {y} 1280 720") == "done"

    def click(self, x, y, button="left", then=None):
        self.move(x, y)
        assert self.pointer.order(f"press {BUTTONS[button]}") == "done"
        if then:
            self.move(*then)
        assert self.pointer.order(f"release {BUTTONS[button]}") == "done"

    def told(self):
        self.number += 1
        self.connection.press(self.number)
        return self.connection.expect(PointerPlace, number=self.number).word

    def is_told(self, *place):
        """Once Weston has heard of the press; without a place: that nothing is told."""
        def has_it():
            word = self.told()
            if not place:
                return word is None
            return word and word[1:] == ("window", *place) and word

        return until(has_it, f"the last press is told to be at {place or 'no place'}")


def test_where_a_press_was(desk, service):
    desk.window("alpha", "first")
    _, connection = greet(desk, service)
    connection.heard(Focus, app="alpha")
    mouse = Mouse(desk, connection)
    before = now()
    # The press, and not where the pointer has come to meanwhile.
    mouse.click(100, 50, then=(700, 500))
    time, *_ = mouse.is_told(100, 50)
    assert before <= time <= now()
    for index, button in enumerate(BUTTONS):
        mouse.click(200 + index, 60, button)
        mouse.is_told(200 + index, 60)
    # From the corner of the window, wherever that is.
    desk.order("move alpha 30 -20")
    mouse.click(130, 30)
    mouse.is_told(100, 50)


@BOTH
def test_where_a_press_with_any_modifiers_was(start, kind, service, monkeypatch):
    monkeypatch.setattr(kind, "layouts", None)
    desk = start(kind)
    desk.order("keyboard us")
    desk.window("alpha", "first")
    _, connection = greet(desk, service)
    connection.heard(Focus, app="alpha")
    mouse = Mouse(desk, connection)
    for bits in range(16):
        held = [key for bit, key in enumerate(MODIFIER_KEYS.values()) if bits >> bit & 1]
        for key in held:
            desk.order(f"down {key}")
        mouse.click(10 + bits, 20)
        mouse.is_told(10 + bits, 20)
        for key in held:
            desk.order(f"up {key}")


def test_a_press_on_what_has_not_the_keyboard_is_told_to_nobody(desk, service):
    desk.window("alpha", "below")
    desk.window("beta", "above")
    _, connection = greet(desk, service)
    connection.heard(Focus, app="beta")
    mouse = Mouse(desk, connection)
    mouse.click(100, 50)
    mouse.is_told(100, 50)
    desk.focus("alpha")
    connection.expect(Focus, app="alpha")
    # Only left and right buttons give it the keyboard.
    mouse.click(200, 60, "middle")
    mouse.is_told()
    # When this one was pressed the keyboard was elsewhere.
    mouse.click(300, 70)
    connection.expect(Focus, app="beta")
    assert mouse.told() is None

    def is_its_own():
        # A press in the same milliseconds would still be one of before.
        mouse.click(400, 80)
        return (word := mouse.told()) and word[1:] == ("window", 400, 80)

    until(is_its_own, "presses on the window that has it now are told")


def test_a_press_in_a_menu_of_the_window_is_in_the_window(desk, service):
    window = desk.window("alpha", "first")
    _, connection = greet(desk, service)
    alpha = connection.heard(Focus, app="alpha").window
    mouse = Mouse(desk, connection)
    desk.order("move alpha -400 20")
    # It begins in the window, and goes beyond its edge.
    assert window.order('{"menu": [1270, 200]}') == "done"

    def is_shown():
        mouse.click(900, 240)
        return (word := mouse.told()) and word[1:] == ("window", 1300, 220)

    until(is_shown, "what is pressed is the menu, where no window is")
    windows = {message.window for message in connection.messages if isinstance(message, Focus) and message.state == "window"}
    assert windows == {alpha}, "it keeps the keyboard"
