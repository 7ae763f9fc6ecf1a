"""What keeps the recorder from starting, or from writing: said clearly, and nothing that was good is lost."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from bed import BIN, Recorder, Sent, now_us, subject, wait_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def refused(daemon: Recorder, *said: str) -> None:
    """It ends at once with 1 and one line that says all of that."""
    process = daemon.launch()
    assert process.wait(10) == 1
    lines = daemon.log.splitlines()
    assert len(lines) == 1, daemon.log
    for words in said:
        assert words in lines[0]


def test_what_only_the_start_needed_leaves_memory(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full"}).start(devices=1)

    def resident() -> int:
        return int(Path(f"/proc/{daemon.pid}/smaps_rollup").read_text().split("\nRss:")[1].split()[0]) * 1024

    wait_for(lambda: resident() < daemon.peak_memory() * 0.7, "the start to leave memory")
    # And comes back where it is used.
    agent(daemon).window("editor", 1)
    keyboard.tap("a")
    daemon.until(lambda rows: len(rows) == 2, "key")
    assert daemon.stop() == 0


def test_journal_directory_that_is_missing(bed, recorder):
    daemon = recorder()
    daemon.journal.rmdir()
    refused(daemon, str(daemon.journal), "does not exist", "StateDirectory=")


def test_journal_directory_that_may_not_be_written(bed, recorder):
    daemon = recorder()
    # Root may write wherever the file system lets anybody.
    is_root = os.geteuid() == 0
    if is_root:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", daemon.journal], check=True)
    else:
        daemon.journal.chmod(0o500)
    try:
        refused(daemon, str(daemon.journal), "cannot write", "recorder's user")
    finally:
        if is_root:
            subprocess.run(["umount", daemon.journal], check=True)
        else:
            daemon.journal.chmod(0o700)


def test_a_second_recorder_is_refused_and_the_first_goes_on(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    first = recorder(rules={"editor": "full"}).start(devices=1)
    refused(recorder(journal=first.journal), "another recorder", f"{first.journal}/lock", str(first.pid))
    agent(first).window("editor", 1)
    keyboard.tap("a")
    first.until(lambda rows: len(rows) == 2, "key")


@pytest.mark.parametrize("which", ["agent_socket", "status_socket", "control_socket"])
def test_a_socket_path_that_is_taken(bed, recorder, which):
    bed.add("mouse", 1)
    first = recorder().start(devices=1)
    second = recorder()
    text = second.config.read_text().replace(str(getattr(second, which)), str(getattr(first, which)))
    second.config.write_text(text)
    refused(second, str(getattr(first, which)), "already listens")
    assert first.status()["recording"]


def test_a_socket_that_a_killed_recorder_left_is_replaced(bed, recorder):
    bed.add("mouse", 1)
    daemon = recorder().start(devices=1)
    daemon.kill()
    assert daemon.agent_socket.exists()
    daemon.start(devices=1)


def test_a_socket_in_a_directory_that_is_missing(bed, recorder):
    daemon = recorder()
    daemon.config.write_text(daemon.config.read_text().replace(str(daemon.status_socket), "/nowhere/status.sock"))
    refused(daemon, "/nowhere/status.sock", "RuntimeDirectory=")


@pytest.mark.parametrize("text, line, said", [
    ("[journal]\nsegment_megabytes = \"big\"\n", 2, "segment_megabytes"),
    ("[journal]\nsegment_megabytes = 0\n", 2, "1"),
    ("colour = 1\n", 1, "colour"),
    ("[journal]\n\ndirectory = \"relative\"\n", 3, "directory"),
    ("[[rule]]\napp = \"*\"\nkeys = \"full\"\n", 2, "names no app"),
    ("[[rule]]\napp = \"foot\"\nkeys = \"all\"\n", 3, "\"off\", \"class\" or \"full\""),
    ("[journal\n", 1, ""),
])
def test_a_broken_configuration(bed, recorder, text, line, said):
    daemon = recorder()
    daemon.config.write_text(text)
    refused(daemon, f"{daemon.config}:{line}", said)
    check = subprocess.run(
        [BIN / "kymographd", "--check-config", "--config", daemon.config], capture_output=True, text=True)
    assert check.returncode == 1 and f"{daemon.config}:{line}" in check.stderr


def test_a_configuration_that_others_may_change_is_refused(bed, recorder):
    daemon = recorder()
    daemon.config.chmod(0o666)
    refused(daemon, str(daemon.config))


@pytest.mark.parametrize("which", ["config", "notice"])
def test_a_file_that_decides_is_no_symbolic_link(bed, recorder, which):
    daemon = recorder()
    path = getattr(daemon, which)
    path.rename(daemon.directory / "elsewhere")
    path.symlink_to(daemon.directory / "elsewhere")
    refused(daemon, f"{path}: is a symbolic link")


def test_a_notice_that_others_may_change_is_refused(bed, recorder):
    daemon = recorder()
    daemon.notice.chmod(0o666)
    refused(daemon, str(daemon.notice), "may be changed by others")


def test_a_policy_that_is_half_written_opens_nothing_that_it_did_not_before(bed, recorder):
    """Cut at the end of any line, or inside it, it is refused, or keeps no more than the whole one, or asks for consent again."""
    bed.add("mouse", 1)
    daemon = recorder(rules={"vault": "off", "editor": "full"}).start(devices=1)
    assert daemon.stop() == 0
    whole = daemon.config.read_text()
    begin = whole.index("[[rule]]")
    outcomes = set()
    ends = [begin + end.end() for end in re.finditer("\n", whole[begin:])]
    for cut in sorted({*ends, *(end - 4 for end in ends)}):
        daemon.config.write_text(whole[:cut])
        daemon.process = daemon.launch()
        wait_for(lambda: daemon.process.poll() is not None or daemon.status(), "an answer or an end")
        if daemon.process.poll() is not None:
            outcomes.add("refused")
            continue
        wait_for(lambda: "consent" in daemon.status()["reason"] or "indicator" in daemon.status()["reason"], "a verdict")
        is_whole_vault = 'app = "vault"\nkeys = "off"\n' in whole[:cut]
        asks = "keeps more than before" in daemon.status()["reason"]
        assert asks or is_whole_vault, whole[:cut]
        outcomes.add("asks" if asks else "goes on")
        daemon.kill()
    assert outcomes == {"refused", "asks", "goes on"}


def test_drop_ins_are_read_and_checked(bed, recorder):
    daemon = recorder()
    drop_ins = daemon.directory / "kymograph.toml.d"
    drop_ins.mkdir()
    (drop_ins / "50-rule.toml").write_text("[[rule]]\napp = \"foot\"\nkeys = \"off\"\nkeyz = 1\n")
    refused(daemon, f"{drop_ins}/50-rule.toml:4", "keyz")


def test_nobody_can_be_named_who_is_to_be_recorded(bed, recorder):
    daemon = recorder()
    done = subprocess.run(
        [BIN / "kymographd", "--config", daemon.config, "--subject", "ada"], capture_output=True, text=True,
        env=bed.environment())
    assert done.returncode == 64 and "--subject" in done.stderr
    assert daemon.segments() == []


@needs_root
def test_a_full_disk_costs_events_and_says_how_many(bed, recorder, agent):
    mouse = bed.add("mouse", 1)
    daemon = recorder()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", daemon.journal], check=True)
    try:
        daemon.start(devices=1)
        agent(daemon).window("editor", 1)
        filler = daemon.journal / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
        mouse.run(2000, 30)
        wait_for(lambda: daemon.status()["write_failures"] > 0, "the disk to be full")
        mouse.halt()
        assert daemon.process.poll() is None
        filler.unlink()
        # It tries again once a second, with the next event. The segment it gave up ends with its last whole chunk.
        def recovered():
            mouse.move(1, 0)
            shown = daemon.kymo("show", "--kind", "loss", "--output", "json", "--journal", str(daemon.journal))
            return "journal_write" in shown.stdout

        wait_for(recovered, "the loss to be written once there is room")
        assert daemon.stop() == 0
        assert daemon.log.count("cannot write the journal: no space left on device") == 1
        assert "the journal is written again" in daemon.log
        # Even before the next start puts things in order, every file is what its name says.
        for segment in daemon.segments():
            subprocess.run(["lz4", "-t", segment], check=True, capture_output=True)
        assert daemon.start(devices=1).stop() == 0
        rows = daemon.rows()
        recorded = {row["time_us"] for row in rows if row["kind"] == "motion"}
        losses = [row for row in rows if row["kind"] == "loss" and row["reason"] == "journal_write"]
        missing = [report for report in mouse.sent() if report.fate == Sent.QUEUED and report.time_us not in recorded]
        outside = [report for report in missing
                   if not any(row["start_us"] <= report.time_us <= row["end_us"] for row in losses)]
        # What waited for the agent's word at the end is not lost but withheld, and says so.
        withheld = sum(row["others"] for row in rows if row["kind"] == "suppression" and row["reason"] == "stopping")
        assert len(outside) == withheld
        assert sum(row["count"] for row in losses) >= len(missing) - withheld > 0
        for segment in daemon.segments():
            subprocess.run(["lz4", "-t", segment], check=True, capture_output=True)
    finally:
        daemon.close()
        subprocess.run(["umount", daemon.journal], check=True)


def test_killed_it_loses_nothing_that_was_written_and_the_gap_is_recorded(bed, recorder, agent):
    mouse = bed.add("mouse", 1)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor", 1)
    mouse.run(1000, 1)
    mouse.finish(10)
    seen = daemon.until(lambda rows: rows if len(rows) > 500 else None)
    daemon.kill()
    before = daemon.rows()
    assert before[:len(seen)] == seen
    mouse.run(500, 0.2)
    mouse.finish(10)
    daemon.start(devices=1)
    mouse.move(7, 7)
    rows = daemon.until(lambda rows: rows if rows[-1].get("dx") == 7 else None)
    # The first segment is nobody's: what a start has to say before anybody is there.
    assert [row for row in rows if row["segment"] in (1, 2)] == before and before[-1]["segment"] == 2
    gap = [row for row in rows if row["kind"] == "loss" and row["reason"] == "crash"]
    assert len(gap) == 1 and gap[0]["count"] is None
    recorded = {row["time_us"] for row in rows if row["kind"] == "motion"}
    for report in mouse.sent():
        assert report.time_us in recorded or gap[0]["start_us"] <= report.time_us <= gap[0]["end_us"]
    # A key between the gap's end and the beginning of this was accounted for by nothing once.
    closed = [row for row in rows if row["kind"] == "suppression" and row["sequence"] > gap[0]["sequence"]]
    assert closed[0]["reason"] == "session_unknown" and closed[0]["start_us"] == gap[0]["end_us"]


def test_the_end_of_the_session_closes_the_nodes(bed, recorder, agent):
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}).start(devices=2)
    session = agent(daemon)
    session.window("editor", 1)
    keyboard.tap("a")
    daemon.until(lambda rows: len(rows) == 2, "key")
    assert set(daemon.open_nodes()) == {"event1", "event2"}

    daemon.session(None)
    left = now_us()
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 5)
    assert now_us() - left < 1_000_000
    assert daemon.status()["recording"] is False
    assert session.ask(do="state")["closed"], "the agent of a user who has left is not believed"
    keyboard.tap("b")
    mouse.move(1, 1)

    daemon.session(subject().pw_uid)
    agent(daemon)
    wait_for(lambda: set(daemon.open_nodes()) == {"event1", "event2"}, "the nodes to be open again")
    agent(daemon).window("editor", 1)
    keyboard.tap("c")
    daemon.until(lambda rows: len(rows) == 4, "key")
    rows = daemon.rows()
    assert [row["name"] for row in rows if row["kind"] == "key"] == ["KEY_A", "KEY_A", "KEY_C", "KEY_C"]
    assert [row["active"] for row in rows if row["kind"] == "session"] == [True, False, True]
    # Closing makes up removals; nobody unplugged anything.
    assert not [row for row in rows if row["kind"] == "device_removed"]
