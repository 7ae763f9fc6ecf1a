"""Known secrets, typed at a real keyboard into everything that asks for one, from the kernel to the journal's bytes: the
corpus of Tests/Compositors on a machine of its own, with the programs that a person meets there.

Everything is under a rule `full`, and the app's ordinary field is typed into before and after.
"""

import glob
import subprocess
import time
from collections import namedtuple
from pathlib import Path

import asking
import consent
import keys
import prompts
from corpus import AGAIN, ORDINARY, SECRET, Judgement, play, runs, stored_forms, text_of, until_decided
from guest import JOURNAL, SUBJECT, now_us, wait_for
from session import Desk, until

# Where no signal is, it is written: another one, so that it is not taken for the other.
OPEN_SECRET = "w5jbn8rgt3yh"
DIRECTORY = "/var/tmp/known-secrets"
# Microseconds between presses, and how long a key is down. The processor is emulated: what a program on a real machine
# answers in 3 ms takes 50 here, and what is not answered in time is withheld.
PACE = ((150_000, 220_000), (50_000, 100_000))

# `keeps`: what of the ordinary fields may be written: "keys", "counts" where nobody can say in time that a field is no
# password's, or "nothing" where nobody says anything (as in Tests/Compositors/test_secrets.py).
Case = namedtuple("Case", "prompt app reason name keeps", defaults=("keys",))

# No app id here is one of the deny list's.
CASES = [
    Case(prompts.GTK3, "Gtk3", "password", "GTK 3, entry for passwords"),
    Case(prompts.GTK4, "Gtk4", "password", "GTK 4, entry for passwords"),
    Case(prompts.GTK4Hidden, "Gtk4hidden", None, "GTK 4, entry that hides its text"),
    Case(prompts.Qt, "Qt", "password", "Qt 5, line edit"),
    Case(asking.Sudo, "Sudo", "terminal", "sudo"),
    Case(asking.Su, "Su", "terminal", "su"),
    Case(asking.Ssh, "Ssh", "terminal", "ssh, password"),
    Case(asking.Getpass, "Getpass", "terminal", "Python, getpass"),
    Case(asking.Read, "Read", "terminal", "bash, read -s"),
    Case(asking.Polkit, "Tty", "terminal", "polkit, pkttyagent"),
    Case(prompts.Pinentry, "Curses", "terminal", "pinentry-curses"),
    Case(prompts.Stars, "Stars", None, "a program that draws stars itself"),
    Case(asking.PolkitAgent, "Agent", "denied", "polkit, MATE's graphical agent"),
    Case(asking.Swaylock, "Locked", "no_window", "swaylock"),
    Case(asking.Console, "Console", "inactive", "a text console's login, and a shell there"),
    Case(asking.Greeter, "Greeter", "inactive", "greetd and agreety, a greeter's session"),
]
# Firefox has said there three seconds late that a field is a password's. How many of its ordinary keys are counted is the
# emulated processor's affair.
FIREFOX = Case(prompts.Firefox, "Firefox", "password", "Firefox, password input", keeps="counts")
CHROMIUM = [
    Case(prompts.Chromium, "Chromium", "accessibility", "Chromium, password input", keeps="nothing"),
    Case(prompts.ChromiumAccessible, "Chromiumaccessible", "password", "Chromium, --force-renderer-accessibility",
         keeps="counts"),
]  # fmt: skip
# What withholds the keys of an app that says too late what its field is.
LATE = {"accessibility", "unconfirmed"}


class Typist:
    """Somebody at the guest's keyboard."""

    def __init__(self, feeder, device):
        self.feeder, self.device = feeder, device

    def _send(self, codes):
        limits = " ".join(str(limit) for pair in PACE for limit in pair)
        done = self.feeder.ask(f"keys {self.device} {limits} {' '.join(map(str, codes))}")
        return done["first_us"], done["last_us"]

    def key(self, name):
        return self._send([keys.CODES[name]])

    def write(self, text):
        """The span of its keys: first press and last release, µs, by the kernel's stamps."""
        return self._send([keys.CHARACTERS[character][0] for character in text])


class Place(Desk):
    """The guest's desk, with what the prompts here ask of it besides."""

    def __init__(self, desk):
        super().__init__(desk.sway, DIRECTORY)
        self.recorder = desk.recorder

    def nodes(self):
        return self.recorder.open_nodes()


def become_secret(password):
    """Her own password is the secret: what takes it shows that it has arrived."""
    subprocess.run(["chpasswd"], input=f"{SUBJECT}:{password}\n", text=True, check=True)


def until_written(desk, last):
    """Until nothing of before `last` (µs) can be on its way to the journal any more."""
    wait_for("the gate's last decision", lambda: now_us() > last + 1_500_000)

    def is_still():
        before = desk.recorder.status()["events_written"]
        time.sleep(1)
        return desk.recorder.status()["events_written"] == before

    wait_for("the journal to be written", is_still)


