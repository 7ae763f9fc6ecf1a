"""Windows that say what no decent window says. The agent cuts it to the protocol's limits, and goes on."""

import json

from service import Backend, Focus
from session import until

# Wayland's libraries take no message of more than 4096 bytes; header, length and NUL are of them.
LONGEST = 4096 - 8 - 4 - 1
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\x9b31m"


def greet(sway, service):
    agent = sway.agent(service.path)
    connection, _ = service.greet()
    connection.expect(Backend, usable=True)
    return agent, connection


def test_longest_title_is_cut_at_a_character(sway, service):
    # Three bytes each, so that 1024 falls into the middle of one.
    title = "\u20ac" * (LONGEST // 3)
    sway.window("alpha", title)
    agent, connection = greet(sway, service)
    report = connection.expect(Focus, app="alpha")
    assert report.title == "\u20ac" * 341 and report.truncated
    assert len(report.title.encode()) == 1023
    assert agent.process.poll() is None


def test_title_of_escape_sequences_is_told_as_it_is_and_not_logged(sway, service):
    title = (ESCAPES * 300)[:900]
    sway.window("alpha", title)
    agent, connection = greet(sway, service)
    report = connection.expect(Focus, app="alpha")
    assert title.startswith(report.title)
    assert report.truncated == (report.title != title)
    assert not any("owned" in line or "\x1b" in line for line in agent.lines)


def test_app_id_is_cut_at_a_character(sway, service):
    sway.window("\u00e9" * 500, "t")
    _, connection = greet(sway, service)
    report = connection.expect(Focus, state="window")
    assert report.app == "\u00e9" * 128


def test_a_megabyte_of_title_ends_its_client_and_nobody_else(sway, service):
    """A client of this size gets no further than the compositor, which hangs up on it."""
    sway.window("alpha", "first")
    agent, connection = greet(sway, service)
    connection.expect(Focus, app="alpha")
    loud = sway.window("loud", "x")
    connection.expect(Focus, app="loud")
    assert loud.order(json.dumps({"title": ESCAPES * ((1 << 20) // len(ESCAPES))})) != "done"
    connection.expect(Focus, app="alpha", state="window")
    assert agent.process.poll() is None
    connection.probe()


def test_bytes_that_are_no_text(sway, service):
    sway.window("alpha", "\xff\xfe\xc3(\xe2\x82", raw=True)
    agent, connection = greet(sway, service)
    report = connection.expect(Focus, app="alpha")
    assert "\ufffd" in report.title or report.title == ""
    assert agent.process.poll() is None


def storm(window, count):
    for number in range(count):
        window.process.stdin.write(json.dumps({"title": f"{ESCAPES}{number}"}).encode() + b"\n")
    window.process.stdin.flush()


def test_a_storm_of_titles_is_followed_to_its_end(sway, service):
    window = sway.window("alpha", "0")
    agent, connection = greet(sway, service)
    connection.expect(Focus, app="alpha")
    for _ in range(40):
        storm(window, 50)
        connection.expect(Focus, condition=lambda report: report.title.endswith("49"))
    assert agent.process.poll() is None
    until(lambda: connection.settled() == [], "the agent comes to rest")


def test_a_service_that_does_not_listen_hears_everything_anew(sway, service):
    """The agent keeps no queue: a service that missed a report is left, and told the whole state when it is back."""
    window = sway.window("alpha", "0")
    agent, connection = greet(sway, service)
    connection.expect(Focus, app="alpha")
    storm(window, 3000)
    until(lambda: any("does not take messages" in line for line in agent.lines), "the agent gives up on it")
    connection, _ = service.greet()
    connection.expect(Focus, app="alpha", condition=lambda report: report.title.endswith("2999"))


def test_memory_does_not_grow_with_windows_that_came_and_went(sway, service):
    agent, connection = greet(sway, service)

    def come_and_go(count):
        for number in range(count):
            window = sway.window(f"app{number}", "t" * 3000)
            connection.expect(Focus, app=f"app{number}")
            window.stop()
            connection.expect(Focus, state="none")
        with open(f"/proc/{agent.pid}/status") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1])

    before = come_and_go(20)
    assert come_and_go(40) - before < 512, "KiB"
