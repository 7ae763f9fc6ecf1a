"""Session, devices and windows, made ready."""

import os
import pwd
import time

import judge
import terminal
from guest import SUBJECT, Feeder, Recorder, Sway, read_lines, wait_for

APPS = ("alpha", "beta")
KEYBOARD, MOUSE, TOKEN = "kymograph test keyboard", "kymograph test mouse", "kymograph test token"

# AT-SPI's number of the role "text" (ATSPI_ROLE_TEXT).
TEXT_FIELD = 61
# Microseconds between presses, and how long a key is down: a fluent typist, and faster than anybody. Keys overlap.
NATURAL = ((60_000, 180_000), (50_000, 110_000))
FAST = ((12_000, 30_000), (15_000, 60_000))

# Of the guest's only person; set by the script beside this one.
PASSWORD = "an3x1stence"


def has_receipt(name):
    return os.path.exists(f"/var/lib/kymograph/consent/{pwd.getpwnam(name).pw_uid}/receipt")


class Bench:
    def __init__(self, report, payload, results):
        self.report, self.recorder, self.results = report, Recorder(), results
        self.sway = Sway()
        self.feeder = Feeder(f"{payload}/clients/uinput-feeder", f"{results}/sent-keys.json")
        self.keyboard = self.feeder.create("keyboard", KEYBOARD)
        self.mouse = self.feeder.create("mouse", MOUSE)
        for app in APPS:
            # Every key is kept only where accessibility says that the field is no password's.
            log = self.client_log(app)
            self.sway.command(f"exec {payload}/clients/keylog-client {app} 'Window {app}' {log} {TEXT_FIELD}")
            wait_for(f"the window of {app}", lambda app=app: app in self.sway.windows())
        wait_for("sway to take the keyboard", lambda: KEYBOARD in self.sway.keyboards())
        self.consent()
        self.recorder.wait_until_recording()
        wait_for("the recorder to open both devices", lambda: self.recorder.status()["devices"] >= 2)
        self.wait_until_keys_are_written()

    def consent(self):
        """As a person does it, at a terminal, with the password that polkit asks for. Once: the receipt stays."""
        if has_receipt(SUBJECT):
            return
        self.report.check("consent: without one no device node is open", not self.recorder.open_nodes())
        uid = pwd.getpwnam(SUBJECT).pw_uid
        consents, password = ('type "I consent"', "I consent"), "assword: "
        wrong = terminal.run(["kymo", "consent", "grant"], uid, [consents, (password, "another")])
        self.report.check("consent: a wrong password gives none", wrong.code != 0 and not has_receipt(SUBJECT), wrong)
        right = terminal.run(["kymo", "consent", "grant"], uid, [consents, (password, PASSWORD)])
        self.report.check("consent: hers gives it", right.code == 0 and has_receipt(SUBJECT), right)

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
