"""A reader of Kymograph journals, written from docs/FORMAT.md and nothing else: the proof that the document suffices.

Kept apart from the Swift reader on purpose: no code, no names and no assumptions are shared.
"""

import os
import re
import struct
import uuid
from dataclasses import dataclass, field

from read_payload import Bad, decompress, records

SKIPPABLE = {0x184D2A50: b"KYMOSEG1", 0x184D2A51: b"KYMOCHK1", 0x184D2A52: b"KYMOEND1"}
SEGMENT, CHUNK, SEAL = SKIPPABLE


@dataclass
class Damage:
    segment: int
    offset: int
    missing: range = field(default_factory=lambda: range(0))


@dataclass
class Segment:
    number: int
    id: bytes
    boot: uuid.UUID
    first_sequence: int
    monotonic: int
    realtime: int
    subject: str


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
    if magic not in SKIPPABLE or length > limit or (magic == CHUNK and length != 116):
        raise Bad("no frame of ours")
    if offset + 8 + length > len(data):
        return None
    content = data[offset + 8 : offset + 8 + length]
    if content[:8] != SKIPPABLE[magic] or crc32c(content[:-4]) != struct.unpack("<I", content[-4:])[0]:
        raise Bad("frame damaged")
    return magic, content


def read_header(data):
    if data[:4] != b"\x04\x22\x4d\x18"[: len(data[:4])]:
        raise Bad("no LZ4 file")
    found = skippable(data, 15, 4096)
    if found is None:
        return None
    magic, content = found
    if magic != SEGMENT:
        raise Bad("no segment header")
    major, _, _, incompatible = struct.unpack_from("<HHII", content, 8)
    if major != 1 or incompatible:
        raise Bad(f"version {major}, flags {incompatible:#x}")
    number, = struct.unpack_from("<Q", content, 40)
    first, monotonic, realtime = struct.unpack_from("<QQQ", content, 80)
    _, length = struct.unpack_from("<II", content, 136)
    if length > 256 or 144 + length + 4 != len(content):
        raise Bad("subject")
    subject = content[144 : 144 + length].decode("utf-8")
    boot = uuid.UUID(bytes=content[64:80])
    header = Segment(number, content[24:40], boot, first, monotonic, realtime, subject)
    return header, 15 + 8 + len(content)


class SegmentWalk:
    """The frames of one segment, damage passed over."""

    def __init__(self, data, is_final):
        self.data, self.is_final = data, is_final
        found = read_header(data)
        if found is None:
            raise Bad("ends inside its header")
        self.header, self.offset = found
        self.expected = self.header.first_sequence

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
                    return
                self.offset = place
                continue
            if step is None:
                if self.is_final:
                    yield Damage(self.header.number, self.offset if bad_since is None else bad_since)
                return
            magic, sequence, end, _ = step
            if sequence > self.expected or bad_since is not None:
                place = self.offset if bad_since is None else bad_since
                yield Damage(self.header.number, place, range(self.expected, sequence))
                bad_since = None
            self.expected = sequence
            yield from found
            if magic == SEAL:
                return
            self.offset, self.expected = end, sequence + step[3]["count"]

    def frame(self, offset):
        """Magic, sequence number, place of the next frame, fields; None: not there yet."""
        found = skippable(self.data, offset, 128 + 32 * 2**20)
        if found is None:
            return None
        magic, content = found
        if magic == SEGMENT or content[8:24] != self.header.id:
            raise Bad("of another segment")
        end = offset + 8 + len(content)
        sequence, = struct.unpack_from("<Q", content, 24)
        if not self.expected <= sequence < 2**63:
            raise Bad("sequence number")
        if magic == SEAL:
            chunks, = struct.unpack_from("<I", content, 32)
            if len(content) != 80 + 32 * chunks:
                raise Bad("seal")
            return magic, sequence, end, {}
        count, payload, stored, _, first, last = struct.unpack_from("<IIIIQQ", content, 32)
        if not 1 <= count <= 8192 or payload > 4 << 20:
            raise Bad("limits")
        if stored > (4 << 20) + (4 << 20) // 255 + 4096:
            raise Bad("limits")
        if end + stored > len(self.data):
            return None
        fields = {"count": count, "payload": payload, "frame": self.data[end : end + stored], "time": first}
        return magic, sequence, end + stored, fields

    def content(self, step):
        _, sequence, _, fields = step
        payload = decompress(fields["frame"], fields["payload"])
        return records(payload, fields["count"], sequence, fields["time"], self.header.number)

    def next_frame(self, place):
        for match in re.compile(b"[QR]\\*M\x18", re.DOTALL).finditer(self.data, place):
            try:
                if self.frame(match.start()) is not None:
                    return match.start()
            except Bad:
                continue
        return None


def read_journal(directory):
    """Segments, records and damage of a whole journal, oldest first."""
    names = {}
    for name in os.listdir(directory):
        match = re.fullmatch(r"kymograph-([0-9]{10,})(\.active)?\.lz4", name)
        if match:
            names[int(match[1])] = name
    expected = None
    for number in sorted(names):
        is_active_newest = names[number].endswith(".active.lz4") and number == max(names)
        with open(os.path.join(directory, names[number]), "rb") as file:
            data = file.read()
        try:
            walk = SegmentWalk(data, not is_active_newest)
        except Bad:
            if not is_active_newest:
                yield Damage(number, 0)
            continue
        if expected is not None and walk.header.first_sequence > expected:
            yield Damage(number, 0, range(expected, walk.header.first_sequence))
        yield from walk.items()
        expected = walk.expected
