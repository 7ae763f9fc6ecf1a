"""From the device to the journal among real clients: a mock keyboard types, the compositor has the same keys of another one,
and the focus moves. The truth is which client was given a key, by the word of the clients (owners.py).
"""

import os
import time

import keys
import owners
import pytest
import witnesses
from gnome import Gnome, Gnome48
from keyboards import keyboard_of
from service import now
from session import KWin, KWin63, KWin63ByScript, KWinByScript, Labwc, Sway, Sway110, named, until

# docs/DESKTOPS.md has the figures of 200; `make soak` moves it 1,000 times.
CHANGES = int(os.environ.get("KYMO_FOCUS_CHANGES", 200))
DESKS = [Sway, Sway110, Labwc, KWin, KWin63, Gnome, Gnome48]
# KWin's script, where there is time: between two windows of our own it is tested in test_attribution.py.
if CHANGES > 200:
    DESKS += [KWinByScript, KWin63ByScript]
# Between two changes of focus, between two keys, and of a key that is down: seconds.
STAYS, PAUSES, DOWN = (0.1, 0.3), (0.015, 0.045), 0.004
# What a kernel is allowed between its stamp and the compositor (FocusTimeline.marginMicroseconds). A key that a busy machine kept
# longer on its way to the compositor is no key of a kernel's, and not judged.
MARGIN_US = 1_000
# Behind a change of focus a key may come before anybody has said what has the keyboard in the window, and is withheld: a tenth of
# them where the machine is busy with pictures that it computes without a GPU.
LEAST_KEPT = 0.8


@pytest.fixture
def pages():
    made = witnesses.Pages()
    yield made
    made.close()


class Typist(owners.Typist):
    """At a mock keyboard and at the compositor's."""

    def __init__(self, device, keyboard):
        super().__init__()
        self.device, self.keyboard = device, keyboard

    def _key(self, code, value):
        stamp, late = self.keyboard.key(code, value)
        self.device.key(code, value, at_us=stamp)
        return stamp, late

    def tap(self, letter):
        self._key(keys.CODES["leftctrl"], 1)
        stamp, late = self._key(keys.CODES[letter], 1)
        time.sleep(DOWN)
        self._key(keys.CODES[letter], 0)
        self._key(keys.CODES["leftctrl"], 0)
        time.sleep(self.dice.uniform(*PAUSES))
        return stamp, letter, late


@pytest.mark.parametrize("kind", DESKS, ids=named)
def test_keys_belong_to_the_client_that_was_given_them(undisturbed, start, bed, recorder, pages, kind):
    device = bed.add("keyboard", 1)
    # The agent is the session's own, which comes with its windows.
    recorder.start(agent=False)
    desk = start(kind)
    keyboard = keyboard_of(desk)
    desk.agent(recorder.agent_socket)
    until(lambda: recorder.status()["devices"] == 1, "the indicator is seen, and the keyboard open")
    clients = witnesses.in_desk(desk, pages, witnesses.VTE if isinstance(desk, KWin) else witnesses.Foot)
    for client in clients:
        client.start()
        until(client.is_ready, f"{client.app} shows its page", 60)
    typist = Typist(device, keyboard)
    for client in clients:
        owners.introduce(desk.focus, typist, client)
    owners.move_focus(desk.focus, clients, typist, CHANGES, STAYS)
    sent = typist.sent
    recorder.until_written(now(), seconds=20)

    owners.until_all_is_heard(sent, clients)
    given = owners.Owners(sent, clients)
    judged = [(stamp, app) for (stamp, _, late), app in zip(sent, given.of) if late <= MARGIN_US]
    outcome = owners.Outcome(judged, recorder.rows("key", "focus", "suppression"))
    print(
        f"\nreal clients, headless {desk.name} {desk.version}: {outcome.text()}; {CHANGES} changes of focus {sum(STAYS) / 2:.2f} s "
        f"apart; {len(sent) - len(judged)} keys more not judged: late at the compositor; "
        + ", ".join(f"{client.app} {given.count(client.app)}" for client in clients)
    )
    assert outcome.wrong == []
    assert all(given.count(client.app) > CHANGES / 4 for client in clients), "each was given its share"
    assert len(outcome.kept) > len(judged) * LEAST_KEPT
    assert outcome.unexplained == [], "or withheld, on record"
    most = desk.uncertain_share * len(outcome.kept)
    assert len(outcome.uncertain) <= most + 3 * most**0.5, "of so few keys by chance some more"
