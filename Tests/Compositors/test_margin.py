"""How long a probe's round trips take: the margin that they leave for the compositor's handling of a key."""

import statistics

import pytest
from service import Backend, Focus, now
from session import KWin, KWin63, Labwc, Sway, Sway110, named
from weston import Weston

PROBES = 500


@pytest.fixture(params=[Sway, Sway110, Labwc, KWin, KWin63, Weston], ids=named)
def desk(request, start):
    return start(request.param)


def greet(desk, service):
    desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    connection.settled()
    return connection


def figures(values):
    ordered = sorted(values)
    return f"p50 {statistics.median(ordered):.0f} us, p99 {ordered[int(len(ordered) * 0.99)]} us, max {ordered[-1]} us"


def test_round_trips_at_rest_and_while_the_focus_moves(desk, service):
    for app in ("alpha", "beta"):
        desk.window(app, app)
    connection = greet(desk, service)
    rest, total = [], []
    for _ in range(PROBES):
        asked = now()
        _, mark = connection.probe()
        answered = now()
        assert asked <= mark.sent <= mark.answered <= answered
        rest.append(mark.answered - mark.sent)
        total.append(answered - asked)
    busy = []
    for number in range(20):
        desk.focus(("alpha", "beta")[number % 2])
        said, mark = connection.probe()
        heard = now()
        busy.append(mark.answered - mark.sent)
        # Not `mark.answered`: a change that came while terminals and fields were still looked at overtakes the answer.
        assert all(report.time <= heard for report in said if isinstance(report, Focus))
    print(
        f"\nround trips, {desk.name} {desk.version}: at rest {figures(rest)}; asked to answered {figures(total)}; "
        f"right after a change {figures(busy)}"
    )


def test_a_watermark_comes_after_the_change_that_it_vouches_for(desk, service):
    """A change made before the probe left is reported before the watermark, every time."""
    connection = greet(desk, service)
    for app in ("alpha", "beta"):
        desk.window(app, app)
    for number in range(50):
        app = ("alpha", "beta")[number % 2]
        desk.focus(app)
        changed = now()
        said, mark = connection.probe()
        assert mark.sent >= changed
        reports = [message for message in connection.messages[: connection.position] if isinstance(message, Focus)]
        assert reports[-1].app == app, f"change {number}"
