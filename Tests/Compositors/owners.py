"""Whose each key was among real clients, by the clients' word, and what a journal made of it. It knows neither a compositor nor a
recorder: the headless test (test_real_clients.py) and the guest's (Tests/VM/guest/real_clients.py) judge by it.

Keys are Control with letters, whose identity every rule keeps. Two equal letters are so many keys apart that a letter and
the time at which a client was told it are one key.
"""

import random
import threading
import time

from session import until
from witnesses import GREETING, LETTERS

# How far a browser's clock may be from ours: it rounds, and counts from a time of day.
ROUNDING_US = 50_000


class Typist:
    """Types Control and a letter, as a subclass knows how. `sent` are (µs, letter, µs late) of each press that counts."""

    def __init__(self):
        self.sent = []
        self.dice = random.Random(3)
        self.letters = self._letters()

    def _letters(self):
        order = list(LETTERS)
        self.dice.shuffle(order)
        while True:
            yield from order

    def tap(self, letter):
        """What belongs into `sent`, once the key is up and the next one may come."""
        raise NotImplementedError

    def type_until(self, is_over):
        while not is_over.is_set():
            self.sent.append(self.tap(next(self.letters)))


def introduce(focus, typist, witness):
    """Until it is there, has the focus and is given keys."""
    said = []

    def hears():
        try:
            # Each time: a window that is new takes the focus for itself.
            focus(witness.app)
        except (AssertionError, KeyError, RuntimeError) as error:
            said[:] = [str(error)]
            return False
        said[:] = ["it has the focus"]
        typist.tap(GREETING)
        return len(witness.heard()) > count

    count = len(witness.heard())
    try:
        until(hears, f"{witness.app} to be given a key", 60)
    except AssertionError as error:
        state = [*said, f"status {witness.program.process.poll()}", *witness.program.lines[-5:]]
        raise AssertionError("\n".join([str(error), *state])) from None


def move_focus(focus, clients, typist, changes, stays):
    """So many times, while keys are typed; between two of them so long (seconds). When it was ordered to which app, µs."""
    dice = random.Random(2)
    here = clients[-1]
    is_over = threading.Event()
    failed, orders = [], []

    def type_away():
        try:
            typist.type_until(is_over)
        except Exception as error:  # raised below
            failed.append(error)

    typing = threading.Thread(target=type_away)
    typing.start()
    try:
        for _ in range(changes):
            time.sleep(dice.uniform(*stays))
            here = dice.choice([client for client in clients if client is not here])
            orders.append((time.monotonic_ns() // 1000, here.app))
            focus(here.app)
    finally:
        is_over.set()
        typing.join()
    if failed:
        raise failed[0]
    return orders


def until_all_is_heard(sent, clients, seconds=10):
    """Pages tell with delay. What nobody was given is never told of."""

    def count():
        return sum(letter != GREETING for client in clients for letter, _ in client.heard())

    end = time.monotonic() + seconds
    while count() < len(sent) and time.monotonic() < end:
        time.sleep(0.1)


class Owners:
    """Of each press in `sent` the app that was given it; None: nobody was."""

    def __init__(self, sent, clients):
        self.of = [None] * len(sent)
        # How long after its press a client was told of it, at most.
        self.slowest_us = 0
        for client in clients:
            for letter, moment in client.heard():
                if letter != GREETING:
                    self._hears(client.app, letter, moment, sent)

    def _hears(self, app, letter, moment, sent):
        known = [index for index, (stamp, typed, _) in enumerate(sent) if typed == letter and stamp <= moment + ROUNDING_US]
        assert known, f"{app} was given {letter} at {moment}, which nobody typed before"
        index = known[-1]
        assert self.of[index] is None, f"key {index} was given to {self.of[index]} and to {app}"
        self.of[index] = app
        self.slowest_us = max(self.slowest_us, moment - sent[index][0])

    def count(self, app):
        return self.of.count(app)


def least_repeat(sent):
    """The least time between two presses of a letter, µs; infinite where none comes twice."""
    last, apart = {}, [float("inf")]
    for stamp, letter, _ in sent:
        if letter in last:
            apart.append(stamp - last[letter])
        last[letter] = stamp
    return min(apart)


class Outcome:
    """What the journal's rows (of keys, focus and suppressions) make of presses: (µs, app) each, by the clients' word."""

    def __init__(self, presses, rows):
        begin = presses[0][0]
        # A snapshot at a segment's start repeats state.
        rows = [row for row in rows if "snapshot" not in row.get("marks", [])]
        written = {row["time_us"]: row for row in rows if row["kind"] == "key"}
        spans = [(row["start_us"], row["end_us"], row["reason"])
                 for row in rows if row["kind"] == "suppression" and row["phase"] == "end"]
        self.presses = presses
        self.kept = [(app, written[stamp]) for stamp, app in presses if stamp in written]
        self.withheld = [stamp for stamp, _ in presses if stamp not in written]
        self.reasons = sorted({reason for _, end, reason in spans if end > begin})
        self.unexplained = [stamp for stamp in self.withheld if not any(start <= stamp <= end for start, end, _ in spans)]
        self.uncertain = [(app, row) for app, row in self.kept if "uncertain" in row.get("marks", [])]
        self.wrong = [(app, row) for app, row in self.kept
                      if "uncertain" not in row.get("marks", []) and row["app"] != app]
        self.unowned = sum(app is None for _, app in presses)
        self.uncertainties = [row["uncertainty_us"] for row in rows if row["kind"] == "focus" and row["time_us"] > begin]

    def uncertain_share(self):
        return len(self.uncertain) / len(self.kept)

    def text(self):
        p50, p99 = (percentile(self.uncertainties, share) for share in (0.5, 0.99))
        return (f"{len(self.presses)} keys; {len(self.wrong)} wrong, {self.uncertain_share():.2%} uncertain, "
                f"{len(self.withheld) / len(self.presses):.2%} withheld {self.reasons}, {self.unowned} given to nobody; "
                f"uncertainty p50 {p50} us, p99 {p99} us")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
