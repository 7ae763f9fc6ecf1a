"""kymo as people and scripts use it: selection, output, exit codes."""

import json
import os
import pty
import re
import subprocess
import time

import pytest

from bed import BIN, PATIENCE_MS, wait_for


@pytest.fixture
def journal(bed, recorder, agent):
    """Some moves in one window, some typing in another; the recorder has stopped."""
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}, titles="full").start(devices=2)
    session = agent(daemon)
    session.window("editor", 1, title="a \x1b[31mred\x1b[0m title\u202e")
    keyboard.write("hi")
    daemon.until(lambda rows: len(rows) == 4, "key")
    session.window("browser", 2)
    # What the machine did not let it send in time it leaves out, as a mouse does: 48 of 50, once.
    mouse.patience(PATIENCE_MS)
    mouse.run(500, 0.1)
    moved = mouse.finish(10)["sent"]
    daemon.until(lambda rows: len(rows) == moved, "motion")
    assert daemon.stop() == 0
    return daemon


def show(journal, *arguments):
    return [json.loads(line) for line in journal.kymo("show", "--journal", str(journal.journal), "--output", "json", *arguments).stdout.splitlines()]


def show_events(journal, *arguments):
    """Without the accounts of what is not there, which concern every app and device."""
    return [row for row in show(journal, *arguments) if row["kind"] not in ("suppression", "loss")]


