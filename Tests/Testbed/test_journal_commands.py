"""kymo journal, kymo export and cursors, beside a recorder that goes on recording."""

import contextlib
import csv
import json
import subprocess
from datetime import datetime, timedelta

import pytest

from bed import BIN, wait_for


@pytest.fixture
def live(bed, recorder, agent):
    """A recorder with a mouse, a keyboard and a window; what it has recorded so far is in three segments."""
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full", "vault": "off"}, titles="full").start(devices=2)
    session = agent(daemon)
    daemon.keyboard, daemon.mouse, daemon.agent = keyboard, mouse, session
    session.window("editor", 1, title="=HYPERLINK(\"http://example\"), a title")
    keyboard.write("hi")
    daemon.until(lambda rows: len(rows) == 4, "key")
    rotate(daemon)
    session.window("vault", 2)
    keyboard.write("no")
    mouse.move(9, 9)
    session.window("browser", 3)
    move(daemon, 7)
    rotate(daemon)
    move(daemon, 5)
    return daemon


def move(daemon, count: int) -> None:
    """So many reports of motion, all in the journal."""
    before = len(daemon.rows("motion"))
    for step in range(count):
        daemon.mouse.move(step + 1, -1)
    daemon.until(lambda rows: len(rows) == before + count, "motion")


def run(daemon, *arguments, expect: int = 0) -> str:
    done = daemon.kymo(*arguments, "--journal", str(daemon.journal))
    assert done.returncode == expect, done.stderr
    return done.stdout if expect == 0 else done.stderr


def rotate(daemon) -> str:
    """The name of the segment that is written from now on."""
    return run(daemon, "journal", "rotate").split()[-2]


def lines(daemon, *arguments) -> list[dict]:
    return [json.loads(line) for line in run(daemon, *arguments).splitlines()]


def listed(daemon) -> list[dict]:
    return lines(daemon, "journal", "list", "--output", "json")


