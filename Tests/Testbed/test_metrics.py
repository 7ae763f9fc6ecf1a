"""kymo metrics: OpenMetrics that a strict parser takes, figures that are the recorder's own, and nothing about a person."""

import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bed import BIN, now_us, subject


def metrics(*arguments: str) -> str:
    return subprocess.run([str(BIN / "kymo"), "metrics", *arguments], capture_output=True, text=True, check=True).stdout


def samples(text: str) -> dict:
    """Value by name and labels; the parser refuses what is not OpenMetrics."""
    return {(sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


@pytest.fixture
def typing(bed, recorder, agent):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full", "vault": "off"}).start(devices=1)
    session = agent(daemon)
    session.window("editor", 1)
    keyboard.write("seen")
    daemon.until(lambda rows: len(rows) == 8, "key")
    session.window("vault", 2)
    keyboard.write("unseen")
    session.window("editor", 3)
    keyboard.write("back")
    daemon.until(lambda rows: len(rows) == 16, "key")
    daemon.until_written(last=now_us())
    return daemon


def test_figures_are_the_recorders_own(typing):
    found = samples(metrics("--socket", str(typing.status_socket)))
    status = typing.status()
    assert found["kymograph_up",] == found["kymograph_recording",] == found["kymograph_agent_connected",] == 1
    assert found["kymograph_devices",] == 1
    assert 0 < found["kymograph_records_total",] <= status["events_written"]
    assert 0 < found["kymograph_written_bytes_total",] <= status["bytes_written"]
    assert found["kymograph_losses_total", "ring"] == found["kymograph_losses_total", "kernel"] == 0
    assert found["kymograph_sync_seconds_count",] >= 1
    assert 0 < found["kymograph_sync_seconds_sum",] / found["kymograph_sync_seconds_count",] <= \
        found["kymograph_sync_longest_seconds",]
    assert found["kymograph_focus_uncertainty_seconds_count",] >= 3
    # The kernel adds a thread's last pages to the peak when they are 64, or when it pleases.
    assert found["kymograph_memory_bytes",] <= status["resident_bytes"] + (1 << 20)


def test_suppressions_have_the_names_that_the_journal_gives_them(typing):
    ended = [row["reason"] for row in typing.rows("suppression") if row["phase"] == "end"]
    found = samples(metrics("--socket", str(typing.status_socket)))
    counted = {labels[0]: value for (name, *labels), value in found.items() if name == "kymograph_suppressions_total"}
    assert "rule" in counted
    assert counted == {reason: ended.count(reason) for reason in set(ended)}


def test_nothing_of_a_person_is_in_it(typing):
    text = metrics("--socket", str(typing.status_socket))
    for word in (subject().pw_name, "editor", "vault", "keys", "Testbed"):
        assert word not in text


def test_a_recorder_that_is_away_is_a_figure_too(tmp_path):
    assert samples(metrics("--socket", str(tmp_path / "nobody.sock"))) == {("kymograph_up",): 0}


def test_a_file_is_replaced_as_a_whole(typing, tmp_path):
    path = tmp_path / "kymograph.prom"
    path.write_text("old")
    old = path.open()
    assert metrics("--socket", str(typing.status_socket), "--write", str(path)) == ""
    assert old.read() == "old", "whoever has the old one open reads all of it"
    assert samples(path.read_text())["kymograph_up",] == 1
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_missing_is_said(typing, tmp_path):
    done = subprocess.run([str(BIN / "kymo"), "metrics", "--write", str(tmp_path / "none/kymograph.prom")],
                          capture_output=True, text=True)
    assert done.returncode == 2 and "cannot write" in done.stderr
