"""Bad input and trouble from outside: each is said in one line that tells what to do, and none is silent."""

import grp
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from bed import BIN, FIGURES, now_us, subject, wait_for


def refusal(recorder) -> tuple[int, str]:
    """Exit code and log of a recorder that should not start."""
    process = recorder.launch()
    try:
        return process.wait(20), recorder.log
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB of its own."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(tmp_path)],
                          capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {made.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


# -- devices

def test_no_permission_names_the_node_its_group_and_the_unit(bed, recorder, agent):
    denied, allowed = bed.add("keyboard", 1), bed.add("keyboard", 2)
    names = {group.gr_name for group in grp.getgrall()}
    group = "input" if "input" in names and os.geteuid() == 0 else grp.getgrgid(os.getegid()).gr_name
    os.chown(bed.root / "dev/input/event1", -1, grp.getgrnam(group).gr_gid)
    daemon = recorder(rules={"editor": "full"}, environment={"KYMO_TESTBED_DENY": "event1,event9"}).start(devices=1)
    line, = [line for line in daemon.log.splitlines() if "may not open" in line]
    assert "/dev/input/event1" in line and f"group {group}" in line and "kymographd.service" in line
    agent(daemon).window("editor")
    denied.write("no")
    allowed.write("yes")
    daemon.until(lambda rows: len(rows) == 6, "key")
    assert {row["device_name"] for row in daemon.rows("device_added")} == {"Testbed Keyboard"}
    assert list(daemon.open_nodes()) == ["event2"]


def test_without_a_device_it_says_so_and_waits(bed, recorder, agent):
    daemon = recorder(rules={"editor": "full"}).start()
    agent(daemon).window("editor")
    assert [line for line in daemon.log.splitlines() if "no input device" in line and "waiting" in line]
    keyboard = bed.add("keyboard", 7)
    wait_for(lambda: daemon.status()["devices"] == 1, "the device to be there")
    keyboard.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")


# -- the journal's directory

def test_a_missing_journal_directory(bed, recorder):
    missing = recorder(journal=Path("/nonexistent/kymograph"))
    code, log = refusal(missing)
    assert code == 1
    assert "journal directory /nonexistent/kymograph does not exist; create it" in log
    assert len(log.splitlines()) == 1


def test_a_journal_directory_that_cannot_be_written(bed, recorder, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, log = refusal(recorder(journal=small_disk))
    assert code == 1
    assert f"cannot write in journal directory {small_disk}" in log and "read-only file system" in log
    assert len(log.splitlines()) == 1


def test_a_full_disk_at_start(bed, recorder, small_disk):
    with pytest.raises(OSError), (small_disk / "other").open("wb") as other:
        while True:
            other.write(bytes(4096))
            other.flush()
    code, log = refusal(recorder(journal=small_disk))
    assert code == 1
    assert "no space left on device" in log and "free some space" in log


def test_a_disk_that_fills_up_costs_records_that_are_accounted_for(bed, recorder, agent, small_disk):
    mouse = bed.add("mouse", 2)
    daemon = recorder(journal=small_disk).start(devices=1)
    agent(daemon).window("editor")
    mouse.run(1000, 1)
    mouse.finish(10)
    daemon.until(lambda rows: len(rows) == mouse.stats()["packets"], "motion")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError), ballast.open("wb") as other:
        while True:
            other.write(bytes(1024))
            other.flush()
    mouse.run(1000, 4)
    wait_for(lambda: daemon.status()["write_failures"] > 0, "a write to fail")
    assert daemon.process.poll() is None
    mouse.finish(10)
    ballast.unlink()
    mouse.run(1000, 1)
    mouse.finish(10)
    last = mouse.sent()[-1].time_us
    daemon.until(lambda rows: rows[-1]["time_us"] == last, "motion")
    assert daemon.stop() == 0
    losses = daemon.rows("loss")
    assert losses and {loss["reason"] for loss in losses} == {"journal_write"}
    recorded = {row["time_us"] for row in daemon.rows("motion")}
    for sent in mouse.sent():
        assert sent.time_us in recorded or any(
            loss["start_us"] <= sent.time_us <= loss["end_us"] for loss in losses), "lost and nobody says so"
    assert "no space left on device" in daemon.log


def test_a_second_recorder_on_the_same_journal_is_refused(bed, recorder):
    first = recorder().start()
    second = recorder(journal=first.journal)
    code, log = refusal(second)
    assert code == 1
    assert f"lock {first.journal}/lock is held by process {first.pid}" in log
    assert first.status() is not None
    assert first.stop() == 0


# -- sockets and configuration

@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET])
@pytest.mark.parametrize("which", ["agent_socket", "status_socket"])
def test_a_socket_path_that_is_taken(bed, recorder, which, kind):
    refused = recorder()
    path = getattr(refused, which)
    with socket.socket(socket.AF_UNIX, kind) as taken:
        taken.bind(str(path))
        taken.listen()
        code, log = refusal(refused)
    assert code == 1
    assert f"another process already listens on {path}" in log
    assert path.exists(), "it is the other's to take away"


