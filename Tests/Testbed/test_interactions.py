"""Which widgets clicks and the focus meet: what the agent says of them, and what of it is written."""

import pytest
from agent import click_met, focus_met, now_us, widget
from bed import wait_for

PUSH_BUTTON, ENTRY, LEFT, RIGHT = 43, 79, 0x110, 0x111


def rule(app: str, titles: str, **more: str) -> str:
    words = {"app": app, "titles": titles, "interactions": "on"} | more
    return "[[rule]]\n" + "".join(f'{name} = "{value}"\n' for name, value in words.items())


def wanted(session) -> list[int]:
    return session.state()["wanted"]


def test_from_the_agents_word_to_the_journal(bed, recorder, agent):
    mouse = bed.add("mouse", 2)
    daemon = recorder(extra=rule("form", "full") + rule("sheet", "hash")).start(devices=1)
    session = agent(daemon)
    # Of an app without such a rule nothing is asked, and what is told all the same is not written.
    session.window("browser", 1)
    session.send(focus_met(widget(PUSH_BUTTON, "Buy"), 1))
    mouse.tap(LEFT)
    daemon.until(lambda rows: len(rows) == 2, "button")
    assert wanted(session) == [] and session.state()["clicks"] == []

    session.window("form", 2)
    wait_for(lambda: wanted(session) == [2], "the agent to be told of which window to tell")
    focused = now_us()
    session.send(focus_met(widget(ENTRY, "Name"), 2, focused))
    daemon.until(lambda rows: len(rows) == 1, "interaction")
    clicks = [mouse.tap(LEFT), mouse.tap(RIGHT)]
    wait_for(lambda: len(session.state()["clicks"]) == 2, "the agent to be asked of both clicks")
    first, second = session.state()["clicks"]
    session.send(click_met(first, widget(PUSH_BUTTON, "Save \x1b[31m")))
    session.send(click_met(second, None))
    daemon.until(lambda rows: len(rows) == 3, "interaction")

    session.window("sheet", 3)
    wait_for(lambda: wanted(session) == [2, 3], "the agent to be told of the next window")
    session.send(focus_met(widget(ENTRY, "Name"), 3))
    daemon.until(lambda rows: len(rows) == 4, "interaction")
    # What is late, or about nothing: no record, and no harm.
    session.send(focus_met(widget(ENTRY, "Name"), 2))
    session.send(click_met(first, widget(PUSH_BUTTON, "again")))
    session.send(click_met(99, None))
    session.window("browser", 4)
    wait_for(lambda: wanted(session)[-1] == 0, "the agent to be told that nothing more is wanted")
    wait_for(lambda: daemon.status()["interactions_withheld"] >= 2, "what was told in vain to be counted")
    status = daemon.status()
    assert daemon.stop() == 0

    rows = daemon.rows("interaction")
    assert [(row["app"], row["cause"], row["answered"], row.get("name")) for row in rows] == [
        ("form", "focus", True, "Name"), ("form", "click", True, "Save \x1b[31m"), ("form", "click", False, None),
        ("sheet", "focus", True, None)]
    assert rows[0]["time_us"] == focused and (rows[0]["role"], rows[0]["role_name"]) == (ENTRY, "entry")
    assert [rows[0][name] for name in ("x", "y", "width", "height")] == [1, 2, 30, 40]
    assert rows[0]["application"] == "testbed app"
    presses = [row["time_us"] for row in daemon.rows("button") if row["press"] == "pressed"]
    # A click's record has the press's own time.
    assert [row["time_us"] for row in rows[1:3]] == presses[-2:], clicks
    assert rows[3]["name_form"] == "hash" and len(rows[3]["name_hash"]) == 32
    assert (status["interactions"], status["interactions_unanswered"]) == (4, 1)
    shown = daemon.kymo("show", "--kind", "interaction", "--journal", str(daemon.journal)).stdout
    assert 'focus on entry "Name"' in shown and "\x1b[31m" not in shown


@pytest.mark.parametrize("field", ["password", "failing"])
def test_nothing_is_written_while_keys_are_withheld(bed, recorder, agent, field):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(extra=rule("form", "full")).start(devices=1)
    session = agent(daemon)
    session.window("form", 1, field=field)
    wait_for(lambda: wanted(session) == [1], "the agent to be told of which window to tell")
    session.send(focus_met(widget(ENTRY, "Secret of mine"), 1))
    keyboard.write("hunter2")
    session.field("other", 1)
    session.send(focus_met(widget(PUSH_BUTTON, "Next"), 1))
    daemon.until(lambda rows: rows, "interaction")
    assert daemon.stop() == 0
    assert [row["name"] for row in daemon.rows("interaction")] == ["Next"]


def test_a_pause_and_a_rule_of_ones_own_end_it(bed, recorder, agent):
    bed.add("keyboard", 1)
    daemon = recorder(extra=rule("form", "full")).start(devices=1)
    session = agent(daemon)
    session.window("form", 1)
    wait_for(lambda: wanted(session) == [1], "the agent to be told of which window to tell")
    done = daemon.at_terminal("rules", "add", "--interactions", "off")
    assert done.code == 0, done.output
    wait_for(lambda: wanted(session) == [1, 0], "the rule to hold at once")
    done = daemon.at_terminal("rules", "clear")
    assert done.code == 0, done.output
    wait_for(lambda: wanted(session) == [1, 0, 1], "the policy to hold again")
    done = daemon.at_terminal("pause")
    assert done.code == 0, done.output
    wait_for(lambda: wanted(session)[-1] == 0, "a pause to end it")


def test_a_policy_that_begins_to_keep_it_asks_for_consent_again(bed, recorder):
    daemon = recorder(extra='[[rule]]\napp = "form"\n').start()
    assert daemon.status()["recording"]
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text() + 'interactions = "on"\n')
    daemon.start(consents=False)
    wait_for(lambda: daemon.status()["reason_kind"] == "no_consent", "the policy to need another consent")
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text().replace('interactions = "on"', 'interactions = "off"'))
    daemon.start(consents=False)
    wait_for(lambda: daemon.status()["recording"], "the old consent to hold for what it was given to")