def test_selection(journal):
    assert {row["kind"] for row in show(journal, "--kind", "key,motion")} == {"key", "motion"}
    assert {row["app"] for row in show_events(journal, "--app", "edit*")} == {"editor"}
    assert len(show(journal, "--kind", "key", "--app", "browser")) == 0
    assert {row["device_name"] for row in show_events(journal, "--device", "mouse")} == {"Testbed Mouse"}
    assert {row["device"] for row in show_events(journal, "--device", "event1")} == {1}
    motions = show(journal, "--kind", "motion")
    middle = motions[len(motions) // 2]["realtime"]
    assert [row["sequence"] for row in show(journal, "--kind", "motion", "--since", middle)] == [
        row["sequence"] for row in motions if row["realtime"] >= middle]
    assert [row["sequence"] for row in show(journal, "--kind", "motion", "--until", middle)] == [
        row["sequence"] for row in motions if row["realtime"] < middle]
    assert show(journal, "--since", "1 hour ago") == show(journal)
    assert show(journal, "--until", "1 hour ago") == []


def test_tail_shows_the_last_lines(journal):
    every = show(journal)
    for count in (0, 1, 7, 10_000):
        tail = journal.kymo("tail", "-n", str(count), "--journal", str(journal.journal), "--output", "json")
        assert [json.loads(line) for line in tail.stdout.splitlines()] == every[max(0, len(every) - count):]
    lines = journal.kymo("tail", "-n", "3", "--journal", str(journal.journal)).stdout.splitlines()
    # The day stands above them, and is none of them.
    # On a busy machine not all of the 50 are fed.
    reports = len(show(journal, "--kind", "motion"))
    assert len(lines) == 4 and lines[0].startswith("-- ") and f"{reports} reports" in lines[2] and "recorder" in lines[3]


def test_following_meets_every_event_once_across_a_stop_and_a_start(journal):
    follow = subprocess.Popen(
        [BIN / "kymo", "tail", "-f", "-n", "100000", "--output", "json", "--journal", journal.journal],
        stdout=subprocess.PIPE, text=True)
    journal.start()
    journal.stop()
    every = show(journal)
    seen = [json.loads(follow.stdout.readline()) for _ in every]
    follow.kill()
    follow.wait()
    follow.stdout.close()
    assert seen == every


def test_titles_reach_no_terminal_as_they_are(journal):
    for form in ("short", "json"):
        text = journal.kymo("show", "--journal", str(journal.journal), "--output", form).stdout
        assert "red" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def in_a_terminal(*command, **environment):
    """What it prints when its output is a terminal."""
    process, descriptor = pty.fork()
    if process == 0:
        os.execve(command[0], list(command), {**os.environ, "TERM": "xterm", **environment})
    text = b""
    try:
        while part := os.read(descriptor, 65536):
            text += part
    except OSError:  # the kernel's way of saying that the other end has closed
        pass
    os.waitpid(process, 0)
    os.close(descriptor)
    return text.decode()


def test_colours_are_for_terminals_that_want_them(journal):
    command = [str(BIN / "kymo"), "show", "--journal", str(journal.journal)]
    assert "\x1b[" in in_a_terminal(*command)
    assert "\x1b[" not in in_a_terminal(*command, NO_COLOR="1")
    assert "\x1b[" in in_a_terminal(*command, NO_COLOR="")
    assert "\x1b[" not in in_a_terminal(*command, TERM="dumb")


def test_a_reader_that_goes_away_is_success(journal):
    command = f"{BIN}/kymo show --all --journal {journal.journal} | head -n 1; exit ${{PIPESTATUS[0]}}"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "")
    # A pipe that nobody reads at all.
    reader, writer = os.pipe()
    os.close(reader)
    shown = subprocess.run([BIN / "kymo", "show", "--journal", journal.journal], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (shown.returncode, shown.stderr) == (0, b"")


@pytest.mark.parametrize("arguments, said", [
    (["show", "--journal", "/nowhere"], "does not exist"),
    (["devices", "--journal", "/nowhere"], "does not exist"),
    (["verify", "--journal", "/nowhere"], "does not exist"),
    (["status", "--socket", "/nowhere"], "does not answer"),
])
def test_what_cannot_be_done_ends_with_2_and_says_why(arguments, said):
    done = subprocess.run([BIN / "kymo", *arguments], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and done.stderr.startswith("kymo: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [
    ["show", "--since", "soon"], ["show", "--kind", "keys"], ["show", "--app", ""], ["tail", "-n", "-1"],
    ["show", "--output", "xml"], ["dance"],
])
def test_a_wrong_command_line_ends_with_64(arguments):
    assert subprocess.run([BIN / "kymo", *arguments], capture_output=True).returncode == 64


def test_damage_is_shown_where_it_is_and_ends_with_1(journal):
    segment = max(journal.segments(), key=lambda path: path.stat().st_size)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    shown = journal.kymo("show", "--journal", str(journal.journal), "--output", "json")
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    damage = [row for row in rows if row["kind"] == "damage"]
    assert shown.returncode == 1 and damage
    missing = set()
    for row in damage:
        missing |= set(range(row.get("missing_first", 0), row.get("missing_last", -1) + 1))
    present = {row["sequence"] for row in rows if "sequence" in row}
    assert missing and not missing & present
    assert present | missing == set(range(1, max(present | missing) + 1))
    verified = journal.kymo("verify", "--journal", str(journal.journal))
    assert verified.returncode == 1 and segment.name in verified.stdout and "damaged" in verified.stdout
    segment.write_bytes(b"\x04\x22\x4d\x18 and then nothing")  # so that lz4 -t is not asked about what this test broke
    segment.unlink()


def test_devices_lists_what_is_there_now(bed, recorder):
    bed.add("mouse", 1)
    second = bed.add("keyboard", 2)
    daemon = recorder().start(devices=2)

    def listed():
        rows = daemon.kymo("devices", "--journal", str(daemon.journal), "--output", "json").stdout.splitlines()
        return [json.loads(row)["sysname"] for row in rows]

    wait_for(lambda: listed() == ["event1", "event2"], "both devices")
    text = daemon.kymo("devices", "--journal", str(daemon.journal)).stdout.splitlines()
    assert text[0].split()[:3] == ["1", "event1", "seat0"] and '"Testbed Mouse" 1d6b:0102 pointer' in text[0]
    second.remove()
    wait_for(lambda: listed() == ["event1"], "the keyboard to be gone")


def test_status_says_what_the_recorder_does(bed, recorder):
    bed.add("mouse", 1)
    daemon = recorder().start(devices=1)
    asked = time.monotonic()
    text = daemon.kymo("status", "--socket", str(daemon.status_socket)).stdout
    assert time.monotonic() - asked < 5
    assert "recording " in text and "devices      1" in text and "indicator shown" in text
    daemon.session(None)
