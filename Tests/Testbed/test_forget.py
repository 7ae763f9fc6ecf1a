"""Forgetting: what was recorded of oneself goes, from memory and from the files, and nobody else's."""

import os
import re
import socket
import subprocess

import pytest

from bed import BIN, FIGURES, now_us, subject, wait_for
from test_consent import control, is_recording, reason

UID = subject().pw_uid
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def desk(bed, recorder):
    """Somebody types in an editor of which every key is recorded, with its titles, and in a browser."""
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full", "browser": "full"}, titles="full").start(devices=1)
    return daemon, keyboard


def type_in(daemon, keyboard, app: str, text: str, title: str, window: int) -> None:
    """Types, and waits until it is in the journal."""
    before = len(keys(daemon))
    daemon.agent.window(app, window, title=title)
    keyboard.write(text)
    wait_for(lambda: len(keys(daemon)) >= before + 2 * len(text), "the keys to be written")


def keys(daemon) -> list[dict]:
    return daemon.rows("key")


def titles(daemon) -> set[str]:
    return {row["title"] for row in daemon.rows("focus") if row.get("title")}


def bytes_of(daemon) -> bytes:
    """All that the journal's files hold, decompressed as far as they are LZ4."""
    content = b""
    for path in daemon.journal.iterdir():
        content += path.read_bytes()
        if path.suffix == ".lz4":
            content += subprocess.run(["lz4", "-dc", path], capture_output=True).stdout
    return content


def verify(daemon) -> None:
    done = daemon.kymo("verify", "--journal", str(daemon.journal))
    assert done.returncode == 0, done.stdout + done.stderr


def forget(daemon, *words: str, says=()):
    return daemon.at_terminal("forget", *words, says=says)


def test_the_last_while_goes_and_recording_goes_on(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "secret", "Confidential", 1)
    assert b"Confidential" in bytes_of(daemon)
    asked = now_us()
    done = forget(daemon, "10min")
    FIGURES.append(f"forget 10min: {(now_us() - asked) / 1000:.0f} ms until it was said to be done")
    assert done.code == 0 and re.search(r"Forgotten: \d+ records in \d+ chunks of \d segments?, from ", done.output), done.output
    assert "Not reached: backups" in done.output
    assert keys(daemon) == [] and b"Confidential" in bytes_of(daemon), "what has the focus now is told anew"
    type_in(daemon, keyboard, "editor", "ok", "Confidential", 1)
    # Of a known app, though its focus began in the span that is gone.
    assert {row["app"] for row in keys(daemon)} == {"editor"}
    assert [row["everything"] for row in daemon.rows("forgetting")] == [False]
    verify(daemon)
    assert is_recording(daemon)


def test_neither_hold_back_nor_files_keep_a_title(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "secret", "Confidential", 1)
    daemon.agent.set(answers=False)
    # Never confirmed: it waits for 300 ms.
    keyboard.write("held")
    daemon.agent.window("browser", 2, title="Harmless")
    assert forget(daemon, "10min").code == 0
    daemon.agent.set(answers=True)
    daemon.until(lambda rows: any(row["title"] == "Harmless" for row in rows), "focus")
    written = daemon.until_written(last=now_us())
    assert keys(daemon) == [] and titles(daemon) == {"Harmless"} and b"Confidential" not in bytes_of(daemon)
    # Not even their number.
    assert sum(row["keys"] or 0 for row in daemon.withheld()) == 0, written
    verify(daemon)


def test_an_app_goes_and_the_other_stays(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "browser", "abc", "Bank", 2)
    type_in(daemon, keyboard, "editor", "def", "Notes", 1)
    assert forget(daemon, "--app", "brow*").code == 0
    assert {row["app"] for row in keys(daemon)} == {"editor"} and "Bank" not in titles(daemon)
    assert b"Bank" not in bytes_of(daemon)
    verify(daemon)


