"""The disks that cuts leave: what was flushed is there, what was not may be, and nothing else is."""

import struct

import pytest
from write_log import ENTRY, FLUSH, MAGIC, SECTOR, SUPER, Write, cuts, entries, seeded


def log(path, *steps):
    """A step is a flush (None) or (first sector, bytes)."""
    body = b""
    for step in steps:
        if step is None:
            body += ENTRY.pack(0, 0, FLUSH, 0).ljust(SECTOR, b"\0")
        else:
            first, data = step
            body += ENTRY.pack(first, len(data) // SECTOR, 0, 0).ljust(SECTOR, b"\0") + data
    path.write_bytes(SUPER.pack(MAGIC, 1, len(steps), SECTOR).ljust(SECTOR, b"\0") + body)
    return path


def sector(letter, count=1):
    return letter.encode() * SECTOR * count


def test_what_was_logged_is_read(tmp_path):
    found = list(entries(log(tmp_path / "log", (1, sector("a", 2)), None, (0, sector("b")))))
    assert [(e.offset, e.data) if e else None for e in found] == [(SECTOR, sector("a", 2)), None, (0, sector("b"))]


@pytest.mark.parametrize("spoilt, said", [
    (lambda data: b"\1" + data[1:], "no log of writes"), (lambda data: data[:-1], "in the middle of a write"),
    (lambda data: data[:SECTOR], "ends before")])
def test_what_is_no_log_is_refused(tmp_path, spoilt, said):
    path = log(tmp_path / "log", (1, sector("a")))
    path.write_bytes(spoilt(path.read_bytes()))
    with pytest.raises(ValueError, match=said):
        list(entries(path))


def test_flushed_writes_are_always_there_and_later_ones_sometimes(tmp_path):
    path = log(tmp_path / "log", (0, sector("a")), None, (1, sector("b")), (2, sector("c", 2)), None)
    seen = set()
    for seed in range(200):
        for kind, disk, before in cuts(sector("-", 4), path, 4, seeded(seed)):
            letters = "".join(chr(disk[index * SECTOR]) for index in range(4))
            assert all(disk[i * SECTOR:(i + 1) * SECTOR] == sector(letters[i]) for i in range(4)), "no sector is torn"
            flushed = sum(entry is None for entry in before) + (kind == "at a flush")
            assert letters[0] == "a" or flushed == 0
            assert kind != "at a flush" or letters == ("a---", "abcc")[flushed - 1]
            seen.add((kind, letters))
    # Without b and with half of c: out of order, and torn between sectors.
    assert ("between flushes", "a-c-") in seen and ("between flushes", "ab--") in seen


def test_cuts_begin_where_they_are_asked_to(tmp_path):
    path = log(tmp_path / "log", (0, sector("a")), None, (1, sector("m")), None)
    found = [before for _, _, before in cuts(sector("-", 2), path, 10, seeded(1), since=lambda w: w.offset == SECTOR)]
    assert found and all(any(isinstance(e, Write) and e.offset == SECTOR for e in before) for before in found)
    with pytest.raises(ValueError, match="nothing that was asked for"):
        list(cuts(sector("-", 2), path, 10, seeded(1), since=lambda w: w.offset == 7))


def test_the_format_is_the_kernels():
    """Documentation/admin-guide/device-mapper/log-writes.rst: little-endian, packed."""
    assert struct.calcsize(SUPER.format) == 28 and ENTRY.size == 32
