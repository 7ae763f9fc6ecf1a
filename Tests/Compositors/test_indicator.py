"""The badge that the agent draws: whether it is there, whether it tells the truth, and what a click does."""

import signal

import pytest
from service import Focus, Indicator, Pause
from session import Cage, Labwc, Sway, until

LEFT = 272
RED, AMBER, GROUND = (255, 69, 64), (255, 194, 51), (23, 23, 28)
BADGE = "layer-shell"


@pytest.fixture(params=[Sway, Labwc], ids=["sway", "labwc"])
def desk(request, start):
    return start(request.param)


def greet(desk, service):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=True, means=BADGE)
    return agent, connection


def symbol(desk, output=None, scale=1):
    """Which of the symbols is in the badge's corner; None: there is no badge."""
    picture = desk.screenshot(output)
    corner = (picture.width - 450 * scale, picture.height - 34 * scale, picture.width, picture.height)
    red, amber, ground = (picture.count(color, corner) // scale**2 for color in (RED, AMBER, GROUND))
    return "recording" if red >= 20 else "paused" if amber >= 20 else "off" if ground >= 500 else None


def sees(desk, name, **where):
    """The compositor shows a new picture with its next frame, and nobody says when that was."""
    until(lambda: symbol(desk, **where) == name, f"{name} on the screen")


def click(pointer, desk):
    picture = desk.screenshot()
    pointer.order(f"move {picture.width - 30} {picture.height - 20} {picture.width} {picture.height}")
    pointer.order(f"press {LEFT}")
    pointer.order(f"release {LEFT}")


def test_shows_what_the_service_says(desk, service):
    _, connection = greet(desk, service)
    sees(desk, "off")
    connection.tell("recording")
    sees(desk, "recording")
    connection.tell("paused", "until 14:05")
    sees(desk, "paused")
    connection.tell("recording")
    sees(desk, "recording")
    connection.tell("off", "no consent")
    sees(desk, "off")
    assert not [message for message in connection.collect(0.2) if isinstance(message, Indicator)], "still shown"


def test_without_a_service_nothing_is_said_to_record(desk, service):
    _, connection = greet(desk, service)
    connection.tell("recording")
    sees(desk, "recording")
    service.stop()
    connection.close()
    sees(desk, "off")
    service.start()
    again, _ = service.greet()
    assert again.expect(Indicator).shown, "the new service hears it first thing"
    again.tell("paused")
    sees(desk, "paused")


def test_a_click_pauses_and_the_next_one_resumes(desk, service):
    desk.window("alpha", "first")
    pointer = desk.pointer()
    _, connection = greet(desk, service)
    connection.tell("recording")
    sees(desk, "recording")
    before = desk.screenshot().pixels
    click(pointer, desk)
    assert connection.expect(Pause) == Pause(paused=True, seconds=0)
    until(lambda: desk.screenshot().pixels != before, "the click is seen before the service has answered")
    assert symbol(desk) == "recording", "nothing is paused because somebody hopes so"
    connection.tell("paused", "until resumed")
    sees(desk, "paused")
    # Past the time in which it would be a double click.
    assert not [message for message in connection.collect(0.5) if isinstance(message, Pause)]
    click(pointer, desk)
    assert connection.expect(Pause) == Pause(paused=False, seconds=0)
    said = connection.settled()
    assert not [message for message in said if isinstance(message, Focus)], "a badge takes no keyboard"


def test_a_double_click_is_one_wish(sway, service):
    """The second click must not resume what the first one paused."""
    pointer = sway.pointer()
    _, connection = greet(sway, service)
    connection.tell("recording")
    sees(sway, "recording")
    click(pointer, sway)
    connection.expect(Pause, paused=True)
    connection.tell("paused")
    pointer.order(f"press {LEFT}")
    pointer.order(f"release {LEFT}")
    assert not [message for message in connection.settled() if isinstance(message, Pause)]


def test_other_buttons_mean_nothing(sway, service):
    pointer = sway.pointer()
    _, connection = greet(sway, service)
    connection.tell("recording")
    picture = sway.screenshot()
    pointer.order(f"move {picture.width - 30} {picture.height - 20} {picture.width} {picture.height}")
    pointer.order(f"press {LEFT + 1}")
    pointer.order(f"release {LEFT + 1}")
    assert not [message for message in connection.settled() if isinstance(message, Pause)]


def test_beside_the_badge_clicks_are_the_windows(sway, service):
    """The surface is wider than the badge."""
    pointer = sway.pointer()
    _, connection = greet(sway, service)
    connection.tell("recording")
    sees(sway, "recording")
    picture = sway.screenshot()
    pointer.order(f"move {picture.width - 150} {picture.height - 20} {picture.width} {picture.height}")
    pointer.order(f"press {LEFT}")
    pointer.order(f"release {LEFT}")
    assert not [message for message in connection.settled() if isinstance(message, Pause)]


def test_pause_can_be_asked_for_while_nothing_is_recorded(sway, service):
    """What keeps the recorder from recording may be over in the next moment."""
    pointer = sway.pointer()
    _, connection = greet(sway, service)
    connection.tell("off", "the screen is locked")
    click(pointer, sway)
    connection.expect(Pause, paused=True)


def test_above_a_window_in_full_screen(sway, service):
    sway.window("alpha", "first")
    _, connection = greet(sway, service)
    sway.message("fullscreen enable")
    connection.tell("recording")
    sees(sway, "recording")


def test_scale(sway, service):
    _, connection = greet(sway, service)
    connection.tell("recording")
    sees(sway, "recording")
    sway.message("output * scale 2")
    sees(sway, "recording", scale=2)
    picture = sway.screenshot()
    corner = (picture.width - 300, picture.height - 70, picture.width, picture.height)
    # A disc drawn at scale 1 and doubled would have half-red pixels on two of its rows.
    assert picture.count(RED, corner) > 330, "drawn at that scale, not stretched"


def test_an_output_that_comes_has_one(sway, service):
    _, connection = greet(sway, service)
    connection.tell("recording")
    sees(sway, "recording", output="HEADLESS-1")
    sway.message("create_output")
    sees(sway, "recording", output="HEADLESS-2")
    connection.tell("paused")
    sees(sway, "paused", output="HEADLESS-1")
    sees(sway, "paused", output="HEADLESS-2")


def test_outputs_go_and_come(start, service):
    """One that goes takes its badge with it, and the others remain; without any, nobody sees it."""
    labwc = start(Labwc, outputs=2)
    _, connection = greet(labwc, service)
    labwc.outputs("--output", "HEADLESS-2", "--off")
    connection.tell("recording")
    sees(labwc, "recording", output="HEADLESS-1")
    assert not [message for message in connection.settled() if isinstance(message, Indicator)]
    labwc.outputs("--output", "HEADLESS-1", "--off")
    assert "there is no output" in connection.expect(Indicator, shown=False).reason
    labwc.outputs("--output", "HEADLESS-2", "--on", "--custom-mode", "800x600")
    connection.expect(Indicator, shown=True)
    sees(labwc, "recording", output="HEADLESS-2")


def test_not_shown_before_the_compositor_has_drawn_it(fake, service):
    """A screen that sleeps draws nothing, so nobody can say that the badge is seen."""
    desk, compositor = fake
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Indicator, shown=False, condition=lambda state: "has not drawn it yet" in state.reason)
    assert not [message for message in connection.collect(1) if isinstance(message, Indicator)]
    compositor.draw()
    connection.expect(Indicator, shown=True, means=BADGE)


