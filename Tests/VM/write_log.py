"""A disk's writes as QEMU's blklogwrites logged them (the format of Linux' dm-log-writes), and the disks that a power cut
could have left.

A flush makes durable what was written before it. What was written after the last flush may be there or not, in any order,
and a write of several sectors may be there in part: no sector is.
"""

import random
import struct

SECTOR = 512
MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQL")
ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD = 1, 2, 4


class Write:
    def __init__(self, offset, data):
        self.offset, self.data = offset, data

    def apply(self, disk):
        disk[self.offset:self.offset + len(self.data)] = self.data

    def some_sectors(self, choice):
        """Part of it, as a cut in the middle leaves it."""
        count = len(self.data) // SECTOR
        kept = choice.randrange(count + 1)
        return Write(self.offset, self.data[:kept * SECTOR])


def entries(path):
    """In the order in which the guest issued them: a Write, or None for a flush."""
    with open(path, "rb") as log:
        magic, version, count, sector = SUPER.unpack(log.read(SUPER.size))
        if magic != MAGIC or version != 1 or sector != SECTOR:
            raise ValueError(f"{path} is no log of writes with sectors of {SECTOR} bytes")
        log.seek(SECTOR)
        for _ in range(count):
            head = log.read(SECTOR)
            if len(head) < SECTOR:
                raise ValueError(f"{path} ends before its {count} entries do")
            first, sectors, flags, _ = ENTRY.unpack(head[:ENTRY.size])
            if flags & FLUSH:
                yield None
            if flags & DISCARD:
                continue  # What was discarded may be there still.
            if sectors:
                data = log.read(sectors * SECTOR)
                if len(data) < sectors * SECTOR:
                    raise ValueError(f"{path} ends in the middle of a write")
                yield Write(first * SECTOR, data)
                if flags & FUA:
                    yield None


def cuts(base, log, count, choice, since=lambda write: True):
    """Yields (kind, disk, writes so far): `at a flush`, when all is durable, and `between`, when some of it is.

    - base: the disk before the first entry.
    - since: only cuts after the first write for which this holds.
    """
    everything = list(entries(log))
    begin = next((index for index, entry in enumerate(everything) if entry is not None and since(entry)), None)
    if begin is None:
        raise ValueError(f"{log}: nothing that was asked for was written")
    flushes = [index for index, entry in enumerate(everything) if entry is None and index > begin]
    writes = [index for index, entry in enumerate(everything) if entry is not None and index > begin]
    chosen = set(choice.sample(flushes, min(len(flushes), count // 2)))
    chosen |= set(choice.sample(writes, min(len(writes), count - len(chosen))))
    disk, pending = bytearray(base), []
    for index, entry in enumerate(everything):
        if entry is None:
            for write in pending:
                write.apply(disk)
            pending = []
            if index in chosen:
                yield "at a flush", bytes(disk), everything[:index]
            continue
        pending.append(entry)
        if index in chosen:
            cut = bytearray(disk)
            share = choice.random()
            for write in pending[:-1]:
                if choice.random() < share:
                    write.apply(cut)
            pending[-1].some_sectors(choice).apply(cut)
            yield "between flushes", bytes(cut), everything[:index]


def seeded(seed):
    return random.Random(seed)
