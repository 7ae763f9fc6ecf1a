"""A reader of Kymograph journals, written from docs/FORMAT.md and nothing else: the proof that the document suffices.

Kept apart from the Swift reader on purpose: no code, no names and no assumptions are shared.
"""

import ctypes
import os
import re
import struct
import uuid
from dataclasses import dataclass, field

SKIPPABLE = {0x184D2A50: b"KYMOSEG1", 0x184D2A51: b"KYMOCHK1", 0x184D2A52: b"KYMOEND1"}
SEGMENT, CHUNK, SEAL = SKIPPABLE
MASK = (1 << 64) - 1


class Bad(Exception):
    """Bytes that the document does not allow."""


@dataclass
class Record:
    sequence: int
    segment: int
    kind: int
    marks: int
    device: int
    focus: int
    time: int
    integers: list
    texts: list


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


# Per kind: the range of each integer field, and how many texts. None: any 64 bits, unsigned.
U8, U16, U32 = (0, 255), (0, 65535), (0, 2**32 - 1)
I32, FIXED, FLAG, ANY = (-(2**31), 2**31 - 1), (-(2**31), 2**31 - 1), (0, 1), None
KINDS = {
    1: ([U16, FLAG, U8], 0),
    2: ([U16] * 9, 0),
    3: ([FIXED, FIXED], 0),
    4: ([I32, I32], 0),
    5: ([U16, FLAG], 0),
    6: ([(1, 3), U8, I32, I32, FIXED, FIXED], 0),
    7: ([(0, 3), U8, FIXED, FIXED], 0),
    8: ([(0, 3), U8, FIXED, FIXED, FIXED, FIXED], 0),
    9: ([(0, 3), U8], 0),
    10: ([(0, 4), I32, I32, I32], 0),
    11: ([(0, 6), U8, U16, I32, I32, I32, I32, FIXED, FIXED, FIXED, I32, I32], 0),
    12: ([(0, 4), U16, FIXED, U8], 0),
    13: ([(1, 3), FLAG], 0),
    32: ([U16, U16, U16, U16, U32, U32, FLAG], 3),
    33: ([], 1),
    34: ([(1, 2**32 - 1), (0, 2), (0, 2), I32, ANY, U32], 4),
    35: ([FLAG, U32, ANY], 1),
    36: ([(0, 5), FLAG, ANY, ANY, ANY, ANY], 0),
    37: ([(0, 5), ANY, ANY, FLAG, ANY], 1),
    38: ([ANY, (0, 3)], 0),
    39: ([U32, FLAG], 1),
    40: ([FLAG], 2),
}