def test_a_range_goes(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "before", "Notes", 1)
    daemon.until_written(last=now_us())
    first = float(subprocess.check_output(["date", "+%s.%N"]))
    type_in(daemon, keyboard, "editor", "within", "Notes", 1)
    last = float(subprocess.check_output(["date", "+%s.%N"]))
    daemon.until_written(last=now_us())
    type_in(daemon, keyboard, "editor", "after", "Notes", 1)
    assert forget(daemon, "--since", f"@{first}", "--until", f"@{last}").code == 0
    typed = "".join(row["name"].removeprefix("KEY_").lower() for row in keys(daemon) if row["press"] == "pressed")
    assert typed.startswith("before") and typed.endswith("after") and "within" not in typed
    verify(daemon)


def test_everything_is_asked_for_at_a_terminal(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "secret", "Confidential", 1)
    done = forget(daemon, "--all", says=[('Type "erase"', "no")])
    assert done.code == 1 and "Nothing was forgotten." in done.output and keys(daemon)
    piped = subprocess.run([BIN / "kymo", "forget", "--all", "--control", daemon.control_socket], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60)
    assert piped.returncode == 2 and "--yes" in piped.stderr and keys(daemon)
    done = forget(daemon, "--all", says=[('Type "erase"', "erase")])
    assert done.code == 0 and "The key of the hashes of your titles is destroyed." in done.output, done.output
    assert keys(daemon) == [] and [row["everything"] for row in daemon.rows("forgetting")] == [True]
    assert len(daemon.segments()) == 1
    verify(daemon)
    assert is_recording(daemon)


