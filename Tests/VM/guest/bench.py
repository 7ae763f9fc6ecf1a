"""Session, devices and windows, made ready."""

import time

import consent
import judge
from guest import Feeder, Recorder, Sway, read_lines, wait_for

APPS = ("alpha", "beta")
KEYBOARD, MOUSE, TOKEN = "kymograph test keyboard", "kymograph test mouse", "kymograph test token"
VENDOR = "1209"

# AT-SPI's number of the role "text" (ATSPI_ROLE_TEXT).
TEXT_FIELD = 61
# Microseconds between presses, and how long a key is down: a fluent typist, and faster than anybody. Keys overlap.
NATURAL = ((60_000, 180_000), (50_000, 110_000))
FAST = ((12_000, 30_000), (15_000, 60_000))


class Bench:
    def __init__(self, report, payload, results, compositor=Sway):
        self.report, self.recorder, self.payload, self.results = report, Recorder(), payload, results
        self.feeder = Feeder(f"{payload}/clients/uinput-feeder", f"{results}/sent-keys.json")
        self.keyboard = self.feeder.create("keyboard", KEYBOARD, VENDOR)
        self.mouse = self.feeder.create("mouse", MOUSE, VENDOR)
        self.sit_down(compositor)
        consent.give(report, self.recorder)
        self.wait_until_recorded()

    def sit_down(self, compositor):
        """At a session that has just begun."""
        self.compositor = compositor()
        for app in APPS:
            # Every key is kept only where accessibility says that the field is no password's.
            log = self.client_log(app)
            self.compositor.run(f"{self.payload}/clients/keylog-client {app} 'Window {app}' {log} {TEXT_FIELD}")
            wait_for(f"the window of {app}", lambda app=app: app in self.compositor.windows())
        wait_for("the compositor to take the keyboard", lambda: KEYBOARD in self.compositor.keyboards())

    def wait_until_recorded(self):
        self.recorder.wait_until_recording()
        wait_for("the recorder to open both devices", lambda: self.recorder.status()["devices"] >= 2)
        self.wait_until_keys_are_written()

    def client_log(self, app):
        return f"{self.results}/clients/{app}.json"

    def client_logs(self):
        return {app: read_lines(self.client_log(app)) for app in APPS}

    def type(self, keystrokes, pace):
        return self.feeder.type(self.keyboard["device"], keystrokes, *pace)

    def wait_until_keys_are_written(self):
        """Types until a key is seen in the journal: then devices, focus and agent are all there."""

        def written():
            sent = self.type(1, FAST)
            time.sleep(1)
            keys = judge.of_kind(self.recorder.records("--kind", "key"), "key")
            return any(key["time_us"] >= sent["first_us"] for key in keys)

        wait_for("a key to be written", written, 120)

    def settle(self, until_us):
        """Until the journal is past a moment; a mouse report is what moves it there."""

        def is_past():
            self.feeder.ask(f"move {self.mouse['device']} 10 0.1")
            records = self.recorder.records("--kind", "motion")
            return records and records[-1]["time_us"] > until_us

        wait_for("the journal to catch up", is_past, 30)
