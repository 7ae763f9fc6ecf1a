"""The judge of Tests/VM, judged: what it must find wrong, it finds."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "guest"))
import judge


def key(code, time_us, press="pressed", app="alpha", marks=()):
    return {"kind": "key", "code": code, "press": press, "time_us": time_us, "app": app, "marks": list(marks)}


def given(code, time_us, press="pressed"):
    return {"what": "key", "code": code, "press": press, "time_us": time_us}


def test_a_key_of_the_wrong_app_is_found():
    truth = judge.GroundTruth({"alpha": [given(30, 5000)], "beta": [given(31, 9000)]})
    found = judge.attribution([key(30, 5400), key(31, 9400)], truth)
    assert (found.right, [app for _, app in found.wrong]) == (1, ["beta"])


def test_a_key_that_is_marked_uncertain_is_not_judged_but_counted():
    truth = judge.GroundTruth({"beta": [given(31, 9000)]})
    found = judge.attribution([key(31, 9400, marks=["uncertain"])], truth)
    assert (found.certain, found.uncertain, found.uncertain_wrong, found.wrong) == (0, 1, 1, [])


def test_a_key_that_no_window_was_given_is_unjudged():
    assert judge.attribution([key(30, 5000)], judge.GroundTruth({"alpha": []})).unjudged == 1


def test_every_press_is_somewhere():
    sent = [key(code, code * 1000) for code in range(1, 7)]
    suppressed, lost, closed = [(1500, 2500, {})], [(2900, 3100, {})], [(3900, 4100, {})]
    written = [key(1, 1000), key(6, 6000), key(6, 6000), key(9, 1)]
    found = judge.account_of_keys(sent, written, suppressed, lost, closed)
    assert (found.recorded, found.suppressed, found.lost, found.closed, found.secret) == (2, 1, 1, 1, 0)
    assert (found.missing, found.twice, found.unsent) == ([(5, 5000)], [(6, 6000)], [(9, 1)])
    # What is written is not withheld, though the bounds of what may be a secret are wider than what was.
    found = judge.account_of_keys(sent, written, suppressed, lost, closed, [(0, 10_000, {})])
    assert (found.recorded, found.secret, found.missing) == (2, 1, [])


def test_a_key_found_down_after_a_loss_is_not_made_up():
    """libevdev's word after SYN_DROPPED: pressed within the loss, at the time of its end; or a moment later."""
    sent = [key(1, 1_000), key(2, 210_000), key(3, 900_000)]
    found_down = [key(1, 200_000), key(2, 200_000), key(3, 200_000), key(4, 200_000)]
    lost = [(500, 200_000, {"reason": "kernel_buffer"})]
    found = judge.account_of_keys(sent, found_down, [], lost, [])
    assert found.unsent == [(3, 200_000), (4, 200_000)]
    lost[0][2]["reason"] = "ring_full"
    assert len(judge.account_of_keys(sent, found_down, [], lost, []).unsent) == 4


def report(number, time_us):
    return {"dx": 1 + number % 127, "dy": 1 + number // 127 % 127, "time_us": time_us}


def test_motion_that_is_all_there_needs_no_explanation():
    found = judge.account_of_motion(300, 0, [report(n, n) for n in range(300)], [])
    assert (found.missing, found.unexplained, found.out_of_order) == (0, 0, 0)


def test_a_gap_in_motion_must_lie_inside_a_loss():
    records = [report(n, 10 * n) for n in range(300) if not 100 <= n < 150]
    assert judge.account_of_motion(300, 0, records, []).unexplained == 50
    assert judge.account_of_motion(300, 0, records, [(990, 1400, {})]).unexplained == 50
    assert judge.account_of_motion(300, 0, records, [(990, 1500, {})]).unexplained == 0


def test_missing_at_the_end_and_at_the_beginning_is_missing_too():
    records = [report(n, 10 * n) for n in range(20, 280)]
    assert judge.account_of_motion(300, 0, records, []).unexplained == 40
    assert judge.account_of_motion(300, 0, records, [(0, 200, {}), (2790, 3000, {})]).unexplained == 0


def test_closed_spans_reach_from_inactive_to_active():
    records = [{"kind": "session", "active": active, "time_us": time} for active, time in
               ((True, 1), (False, 5), (True, 9), (False, 12))]
    assert [(start, end) for start, end, _ in judge.closed_spans(records)] == [(5, 9)]


def test_percentiles_are_of_the_values():
    assert judge.percentile(range(1, 101), 99) == 99
    assert judge.percentile([7], 50) == 7
    assert judge.percentile([], 50) is None
