"""How fast the recorder stops: from the signal to the last event that is written, and to the last closed device. And that
nothing at all is open or written where nobody has consented.
"""

import glob
import os
import subprocess
import threading
import time

import consent
from bench import FAST
from gi.repository import Gio, GLib
from guest import Feeder, InBackground, now_us, seat_session, switch_to_terminal, wait_for
from known_secrets import until_written

LOGIN = "org.freedesktop.login1"
# What the design promises: nothing is accepted later than that after the signal, and nothing is open.
LAST_EVENT_US, CLOSED_US = 100_000, 1_000_000
MOUSE_HZ = 250


class Hand:
    """Somebody who types and moves the mouse at the same time: a feeder does one thing at a time."""

    def __init__(self, desk, payload, results):
        self.desk, self.recorder, self.report = desk, desk.recorder, desk.report
        self.feeder = Feeder(f"{payload}/clients/uinput-feeder", f"{results}/sent-keys-signals.json")
        self.mouse = self.feeder.create("mouse", "kymograph test second mouse")["device"]

    def go(self):
        """Starts; what is returned stops, and tells when the last of it was sent. In turns: a feeder cannot be told to stop."""
        is_over = threading.Event()

        def repeat(turn):
            while True:
                last = turn()["last_us"]
                if is_over.is_set():
                    return last

        busy = [InBackground(repeat, lambda: self.feeder.ask(f"move {self.mouse} {MOUSE_HZ} 0.5")),
                InBackground(repeat, lambda: self.desk.feeder.type(self.desk.keyboard["device"], 20, *FAST))]  # fmt: skip

        def stop():
            is_over.set()
            return min(one.wait() for one in busy)

        return stop

    def close(self):
        self.feeder.close()


class Nodes(threading.Thread):
    """When the recorder's last device node was closed."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.directory, self.closed_us, self.is_over = f"/proc/{pid}/fd", None, False
        self.start()

    def are_open(self):
        for entry in glob.iglob(f"{self.directory}/*"):
            try:
                if os.readlink(entry).startswith("/dev/input/"):
                    return True
            except OSError:
                pass
        return False

    def run(self):
        while self.are_open() and not self.is_over:
            time.sleep(0.002)
        self.closed_us = now_us()


class Login(threading.Thread):
    """When the bus brings logind's word that a session has changed, to somebody else who listens."""

    def __init__(self):
        super().__init__(daemon=True)
        self.context, self.heard = GLib.MainContext(), {}
        self.loop = GLib.MainLoop(self.context)
        self.is_listening = threading.Event()
        self.start()
        self.is_listening.wait(30)

    def run(self):
        self.context.push_thread_default()
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        bus.signal_subscribe(LOGIN, "org.freedesktop.DBus.Properties", "PropertiesChanged", None, None, 0, self._changed)
        # What is sent to the bus before is there when the bus answers this.
        bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", None, None, 0, -1)
        self.is_listening.set()
        self.loop.run()

    def _changed(self, _bus, _sender, _path, _interface, _signal, arguments):
        for name, value in arguments.unpack()[1].items():
            self.heard.setdefault((name, value if isinstance(value, bool) else None), now_us())

    def close(self):
        self.loop.quit()
        self.join(30)

    def when(self, name, value):
        return wait_for(f"logind's word of {name}", lambda: self.heard.get((name, value)))


def by_command(*words):
    """The signal is kymo's answer: from then on a person may rely on it."""

    def act(_login):
        done = consent.kymo(*words)
        if done.code != 0:
            raise AssertionError(f"{words}: {done}")
        return now_us()

    return act


def lock_hint(is_locked):
    session = seat_session("Id")
    path = subprocess.run(["busctl", "call", LOGIN, "/org/freedesktop/login1", f"{LOGIN}.Manager", "GetSession", "s", session],
                          check=True, capture_output=True, text=True).stdout.split('"')[1]  # fmt: skip
    subprocess.run(["busctl", "call", LOGIN, path, f"{LOGIN}.Session", "SetLockedHint", "b", str(is_locked).lower()], check=True)


def lock(login):
    lock_hint(True)
    return login.when("LockedHint", True)


def switch(login):
    switch_to_terminal(2)
    return login.when("Active", False)


def grant_again(hand):
    done = consent.grant()
    hand.report.check("consent: given again after a withdrawal", done.code == 0, done)


STOPS = [
    ("pause", by_command("pause"), lambda _: consent.kymo("resume")),
    ("lock", lock, lambda _: lock_hint(False)),
    ("switch of terminal", switch, lambda _: switch_to_terminal(1)),
    ("withdrawal", by_command("consent", "withdraw", "--keep"), grant_again),
]


def rows_since(hand, since_us, realtime):
    rows = hand.recorder.records("--since", f"@{int(realtime)}", "--kind", "motion,key,key_counts")
    return [row for row in rows if row["time_us"] >= since_us]


def stop(hand, name, act):
    login, nodes = Login(), Nodes(hand.recorder.pid())
    begin, realtime = now_us(), time.time()
    before = hand.recorder.status()["events_permitted"]
    over = hand.go()
    wait_for("events of this", lambda: hand.recorder.status()["events_permitted"] > before + 50)
    signal = act(login)
    wait_for("a second after it", lambda: now_us() > signal + CLOSED_US)
    sent = over()
    until_written(hand.desk, now_us())
    nodes.is_over = True
    nodes.join(30)
    login.close()
    rows = rows_since(hand, begin, realtime)
    last, closed = max((row["time_us"] for row in rows), default=0) - signal, nodes.closed_us - signal
    hand.report.figure(f"{name}: from the signal to the last event written, to the last device closed",
                       f"{last / 1000:+.1f} ms, {closed / 1000:+.1f} ms")
    hand.report.check(f"{name}: something was written before it", rows and sent > signal, (len(rows), sent, signal))
    hand.report.check(f"{name}: nothing is written of more than 100 ms after it", last <= LAST_EVENT_US, last)
    hand.report.check(f"{name}: no device is open 1 s after it", closed <= CLOSED_US and not hand.recorder.open_nodes(), closed)


def nothing_without_receipt(hand, name):
    begin, realtime = now_us(), time.time()
    over = hand.go()
    wait_for("three seconds of it", lambda: now_us() > begin + 3_000_000)
    nodes = hand.recorder.open_nodes()
    over()
    until_written(hand.desk, now_us())
    nodes += hand.recorder.open_nodes()
    rows = rows_since(hand, begin, realtime)
    hand.report.check(f"no receipt, {name}: no device node is open", nodes == [] and hand.recorder.pid() > 0, nodes)
    hand.report.check(f"no receipt, {name}: 0 events", rows == [], rows[:2])


def stops(hand):
    for name, act, undo in STOPS:
        hand.recorder.wait_until_recording()
        hand.desk.wait_until_keys_are_written()
        stop(hand, name, act)
        if name == "withdrawal":
            nothing_without_receipt(hand, "after a withdrawal")
        undo(hand)
    hand.desk.wait_until_keys_are_written()
