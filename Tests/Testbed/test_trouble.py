"""Trouble with the devices and the disk, beside what test_start.py has: said in one line, and never silent."""

import grp
import os
import subprocess
import time

import pytest

from bed import wait_for


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
    wait_for(lambda: "no input device can be read yet; waiting for one" in daemon.log, "it to say so")
    keyboard = bed.add("keyboard", 7)
    wait_for(lambda: daemon.status()["devices"] == 1, "the device to be there")
    keyboard.write("ok")
    daemon.until(lambda rows: len(rows) == 4, "key")


def test_a_full_disk_at_start(bed, recorder, small_disk):
    with pytest.raises(OSError), (small_disk / "other").open("wb") as other:
        while True:
            other.write(bytes(4096))
            other.flush()
    code, log = refusal(recorder(journal=small_disk))
    assert code == 1
    assert "no space left on device" in log and "free some space" in log


def test_sigterm_ends_it_within_a_second_and_takes_the_sockets_away(bed, recorder, agent):
    bed.add("mouse", 2)
    daemon = recorder().start(devices=1)
    agent(daemon).window("editor")
    began = time.monotonic()
    assert daemon.stop() == 0
    took = time.monotonic() - began
    assert not daemon.agent_socket.exists() and not daemon.status_socket.exists()
    assert daemon.rows("recorder")[-1]["running"] is False
    assert [segment.name for segment in daemon.segments()] == ["kymograph-0000000001.lz4", "kymograph-0000000002.lz4"]

    def once_more() -> float:
        daemon.start(devices=1)
        began = time.monotonic()
        assert daemon.stop() == 0
        return time.monotonic() - began

    # The disk may stand still for a second; the recorder may not each time.
    assert took < 1 or min(once_more() for _ in range(2)) < 1
