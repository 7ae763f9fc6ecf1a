"""The agent's life: what it says of itself, and what it does when the compositor or the service is not there."""

import re
import signal
import time

import pytest
from service import Backend, Focus, Hello, Indicator, Layout, Service, Watermark, WindowPlace, now
from session import KWin, KWin63, Labwc, Session, Sway, Sway110, named, until

@pytest.fixture(params=[Sway, Labwc], ids=named)
def desk(request, start):
    return start(request.param)


@pytest.fixture(params=[Sway, Sway110, Labwc, KWin, KWin63], ids=named)
def every_desk(request, start):
    return start(request.param)


def greet(desk, service, usable=True):
    agent = desk.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=usable)
    return agent, connection


def wakeups(pid):
    """How often any thread of the process went to sleep, which it does once per wake-up."""
    total = 0
    for status in Session.tasks(pid):
        total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M)[1])
    return total


def asleep(pid):
    return all(re.search(r"^State:\s+S", status, re.M) for status in Session.tasks(pid))


def test_says_once_which_backend_and_why(every_desk, service):
    agent, connection = greet(every_desk, service)
    connection.settled()
    told = [line for line in agent.lines if "focus from" in line]
    reason = f"{every_desk.program} offers {every_desk.interface}"
    assert told == [f"kymograph-agent: focus from {every_desk.backend}: {reason}"]
    state = connection.messages[connection.position - 1]
    assert isinstance(state, Watermark)
    reports = [message for message in connection.messages if isinstance(message, Backend) and message.usable]
    assert [report.reason for report in reports] == [reason]


def test_compositor_restarts(every_desk, service):
    agent, connection = greet(every_desk, service)
    every_desk.window("alpha", "first")
    connection.expect(Focus, app="alpha")
    every_desk.compositor.stop()
    assert not connection.expect(Backend, usable=False).usable
    connection.expect(Focus, state="unknown", app="", title="", window=0)
    every_desk.start()
    connection.expect(Backend, usable=True)
    every_desk.window("beta", "second")
    connection.expect(Focus, state="window", app="beta")
    assert agent.process.poll() is None


def test_a_probe_meets_a_restart_of_the_compositor(every_desk, service):
    """It was once never answered, and since the service asks one thing at a time it asked no more."""
    agent, connection = greet(every_desk, service)
    every_desk.compositor.stop()
    connection.expect(Focus, state="unknown")
    number = connection.send_probe()
    restarted = now()
    every_desk.start()
    mark = connection.expect(Watermark, probe=number)
    assert mark.sent > restarted
    reports = [message for message in connection.messages if isinstance(message, Focus)]
    assert reports[-1].state == "none", "the new focus comes before the watermark"


def test_focus_is_unknown_and_the_layout_too_before_a_word_on_the_next_compositor(labwc, service):
    """Once a compositor without an own socket took its layout with it, and the service kept the old one."""
    labwc.keyboard("us")
    _, connection = greet(labwc, service)
    connection.heard(Layout, known=True)
    labwc.compositor.stop()
    connection.expect(Layout, known=False)


def test_service_restarts(desk, service):
    agent, connection = greet(desk, service)
    desk.window("alpha", "first")
    connection.expect(Focus, app="alpha")
    service.stop()
    connection.close()
    until(lambda: any("closed the connection" in line for line in agent.lines), "the agent notices")
    service.start()
    connection, hello = service.greet()
    assert hello == Hello(desk.backend, desk.program)
    connection.expect(Layout)
    connection.expect(Backend, usable=True)
    connection.expect(Focus, state="window", app="alpha", title="first")
    assert connection.probe()[1].answered > 0


def test_service_comes_after_the_agent(sway, place):
    sway.window("alpha", "first")
    agent = sway.agent(place / "agent.sock")
    until(lambda: any("does not answer on" in line for line in agent.lines), "the agent says what it waits for")
    service = Service(place / "agent.sock")
    connection, _ = service.greet()
    connection.expect(Focus, app="alpha")
    service.listener.close()