def crc32c(data):
    crc = MASK & 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _table_entry(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC_TABLE = [_table_entry(byte) for byte in range(256)]


class Payload:
    """A cursor over decompressed bytes that refuses to run off their end."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, count):
        if count > len(self.data) - self.place:
            raise Bad("ends early")
        self.place += count
        return self.data[self.place - count : self.place]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        result = 0
        for position in range(10):
            byte = self.byte()
            if position == 9 and byte > 1:
                raise Bad("varint beyond 64 bits")
            result |= (byte & 0x7F) << (7 * position)
            if byte < 0x80:
                return result
        raise Bad("varint of more than ten bytes")

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def column(self, count):
        if count == 0:
            return []
        head = self.byte()
        if head & 0x80:
            raise Bad("head of a column")
        encoding, shift = head & 3, head >> 2
        if encoding == 0:
            values = [self.zigzag()] * count
        elif encoding == 1:
            values = [self.zigzag() for _ in range(count)]
        else:
            values, value, step = [], 0, 0
            for _ in range(count):
                change = self.zigzag()
                step = step + change if encoding == 3 else change
                value += step
                values.append(value)
        return [signed(value << shift) for value in values]


def signed(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def records(payload, count, first_sequence, first_time, segment):
    """The records of a chunk. A kind that the document does not know gives none, but keeps its number."""
    cursor = Payload(payload)
    if cursor.varint() != count:
        raise Bad("count")
    run_count = cursor.varint()
    if not 1 <= run_count <= count:
        raise Bad("run count")
    rows, focus = [], 0
    for _ in range(run_count):
        kind, marks, device = cursor.byte(), cursor.byte(), cursor.varint()
        focus += cursor.zigzag()
        length = cursor.varint()
        if device > 65535 or not 0 <= focus < 2**32 or not 1 <= length <= count - len(rows):
            raise Bad("run")
        rows += [(kind, marks, device, focus)] * length
    if len(rows) != count:
        raise Bad("runs do not add up")
    times = cursor.column(count)
    per_kind = {kind: sum(1 for row in rows if row[0] == kind) for kind, _, _, _ in rows}
    blocks = read_blocks(cursor, per_kind)
    for index, (kind, marks, device, focus) in enumerate(rows):
        if kind in KINDS:
            integers, texts = next(blocks[kind])
            time = (first_time + times[index]) & MASK
            yield Record(first_sequence + index, segment, kind, marks, device, focus, time, integers, texts)


def read_blocks(cursor, per_kind):
    blocks, last = {}, -1
    while cursor.place < len(cursor.data):
        kind = cursor.byte()
        content = Payload(cursor.take(struct.unpack("<I", cursor.take(4))[0]))
        if kind <= last:
            raise Bad("order of blocks")
        last = kind
        if kind not in KINDS:
            continue
        if kind not in per_kind:
            raise Bad("a block without records")
        blocks[kind] = iter(read_block(content, *KINDS[kind], per_kind[kind]))
    if any(kind in KINDS and kind not in blocks for kind in per_kind):
        raise Bad("records without a block")
    return blocks


def read_block(content, ranges, text_count, count):
    columns = [content.column(count) for _ in ranges]
    texts = []
    for _ in range(count * text_count):
        length = content.varint()
        if length > 4096:
            raise Bad("text too long")
        try:
            texts.append(content.take(length).decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Bad("text is not UTF-8") from error
    if content.place != len(content.data):
        raise Bad("block has bytes too many")
    rows = []
    for row in range(count):
        integers = []
        for bounds, column in zip(ranges, columns):
            value = column[row] & MASK if bounds is None else column[row]
            if bounds is not None and not bounds[0] <= value <= bounds[1]:
                raise Bad("value out of range")
            integers.append(value)
        rows.append((integers, texts[row * text_count : (row + 1) * text_count]))
    return rows


LZ4 = ctypes.CDLL("liblz4.so.1")
LZ4.LZ4F_isError.argtypes = [ctypes.c_size_t]
LZ4.LZ4F_decompress.restype = ctypes.c_size_t


def decompress(frame, size):
    """One LZ4 frame that gives exactly so many bytes."""
    context = ctypes.c_void_p()
    LZ4.LZ4F_createDecompressionContext(ctypes.byref(context), ctypes.c_uint(100))
    try:
        target, written, read = ctypes.create_string_buffer(max(size, 1)), 0, 0
        while True:
            room, rest = ctypes.c_size_t(size - written), ctypes.c_size_t(len(frame) - read)
            hint = LZ4.LZ4F_decompress(
                context, ctypes.byref(target, written), ctypes.byref(room), frame[read:], ctypes.byref(rest), None
            )
            if LZ4.LZ4F_isError(hint):
                raise Bad("LZ4 frame")
            read, written = read + rest.value, written + room.value
            if hint == 0:
                break
            if rest.value == 0 and room.value == 0:
                raise Bad("LZ4 frame is longer than it should be")
        if read != len(frame) or written != size:
            raise Bad("LZ4 frame of another length")
        return target.raw[:size]
    finally:
        LZ4.LZ4F_freeDecompressionContext(context)


def skippable(data, offset, limit):
    """Magic and content of the skippable frame at that place, believed for its CRC; None if the file ends inside it."""
    if offset + 8 > len(data):
        return None
    magic, length = struct.unpack_from("<II", data, offset)
    if magic not in SKIPPABLE or length > limit or length < 12:
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
        if len(content) != 116 or not 1 <= count <= 8192 or payload > 4 << 20:
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
