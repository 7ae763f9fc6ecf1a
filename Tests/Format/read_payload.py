"""What is inside a chunk, from docs/FORMAT.md, "The payload" and "Records"."""

import ctypes
import struct
from dataclasses import dataclass
from itertools import accumulate

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
    34: ([(1, 2**32 - 1), (0, 2), (0, 3), I32, ANY, U32], 4),
    35: ([FLAG, U32, ANY], 1),
    36: ([(0, 20), FLAG, ANY, ANY, ANY, ANY], 0),
    37: ([(0, 5), ANY, ANY, FLAG, ANY], 1),
    38: ([ANY, (0, 3)], 0),
    39: ([U32, FLAG], 1),
    40: ([FLAG], 2),
    41: ([FLAG], 0),
    42: ([FLAG, U32], 2),
    43: ([FLAG, ANY], 0),
    44: ([(1, 2**32 - 1), FLAG, I32, I32, U32, U32, U32, U32, U32, FIXED, (0, 7), U32, U32], 2),
    45: ([FLAG] + [(0, 2)] * 7 + [(0, 3), (0, 4), U16, (0, 2), (0, 3)], 1),
    46: ([I32, I32, U32, U32], 0),
    48: ([FLAG, FLAG, U16, (0, 3), FLAG, I32, I32, I32, I32], 2),
    49: ([FLAG, U32, FIXED, FIXED], 0),
}


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
            values = self.packed(count)
        elif encoding == 2:
            values = list(accumulate([self.zigzag()] + self.packed(count - 1)))
        else:
            raise Bad("encoding of a column")
        return [signed(value << shift) for value in values]

    def packed(self, count):
        values, reference = [], 0
        while len(values) < count:
            width = self.byte()
            if width > 64:
                raise Bad("width of a block")
            reference += self.zigzag()
            length = min(32, count - len(values))
            bits = int.from_bytes(self.take((length * width + 7) // 8), "little")
            values += [reference + (bits >> (i * width) & (1 << width) - 1) for i in range(length)]
        return values


def signed(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def records(payload, count, first_sequence, first_time, segment):
    """The records of a chunk. A kind that the document does not know gives none, but keeps its number."""
    cursor = Payload(payload)
    cursor.take(16)
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
