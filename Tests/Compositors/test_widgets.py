"""Which widgets the focus and clicks meet: real toolkits, a stand-in that hangs or lies, and the way into the journal."""

import shutil
import signal
import sys

import pytest
from service import Backend, ClickMet, Field, Focus, FocusMet, Widget, WindowPlace, now
from session import HERE, REPOSITORY, KWin, KWin63, Sway, named, until

sys.path.insert(0, str(REPOSITORY / "Tests" / "Testbed"))

TEXT, DOCUMENT = 61, 95
TAB, LEFT_BUTTON = 15, 0x110
APP = "org.example.Widgets"
# Roles of the entry, the check box and the button, as each toolkit has them.
ROLES = {"gtk3": (61, 7, 43), "gtk4": (61, 7, 43), "qt": (61, 7, 43)}


class Window:
    """A window of widgets.py."""

    def __init__(self, desk, kind):
        shutil.copy(HERE / "widgets.py", desk.programs)
        self.log = desk.runtime / f"widgets-{kind}"
        desk.environment.update(GDK_BACKEND="wayland", GSK_RENDERER="cairo", QT_QPA_PLATFORM="wayland")
        self.program = desk.run(["/usr/bin/python3", str(desk.programs / "widgets.py"), kind, APP, str(self.log)], f"widgets-{kind}")
        until(lambda: "at entry" in self.lines(), "the first widget has the keyboard", 30)

    def lines(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def until(self, *lines):
        until(lambda: self.lines()[-len(lines):] == list(lines), f"{lines}; came: {self.lines()}")


@pytest.fixture
def desk(sway):
    sway.bus()
    return sway


@pytest.fixture(params=[Sway, KWin, KWin63], ids=named)
def every_desk(request, start):
    desk = start(request.param)
    if "DBUS_SESSION_BUS_ADDRESS" not in desk.environment:
        desk.bus()
    return desk


def known(connection, access):
    """Asked, as with each key, until the app says that the field is that."""

    def said():
        connection.probe()
        fields = [message for message in connection.messages if isinstance(message, Field)]
        return fields and fields[-1].access == access

    until(said, f"the field to be {access}")


def told(connection, seconds=0.8):
    """Of widgets, within that time."""
    return [said for said in connection.collect(seconds) if isinstance(said, FocusMet)]


@pytest.mark.parametrize("kind", list(ROLES))
def test_what_the_focus_meets_is_told_with_role_and_label_and_a_passwords_field_is_not(every_desk, service, kind):
    desk = every_desk
    keyboard = desk.keyboard()
    desk.agent(service.path)
    connection, _ = service.greet()
    window = Window(desk, kind)
    focus = connection.heard(Focus, state="window", app=APP)
    known(connection, "other")
    assert told(connection) == [], "nothing is asked that nobody wants to know"

    connection.want_widgets(focus.window)
    met = connection.expect(FocusMet)
    assert met.window == focus.window and focus.time <= met.time <= now()
    entry, check, button = ROLES[kind]
    answers = [(met.widget, entry, "Name")]
    for name, label, role in (("check", "Agree", check), ("button", "Save", button)):
        before = now()
        keyboard.order(f"tap {TAB}")
        window.until(f"at {name}")
        met = connection.expect(FocusMet)
        assert met.time >= before
        answers.append((met.widget, role, label))
    # On a busy machine one may come too late.
    answers = [answer for answer in answers if answer[0]]
    assert answers
    for widget, role, label in answers:
        assert (widget.role, widget.name, widget.truncated) == (role, label, False)
        assert widget.application, "what the app calls itself"
        assert widget.bounds and widget.bounds[2] > 0
    keyboard.order(f"tap {TAB}")
    window.until("at secret")
    before = len(connection.messages)
    known(connection, "password")
    assert told(connection) == []
    assert not [said for said in connection.messages[before:] if isinstance(said, FocusMet)]
    connection.want_widgets(0)
    keyboard.order(f"tap {TAB}")
    assert told(connection) == []


def test_an_app_that_hangs_gives_no_answer_and_keys_do_not_wait_for_it(desk, service):
    desk.keyboard()
    _, client = desk.keylog_client("alpha", TEXT)
    desk.agent(service.path)
    connection, _ = service.greet()
    focus = connection.heard(Focus, state="window", app="alpha")
    connection.want_widgets(focus.window)
    # One that was there before the agent is searched when a key makes it matter.
    def answered():
        connection.probe()
        return [said for said in connection.messages if isinstance(said, FocusMet)]
    first = until(answered, "the field is told")[0]
    assert first.widget == Widget(TEXT, False, "Field", "keylog", (5, 6, 70, 80))

    began = now()
    client.process.stdin.write(f"h{TEXT}\n".encode())
    client.process.stdin.flush()
    met = connection.expect(FocusMet)
    assert met.widget is None and began <= met.time
    assert now() - began < 1_000_000
    # It hangs on: a key's answer comes as soon as ever.
    _, mark = connection.probe()
    assert mark.checked - mark.sent < 300_000
    client.send(signal.SIGCONT)


def test_an_app_that_lies_with_a_label_of_a_mebibyte_is_cut(desk, service):
    desk.keyboard()
    _, client = desk.keylog_client("alpha", TEXT)
    desk.agent(service.path)
    connection, _ = service.greet()
    focus = connection.heard(Focus, state="window", app="alpha")
    connection.want_widgets(focus.window)
    client.process.stdin.write(f"n{1 << 20}\n{TEXT}\n".encode())
    client.process.stdin.flush()

    def cut():
        connection.probe()
        return [said.widget for said in connection.messages
                if isinstance(said, FocusMet) and said.widget and said.widget.truncated]  # fmt: skip

    assert until(cut, "the label is told")[0].name == "x" * 256


def test_what_only_holds_widgets_is_not_what_a_click_met(desk, service):
    """Chromium once said that its page had got the focus, and what in it only when the click had been answered."""
    desk.keyboard()
    _, client = desk.keylog_client("alpha", TEXT)
    desk.agent(service.path)
    connection, _ = service.greet()
    focus = connection.heard(Focus, state="window", app="alpha")
    known(connection, "other")
    connection.want_widgets(focus.window)
    for number, (role, met) in enumerate(((DOCUMENT, False), (TEXT, True), (DOCUMENT, False)), 1):
        connection.click(number)
        client.process.stdin.write(f"{role}\n".encode())
        client.process.stdin.flush()
        assert isinstance(connection.heard(ClickMet, number=number).answer, Widget) == met


def test_without_the_process_of_a_window_no_widget_is_told(labwc, service):
    """labwc does not tell it, so that nobody knows which app to ask."""
    labwc.bus()
    labwc.keyboard()
    labwc.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    _, client = labwc.keylog_client("alpha", TEXT)
    focus = connection.heard(Focus, state="window", app="alpha")
    connection.want_widgets(focus.window)
    known(connection, "not registered")
    client.process.stdin.write(f"{TEXT}\n".encode())
    client.process.stdin.flush()
    assert told(connection) == []


class Hand:
    """A pointer in a window without borders; in sway it has the whole output."""

    def __init__(self, desk, connection):
        self.desk, self.connection, self.clicks = desk, connection, 0
        self.pointer, self.corner, self.size = None, (0, 0), ""

    def _take_pointer(self):
        if isinstance(self.desk, Sway):
            output = self.desk.message("--type", "get_outputs")[0]["rect"]
            self.pointer, self.size = self.desk.pointer(), f" {output['width']} {output['height']}"
        else:
            place = [said for said in self.connection.messages if isinstance(said, WindowPlace)][-1].place
            self.pointer, self.corner = self.desk.plasma(), place[:2]

    def go(self, x, y):
        """To there in the window."""
        if not self.pointer:
            self._take_pointer()
        self.pointer.order(f"move {x + self.corner[0]} {y + self.corner[1]}{self.size}")

    def press(self):
        self.pointer.order(f"press {LEFT_BUTTON}")
        self.pointer.order(f"release {LEFT_BUTTON}")

    def click(self, bounds):
        """Presses in the middle of it, and asks as the service does; the answer."""
        self.clicks += 1
        x, y, width, height = bounds
        self.go(x + width // 2, y + height // 2)
        self.connection.click(self.clicks)
        self.press()
        return self.connection.expect(ClickMet, number=self.clicks).answer

    def meets(self, places, name):
        """The same until there is an answer: an app on a busy machine may say too late what became of a click."""
        for _ in range(5):
            met = self.click(places[name])
            if met != "nothing":
                return met
            self.click(places["button" if name == "entry" else "entry"])
        return met


# By what KWin 6.3 without its own decorations asks of them, GTK 3 and Qt 5 draw theirs, and count places of widgets from the corner
# of these: where to click is then not known to the test.
CLICKED = [*((desk, kind) for desk in (Sway, KWin) for kind in ROLES), (KWin63, "gtk4")]


@pytest.mark.parametrize(("every_desk", "kind"), CLICKED, indirect=["every_desk"], ids=lambda value: getattr(value, "name", value))
def test_what_a_click_meets(every_desk, service, kind):
    desk = every_desk
    if isinstance(desk, Sway):
        desk.message("default_border none")
    keyboard = desk.keyboard()
    desk.agent(service.path)
    connection, _ = service.greet()
    window = Window(desk, kind)
    focus = connection.heard(Focus, state="window", app=APP)
    known(connection, "other")
    connection.want_widgets(focus.window)
    places = {}
    # On a busy machine an answer may come too late: once more round then.
    for _ in range(4):
        for name in ("entry", "check", "button"):
            met = connection.expect(FocusMet)
            if met.widget:
                places[name] = met.widget.bounds
            keyboard.order(f"tap {TAB}")
        window.until("at secret")
        keyboard.order(f"tap {TAB}")
        if len(places) == 3:
            break
    # Of that one nobody tells where it is; it stands below.
    x, y, width, height = places["button"]
    places["secret"] = x, y + y - places["check"][1], width, height
    window.until("at entry")
    hand = Hand(desk, connection)
    entry, check, button = ROLES[kind]
    # Each takes the focus from another, but for the box the second time: it says that it is unchecked again.
    for name, role, label in (("check", check, "Agree"), ("check", check, "Agree"), ("button", button, "Save"),
                              ("entry", entry, "Name")):  # fmt: skip
        met = hand.meets(places, name)
        assert isinstance(met, Widget) and (met.role, met.name) == (role, label), f"{name}: {met}"
    hand.click(places["button"])
    assert hand.click(places["button"]) == "nothing", "a button that has the focus already says nothing"
    assert hand.meets(places, "secret") == "password"
    assert window.lines()[-1] == "at secret"
    connection.want_widgets(0)
    assert hand.click(places["button"]) == "nothing"
    assert window.lines().count("hit check") >= 2 and window.lines().count("hit button") >= 3


# MARK: the whole way


@pytest.fixture
def bed():
    from bed import Bed

    made = Bed()
    yield made
    made.close()


@pytest.fixture
def recorder(bed):
    from bed import Recorder

    made = Recorder(bed, extra=f'[[rule]]\napp = "{APP}"\ntitles = "full"\ninteractions = "on"\n')
    yield made
    made.close()
    made.discard()


def test_from_a_press_and_a_key_to_the_journal(desk, bed, recorder):
    """A keyboard and a mouse, of which recorder and compositor both hear; a password's field leaves nothing."""
    from typist import Typist

    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    recorder.start(agent=False)
    desk.message("default_border none")
    typist = Typist(keyboard, desk.display)
    desk.agent(recorder.agent_socket)
    until(lambda: recorder.status()["devices"] == 2, "the indicator is seen, and the devices open")
    window = Window(desk, "gtk3")
    met = {}
    # On a busy machine an app answers too late for some: then nothing is written, as of keys.
    for _ in range(10):
        for name in ("check", "button", "secret", "entry"):
            typist.key("tab")
            window.until(f"at {name}")
        met = {row["name"]: row for row in recorder.rows("interaction") if row["answered"]}
        if len(met) == 3:
            break
    assert set(met) == {"Name", "Agree", "Save"}, recorder.status()

    pointer = desk.pointer()
    output = desk.message("--type", "get_outputs")[0]["rect"]

    def rows(**wanted):
        found = recorder.rows("interaction")
        return [row for row in found if all(row.get(name) == value for name, value in wanted.items())]

    presses = []
    for _ in range(10):
        # As the app said last: a window may be laid out anew after it has been shown.
        button = rows(name="Save")[-1]
        x, y = button["x"] + button["width"] // 2, button["y"] + button["height"] // 2
        pointer.order(f"move {x} {y} {output['width']} {output['height']}")
        withheld = recorder.status()["interactions_withheld"]
        presses.append(mouse.key(LEFT_BUTTON, 1))
        pointer.order(f"press {LEFT_BUTTON}")
        mouse.key(LEFT_BUTTON, 0)
        pointer.order(f"release {LEFT_BUTTON}")
        until(
            lambda: rows(cause="click", time_us=presses[-1])
            or recorder.status()["interactions_withheld"] > withheld, "a word on the click")  # fmt: skip
        if rows(cause="click", name="Save"):
            break
        for _ in range(4):
            typist.key("tab")
    recorder.stop()
    click = rows(cause="click", name="Save")[0]
    assert "hit button" in window.lines()
    assert (click["role_name"], click["name"], click["app"]) == ("push button", "Save", APP)
    assert click["time_us"] in presses
    assert all(row.get("name") in (None, "Name", "Agree", "Save") for row in recorder.rows("interaction"))
