"""The agent is slow, silent, dead, false or not who it should be: keys stop, and nothing else changes."""

import os
import socket
import struct

import pytest

from agent import FOCUS, HELLO, WATERMARK, focus, hello, layout, text, watermark
from bed import now_us, subject, wait_for


@pytest.fixture
def typing(bed, recorder, agent):
    """A keyboard at 20 keys a second in an app that keeps every key."""
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}).start(devices=2)
    session = agent(daemon)
    session.window("editor")
    keyboard.type(20, 60, [30, 48, 46])
    daemon.until(lambda rows: len(rows) > 10, "key")
    return daemon, session, keyboard, mouse


def ended(daemon) -> list[tuple[str, int]]:
    """Of spans in which devices were open: others have no counts."""
    return [(row["reason"], row["keys"]) for row in daemon.withheld()]


def presses_after(keyboard, time_us: int) -> int:
    return sum(sent.value >= 0x70000 and sent.second == 1 and sent.time_us > time_us for sent in keyboard.sent())


def test_an_agent_that_is_killed_ends_the_recording_at_once(typing):
    daemon, session, keyboard, mouse = typing
    session.kill()
    killed = now_us()
    wait_for(lambda: not daemon.status()["agent"], "the recorder to notice")
    wait_for(lambda: presses_after(keyboard, killed) >= 20, "a second of typing")
    assert daemon.open_nodes() == {}, "what it showed is gone with it"
    mouse.move(1, 1)
    keyboard.halt()
    daemon.until_written(last=now_us())
    assert daemon.stop() == 0
    assert daemon.rows("key")[-1]["time_us"] <= killed
    assert daemon.rows("key_counts") == []
    spans = [row for row in daemon.rows("suppression") if row["reason"] == "no_indicator" and row["phase"] == "end"]
    assert spans[-1]["start_us"] <= killed + 100_000 and spans[-1]["keys"] is None
    assert daemon.rows("motion") == []


def test_an_agent_that_is_stopped_ends_the_keys_and_may_come_back(typing):
    daemon, session, keyboard, _ = typing
    session.pause()
    stopped = now_us()
    wait_for(lambda: presses_after(keyboard, stopped) >= 20, "a second of typing")
    daemon.until(lambda _: [row for row in daemon.rows("suppression") if row["keys"] is not None])
    session.resume()
    resumed = now_us()
    daemon.until(lambda rows: rows[-1]["time_us"] > resumed, "key")
    keyboard.halt()
    daemon.until_written(last=now_us())
    assert daemon.stop() == 0
    between = [row for row in daemon.rows("key") if stopped < row["time_us"] < resumed - 300_000]
    assert between == []
    assert {reason for reason, _ in ended(daemon)} == {"unconfirmed"}
    written = sum(row["press"] == "pressed" for row in daemon.rows("key"))
    assert written + sum(keys for _, keys in ended(daemon)) == presses_after(keyboard, 0)


