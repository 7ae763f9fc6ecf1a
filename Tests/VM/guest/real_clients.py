"""Real clients in a desk whose compositor starts nowhere without a DRM device: who was given each key, by the clients' own word, and as
whose it is recorded (owners.py of Tests/Compositors judges).

The processor is emulated, and a round trip takes tens of ms: keys and changes come at a person's pace, not at the headless test's.
"""

import subprocess
import time

import judge
import owners
import witnesses
from guest import now_us, wait_for
from keys import CODES
from session import Desk, until
from witnesses import GREETING

CHANGES = 200
EV_KEY = 1
# Seconds: between two changes of focus; from Control to its letter, how long that is down, and between two letters.
STAYS = (1.0, 2.0)
LEADS, DOWN, PAUSES = (0.05, 0.1), (0.05, 0.11), (0.1, 0.3)
# Not below /var/results: profiles of browsers are no results.
DIRECTORY = "/var/tmp/real-clients"
# The target for keys inside the uncertainty.
UNCERTAIN_SHARE = 0.02


class Typist(owners.Typist):
    """Somebody at the guest's keyboard."""

    def __init__(self, bench):
        super().__init__()
        self.bench = bench

    def tap(self, letter):
        down_us = int(self.dice.uniform(*DOWN) * 1e6)
        self._hold_control(True)
        time.sleep(self.dice.uniform(*LEADS))
        done = self.bench.feeder.ask(f"keys {self.bench.keyboard['device']} 0 0 {down_us} {down_us} {CODES[letter]}")
        self._hold_control(False)
        time.sleep(self.dice.uniform(*PAUSES))
        # By the kernel's own stamp, which the compositor reads, too: none is late.
        return done["first_us"], letter, 0

    def _hold_control(self, is_held):
        self.bench.feeder.ask(f"report {self.bench.keyboard['device']} {EV_KEY} {CODES['leftctrl']} {is_held:d}")


class Table:
    """The clients, the one who types among them, and what is recorded of it."""

    def __init__(self, bench):
        self.bench, self.compositor, self.recorder = bench, bench.compositor, bench.recorder
        self.desk = Desk(bench.compositor, DIRECTORY)
        self.pages = witnesses.Pages()
        self.clients = witnesses.in_desk(self.desk, self.pages)
        self.typist = Typist(bench)
        self.since = f"@{int(time.time())}"

    def rows(self, kinds):
        return self.recorder.records("--since", self.since, "--kind", kinds)

    def start(self, client):
        begin = time.monotonic()
        client.start()
        until(client.is_ready, f"{client.app} shows its page", 60)
        owners.introduce(self.compositor.focus, self.typist, client)
        self.bench.report.figure(f"{self.compositor.name}: {client.app} is given keys after", f"{time.monotonic() - begin:.0f} s")

    def until_recorded(self, client):
        """As that client's. All that was typed before is decided on then, and spans of what was withheld have ended."""

        def is_recorded():
            self.compositor.focus(client.app)
            stamp, *_ = self.typist.tap(GREETING)
            time.sleep(1)
            return any(row["app"] == client.app and row["time_us"] >= stamp for row in judge.of_kind(self.rows("key"), "key"))

        wait_for(f"a key to be written as {client.app}'s", is_recorded, 120)


def at(bench):
    report, name = bench.report, bench.compositor.name
    report.figure(f"{name}: version", bench.compositor.version())
    report.figure(f"{name}: boot to the first recorded key", f"{now_us() / 1e6:.0f} s")
    # Their letters would be commands of a browser's, and the screen is small.
    subprocess.run(["pkill", "-x", "keylog-client"], check=True)
    wait_for("the other windows to be gone", lambda: not bench.compositor.windows())
    table = Table(bench)
    for client in table.clients:
        table.start(client)
    for client in table.clients:
        table.until_recorded(client)
    keys_belong_to_the_client_that_was_given_them(report, name, table)
    table.pages.close()


def keys_belong_to_the_client_that_was_given_them(report, name, table):
    clients, begin_us = table.clients, now_us()
    orders = owners.move_focus(table.compositor.focus, clients, table.typist, CHANGES, STAYS)
    end_us = now_us()
    sent = table.typist.sent
    table.until_recorded(clients[0])
    owners.until_all_is_heard(sent, clients, 30)

    given = owners.Owners(sent, clients)
    rows = [row for row in table.rows("key,focus,suppression") if row["time_us"] >= begin_us]
    outcome = owners.Outcome([(stamp, app) for (stamp, _, _), app in zip(sent, given.of)], rows)
    changes = [row for row in judge.of_kind(rows, "focus") if row["state"] == "window" and row["time_us"] <= end_us]
    seconds = (end_us - begin_us) / 1e6
    report.figure(f"{name}, real clients: pace, on an emulated processor",
                  f"a key each {seconds / len(sent):.2f} s, a change of focus each {seconds / CHANGES:.2f} s")
    report.figure(f"{name}, real clients", outcome.text())
    report.figure(f"{name}, real clients: keys of each", ", ".join(f"{client.app} {given.count(client.app)}" for client in clients))
    report.figure(f"{name}, real clients: told after a press at most, equal letters apart at least",
                  f"{given.slowest_us / 1e3:.0f} ms, {owners.least_repeat(sent) / 1e3:.0f} ms")
    lost = [(round((stamp - begin_us) / 1e6, 1), letter, next((app for at_us, app in reversed(orders) if at_us < stamp), None))
            for (stamp, letter, _), app in zip(sent, given.of) if app is None]
    report.figure(f"{name}, real clients: given to nobody: after s, letter, where the focus was to be", lost)
    share = outcome.uncertain_share()
    report.figure(f"{name}, real clients: uncertain keys within {UNCERTAIN_SHARE:.0%}",
                  f"{'yes' if share <= UNCERTAIN_SHARE else 'NO'}: {len(outcome.uncertain)} of {len(outcome.kept)}, {share:.2%}")
    report.figure(f"{name}, real clients: changes recorded", f"{len(changes)} of {CHANGES}")

    def check(text, holds, detail=""):
        report.check(f"{name}, real clients: {text}", holds, detail)

    check("100 % of keys outside the uncertainty go to the client that was given them", outcome.kept and not outcome.wrong,
          f"{len(outcome.wrong)} wrong, first {outcome.wrong[:3]}")
    check("each was given its share", all(given.count(client.app) > CHANGES / 4 for client in clients))
    check("most keys are kept", len(outcome.kept) > len(sent) / 2, f"{len(outcome.kept)} of {len(sent)}")
    check("what is not kept was withheld, on record", not outcome.unexplained, outcome.unexplained[:5])
    check("equal letters can be told from each other", given.slowest_us < owners.least_repeat(sent) / 2)
