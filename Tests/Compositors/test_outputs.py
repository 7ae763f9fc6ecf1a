"""The outputs of the session, as real compositors tell every program of them."""

import pytest
from gnome import Gnome, Gnome48
from service import Outputs
from session import KWin, Labwc, Sway, named
from weston import Weston, Weston14


def greet(desk, service):
    desk.agent(service.path)
    return service.greet()[0]


@pytest.mark.parametrize("kind", [Sway, Labwc, KWin, Gnome, Gnome48, Weston, Weston14], ids=named)
def test_two_outputs_side_by_side(start, kind, service):
    connection = greet(start(kind, outputs=2), service)
    told = connection.heard(Outputs, lambda message: len(message.outputs) == 2)
    one, other = sorted(told.outputs, key=lambda output: output.x)
    assert one.name and other.name and one.name != other.name and one.number != other.number
    for output in (one, other):
        assert output.width > 0 and output.mode == (output.width, output.height) and output.transform == 0
        # labwc's headless outputs have no rate.
        assert output.scale == 1 and (output.refresh > 0) == (kind is not Labwc)
    assert (one.x, other.x) == (0, one.width), "the right one begins where the left one ends"


def place_of(name, **wanted):
    return lambda message: any(
        output.name == name and all(getattr(output, key) == value for key, value in wanted.items())
        for output in message.outputs)  # fmt: skip


def test_sway_places_scales_turns_and_plugs_in(start, service):
    sway = start(Sway, outputs=2)
    connection = greet(sway, service)
    before = connection.heard(Outputs, lambda message: len(message.outputs) == 2)
    mode = before["HEADLESS-2"].mode
    sway.message("output HEADLESS-2 scale 1.5")
    # Where half a pixel is left over, the compositor rounds.
    scaled = connection.expect(Outputs, place_of("HEADLESS-2", scale=1.5))["HEADLESS-2"]
    assert abs(scaled.width - mode[0] / 1.5) < 1 and scaled.mode == mode
    assert scaled.number == before["HEADLESS-2"].number, "it is the same output"
    sway.message("output HEADLESS-2 position -500 300")
    connection.expect(Outputs, place_of("HEADLESS-2", x=-500, y=300))
    sway.message("output HEADLESS-2 scale 1 transform 90")
    # Clockwise by sway's word, the other way round by Wayland's.
    turned = connection.expect(Outputs, place_of("HEADLESS-2", scale=1, transform=3))["HEADLESS-2"]
    assert (turned.height, turned.width) == mode
    sway.message("create_output")
    more = connection.expect(Outputs, lambda message: len(message.outputs) == 3)
    assert {output.number for output in more.outputs} > {output.number for output in before.outputs}


def test_labwc_by_way_of_wlr_randr(start, service):
    labwc = start(Labwc, outputs=2)
    connection = greet(labwc, service)
    before = connection.heard(Outputs, lambda message: len(message.outputs) == 2)
    first, second = sorted(before.places)
    labwc.outputs("--output", second, "--scale", "2", "--pos", "0,1000")
    connection.expect(Outputs, place_of(second, scale=2, x=0, y=1000))
    labwc.outputs("--output", second, "--off")
    connection.expect(Outputs, lambda message: list(message.places) == [first])
    labwc.outputs("--output", second, "--on", "--custom-mode", "800x600")
    connection.expect(Outputs, place_of(second, mode=(800, 600)))


def test_kwin_that_scales(start, service, monkeypatch):
    """By a fraction, of which wl_output alone would say 2."""
    monkeypatch.setattr(KWin, "scale", "1.5")
    connection = greet(start(KWin), service)
    output, = connection.heard(Outputs, lambda message: message.outputs).outputs
    assert output.scale == 1.5 and abs(output.width - output.mode[0] / 1.5) < 1


@pytest.mark.parametrize("kind", [Gnome, Gnome48], ids=["43", "48"])
def test_gnome_without_our_extension_tells_of_outputs_all_the_same(start, kind, service):
    class Bare(kind):
        extensions = kind.extensions[:1]

    connection = greet(start(Bare), service)
    told = connection.heard(Outputs, lambda message: message.outputs)
    assert [output.mode for output in told.outputs] == [(1024, 768)]


def test_every_change_is_told_whole_and_once(start, service):
    sway = start(Sway, outputs=2)
    connection = greet(sway, service)
    connection.heard(Outputs, lambda message: len(message.outputs) == 2)
    connection.settled()
    for y in range(1, 6):
        sway.message(f"output HEADLESS-2 position 2000 {y}")
    said = connection.settled()
    places = [message["HEADLESS-2"].y for message in said if isinstance(message, Outputs)]
    assert places == sorted(set(places)) and places[-1] == 5, "no state twice, and none missed at the end"
