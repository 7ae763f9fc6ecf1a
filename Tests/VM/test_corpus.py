"""What judges the corpus of secrets finds one where it is."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
# The guest's `session` goes before the compositors' own.
sys.path[:0] = [str(TESTS / "VM" / "guest"), str(TESTS / "Compositors"), str(TESTS / "Testbed")]
import keys  # noqa: E402
from corpus import ORDINARY, SECRET, Judgement, Typed, runs, stored_forms, text_of  # noqa: E402


def typed(text, start):
    """Rows of its keys, 100 ms apart, and their span."""
    times = [start + 100_000 * number for number in range(len(text))]
    rows = [{"kind": "key", "press": "pressed", "code": keys.CHARACTERS[character][0], "time_us": time}
            for character, time in zip(text, times)]  # fmt: skip
    return rows, (times[0], times[-1] + 50_000)


def test_a_secret_that_is_there_is_found():
    before, first = typed(ORDINARY, 1_000_000)
    between, secret = typed(SECRET, 10_000_000)
    found = Judgement(Typed(secret, [(ORDINARY, first)], [first, (20_000_000, 21_000_000)]), before + between[:3])
    assert found.silent_controls == 1
    assert (found.identities, found.ordinary_identities, found.reasons) == (3, len(ORDINARY), set())
    assert any(run in text_of(before + between[:3]) for run in runs(SECRET))
    assert not any(run in text_of(before) for run in runs(SECRET))


def test_keys_that_are_only_counted_are_found():
    _, span = typed(SECRET, 10_000_000)
    bucket = {"kind": "key_counts", "time_us": span[0] + 50_000, "bucket_us": 100_000, "letter": 2, "digit": 1, "enter": 1}
    assert Judgement(Typed(span, []), [bucket]).counted == 3


def test_what_withheld_it_is_told():
    _, span = typed(SECRET, 10_000_000)
    row = {"kind": "suppression", "phase": "end", "reason": "password", "start_us": span[1] - 1, "end_us": span[1] + 1}
    assert Judgement(Typed(span, []), [row]).reasons == {"password"}


def test_a_secret_in_bytes_is_looked_for_as_text_and_as_codes():
    codes = [keys.CHARACTERS[character][0] for character in SECRET]
    for stored in (SECRET.encode(), SECRET.encode("utf-16-le"), bytes(codes), b"".join(code.to_bytes(4, "little") for code in codes)):
        assert any(form in b"x" + stored + b"y" for form in stored_forms(SECRET))