def drawn(desk, compositor, service):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    compositor.draw()
    connection.expect(Indicator, shown=True)
    return agent, connection


def test_compositor_closes_a_badge(fake, service):
    """The output is still there, and whoever looks at it sees no badge."""
    desk, compositor = fake
    agent, connection = drawn(desk, compositor, service)
    compositor.close_badges()
    connection.expect(Indicator, shown=False)
    until(lambda: any("closed it on FAKE-1" in line for line in agent.lines), "it says why")
    # It is tried again.
    connection.expect(Indicator, shown=True)


def test_compositor_objects(fake, service):
    desk, compositor = fake
    _, connection = drawn(desk, compositor, service)
    compositor.object_to_badges()
    told = connection.expect(Indicator, shown=False)
    assert "refused a request on zwlr_layer_surface_v1 (error 3)" in told.reason
    connection.expect(Indicator, shown=True)


def test_compositor_dies(desk, service):
    _, connection = greet(desk, service)
    desk.compositor.send(signal.SIGKILL)
    told = connection.expect(Indicator, shown=False)
    assert "the compositor closed the connection" in told.reason
    desk.compositor.process.wait()
    desk.start()
    connection.expect(Indicator, shown=True, means=BADGE)


def test_compositor_without_layers(cage: Cage, service):
    agent = cage.agent(service.path)
    connection, _ = service.greet()
    reason = "cage does not offer zwlr_layer_shell_v1"
    connection.expect(Indicator, shown=False, condition=lambda state: reason in state.reason)
    assert sum(reason in line for line in agent.lines) == 1


# -- the tray ---------------------------------------------------------------------------------------------------------

TRAY = "status-notifier-item"


def panel(desk):
    """A panel with a tray, at the top of the screen, black."""
    configuration = desk.directory / "waybar"
    configuration.write_text('{"layer": "top", "position": "top", "height": 40, "modules-right": ["tray"], '
                             '"tray": {"icon-size": 32}}')
    style = desk.directory / "waybar.css"
    style.write_text("window#waybar { background: #000000; }")
    for file in (configuration, style):
        file.chmod(0o644)
    return desk.run(["waybar", "--config", str(configuration), "--style", str(style)], "waybar")


def in_tray(desk):
    """The icon at the right end of the panel."""
    picture = desk.screenshot()
    corner = (picture.width - 80, 0, picture.width, 40)
    red, amber = (picture.count(color, corner) for color in (RED, AMBER))
    return "recording" if red >= 50 else "paused" if amber >= 50 else None


def test_a_tray_that_shows_the_item_replaces_the_badge_and_its_end_brings_it_back(start, service):
    desk = start(Sway)
    desk.bus()
    _, connection = greet(desk, service)
    connection.tell("recording")
    sees(desk, "recording")
    bar = panel(desk)
    connection.expect(Indicator, shown=True, means=TRAY)
    until(lambda: in_tray(desk) == "recording", "the icon in the panel")
    until(lambda: symbol(desk) is None, "the badge to leave")
    connection.tell("paused")
    until(lambda: in_tray(desk) == "paused", "the other icon in the panel")
    # The panel crashes: nothing is shown until the badge is back.
    bar.send(signal.SIGKILL)
    connection.expect(Indicator, shown=False)
    connection.expect(Indicator, shown=True, means=BADGE)
    sees(desk, "paused")
