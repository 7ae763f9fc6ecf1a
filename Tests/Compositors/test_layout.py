"""The layout in force, as far as the compositor lets one know it."""

import pytest
from service import Backend, Layout
from session import KWin, KWin63, Labwc, Sway, Sway110, named, until

LEVELS = 4
CODES = 256


def greet(desk, service):
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    # The layout may have been told before, whichever of the two the compositor says first: then it counts as news.
    told = [index for index, message in enumerate(connection.messages) if isinstance(message, Layout)]
    if told and told[-1] < connection.position and connection.messages[told[-1]].known:
        connection.position = told[-1]
    return connection


def classes(layout, code):
    return layout.table[code * LEVELS : code * LEVELS + LEVELS]


@pytest.fixture(params=[Sway, Sway110, Labwc], ids=named)
def desk(request, start):
    return start(request.param)


@pytest.fixture(params=[Sway, Sway110], ids=named)
def sway(request, start):
    return start(request.param)


@pytest.mark.parametrize(("layouts", "name"), [("us", "English (US)"), ("de", "German")])
def test_one_layout_is_known_everywhere(desk, service, layouts, name):
    desk.keyboard(layouts)
    connection = greet(desk, service)
    layout = connection.expect(Layout, known=True)
    assert (layout.name, layout.group) == (name, 0)
    assert len(layout.table) == CODES * LEVELS + CODES and layout.hash


def test_no_keyboard_no_layout(desk, service):
    connection = greet(desk, service)
    connection.settled()
    layouts = [message for message in connection.messages if isinstance(message, Layout)]
    assert layouts and not any(layout.known for layout in layouts)


def test_layouts_differ_in_their_tables(desk, service):
    keyboard = desk.keyboard("us")
    connection = greet(desk, service)
    american = connection.expect(Layout, known=True)
    assert keyboard.order("keymap gr").startswith("done")
    greek = connection.expect(Layout, known=True, name="Greek")
    # The key beside Tab: a letter on the one, a semicolon on the other.
    key_q = 16
    assert classes(american, key_q) != classes(greek, key_q)
    assert american.hash != greek.hash


def test_switching_between_two_layouts(sway, service):
    sway.keyboard("us,de")
    connection = greet(sway, service)
    connection.expect(Layout, known=True, group=0, name="English (US)")
    sway.message("input", "*", "xkb_switch_layout", "1")
    german = connection.expect(Layout, known=True, group=1, name="German")
    sway.message("input", "*", "xkb_switch_layout", "0")
    english = connection.expect(Layout, known=True, group=0, name="English (US)")
    assert german.hash == english.hash, "one keymap, two groups"
    assert german.table != english.table


@pytest.mark.parametrize("kind", [KWin, KWin63], ids=named)
def test_switching_between_two_layouts_of_kwin(start, kind, service, monkeypatch):
    monkeypatch.setattr(kind, "layouts", "us,de")
    kwin = start(kind)
    kwin.plasma()
    connection = greet(kwin, service)
    connection.expect(Layout, known=True, group=0, name="English (US)")
    kwin.switch_layout(1)
    german = connection.expect(Layout, known=True, group=1, name="German")
    kwin.switch_layout(0)
    english = connection.expect(Layout, known=True, group=0, name="English (US)")
    assert german.hash == english.hash, "one keymap, two groups"
    assert german.table != english.table


@pytest.mark.parametrize("kind", [KWin, KWin63], ids=named)
def test_two_keyboards_of_kwin_have_one_layout(start, kind, service, monkeypatch):
    """It has one keymap for all of them, and switches it for all: they cannot disagree."""
    monkeypatch.setattr(kind, "layouts", "us,de")
    kwin = start(kind)
    one, other = kwin.plasma(), kwin.plasma()
    connection = greet(kwin, service)
    connection.expect(Layout, known=True, name="English (US)")
    one.order("tap 30")
    kwin.switch_layout(1)
    german = connection.expect(Layout, known=True, name="German")
    start = connection.position
    for keyboard in (other, one, other):
        keyboard.order("tap 30")
        connection.settled()
    other.stop()
    connection.settled()
    told = [message for message in connection.messages[start:] if isinstance(message, Layout)]
    assert {(message.known, message.name, message.hash) for message in told} <= {(True, "German", german.hash)}


def test_two_layouts_and_nobody_to_tell_which(labwc, service):
    """It has no socket of its own: which of two groups is active stays open, and nothing is guessed."""
    labwc.keyboard("us,de")
    connection = greet(labwc, service)
    connection.heard(Layout, known=False, condition=lambda layout: layout.hash != 0)
    connection.settled()
    assert not any(message.known for message in connection.messages if isinstance(message, Layout))


@pytest.mark.parametrize("second", ["de", "us,de"])
def test_two_keyboards_that_disagree(sway, service, second):
    """Both have the same name and the same active group, which once hid that they differ."""
    american = sway.keyboard("us")
    connection = greet(sway, service)
    connection.expect(Layout, known=True, name="English (US)")
    other = sway.keyboard(second)
    if second == "us,de":
        sway.message("input", "*", "xkb_switch_layout", "1")
    elif sway.version == "1.10":
        # It does not say that a virtual keyboard came until that types.
        other.order("tap 30")
    connection.expect(Layout, known=False)
    # One that is unplugged has no say any more, though its keymap stays the seat's until the other one types.
    start = connection.position
    other.stop()
    until(lambda: len(sway.message("-t", "get_inputs")) == 1, "sway notices")
    connection.settled()
    american.order("tap 30")
    connection.expect(Layout, known=True, name="English (US)")
    told = [message for message in connection.messages[start:] if isinstance(message, Layout) and message.known]
    assert {layout.name for layout in told} == {"English (US)"}


def test_two_keyboards_that_disagree_on_labwc(labwc, service):
    """It tells the keymap of the one that typed last, each time that it is another one."""
    american = labwc.keyboard("us")
    connection = greet(labwc, service)
    connection.expect(Layout, known=True, name="English (US)")
    german = labwc.keyboard("de")
    for _ in range(3):
        german.order("tap 30")
        connection.expect(Layout, known=True, name="German")
        american.order("tap 30")
        connection.expect(Layout, known=True, name="English (US)")
    german.stop()
    connection.settled()
    american.order("tap 30")
    connection.settled()
    layouts = [message for message in connection.messages if isinstance(message, Layout)]
    assert layouts[-1].known and layouts[-1].name == "English (US)"
