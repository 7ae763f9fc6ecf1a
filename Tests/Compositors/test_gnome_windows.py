"""GNOME Shell: windows that change, move and ask."""

import pytest
from gnome import Asking, Gnome, Gnome48
from service import Backend, Focus, Outputs, PointerPlace, WindowPlace, now
from session import named, until
from window import SIZE

ESCAPE, ENTER, MENU = 1, 28, 127


@pytest.fixture(params=[Gnome, Gnome48], ids=named)
def kind(request):
    return request.param


def greet(gnome, service):
    gnome.agent(service.path)
    connection, _ = service.greet()
    connection.heard(Backend, usable=True)
    return connection


def last(connection):
    connection.settled()
    return [message for message in connection.messages[: connection.position] if isinstance(message, Focus)][-1]


def pointer(connection):
    """Where it is, by the agent's word."""
    began = now()
    connection.press(began)
    word = connection.expect(PointerPlace, number=began).word
    assert word is None or began <= word[0] <= now()
    return word and word[1:]


def test_titles_change_and_windows_move_between_outputs(start, service, kind):
    gnome = start(kind, outputs=2)
    behind, window = gnome.window("beta", "secret 1"), gnome.window("alpha", "before")
    until(lambda: gnome.hand.order("focus alpha").startswith("done"), "alpha has the focus")
    connection = greet(gnome, service)
    places = connection.heard(Outputs, lambda message: len(message.outputs) == 2).places
    one, other = sorted(places, key=places.get)
    first = connection.heard(Focus, app="alpha", title="before", output=one)
    assert window.order('{"title": "after \\u2026 it"}') == "done"
    connection.expect(Focus, title="after … it", window=first.window)
    before = connection.position
    assert behind.order('{"title": "secret 2"}') == "done"
    gnome.order("output 1")
    connection.expect(Focus, app="alpha", output=other, window=first.window)
    gnome.order("output 0")
    connection.expect(Focus, app="alpha", output=one, window=first.window)
    said = connection.messages[before : connection.position]
    assert {message.app for message in said if isinstance(message, Focus)} == {"alpha"}, "beta is nobody's business"


def test_where_windows_and_pointer_are(start, service, kind):
    gnome = start(kind, outputs=2)
    gnome.keyboard()
    gnome.window("beta", "x"), gnome.window("alpha", "x")
    until(lambda: gnome.hand.order("focus alpha").startswith("done"), "alpha has the focus")
    connection = greet(gnome, service)
    places = connection.heard(Outputs, lambda message: len(message.outputs) == 2).places
    one, other = sorted(places, key=places.get)
    alpha = connection.heard(Focus, app="alpha")
    x, y, *size = connection.heard(WindowPlace, window=alpha.window).place
    assert size == [SIZE, SIZE]

    gnome.order("wander 100")
    connection.expect(WindowPlace, place=(x + 100, y, SIZE, SIZE))
    told = [message for message in connection.messages if isinstance(message, WindowPlace)]
    assert {message.window for message in told} == {alpha.window} and len(told) > 2
    assert all(after.time - before.time >= 100_000 for before, after in zip(told[1:], told[2:]))

    centres = {}
    for focused in ("beta", "alpha"):
        gnome.focus(focused)
        window = connection.expect(Focus, app=focused).window
        # Behind its focus.
        x, y, width, height = connection.expect(WindowPlace, window=window).place
        assert (width, height) == (SIZE, SIZE)
        centres[focused] = (x + SIZE // 2, y + SIZE // 2)
    # As large as an output it has the output's place.
    gnome.order("full on")
    connection.expect(WindowPlace, place=places[one])
    gnome.order("output 1")
    connection.expect(WindowPlace, place=places[other])

    # In the window that has the keyboard; in another one, in the panel, and there again.
    there = (places[other][0] + 100, 200)
    for x, y in (there, centres["beta"], there, (5, 5), there):
        gnome.order(f"point {x},{y}")
        wanted = ("desktop", x, y) if (x, y) == there else None
        # 48's input thread takes it a moment later.
        until(lambda wanted=wanted: pointer(connection) == wanted, f"it is at {x}, {y}")
    gnome.order(f"extension {gnome.uuid} off")
    connection.expect(Backend, usable=False)
    number = now()
    connection.press(number)
    assert connection.expect(PointerPlace, number=number).word is None


def test_a_dialog_of_an_app_is_a_window_of_it_and_its_keys_are_its_own(start, service, kind):
    """Also where the shell attaches it to its parent, and when somebody goes to the parent."""
    gnome = start(kind)
    gnome.keyboard()
    connection = greet(gnome, service)
    for toolkit in ("gtk3", "gtk4"):
        asking = Asking(gnome, toolkit)
        document = connection.heard(Focus, app=asking.app, title="a document", pid=asking.program.pid)
        for attached in ("attached", "on its own"):
            gnome.order(f"attach {attached}")
            gnome.order(f"tap {ENTER}")
            question = connection.expect(Focus, title="a question")
            assert (question.app, question.pid) == (document.app, document.pid)
            assert question.window != document.window
            assert gnome.hand.order("isAttached") == attached
            for _ in range(2):
                assert asking.given().startswith("question")
                assert last(connection) == question
                gnome.order("raise a document")
            gnome.order(f"tap {ENTER}")
            until(lambda: last(connection).window == document.window, "the document has the keyboard again")
            assert asking.given().startswith("document")
        judge_menu(gnome, connection, document)
        asking.program.stop()


def judge_menu(gnome, connection, owner):
    """It takes all input; its keys and the presses in it are its window's."""
    before = connection.position
    gnome.order(f"tap {MENU}")
    place = until(lambda: (said := gnome.hand.order("appMenu")) != "none" and said, "the menu is there")
    assert last(connection).window == owner.window
    gnome.order(f"point {place}")
    wanted = ("desktop", *map(int, place.split(",")))
    until(lambda: pointer(connection) == wanted, "the pointer is in the menu")
    gnome.order(f"tap {ESCAPE}")
    until(lambda: gnome.hand.order("appMenu") == "none", "a key has closed it")
    connection.settled()
    said = connection.messages[before : connection.position]
    assert [message for message in said if isinstance(message, Focus)] == [], "the window had the keyboard all the while"