def test_a_request_outlives_the_recorder(desk):
    """SIGKILL while it is being carried out: the next start makes it good."""
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "secret", "Confidential", 1)
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    daemon.kill()
    # As it is after the request was made durable, and nothing else was done.
    head = b"KYMOFGT1" + (1).to_bytes(4, "little") + b"\x02" + UID.to_bytes(4, "little")
    (daemon.journal / "forget").write_bytes(head + crc32c(head).to_bytes(4, "little"))
    daemon.process = daemon.launch()
    wait_for(lambda: not (daemon.journal / "forget").exists(), "the request to be carried out")
    peer.close()
    wait_for(lambda: daemon.rows("forgetting"), "the record of it")
    assert keys(daemon) == [] and b"Confidential" not in bytes_of(daemon)


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def test_there_is_nothing_to_forget_of_a_time_without_records(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    done = forget(daemon, "--until", "2001-01-01")
    assert done.code == 0 and "There was nothing of that to forget." in done.output
    assert len(keys(daemon)) == 6


@needs_root
def test_another_user_forgets_nothing_of_the_persons(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    segments = [path.name for path in daemon.segments()]
    for words in (["10min"], ["--all", "--yes"], ["--app", "*"]):
        done = daemon.at_terminal("forget", *words, uid=1)
        assert done.code == 0 and "There was nothing of that to forget." in done.output, done.output
    assert len(keys(daemon)) == 6 and [path.name for path in daemon.segments()] == segments
    root = daemon.at_terminal("forget", "--all", "--yes", uid=0)
    assert root.code == 2 and "root" in root.output
    # No request has a place for another's name.
    for request in (f"forget all {UID}", f"forget all\n{UID}", f"forget {UID}", "forget", "forget 5 4", "forget 1 2\n"):
        assert control(daemon, request, uid=1)[-1][:1] == b"!", request
    assert len(keys(daemon)) == 6


@pytest.mark.parametrize("words", [[], ["10 parsecs"], ["10min", "--since", "today"], ["--all", "10min"],
                                   ["--since", "now", "--until", "yesterday"], ["10min", "--yes"], ["--app", ""]])
def test_a_wrong_command_line_is_said_to_be_one(recorder, words):
    done = subprocess.run([BIN / "kymo", "forget", *words, "--control", "/nowhere"], capture_output=True, text=True)
    assert done.returncode == 64, done


# -- withdrawing


@pytest.mark.parametrize("words, says, erases", [
    ([], [('Type "erase"', "erase")], True), ([], [('Type "erase"', "keep it")], False),
    (["--erase"], [], True), (["--keep"], [], False)])
def test_a_withdrawal_offers_erasure(desk, words, says, erases):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "secret", "Confidential", 1)
    done = daemon.at_terminal("consent", "withdraw", *words, says=says)
    assert done.code == 0 and "Your consent is withdrawn" in done.output, done.output
    assert "it was withdrawn" in reason(daemon) and daemon.open_nodes() == {}
    assert (keys(daemon) == []) == erases and (b"Confidential" in bytes_of(daemon)) != erases
    assert (daemon.consents / str(UID) / "title.key").exists() != erases
    assert ("kymo forget --all erases it" in done.output) != erases
    assert (daemon.consents / str(UID) / "receipt").exists(), "what was consented to, and that it was withdrawn, stays"
    if erases:
        # Not even that there was somebody.
        assert subject().pw_name.encode() not in b"".join(path.read_bytes() for path in daemon.segments())
    verify(daemon)


def test_a_withdrawal_in_a_script_never_waits(desk):
    daemon, keyboard = desk
    done = subprocess.run(
        ["/usr/bin/python3", "-c",
         "import os, sys, subprocess\nuid = int(sys.argv[1])\n"
         "if uid != os.geteuid(): os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
         "sys.exit(subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode)",
         str(UID), terminal_kymo(), "consent", "withdraw", "--control", str(daemon.control_socket)],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "kymo forget --all erases it" in done.stdout, done
    assert "it was withdrawn" in reason(daemon)


def terminal_kymo() -> str:
    import terminal
    return terminal.program(BIN / "kymo")


# -- the key of titles


@pytest.fixture
def hashing(bed, recorder):
    """No rule speaks of an app: titles are hashed."""
    bed.add("keyboard", 1)
    return recorder().start(devices=1)


def focus_of(daemon, title: str, window: int) -> dict:
    before = len(daemon.rows("focus"))
    daemon.agent.window("editor", window, title=title)
    return daemon.until(lambda rows: rows[before:], "focus")[-1]


def title_of(daemon, title: str, window: int) -> str:
    row = focus_of(daemon, title, window)
    assert row["title_form"] == "hash" and re.fullmatch("[0-9a-f]{32}", row["title_hash"]), row
    return row["title_hash"]


def test_equal_titles_have_equal_hashes_until_their_key_is_destroyed(hashing):
    daemon = hashing
    key = daemon.consents / str(UID) / "title.key"
    assert key.stat().st_size == 32 and key.stat().st_mode & 0o777 == 0o600
    old = key.read_bytes()
    first, other = title_of(daemon, "Quarterly figures", 1), title_of(daemon, "Something else", 2)
    assert title_of(daemon, "Quarterly figures", 3) == first != other
    # It is the same after a restart.
    assert daemon.stop() == 0
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() is not None, "kymographd to answer")
    daemon.sit_down()
    wait_for(lambda: is_recording(daemon), "the recording")
    assert title_of(daemon, "Quarterly figures", 1) == first
    assert forget(daemon, "--all", "--yes").code == 0
    assert key.read_bytes() != old, "what comes has another one"
    assert title_of(daemon, "Quarterly figures", 2) != first
    assert b"Quarterly" not in bytes_of(daemon)


def test_a_key_that_others_can_read_hashes_nothing(hashing):
    daemon = hashing
    title_of(daemon, "Quarterly figures", 1)
    assert daemon.stop() == 0
    (daemon.consents / str(UID) / "title.key").chmod(0o644)
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() is not None, "kymographd to answer")
    daemon.sit_down()
    wait_for(lambda: is_recording(daemon), "the recording")
    row = focus_of(daemon, "Quarterly figures", 2)
    assert row["title_form"] == "off" and not row.get("title_hash")
    assert "titles that would be hashed are left out" in daemon.log