def tell(place, app):
    """What a prompt that was not answered has left, which windows there are, and what the system has said."""
    print(f"-- windows: {place.compositor.windows()}")
    for path in sorted([*(place.runtime / app).iterdir(), place.runtime / f"prompt-{app}.log"]):
        if path.is_file():
            print(f"-- {path.name}\n{path.read_text(errors='replace')[-2000:]}")
    subprocess.run(["journalctl", "--no-pager", "--lines=12"])


def typed_into(case, place, typist):
    begin = time.monotonic()
    prompt = case.prompt(place, f"org.example.{case.app}")

    def arrived():
        if case.keeps == "keys":
            return place.recorder.status()["events_permitted"]
        return sum((prompt.counts() or [])[:3])

    def one_arrives():
        before = arrived()
        tried.append(typist.key("z")[0])
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if arrived() > before:
                return True
            time.sleep(0.05)
        return False

    def settle():
        """An app that has just started answers late, and its keys are withheld: that of no secret is to be seen is not
        to come of that. A browser whose page is there may not hand it keys yet, and Tab would be lost."""
        tried.clear()
        until(one_arrives, f"{case.name}: an ordinary key arrives", 10)
        return tried[0]

    tried = []
    late = {} if case.keeps == "keys" else {"decided": until_decided}
    done = play(prompt, typist, SECRET if case.reason else OPEN_SECRET, settle=settle, **late)
    print(f"  {case.name}: {time.monotonic() - begin:.0f} s")
    return done


def bytes_of_journal():
    return b"".join(
        subprocess.run(["lz4", "-dc", path], capture_output=True).stdout for path in sorted(glob.glob(f"{JOURNAL}/*.lz4")))


def judged(report, case, typed, rows):
    found = Judgement(typed, rows)
    reasons = {case.reason}
    ordinary = str(found.ordinary_identities)
    if case.keeps == "keys":
        # How many of them is the busy machine's affair, which keeps apps waiting: then they are withheld, rightly.
        report.check(f"secret: {case.name}: of what is ordinary, keys before and after it are in the journal",
                     found.ordinary_identities > 0 and found.silent_controls == 0, vars(found))
    else:
        reasons |= LATE
        ordinary += f" (+{found.ordinary_counted} counted)"
        report.check(f"secret: {case.name}: no key of what is ordinary has an identity either",
                     found.ordinary_identities == 0, vars(found))
    if case.reason:
        report.check(f"secret: {case.name}: no key of it is written", found.identities == 0, vars(found))
        report.check(f"secret: {case.name}: no key of it is counted", found.counted == 0, vars(found))
        report.check(f"secret: {case.name}: it was {' or '.join(sorted(reasons))} that saw it",
                     reasons & found.reasons, found.reasons)
    seen = " ".join(sorted(reasons & found.reasons)) if case.reason else "none"
    return f"| {case.name} | {seen} | {found.identities} | {found.counted} | {ordinary} of {found.ordinary} |"


def corpus(desk):
    # polkit's administrators are that group's members; sudo looks at the session's own groups, which stay what they were.
    subprocess.run(["usermod", "--append", "--groups", "sudo", SUBJECT], check=True)
    Path("/etc/sudoers.d/test").write_text(f"{SUBJECT} ALL=(ALL) ALL\n")
    become_secret(SECRET)
    find_none(desk, CASES)
    become_secret(consent.PASSWORD)


def in_browsers(desk):
    # What is looked for must be found where it may be.
    find_none(desk, [CASES[0], FIREFOX, *CHROMIUM])


def find_none(desk, cases):
    """Types the secret into each of them, and looks for it in the journal."""
    report = desk.report
    place = Place(desk)
    typist = Typist(desk.feeder, desk.keyboard["device"])
    since = f"@{int(time.time())}"
    typed = []
    for case in cases:
        try:
            typed.append((case, typed_into(case, place, typist)))
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            report.check(f"secret: {case.name}: is asked for, and taken", False, repr(error))
            tell(place, f"org.example.{case.app}")
            desk.sway.command(f'[app_id="org.example.{case.app}"] kill')
    until_written(desk, now_us())
    rows = desk.recorder.records("--since", since, "--kind", "key,key_counts,suppression")
    table = [judged(report, case, done, rows) for case, done in typed]
    print(f"\n| asks for it | signal | keys of {len(SECRET)} | counted | ordinary keys |\n|---|---|---|---|---|")
    print("\n".join(table) + "\n")
    text, stored = text_of(rows), bytes_of_journal()
    report.check("secret: what is looked for can be found", any(run in text for run in runs(ORDINARY))
                 and any(run in text for run in runs(AGAIN)) and b"org.example.Gtk3" in stored, text)
    for name, secret in (("it", SECRET), ("a text console's line", asking.CONSOLE_TEXT)):
        report.check(f"secret: no three keys of {name} follow one another in the journal",
                     not any(run in text for run in runs(secret)), text)
        report.check(f"secret: {name} is nowhere in the journal's bytes",
                     not any(form in stored for form in stored_forms(secret)))
    report.figure("secret: decompressed bytes searched", len(stored))
