"""What judges among real clients, here and headless, finds a key in the wrong place."""

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
# The guest's `session` goes before the compositors' own.
sys.path[:0] = [str(TESTS / "VM" / "guest"), str(TESTS / "Compositors"), str(TESTS / "Testbed")]
from owners import Outcome, Owners, least_repeat  # noqa: E402

SENT = [(1_000_000, "a", 0), (2_000_000, "b", 0), (8_000_000, "a", 0)]


class Client:
    def __init__(self, app, *heard):
        self.app, self._heard = app, list(heard)

    def heard(self):
        return self._heard


def key(time_us, app, *marks):
    return {"kind": "key", "time_us": time_us, "app": app, "marks": list(marks)}


def suppression(start_us, end_us, phase="end"):
    return {"kind": "suppression", "time_us": end_us, "phase": phase, "reason": "unconfirmed", "start_us": start_us, "end_us": end_us}


def focus(time_us, uncertainty_us, *marks):
    return {"kind": "focus", "time_us": time_us, "uncertainty_us": uncertainty_us, "marks": list(marks)}


def test_each_key_has_the_owner_that_was_told_it():
    given = Owners(SENT, [Client("x", ("a", 1_300_000), ("z", 1_400_000)), Client("y", ("a", 7_999_000))])
    assert (given.of, given.slowest_us) == (["x", None, "y"], 300_000)
    assert least_repeat(SENT) == 7_000_000


def test_a_key_of_two_owners_is_no_truth():
    with pytest.raises(AssertionError, match="given to x and to y"):
        Owners(SENT, [Client("x", ("a", 1_300_000)), Client("y", ("a", 1_400_000))])


def test_a_key_that_nobody_typed_is_no_truth():
    with pytest.raises(AssertionError, match="nobody typed before"):
        Owners(SENT, [Client("x", ("c", 1_300_000))])


def test_a_key_that_is_written_as_anothers_is_wrong_unless_it_says_so():
    presses = [(1, "x"), (2, "x"), (3, "y"), (4, None)]
    found = Outcome(presses, [key(1, "y"), key(2, "y", "uncertain"), key(3, "y"), key(4, "y"), focus(2, 70)])
    assert [row["time_us"] for _, row in found.wrong] == [1, 4]
    assert (len(found.uncertain), found.uncertain_share(), found.unowned) == (1, 0.25, 1)


def test_a_key_that_is_not_written_must_lie_in_a_span_that_is():
    presses = [(1, "x"), (5, "x"), (9, "x")]
    found = Outcome(presses, [key(1, "x"), suppression(4, 6), suppression(8, 10, "begin"), focus(4, 70), focus(5, 9, "snapshot")])
    assert (found.withheld, found.unexplained, found.reasons, found.uncertainties) == ([5, 9], [9], ["unconfirmed"], [70])
