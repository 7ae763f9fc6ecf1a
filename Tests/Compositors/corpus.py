"""Known secrets, how they are typed, and what a journal shows of them. It knows neither a compositor nor a recorder: the
headless corpus (test_secrets.py) and the guest's (Tests/VM/guest/secrets.py) judge by it.
"""

import time
from collections import namedtuple

import keys
from session import until

ORDINARY, AGAIN, SECRET = "thequickfoxjumps", "overthelazydog", "m4xk7vz2qp9w"
# A run of so many characters of a secret is the secret's: the ordinary texts share none with it.
RUN = 3
# Counts of keys in an app that tells of its fields late wait so long for its word (Sources/Policy/LateCounts.swift): until they
# are due, a half second of them shares a question, and that is answered.
LATE_US = 6_500_000

# What was typed where, and when (µs): the secret's span; (text, span) of the app's ordinary fields; and the spans in which
# something ordinary was typed, from the first key that was tried.
Typed = namedtuple("Typed", "secret ordinary controls", defaults=((),))


def until_decided(span):
    """Until all that was typed then is decided on, also of an app that is late."""
    until(lambda: time.monotonic_ns() // 1000 > span[1] + LATE_US, "what was typed is decided on")


def play(prompt, typist, secret=SECRET, settle=lambda: None, decided=lambda span: None):
    """The ordinary field, the secret one, and the ordinary one again. `settle` types until ordinary keys are recorded, where
    that takes a while, and gives the time of its first one; `decided` waits until what was typed there is."""
    ordinary, controls = [], []

    def write_ordinary(text):
        first = settle()
        span = typist.write(text)
        decided(span)
        ordinary.append((text, span))
        controls.append((first or span[0], span[1]))

    prompt.start()
    write_ordinary(ORDINARY)
    prompt.ask(typist)
    span = typist.write(secret)
    if prompt.received() is not None:
        until(lambda: len(prompt.received()) == len(secret), f"all of the secret arrives, not {prompt.received()!r}")
        assert prompt.received() in (secret, "*" * len(secret))
    prompt.leave(typist)
    if prompt.has_third:
        write_ordinary(AGAIN)
    prompt.close()
    return Typed(span, ordinary, controls)


def within(span, rows):
    return [row for row in rows if span[0] <= row["time_us"] <= span[1]]


def counted(span, rows):
    """Presses in all buckets that the span may have a part in, but for the Tab and Enter around it."""
    names = ("letter", "digit", "punctuation", "space", "other", "text")
    mine = [row for row in rows if row["time_us"] > span[0] and row["time_us"] - row["bucket_us"] < span[1]]
    return sum(row.get(name, 0) for row in mine for name in names)


def runs(text):
    return [text[start : start + RUN] for start in range(len(text) - RUN + 1)]


class Judgement:
    """What the journal's rows (`kymo show`) tell of one round: keys that have an identity, keys that are counted, and why
    the others were withheld."""

    def __init__(self, typed, rows):
        pressed, buckets = presses(rows), [row for row in rows if row["kind"] == "key_counts"]
        first, last = typed.secret
        spans = [row for row in rows if row["kind"] == "suppression" and row["phase"] == "end"]
        self.identities = len(within(typed.secret, pressed))
        self.counted = counted(typed.secret, buckets)
        self.reasons = {row["reason"] for row in spans if row["start_us"] <= last and row["end_us"] >= first}
        # Of what was ordinary: why not all of it is there.
        self.withheld = {row["reason"] for _, (start, end) in typed.ordinary for row in spans
                         if row["start_us"] <= end and row["end_us"] >= start}
        self.ordinary = sum(len(text) for text, _ in typed.ordinary)
        self.ordinary_identities = sum(len(within(span, pressed)) for _, span in typed.ordinary)
        self.silent_controls = sum(not within(span, pressed) for span in typed.controls)
        self.ordinary_counted = sum(counted(span, buckets) for _, span in typed.ordinary)


def presses(rows):
    return [row for row in rows if row["kind"] == "key" and row["press"] == "pressed"]


def text_of(rows):
    """All keys that have an identity, as a US keyboard writes them."""
    characters = {code: character for character, (code, shifted) in keys.CHARACTERS.items() if not shifted}
    return "".join(characters.get(row["code"], "?") for row in presses(rows))


def stored_forms(secret):
    """How it could stand in bytes: as text, and as key codes. Of codes only bits are stored (docs/FORMAT.md): what the
    reader shows is all that there is of them."""
    codes = [keys.CHARACTERS[character][0] for character in secret]
    return [secret.encode(), secret.encode("utf-16-le"), bytes(codes),
            *(b"".join(code.to_bytes(size, "little") for code in codes) for size in (2, 4))]  # fmt: skip
