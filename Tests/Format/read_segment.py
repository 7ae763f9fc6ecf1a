"""A reader of Kymograph journals, written from docs/FORMAT.md and nothing else: the proof that the document suffices.

Kept apart from the Swift reader on purpose: no code, no names and no assumptions are shared.
"""

import hashlib
import os
import re
import struct
import uuid
from dataclasses import dataclass, field

from read_payload import MASK, Bad, Payload, decompress, records

SKIPPABLE = SEGMENT, CHUNK, SEAL, TOMBSTONE = range(0x184D2A50, 0x184D2A54)
LENGTHS = {CHUNK: 100, TOMBSTONE: 96}


@dataclass
class Damage:
    segment: int
    offset: int
    missing: range = field(default_factory=lambda: range(0))


@dataclass
class Forgotten:
    segment: int
    span: range


@dataclass
class Segment:
    number: int
    id: bytes
    boot: uuid.UUID
    first_sequence: int
    monotonic: int
    realtime: int
    previous_hash: bytes
    subject: str
    session: str


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _table_entry(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC_TABLE = [_table_entry(byte) for byte in range(256)]


def skippable(data, offset, limit):
    """Magic and content of the skippable frame at that place, believed for its CRC; None if the file ends inside it."""
    if offset + 8 > len(data):
        return None
    magic, length = struct.unpack_from("<II", data, offset)
    if magic not in SKIPPABLE or length > limit or LENGTHS.get(magic, length) != length:
        raise Bad("no frame of ours")
    if offset + 8 + length > len(data):
        return None
    content = data[offset + 8 : offset + 8 + length]
    if length < 8 or crc32c(content[:-4]) != struct.unpack("<I", content[-4:])[0]:
        raise Bad("frame damaged")
    return magic, content


def read_header(data):
    if data[:4] != b"\x04\x22\x4d\x18"[: len(data[:4])]:
        raise Bad("no LZ4 file")
    found = skippable(data, 15, 4096)
    if found is None:
        return None
    magic, content = found
    if magic != SEGMENT or content[:8] != b"KYMOSEG1":
        raise Bad("no segment header")
    major, _, _, incompatible = struct.unpack_from("<HHII", content, 8)
    if major != 1 or incompatible:
        raise Bad(f"version {major}, flags {incompatible:#x}")
    number, = struct.unpack_from("<Q", content, 40)
    first, monotonic, realtime = struct.unpack_from("<QQQ", content, 80)
    subject_length, session_length = struct.unpack_from("<HH", content, 140)
    if subject_length > 256 or session_length > 64 or 144 + subject_length + session_length + 4 != len(content):
        raise Bad("subject or session")
    names = content[144:-4]
    subject, session = names[:subject_length].decode("utf-8"), names[subject_length:].decode("utf-8")
    boot, previous = uuid.UUID(bytes=content[64:80]), content[104:136]
    header = Segment(number, content[24:40], boot, first, monotonic, realtime, previous, subject, session)
    return header, 15 + 8 + len(content)


class SegmentWalk:
    """The frames of one segment, damage passed over; the hash chain is computed on the way."""

    def __init__(self, data, is_final):
        self.data, self.is_final = data, is_final
        found = read_header(data)
        if found is None:
            raise Bad("ends inside its header")
        self.header, self.offset = found
        self.expected = self.header.first_sequence
        # None: nothing to hang the next frame on.
        self.chain = hashlib.sha256(data[: self.offset]).digest()
        self.final_hash, self.table, self.wrong = None, [], []

    def items(self):
        yield self.header
        bad_since = None
        while True:
            try:
                step = self.frame(self.offset)
                # Whether the payload is good decides whether the frame can be believed to stand for its numbers.
                found = list(self.content(step)) if step and step[0] == CHUNK else []
            except Bad:
                place = self.next_frame(self.offset + 1)
                bad_since = self.offset if bad_since is None else bad_since
                if place is None:
                    if self.is_final:
                        yield Damage(self.header.number, bad_since)
                    else:
                        self.wrong.append("torn")
                    return
                self.offset = place
                continue
            if step is None:
                if self.is_final:
                    yield Damage(self.header.number, self.offset if bad_since is None else bad_since)
                elif self.offset < len(self.data):
                    # No recorder holds the lock in a test: nothing is in the making.
                    self.wrong.append("torn")
                return
            magic, sequence, end, fields = step
            if sequence > self.expected or bad_since is not None:
                place = self.offset if bad_since is None else bad_since
                yield Damage(self.header.number, place, range(self.expected, sequence))
                bad_since, self.chain, self.table = None, None, None
            self.expected = sequence
            self.check(magic, sequence, fields)
            yield from found
            if magic == SEAL:
                if end < len(self.data):
                    self.wrong.append("bytes behind the seal")
                return
            self.offset, self.expected = end, sequence + fields["count"]
            if magic == TOMBSTONE:
                yield Forgotten(self.header.number, range(sequence, self.expected))

    def check(self, magic, sequence, fields):
        """Whether the frame hangs on the one before it; behind damage that cannot be known."""
        text = self.header.id + struct.pack("<QI", sequence, fields["count"]) + fields.get("content_hash", b"")
        if self.chain is not None and hashlib.sha256(self.chain + text).digest() != fields["hash"]:
            self.wrong.append(f"chain at {self.offset}")
        self.chain = fields["hash"]
        if magic == SEAL:
            self.final_hash = fields["hash"]
            if self.table is not None and self.table != fields["table"]:
                self.wrong.append("seek table")
        elif self.table is not None:
            self.table.append((self.offset, sequence, *fields["entry"]))

    def frame(self, offset):
        """Magic, sequence number, place of the next frame, fields; None: not there yet."""
        found = skippable(self.data, offset, 2**25 - 8)
        if found is None:
            return None
        magic, content = found
        if magic == SEGMENT or content[:16] != self.header.id:
            raise Bad("of another segment")
        end = offset + 8 + len(content)
        sequence, count = struct.unpack_from("<QH" if magic == CHUNK else "<QI", content, 16)
        if not self.expected <= sequence < 2**63:
            raise Bad("sequence number")
        if magic == SEAL:
            return magic, sequence, end, seal_fields(content, count, offset)
        if not 1 <= count <= 8192:
            raise Bad("limits")
        if magic == TOMBSTONE:
            entry, hashes = (0, 0, 2**31), {"content_hash": content[28:60], "hash": content[60:92]}
            return magic, sequence, end, {"count": count, "entry": entry} | hashes
        flags, payload, stored, first, last = struct.unpack_from("<HIIQQ", content, 26)
        if payload > 4 << 20 or stored > (4 << 20) + (4 << 20) // 255 + 4096:
            raise Bad("limits")
        if end + stored > len(self.data):
            return None
        frame = self.data[end : end + stored]
        hashes = {"content_hash": hashlib.sha256(content[26:64] + frame).digest(), "hash": content[64:96]}
        fields = {"count": count, "payload": payload, "frame": frame, "time": first, "entry": (first, last, flags)}
        return magic, sequence, end + stored, fields | hashes

    def content(self, step):
        _, sequence, _, fields = step
        payload = decompress(fields["frame"], fields["payload"])
        return records(payload, fields["count"], sequence, fields["time"], self.header.number)

    def next_frame(self, place):
        for match in re.compile(b"[QRS]\\*M\x18", re.DOTALL).finditer(self.data, place):
            try:
                if self.frame(match.start()) is not None:
                    return match.start()
            except Bad:
                continue
        return None


def seal_fields(content, count, offset):
    if count > min(2**20, offset // 104) or struct.unpack_from("<I", content, len(content) - 8)[0] != len(content) + 8:
        raise Bad("seal")
    cursor = Payload(content[60:-8])
    columns = [cursor.column(count) for _ in range(5)]
    if cursor.place != len(cursor.data) or any(not 0 <= flags < 2**32 for flags in columns[4]):
        raise Bad("seek table")
    table = [tuple(value & MASK for value in row) for row in zip(*columns)]
    return {"count": count, "hash": content[28:60], "table": table}


def spans(items):
    """Tombstones that follow one another are one span."""
    last = None
    for item in items:
        if isinstance(item, Forgotten) and last and last.span.stop == item.span.start:
            last.span = range(last.span.start, item.span.stop)
            continue
        if last:
            yield last
        last = item if isinstance(item, Forgotten) else None
        if last is None:
            yield item
    if last:
        yield last


def read_journal(directory, wrong):
    """Segments, records and damage of a whole journal, oldest first. What only the hash chain tells goes to `wrong`."""
    names = {}
    for name in os.listdir(directory):
        match = re.fullmatch(r"kymograph-([0-9]{10,})(\.active)?\.lz4", name)
        if match:
            names[int(match[1])] = name
    before = None
    for number in sorted(names):
        is_active_newest = names[number].endswith(".active.lz4") and number == max(names)
        with open(os.path.join(directory, names[number]), "rb") as file:
            data = file.read()
        try:
            walk = SegmentWalk(data, not is_active_newest)
            if walk.header.number != number:
                raise Bad("another segment's header")
        except Bad:
            if is_active_newest:
                wrong.append("torn")
            else:
                yield Damage(number, 0)
            continue
        if before and walk.header.first_sequence > before.expected:
            yield Damage(number, 0, range(before.expected, walk.header.first_sequence))
        elif before and walk.header.first_sequence < before.expected:
            yield Damage(number, 0)
        elif before and before.final_hash and walk.header.previous_hash not in (bytes(32), before.final_hash):
            wrong.append(f"segment {number} follows another than {before.header.number}")
        yield from spans(walk.items())
        wrong += walk.wrong
        before = walk
