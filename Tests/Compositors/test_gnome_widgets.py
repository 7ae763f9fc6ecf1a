"""Which widgets the focus and clicks meet, in windows that GNOME Shell shows."""

import pytest
from gnome import Gnome, Gnome48
from service import Backend, Focus, FocusMet
from session import named
from test_widgets import APP, ROLES, TAB, Hand, Window, known, told


class ShellsHand(Hand):
    """The shell's own pointer, in a window that has the whole output."""

    def go(self, x, y):
        self.desk.order(f"point {x},{y}")

    def press(self):
        self.desk.order("press")


@pytest.mark.parametrize("kind", [Gnome, Gnome48], ids=named)
def test_what_the_focus_and_clicks_meet(start, service, kind):
    gnome = start(kind)
    gnome.keyboard()
    gnome.agent(service.path)
    connection, _ = service.greet()
    connection.heard(Backend, usable=True)
    for toolkit in ROLES:
        judge(gnome, connection, toolkit)


def judge(gnome, connection, toolkit):
    window = Window(gnome, toolkit)
    focus = connection.expect(Focus, state="window", app=APP)
    gnome.order("full on")
    known(connection, "other")
    connection.want_widgets(focus.window)
    wanted = dict(zip(("entry", "check", "button"), zip(ROLES[toolkit], ("Name", "Agree", "Save")), strict=True))
    places = {}

    def is_at(name):
        met = connection.expect(FocusMet, lambda said: said.widget and said.widget.name == wanted[name][1]).widget
        assert met.role == wanted[name][0]
        # For 30 ms it might be taken for what a click did (WidgetWatch.headStartMicroseconds).
        connection.collect(0.05)
        places[name] = met.bounds

    for name in wanted:
        is_at(name)
        gnome.order(f"tap {TAB}")
    window.until("at secret")
    assert told(connection) == []
    # Of that one nobody tells where it is; it stands below.
    x, y, width, height = places["button"]
    places["secret"] = x, y + y - places["check"][1], width, height
    gnome.order(f"tap {TAB}")
    is_at("entry")
    hand = ShellsHand(gnome, connection)
    for name in ("check", "button", "entry"):
        before = connection.position
        met = hand.meets(places, name)
        assert (met.role, met.name) == wanted[name]
        connection.position = before
        is_at(name)
    assert hand.meets(places, "secret") == "password"
    assert window.lines()[-1] == "at secret"
    window.program.stop()
