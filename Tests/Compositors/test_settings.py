"""What each desktop says of the person's settings for pointers."""

import os
import shutil
from pathlib import Path

import pytest
from fake_sway import FakeSway
from gnome import Gnome, Gnome48
from impostor import listened_to_by_another
from service import Backend, Settings
from session import Cage, KWin, Labwc, Sway

TOUCHPAD = {
    "identifier": "1:2:Pad", "name": "Pad", "vendor": 1, "product": 2, "type": "touchpad",
    "libinput": {"send_events": "enabled", "tap": "enabled", "tap_button_map": "lmr", "tap_drag": "enabled",
                 "tap_drag_lock": "disabled", "natural_scroll": "enabled", "left_handed": "disabled",
                 "click_method": "clickfinger", "middle_emulation": "disabled", "scroll_method": "two_finger",
                 "scroll_button": 274, "dwt": "enabled", "accel_speed": 0.5}}  # fmt: skip
KEYBOARD = {"name": "Keys", "vendor": 1, "product": 3, "type": "keyboard", "xkb_active_layout_index": 0,
            "xkb_active_layout_name": "English (US)", "libinput": {"send_events": "enabled"}}  # fmt: skip


def greet(desk, service):
    desk.agent(service.path)
    return service.greet()[0]


@pytest.fixture
def sways(fake):
    """A compositor that tells of its windows, with a socket like sway's."""
    desk, compositor = fake
    made = []

    def make(inputs):
        compositor.globals.append(("zwlr_foreign_toplevel_manager_v1", 3))
        made.append(FakeSway(desk.runtime, desk.account.pw_uid, inputs))
        return desk, made[0]

    yield make
    for socket in made:
        socket.stop()


def test_sway_tells_what_its_libinput_has_in_force(sways, service):
    desk, sway = sways([KEYBOARD, TOUCHPAD])
    connection = greet(desk, service)
    told = connection.heard(Settings, source="sway")
    assert told.choices == {
        (1, 2, "Pad"): {"tap": True, "tap_buttons": "lmr", "tap_drag": True, "tap_drag_lock": False, "natural_scroll": True,
                        "left_handed": False, "middle_emulation": False, "click_method": "clickfinger",
                        "scroll_method": "two_finger", "scroll_button": 274, "dwt": True, "sends": "enabled"}}
    changed = TOUCHPAD | {"libinput": TOUCHPAD["libinput"] | {"natural_scroll": "disabled"}}
    sway.change([KEYBOARD, changed])
    assert connection.expect(Settings).choices[1, 2, "Pad"]["natural_scroll"] is False
    sway.change([KEYBOARD])
    assert connection.expect(Settings).choices == {}


@pytest.mark.parametrize("inputs", [
    [TOUCHPAD | {"libinput": {"tap": "perhaps", "scroll_button": -1, "click_method": "", "natural_scroll": "enabled"}}],
    [TOUCHPAD | {"vendor": 70000}, TOUCHPAD | {"name": "Other", "libinput": {"natural_scroll": "enabled"}}]])  # fmt: skip
def test_words_of_sways_that_nobody_knows_say_nothing(sways, service, inputs):
    desk, _ = sways(inputs)
    told = greet(desk, service).heard(Settings, source="sway")
    assert list(told.choices.values()) == [{"natural_scroll": True}]


def test_sways_socket_is_believed_if_it_is_sways(fake, service):
    desk, compositor = fake
    compositor.globals.append(("zwlr_foreign_toplevel_manager_v1", 3))
    with listened_to_by_another([desk.runtime / f"sway-ipc.{desk.account.pw_uid}.{os.getpid()}.sock"]):
        agent = desk.agent(service.path)
        service.greet()[0].expect(Backend, usable=True)
        assert not any("sway's socket" in line for line in agent.lines)


def test_more_devices_than_fit_into_a_message(sways, service):
    many = [TOUCHPAD | {"name": f"Pad {number} " + "é" * 200} for number in range(40)]
    desk, _ = sways(many)
    assert len(greet(desk, service).heard(Settings, source="sway").choices) == 24


@pytest.mark.parametrize("kind", [Gnome, Gnome48], ids=["43", "48"])
def test_gnome_tells_by_kind_of_device(start, kind, service):
    gnome = start(kind)
    connection = greet(gnome, service)
    told = connection.heard(Settings, source="gnome-shell")
    assert set(told.choices) == {"touchpads", "mice"}
    assert told.choices["mice"]["left_handed"] is False and told.choices["touchpads"]["left_handed"] is False
    before = told.choices["touchpads"]["tap"]
    gnome.order(f"setting touchpad tap-to-click {str(not before).lower()}")
    connection.expect(Settings, lambda message: message.choices["touchpads"]["tap"] is not before)
    gnome.order("setting mouse natural-scroll true")
    told = connection.expect(Settings, lambda message: message.choices["mice"]["natural_scroll"])
    gnome.order("setting mouse left-handed true")
    told = connection.expect(Settings, lambda message: message.choices["mice"]["left_handed"])
    assert told.choices["touchpads"]["left_handed"] is True, "a touchpad follows the mouse, unless it is told otherwise"
    gnome.order("setting touchpad left-handed 'right'")
    told = connection.expect(Settings, lambda message: not message.choices["touchpads"]["left_handed"])
    assert told.choices["mice"]["left_handed"] is True
    gnome.order("setting touchpad click-method 'areas'")
    connection.expect(Settings, lambda message: message.choices["touchpads"].get("click_method") == "button_areas")


def test_kwin_tells_by_device(start, service):
    """On a stand-in's word: KWin without a screen has no devices. What it says was read in KWin's sources."""
    cage = start(Cage)
    cage.bus()
    configuration = cage.runtime / ".config"
    configuration.mkdir()
    shutil.chown(configuration, cage.account.pw_uid, cage.account.pw_gid)
    shutil.copy(Path(__file__).parent / "kwin_devices.py", cage.programs)
    kwin = cage._client("kwin_devices.py")
    assert kwin.process.stdout.readline() == b"done\n", kwin.log.read_text()
    assert kwin.order("add event5") == "done"
    connection = greet(cage, service)
    told = connection.heard(Settings, lambda message: message.choices, source="kwin")
    assert told.choices["event5"] == {
        "tap": False, "tap_buttons": "lrm", "tap_drag": False, "tap_drag_lock": False, "natural_scroll": False,
        "left_handed": False, "middle_emulation": False, "scroll_method": "none", "scroll_button": 274, "dwt": False,
        "sends": "enabled"}
    assert kwin.order("set event5 naturalScroll true") == "done"
    connection.expect(Settings, lambda message: message.choices["event5"]["natural_scroll"])
    assert kwin.order("add event6") == "done"
    connection.expect(Settings, lambda message: set(message.choices) == {"event5", "event6"})
    assert kwin.order("remove event5") == "done"
    connection.expect(Settings, lambda message: set(message.choices) == {"event6"})
    kwin.stop()
    connection.expect(Settings, source="", choices={})


@pytest.mark.parametrize("kind", [Sway, Labwc, KWin], ids=["sway", "labwc", "kwin"])
def test_a_desktop_that_has_no_devices_says_nothing_of_any(start, kind, service):
    connection = greet(start(kind), service)
    connection.settled()
    said = [message for message in connection.messages if isinstance(message, Settings)]
    assert said and all(message.choices == {} for message in said)