def test_a_socket_that_nobody_answers_on_is_replaced(bed, recorder):
    daemon = recorder()
    leftover = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    leftover.bind(str(daemon.agent_socket))
    leftover.close()
    daemon.start()


BROKEN = {
    "unknown key": ('seat = "seat0"\nsaet = "x"\n', ":2", "saet"),
    "bad value": ("\n\n[journal]\nsegment_megabytes = \"many\"\n", ":4", "segment_megabytes"),
    "no TOML": ("seat = \n", ":1", ""),
    "full for everything": ('[[rule]]\napp = "*"\nkeys = "full"\n', ":", "full"),
    "unknown rule": ('[[rule]]\napp = "foot"\nkeys = "everything"\n', ":3", "everything"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration_is_refused_with_file_and_line(bed, recorder, name):
    text, line, word = BROKEN[name]
    refused = recorder()
    refused.config.write_text(text)
    code, log = refusal(refused)
    checked = subprocess.run([str(BIN / "kymographd"), "--config", str(refused.config), "--check-config"],
                             capture_output=True, text=True)
    assert code == checked.returncode == 1
    for said in (log, checked.stderr):
        assert f"{refused.config}{line}" in said and word in said
        assert len(said.splitlines()) == 1


def test_a_broken_drop_in_is_named_itself(bed, recorder):
    refused = recorder()
    drop_ins = refused.directory / "kymograph.toml.d"
    drop_ins.mkdir(mode=0o755)
    (drop_ins / "10-local.toml").write_text("[agent]\nsokcet = 1\n")
    (drop_ins / "10-local.toml").chmod(0o644)
    code, log = refusal(refused)
    assert code == 1
    assert "10-local.toml:2" in log and "sokcet" in log


def test_root_is_no_subject(bed, recorder):
    daemon = recorder()
    ended = subprocess.run([str(BIN / "kymographd"), "--config", str(daemon.config), "--subject", "root"],
                           capture_output=True, text=True)
    assert ended.returncode == 1 and "root cannot be the subject" in ended.stderr


# -- the recorder itself

def test_what_was_written_survives_sigkill_and_the_gap_is_recorded(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)
    session = agent(daemon)
    session.window("editor")
    keyboard.type(20, 60, [30, 48, 46])
    daemon.until(lambda rows: len(rows) > 30, "key")
    seen = daemon.rows()
    daemon.kill()
    killed = now_us()
    # What happened up to 250 ms before, and had passed the gate, was written.
    written = daemon.rows("key")
    last = max(row["time_us"] for row in daemon.rows() if row["kind"] != "loss")
    session.close()
    wait_for(lambda: now_us() > killed + 300_000, "some keys that nobody reads")
    daemon.start(devices=1)
    agent(daemon).window("editor")
    restarted = now_us()
    daemon.until(lambda rows: rows[-1]["time_us"] > restarted, "key")
    keyboard.halt()
    assert daemon.stop() == 0
    rows = daemon.rows()
    assert rows[:len(seen)] == seen, "what had been shown is still there, unchanged"
    gap, = [row for row in rows if row["kind"] == "loss"]
    assert (gap["reason"], gap["count"]) == ("crash", None)
    assert gap["start_us"] <= last and gap["end_us"] > killed
    covered = {row["time_us"] for row in rows if row["kind"] == "key"}
    lost = [sent.time_us for sent in keyboard.sent() if sent.time_us not in covered and sent.time_us < killed]
    assert all(gap["start_us"] <= time_us <= gap["end_us"] for time_us in lost)
    FIGURES.append(f"SIGKILL while typing: {len(written)} key events kept, the last "
                   f"{(killed - written[-1]['time_us']) / 1000:.0f} ms before; gap of "
                   f"{(gap['end_us'] - gap['start_us']) / 1000:.0f} ms recorded")
    assert daemon.kymo("verify", "--journal", str(daemon.journal)).returncode == 0


def test_sigterm_ends_it_within_a_second_and_takes_the_sockets_away(bed, recorder, agent):
    bed.add("mouse", 2)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 1
    assert not daemon.agent_socket.exists() and not daemon.status_socket.exists()
    assert daemon.rows("recorder")[-1]["running"] is False
    assert [segment.name for segment in daemon.segments()] == ["kymograph-0000000001.lz4"]
