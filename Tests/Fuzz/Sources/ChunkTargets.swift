import Events

@testable import Journal

private func header(count: Int, payload: Int) -> ChunkHeader {
    ChunkHeader(
        segmentID: Identifier(high: 1, low: 2), firstSequence: 1, count: UInt32(count), payloadBytes: UInt32(payload),
        storedBytes: 0, flags: 0, firstMicroseconds: 1_000_000, lastMicroseconds: 2_000_000, lostEvents: 0,
        unknownLosses: 0)
}

/// A chunk's payload behind its random bytes; the input's first two bytes are the header's count.
/// What can be read can be written again, and reads the same.
func chunkTarget(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: length)
    guard input.count >= 2 else { return 0 }
    let count = Int(UInt16(littleEndian: input.loadUnaligned(as: UInt16.self)))
    guard (1...FormatLimit.chunkEvents).contains(count) else { return 0 }
    let payload = UnsafeRawBufferPointer(rebasing: input[2...])
    guard let events = ChunkDecoder.decode(payload, header: header(count: count, payload: payload.count)) else {
        return 0
    }
    demand(events.count == count, "not as many events as the header says")
    // Kinds that this version does not know cannot be written again.
    guard events.allSatisfy({ $0 != nil }) else { return 0 }
    let encoder = ChunkEncoder()
    for case let event? in events where !encoder.isFull { encoder.append(event) }
    guard encoder.count == count else { return 0 }
    var again = header(count: count, payload: 0)
    again.firstMicroseconds = encoder.span.firstMicroseconds
    var buffer = ByteBuffer(capacity: 1 << 16)
    defer { buffer.deallocate() }
    encoder.finish(into: &buffer)
    demand(ChunkDecoder.decode(buffer.bytes, header: again) == events, "what was read and written reads differently")
    return 0
}

// libFuzzer runs one input after the other, on one thread.
nonisolated(unsafe) private let decompressor = LZ4Decompressor()

/// One LZ4 frame: never more output than was asked for, whatever the frame says. The input's first two bytes are the
/// room for it; the sanitizer watches the end of that room.
func frameTarget(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: length)
    guard input.count >= 2 else { return 0 }
    let room = Int(UInt16(littleEndian: input.loadUnaligned(as: UInt16.self)))
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
    defer { target.deallocate() }
    _ = decompressor.decompress(UnsafeRawBufferPointer(rebasing: input[2...]), into: target)
    return 0
}

/// The list of what is still to be forgotten. Its checksum is made good, so that there is more to find.
func intentTarget(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    var buffer = ByteBuffer(capacity: length + 4)
    defer { buffer.deallocate() }
    buffer.append(UnsafeRawBufferPointer(start: start, count: length))
    buffer.put(CRC32C.checksum(buffer.bytes))
    guard let intent = ForgetIntent(buffer.bytes) else { return 0 }
    var again = ByteBuffer(capacity: length + 4)
    defer { again.deallocate() }
    intent.write(to: &again)
    demand(again.bytes.elementsEqual(buffer.bytes), "a list has two meanings, or a meaning two lists")
    return 0
}

/// What somebody gives to `--cursor`.
func cursorTarget(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    let text = String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    guard let cursor = Cursor(text) else { return 0 }
    demand(Cursor(cursor.description) == cursor, "\(text) reads as \(cursor), which reads otherwise")
    return 0
}
