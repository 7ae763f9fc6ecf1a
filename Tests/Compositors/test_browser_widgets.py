"""Which widgets of a page the focus and clicks meet: real browsers, whose pages are other processes' than their windows."""

import os

import browsers
import pytest
from service import Focus, FocusMet, Widget, now
from session import until
from test_widgets import TAB, Hand, known, told
from witnesses import Server

ENTRY, CHECK_BOX, PUSH_BUTTON, LINK, DOCUMENT_WEB = 79, 7, 43, 88, 95
PAGE = """<!doctype html><meta charset=utf-8><title>widgets</title>
<style>body { margin: 40px } body > :not(script) { display: block; margin: 30px 0; width: 200px } input { caret-animation: manual }</style>
<input id=entry aria-label=Name autofocus>
<input id=check type=checkbox aria-label=Agree>
<button id=button>Save</button>
<a id=link href="#there">Read on</a>
<input id=secret type=password aria-label=Secret>
<script>
let last = Promise.resolve()
const say = line => last = last.then(() => fetch("/", {method: "POST", body: line}))
const tellPlaces = () => {
    for (const widget of document.querySelectorAll("[id]")) {
        const box = widget.getBoundingClientRect()
        // A browser has bars above the page, if any.
        say(["place", widget.id, box.x, box.y + outerHeight - innerHeight, box.width, box.height].join(" "))
    }
}
const at = widget => { tellPlaces(); say("at " + widget.id) }
addEventListener("resize", tellPlaces)
addEventListener("focusin", event => at(event.target))
addEventListener("click", event => event.target.id && say("hit " + event.target.id))
if (document.activeElement.id) at(document.activeElement)
</script>"""
WIDGETS = (("entry", ENTRY, "Name"), ("check", CHECK_BOX, "Agree"), ("button", PUSH_BUTTON, "Save"), ("link", LINK, "Read on"))


class Page:
    """The page above in a browser, from a server on this machine, which is told what happens in it."""

    def __init__(self, desk, browser):
        self.said = []
        self.server = Server(lambda _: PAGE, lambda _, line: self.said.append(line))
        address = self.server.address("")
        directory = desk.runtime / browser
        directory.mkdir()
        os.chown(directory, desk.account.pw_uid, desk.account.pw_gid)
        if browser == "firefox":
            command, environment = browsers.firefox(directory, desk.account, "org.example.Widgets")
            desk.environment.update(environment)
            command += ["--kiosk", address]
        else:
            command = browsers.chromium(directory, desk.account, "org.example.Widgets")
            command += ["--kiosk", "--force-renderer-accessibility", address]
        self.program = desk.run(command, browser)
        until(lambda: "at entry" in self.lines(), "the first widget has the keyboard", 60)

    def lines(self):
        return [line for line in self.said if not line.startswith("place ")]

    def places(self, name):
        """Where the widget has been in the window, as the page has it: bars come and go above it."""
        said = [line.split()[2:] for line in self.said if line.startswith(f"place {name} ")]
        return [tuple(round(float(number)) for number in box) for box in said]

    def __getitem__(self, name):
        return self.places(name)[-1]

    def until(self, *lines):
        until(lambda: self.lines()[-len(lines):] == list(lines), f"{lines}; came: {self.lines()}")

    def close(self):
        self.server.close()


@pytest.fixture(params=["firefox", "chromium"])
def page(request, sway, service):
    """With a keyboard and an agent, and a service that wants to know of its widgets."""
    sway.bus()
    sway.message("default_border none")
    keyboard = sway.keyboard()
    sway.agent(service.path)
    connection, _ = service.greet()
    page = Page(sway, request.param)
    focus = connection.heard(Focus, state="window")
    known(connection, "late")
    assert told(connection) == [], "nothing is asked that nobody wants to know"
    connection.want_widgets(focus.window)
    # One that has just started may be too slow to say which.
    assert connection.expect(FocusMet).window == focus.window
    yield page, connection, keyboard
    page.close()


def test_what_the_focus_meets_in_a_page(page):
    page, connection, keyboard = page
    answered = 0
    for name, role, label in WIDGETS[1:]:
        before = now()
        keyboard.order(f"tap {TAB}")
        page.until(f"at {name}")
        # Before what is in it a browser may say that the page has the focus.
        met = connection.expect(FocusMet, lambda met: not met.widget or met.widget.role != DOCUMENT_WEB)
        assert met.time >= before
        # On a busy machine an answer may come too late.
        if met.widget:
            answered += 1
            assert (met.widget.role, met.widget.name) == (role, label)
            assert met.widget.application in ("Firefox", "Chromium")
            until(lambda: met.widget.bounds in page.places(name), f"{name} is at {met.widget.bounds}")  # noqa: B023
    assert answered > 0
    before = len(connection.messages)
    keyboard.order(f"tap {TAB}")
    page.until("at secret")
    known(connection, "password")
    assert told(connection) == []
    assert not [said for said in connection.messages[before:] if isinstance(said, FocusMet)]


def test_what_a_click_meets_in_a_page(page, sway):
    page, connection, _ = page
    hand = Hand(sway, connection)
    for name, role, label in (WIDGETS[1], WIDGETS[1], *WIDGETS[2:], WIDGETS[0]):
        met = hand.meets(page, name)
        assert isinstance(met, Widget) and (met.role, met.name) == (role, label), f"{name}: {met}"
        page.until(f"hit {name}")
    hand.meets(page, "button")
    assert hand.click(page["button"]) == "nothing", "a button that has the focus already says nothing"
    assert hand.meets(page, "secret") == "password"
    page.until("hit secret")