def test_answers_within_the_deadline_are_in_time(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    session = agent(daemon)
    session.window("editor")
    session.set(delay=0.08)
    keyboard.write("slow")
    daemon.until(lambda rows: len(rows) == 8, "key")
    assert ended(daemon) == []


def test_an_answer_that_was_not_asked_for_confirms_nothing(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    session = agent(daemon)
    session.window("editor")
    wait_for(lambda: session.state()["probes"] > 0, "the first probe")
    session.set(answers=False)
    keyboard.write("secret")
    far = now_us() + 3_000_000
    for probe in range(1, 50):
        session.send(watermark(probe, far, far))
        session.send(watermark(probe, 1, now_us()))
    daemon.until(lambda _: [row for row in daemon.rows("suppression") if row["keys"] is not None])
    assert daemon.stop() == 0
    assert daemon.rows("key") == []
    assert sum(keys for _, keys in ended(daemon)) == 6


MALFORMED = {
    "empty type": b"\xff", "unknown type": b"\x63" + bytes(10), "other version": hello(version=9),
    "cut focus": focus("window", 1, "editor")[:-5], "long focus": focus("window", 1, "editor") + b"\0",
    "bad state": bytes([FOCUS]) + struct.pack("<Q", 1) + b"\x09" + bytes(40),
    "length beyond the packet": bytes([HELLO]) + struct.pack("<HH", 1, 60000),
    "long app": focus("window", 1, "a" * 300), "no UTF-8": bytes([HELLO]) + struct.pack("<HH", 1, 2) + b"\xff\xfe" + text(""),
    "cut watermark": bytes([WATERMARK]) + bytes(7), "bad class": layout()[:-2000] + b"\xee" * 2000, "oversized": bytes(8500),
    "bad access": b"\x07" + bytes(16) + b"\x06" + bytes(4), "too many samples": b"\x07" + bytes(20) + b"\xff" + bytes(2295),
    "bad lock": b"\x09" + bytes(8) + b"\x02", "bad pause": b"\x08\x07" + bytes(4), "cut indicator": b"\x06\x01\x09",
    "too many outputs": b"\x0a\x11" + bytes(17 * 49), "a setting that is none": b"\x0b\x00\x00\x01\x03\x09" + bytes(23),
}


def test_a_malformed_message_closes_its_connection_with_one_line_and_changes_nothing_else(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    for number, (name, packet) in enumerate(MALFORMED.items()):
        session = agent(daemon)
        wait_for(lambda session=session: session.state()["welcome"], "the welcome")
        wait_for(lambda: daemon.status()["recording"], "the recording to have begun")
        before = daemon.log
        session.send(packet)
        wait_for(lambda session=session: session.state()["closed"], f"the connection to close after {name}")
        wait_for(lambda: not daemon.status()["agent"], "the recorder to be done with it")
        lines = [line for line in daemon.log.removeprefix(before).splitlines() if "not recording: " not in line]
        assert len(lines) == 1 and "agent connection closed: " in lines[0], (name, lines)
        session.close()
        # The next one is as good as if nothing had been.
        session = agent(daemon)
        wait_for(lambda: daemon.status()["devices"] == 1, "the keyboard to be open again")
        session.window("editor", number + 1)
        keyboard.write("k")
        daemon.until(lambda rows, number=number: len(rows) == 2 * (number + 1), "key")
        session.close()
        wait_for(lambda: not daemon.status()["agent"], "the good one to be gone")
    assert daemon.process.poll() is None


def test_a_message_before_hello_is_not_believed(bed, recorder, agent):
    daemon = recorder().start(agent=False)
    session = agent(daemon, greet=False)
    session.send(focus("window", 1, "editor"))
    wait_for(lambda: session.state()["closed"], "the connection to close")
    assert "the first message must be hello" in daemon.log
    assert daemon.status()["agent"] is False


def test_another_user_is_refused(bed, recorder, agent):
    if os.geteuid() != 0:
        pytest.skip("only root can connect as another user")
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    # Root too: that it could do anything does not make it the subject.
    for uid in (1, 0):
        session = agent(daemon, uid=uid)
        wait_for(lambda session=session: session.state()["refused"], "the refusal")
        assert "only the subject" in session.state()["refused"]
        assert f"refused uid {uid} " in daemon.log
        session.window("editor")
    keyboard.write("secret")
    daemon.until(lambda _: [row for row in daemon.rows("suppression") if row["keys"] is not None])
    assert daemon.stop() == 0
    assert daemon.rows("key", "key_counts") == []


def test_a_second_agent_is_refused_and_the_first_goes_on(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    first = agent(daemon)
    first.window("editor")
    wait_for(lambda: daemon.status()["agent"], "the first agent")
    second = agent(daemon, uid=subject().pw_uid)
    wait_for(lambda: second.state()["refused"], "the refusal")
    assert "connected already" in second.state()["refused"]
    keyboard.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")


def test_a_peer_that_hangs_up_before_it_is_refused_costs_the_agent_nothing(typing):
    daemon, session, _, _ = typing
    for _ in range(50):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
            peer.connect(str(daemon.agent_socket))
    assert daemon.status()["recording"] and not session.state()["closed"]
    assert "agent disconnected" not in daemon.log


@pytest.mark.parametrize("successor", [None, 12345])
def test_when_the_session_changes_the_nodes_are_closed_and_nothing_more_is_accepted(typing, successor):
    daemon, session, keyboard, mouse = typing
    mouse.run(1000, 3)
    daemon.until(lambda rows: rows, "motion")
    daemon.session(successor)
    changed = now_us()
    wait_for(lambda: not daemon.open_nodes(), "the nodes to be closed", seconds=1)
    closed = now_us()
    mouse.finish(10)
    wait_for(lambda: presses_after(keyboard, closed) >= 10, "half a second of typing")
    keyboard.halt()
    status = daemon.status()
    assert (status["recording"], status["agent"]) == (False, False)
    assert session.state()["closed"]
    daemon.until_written(last=now_us())
    for row in daemon.rows("key", "key_counts", "motion"):
        assert row["time_us"] <= changed + 100_000
    assert [row["active"] for row in daemon.rows("session")][-1] is False
    # And back again: the devices are opened anew.
    daemon.session(subject().pw_uid)
    wait_for(lambda: "indicator" in daemon.status().get("reason", ""), "the subject's turn")
    daemon.sit_down()
    wait_for(lambda: len(daemon.open_nodes()) == 2, "the nodes to be open again")
    assert daemon.status()["devices"] == 2
    back = now_us()
    mouse.move(5, 5)
    daemon.until(lambda rows: rows[-1]["time_us"] > back, "motion")


def test_an_agent_that_lies_about_another_session_says_nothing_of_it(bed, recorder, agent):
    """Whose session it is logind says; the agent of one that has lost the seat, or of the same person's other one, is
    believed in nothing, whatever it claims."""
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    first = agent(daemon)
    first.window("editor")
    keyboard.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")
    # The same person sits down to another session of theirs: its agent has not come yet.
    daemon.login.activate(subject().pw_uid, "c77")
    wait_for(lambda: first.state()["closed"], "the old session's agent to be dropped")
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", seconds=1)
    # Another user's: the agent of the one who sat there goes on claiming that it is theirs.
    daemon.session(12345)
    for _ in range(3):
        liar = agent(daemon, uid=subject().pw_uid)
        wait_for(lambda liar=liar: liar.state()["refused"], "the refusal")
        liar.window("editor")
    keyboard.write("secret")
    assert daemon.status()["recording"] is False and daemon.open_nodes() == {}
    assert daemon.stop() == 0
    pressed = [row["name"] for row in daemon.rows("key", "key_counts") if row["press"] == "pressed"]
    assert pressed == ["KEY_O", "KEY_K"]
    assert {row["user_id"] for row in daemon.rows("session")} == {subject().pw_uid}


def test_a_text_console_was_recorded_by_the_word_of_the_desktop_s_agent(bed, recorder, agent):
    """Keys typed at a text console went to the window that the same person's desktop shows on another terminal: its agent,
    a service of the user's manager, is of no session, and was believed in each of that user's."""
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    desktop = agent(daemon)
    desktop.window("editor")
    keyboard.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")
    daemon.login.activate(subject().pw_uid, "c77", Type="tty")
    wait_for(lambda: desktop.state()["closed"], "the desktop's agent to be dropped")
    again = agent(daemon, uid=subject().pw_uid)
    wait_for(lambda: again.state()["refused"], "the refusal")
    keyboard.write("secret")
    assert daemon.status()["recording"] is False and daemon.open_nodes() == {}
    daemon.login.activate(subject().pw_uid)
    back = agent(daemon)
    back.window("editor")
    wait_for(daemon.open_nodes, "the desktop's turn again")
    keyboard.write("go")
    daemon.until(lambda rows: len(rows) == 8, "key")
    pressed = [row["name"] for row in daemon.rows("key", "key_counts") if row["press"] == "pressed"]
    assert pressed == ["KEY_O", "KEY_K", "KEY_G", "KEY_O"]


def test_an_agent_that_is_killed_between_a_password_field_and_its_report(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    session = agent(daemon)
    session.window("editor")
    keyboard.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")
    # The field has the focus; the agent knows it, has told nobody, and owes the answer to the first keys.
    session.set(answers=False)
    keyboard.write("m4x")
    session.kill()
    keyboard.write("k7v")
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", seconds=1)
    assert daemon.stop() == 0
    pressed = [row["name"] for row in daemon.rows("key", "key_counts") if row["press"] == "pressed"]
    assert pressed == ["KEY_O", "KEY_K"]


@pytest.mark.parametrize("app, title", [
    ("org.keepassxc.KeePassXC", "notes.txt - Text Editor"),
    ("polkit-gnome-authentication-agent-1", "editor"),
    ("firefox", "editor \u2014 Mozilla Firefox Private Browsing"),
])
def test_a_title_that_says_the_opposite_of_what_the_window_is_loosens_nothing(bed, recorder, agent, app, title):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full", "notes*": "full", app: "full"}, titles="full").start(devices=1)
    session = agent(daemon)
    session.window(app, title=title, field="other")
    keyboard.write("secret")
    daemon.until(lambda rows: [row for row in rows if row["keys"] is not None or row["phase"] == "begin"], "suppression")
    # And one whose page says afterwards that it is none.
    session.window(app, title="editor", field="other")
    keyboard.write("secret")
    daemon.until_written(now_us())
    assert daemon.stop() == 0
    assert daemon.rows("key", "key_counts") == []
    assert not [row for row in daemon.rows("focus") if row.get("app") or row.get("title")]