def test_refused_agent_says_why_once_and_retries_calmly(sway, service):
    agent = sway.agent(service.path)
    moments = []
    for _ in range(4):
        service.refuse("another agent is connected")
        moments.append(time.monotonic())
    pauses = [later - earlier for earlier, later in zip(moments, moments[1:])]
    assert all(pause > 0.9 * least for pause, least in zip(pauses, (1, 2, 4), strict=True)), f"less and less often: {pauses}"
    told = [line for line in agent.lines if "refused" in line]
    assert told == ["kymograph-agent: kymographd refused this agent: another agent is connected"]
    assert not any("closed the connection" in line or "does not take" in line for line in agent.lines)
    connection, _ = service.greet(15)
    connection.expect(Backend, usable=True)


def test_compositor_that_does_not_tell_of_its_windows(cage, service):
    agent, connection = greet(cage, service, usable=False)
    reason = "cage does not offer zwlr_foreign_toplevel_manager_v1"
    # It may have asked before it was greeted.
    connection.heard(Backend, condition=lambda state: reason in state.reason, usable=False)
    connection.expect(Focus, state="unknown")
    # Nor is there a place for the badge.
    connection.heard(Indicator, condition=lambda state: "no badge: cage" in state.reason, shown=False)
    connection.send_probe()
    before = wakeups(until(lambda: asleep(agent.pid) and agent, "the agent rests").pid)
    # It once asked again every second, for ever.
    assert connection.read(5) is None, "no guess and no watermark"
    assert wakeups(agent.pid) - before <= 1
    assert sum(reason in line for line in agent.lines) == 1


def test_no_compositor(place, sway):
    sway.stop()
    agent = sway.agent(place / "nobody")
    until(lambda: any("no Wayland compositor answers on" in line for line in agent.lines), "a clear message")
    assert agent.stop() == 0


def test_compositor_that_hangs_when_the_agent_comes(sway, service):
    """A blocking round trip once made the agent deaf to the service and to SIGTERM."""
    sway.window("alpha", "first")
    sway.compositor.send(signal.SIGSTOP)
    agent = sway.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Focus, state="unknown")
    connection.send_probe()
    told = connection.expect(Backend, condition=lambda state: "does not answer" in state.reason, usable=False)
    assert told.reason.startswith("sway took the connection")
    assert not any(isinstance(message, Watermark) for message in connection.messages)
    sway.compositor.send(signal.SIGCONT)
    connection.expect(Focus, state="window", app="alpha")
    sway.compositor.send(signal.SIGSTOP)
    assert agent.stop() == 0
    sway.compositor.send(signal.SIGCONT)


def test_no_watermark_while_the_compositor_hangs(desk, service):
    desk.window("alpha", "first")
    _, connection = greet(desk, service)
    connection.settled()
    desk.compositor.send(signal.SIGSTOP)
    sent = now()
    number = connection.send_probe()
    assert not any(isinstance(message, Watermark) for message in connection.collect(1))
    continued = now()
    desk.compositor.send(signal.SIGCONT)
    mark = connection.expect(Watermark, probe=number)
    assert sent <= mark.sent and mark.answered >= continued


@pytest.mark.parametrize("service_is_there", [True, False])
def test_sigterm_is_a_clean_end(sway, service, place, service_is_there):
    agent = sway.agent(service.path if service_is_there else place / "nobody")
    if service_is_there:
        connection, _ = service.greet()
        connection.expect(Backend, usable=True)
    else:
        until(lambda: agent.lines, "it says that nobody is there")
    assert agent.stop() == 0


def test_sleeps_at_rest(desk, service):
    desk.keyboard()
    agent, connection = greet(desk, service)
    desk.window("alpha", "first")
    connection.expect(Focus, app="alpha", condition=lambda report: report.pid or not desk.tells_processes)
    connection.heard(Indicator, shown=True)
    if isinstance(desk, Sway):
        # Asked for when windows have come to rest.
        connection.heard(WindowPlace)
    connection.settled()
    until(lambda: asleep(agent.pid), "the agent rests")
    # A thread is "sleeping" an instant before its switch is counted.
    assert connection.read(0.1) is None
    before = wakeups(agent.pid)
    assert connection.read(10) is None
    assert wakeups(agent.pid) - before == 0
    # The count would notice: an answered probe is a wake-up, counted when the agent goes back to sleep, which may be
    # after its answer has been read here.
    connection.settled()
    until(lambda: wakeups(agent.pid) > before, "the agent has slept again")