@contextlib.contextmanager
def following(daemon, *arguments):
    """`kymo tail -f`, as lines that can be taken one after the other."""
    process = subprocess.Popen([BIN / "kymo", "tail", "-f", "--output", "json", "--journal", daemon.journal, *arguments],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield lambda: json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def take(line, last: int) -> list[dict]:
    """Lines up to the record of that number."""
    taken = [line()]
    while taken[-1]["sequence"] < last:
        taken.append(line())
    return taken


def test_rotate_begins_a_segment_and_a_follower_meets_every_record_once(live):
    before = [path.name for path in live.segments()]
    with following(live, "-n", "all") as line:
        for number in (5, 6, 7):
            assert rotate(live) == f"kymograph-{number:010}.active.lz4"
            move(live, 3)
        whole = lines(live, "show", "--output", "json")
        seen = take(line, whole[-1]["sequence"])
    assert seen == whole
    assert [row["sequence"] for row in whole] == list(range(1, len(whole) + 1))
    assert {row["segment"] for row in whole} == {1, 2, 3, 4, 5, 6, 7}
    # What was written is closed, and nothing else has changed its name.
    assert [path.name for path in live.segments()] == [
        *(name.replace(".active", "") for name in before), "kymograph-0000000005.lz4", "kymograph-0000000006.lz4",
        "kymograph-0000000007.active.lz4"]
    assert live.stop() == 0
    assert live.kymo("verify", "--journal", str(live.journal)).returncode == 0


def test_rotate_without_a_recorder_says_so(live):
    assert live.stop() == 0
    assert "no recorder writes this journal" in run(live, "journal", "rotate", expect=2)
    assert len(live.segments()) == 4


def test_list_tells_of_each_segment_what_show_tells_of_all(live):
    rows = lines(live, "show", "--output", "json")
    segments = listed(live)
    assert [(segment["segment"], segment["state"]) for segment in segments] == [
        (1, "sealed"), (2, "sealed"), (3, "sealed"), (4, "active")]
    for segment in segments:
        own = [row for row in rows if row["segment"] == segment["segment"]]
        assert segment["records"] == len(own) and segment["first_sequence"] == own[0]["sequence"]
        assert segment["bytes"] == (live.journal / segment["file"]).stat().st_size
        # It begins when the file was made; the record that is the reason for it is older by microseconds.
        began, last, ended = map(datetime.fromisoformat, (segment["from"], own[-1]["realtime"], segment["to"]))
        assert began - timedelta(milliseconds=100) <= last <= ended
        # The first one was begun before anybody was recorded.
        whose = "" if segment["segment"] == 1 else next(row["subject"] for row in rows if row["kind"] == "session")
        assert segment["subject"] == whose
    table = run(live, "journal", "list").splitlines()
    assert table[0].split() == ["FILE", "FROM", "TO", "SIZE", "RECORDS", "LOST", "STATE"]
    assert [line.split()[-1] for line in table[1:5]] == ["sealed", "sealed", "sealed", "active"]
    assert table[5].startswith("4 segments, ")
    live.kill()
    assert listed(live)[-1]["state"] == "open"


def test_vacuum_by_size_deletes_the_oldest_and_never_what_is_written(live):
    segments = listed(live)
    total = sum(segment["bytes"] for segment in segments)
    first = segments[0]["file"]
    # A byte less than there is: one must go, and one is enough.
    assert f"would delete {first}" in run(live, "journal", "vacuum", "--dry-run", "--size", str(total - 1))
    assert len(live.segments()) == 4
    said = run(live, "journal", "vacuum", "--size", str(total - 1))
    assert f"deleted {first}" in said and "1 file, " in said
    assert [path.name for path in live.segments()] == [segment["file"] for segment in segments[1:]]
    run(live, "journal", "vacuum", "--size", "1K")
    assert [path.name for path in live.segments()] == [segments[-1]["file"]]
    # It goes on, and what is left can be read alone.
    move(live, 2)
    rows = lines(live, "show", "--output", "json")
    assert {row["segment"] for row in rows} == {4}
    assert all(row["app"] == "browser" and row["device_name"] == "Testbed Mouse" for row in rows if row["kind"] == "motion")
    assert live.kymo("verify", "--journal", str(live.journal)).returncode == 0


def test_vacuum_by_age_deletes_what_ended_longer_ago(live):
    assert "0 files" in run(live, "journal", "vacuum", "--age", "1h")
    assert len(live.segments()) == 4
    # The last record of the second segment is older than that of the third; a moment between them is an age.
    ended = {row["segment"]: row["realtime"] for row in lines(live, "show", "--output", "json")}
    assert ended[1] < ended[2]
    wait_for(lambda: "3 files" in run(live, "journal", "vacuum", "--dry-run", "--age", "1s"), "a second to pass")
    run(live, "journal", "vacuum", "--age", "1s")
    assert [segment["segment"] for segment in listed(live)] == [4]


def test_what_is_deleted_disturbs_no_follower_and_a_cursor_into_it_is_refused(live):
    with following(live, "-n", "1") as line:
        line()
        cursor = lines(live, "show", "--output", "json", "--show-cursor")[0]["cursor"]
        run(live, "journal", "vacuum", "--size", "1K")
        move(live, 1)
        assert line()["kind"] == "motion"
    # Not silently the next one.
    oldest = lines(live, "show", "--output", "json", "--show-cursor")[0]["cursor"]
    for option in ("--cursor", "--after-cursor"):
        refused = run(live, "show", option, cursor, expect=2)
        assert f"cursor {cursor} is gone: the oldest record that is left is {oldest}" in refused
    assert lines(live, "show", "--output", "json", "--cursor", oldest) == lines(live, "show", "--output", "json")


SELECTIONS = [(), ("--kind", "motion"), ("--app", "edit*"), ("--device", "mouse"), ("--app", "browser", "--kind", "motion,focus")]


@pytest.mark.parametrize("selection", SELECTIONS, ids=" ".join)
def test_export_selects_as_show_does_and_always_tells_what_is_missing(live, selection):
    assert live.stop() == 0
    accounts = {"loss", "suppression", "damage", "forgotten"}
    exported = lines(live, "export", "jsonl", *selection)
    shown = lines(live, "show", "--output", "json", *selection)
    told = lines(live, "show", "--output", "json", "--kind", ",".join(accounts))
    assert [row for row in exported if row["kind"] == "suppression"] == told
    # A span of the gate's, behind those in which nobody had the seat.
    withheld = [row for row in told if row["keys"] is not None]
    assert [row["phase"] for row in withheld] == ["begin", "end"] and told[-2:] == withheld
    assert [row for row in exported if row["kind"] not in accounts] == [row for row in shown if row["kind"] not in accounts]
    assert [row["sequence"] for row in exported] == sorted(row["sequence"] for row in exported)
    middle = exported[len(exported) // 2]["realtime"]
    # Each record is on one side of a moment; by its time, and not by its place.
    halves = [lines(live, "export", "jsonl", *selection, option, middle) for option in ("--until", "--since")]
    assert all(row["realtime"] < middle for row in halves[0]) and all(row["realtime"] >= middle for row in halves[1])
    assert sorted(halves[0] + halves[1], key=lambda row: row["sequence"]) == exported and all(halves)


def test_a_loss_is_exported_whatever_is_asked_for(live):
    live.kill()
    live.start(devices=2)
    assert live.stop() == 0
    losses = lines(live, "show", "--output", "json", "--kind", "loss")
    assert [row["reason"] for row in losses] == ["crash"]
    assert [row for row in lines(live, "export", "jsonl", "--kind", "key") if row["kind"] == "loss"] == losses
    table = list(csv.DictReader(run(live, "export", "csv", "--kind", "key").splitlines()))
    assert [row["reason"] for row in table if row["kind"] == "loss"] == ["crash"]


def test_csv_says_what_jsonl_says_and_no_cell_is_a_formula(live):
    assert live.stop() == 0
    table = list(csv.DictReader(run(live, "export", "csv").splitlines()))
    rows = lines(live, "export", "jsonl")
    assert [int(row["sequence"]) for row in table] == [row["sequence"] for row in rows]
    for cells, row in zip(table, rows):
        assert set(row) <= set(cells)
        for name, value in row.items():
            cell = cells[name]
            if isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, list):
                assert cell.split() == value
            elif value is None:
                assert cell == ""
            elif isinstance(value, str):
                assert json.loads('"' + cell.removeprefix("'").replace('"', '\\"') + '"') == value
            else:
                assert float(cell) == value
        assert all(not cell or cell[0] not in "=+@\t\r\n" for cell in cells.values())
        assert all(not cell.startswith("-") or cell[1].isdigit() for cell in cells.values())
    assert "'=HYPERLINK(\"http://example\"), a title" in {row["title"] for row in table}
    headless = run(live, "export", "csv", "--no-header")
    assert headless == run(live, "export", "csv").split("\n", 1)[1]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_that_goes_on_by_cursor_is_the_export_of_the_whole(live, form, tmp_path):
    mark = tmp_path / "cursor"
    parts = []

    def part():
        header = ["--no-header"] if form == "csv" and parts else []
        file = tmp_path / f"part-{len(parts)}"
        run(live, "export", form, "--cursor-file", str(mark), "--file", str(file), *header)
        parts.append(file.read_text())

    part()
    rotate(live)
    move(live, 4)
    part()
    part()  # Nothing has come since.
    move(live, 3)
    part()
    assert parts[2] == "" and all(parts[index] for index in (0, 1, 3))
    whole = run(live, "export", form)
    assert "".join(parts) == whole
    # And from a cursor that a line has told.
    rows = lines(live, "show", "--output", "json", "--show-cursor")
    middle = rows[len(rows) // 2]
    first = [line for line in lines(live, "export", "jsonl") if line["sequence"] <= middle["sequence"]]
    rest = lines(live, "export", "jsonl", "--after-cursor", middle["cursor"])
    assert first + rest == lines(live, "export", "jsonl")
    # A file that is there is not replaced by accident.
    assert "part-0" in run(live, "export", form, "--file", str(tmp_path / "part-0"), expect=2)
    assert (tmp_path / "part-0").read_text() == parts[0]


def test_cursors_name_one_record_each(live):
    rows = lines(live, "show", "--output", "json", "--show-cursor")
    plain = lines(live, "show", "--output", "json")
    assert [{key: value for key, value in row.items() if key != "cursor"} for row in rows] == plain
    assert len({row["cursor"] for row in rows}) == len(rows)
    for index in (0, len(rows) // 3, len(rows) - 1):
        at, after = (lines(live, "show", "--output", "json", option, rows[index]["cursor"])
                     for option in ("--cursor", "--after-cursor"))
        assert at == plain[index:] and after == plain[index + 1:]
    # The short form tells one at its end, of the last record that it showed.
    last = run(live, "show", "--show-cursor").splitlines()[-1]
    assert last == f"-- cursor: {rows[-1]['cursor']}"
    selected = run(live, "show", "--kind", "key", "--show-cursor").splitlines()[-1]
    assert selected == f"-- cursor: {[row for row in rows if row['kind'] == 'key'][-1]['cursor']}"
    assert live.kymo("show", "--cursor", "nonsense", "--journal", str(live.journal)).returncode == 64


def test_tail_goes_on_behind_a_cursor_across_rotations(live):
    rows = lines(live, "show", "--output", "json", "--show-cursor")
    with following(live, "--after-cursor", rows[3]["cursor"]) as line:
        rotate(live)
        move(live, 6)
        whole = lines(live, "show", "--output", "json")
        assert take(line, whole[-1]["sequence"]) == whole[4:]
