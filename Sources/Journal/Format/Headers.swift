/// What a segment says of itself before its first chunk.
public struct SegmentHeader: Sendable, Equatable {
    public var segmentID: Identifier
    public var number: UInt64
    public var machineID: Identifier
    public var bootID: Identifier
    public var firstSequence: UInt64
    /// CLOCK_MONOTONIC and CLOCK_REALTIME at one moment, µs.
    public var monotonicMicroseconds: UInt64
    public var realtimeMicroseconds: UInt64
    public var userID: UInt32
    public var subject: String

    static let fixedBytes = 144

    /// Appends the skippable frame.
    func write(to buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.put(Frame.segmentHeader)
        buffer.put(UInt32(0))
        let body = buffer.count
        buffer.put(Frame.segmentMagic)
        buffer.put(FormatVersion.major)
        buffer.put(FormatVersion.minor)
        buffer.put(UInt32(0))  // compatible flags
        buffer.put(UInt32(0))  // incompatible flags
        buffer.put(UInt32(0))  // reserved
        buffer.put(segmentID)
        buffer.put(number)
        buffer.put(machineID)
        buffer.put(bootID)
        buffer.put(firstSequence)
        buffer.put(monotonicMicroseconds)
        buffer.put(realtimeMicroseconds)
        for _ in 0..<4 { buffer.put(UInt64(0)) }  // final hash of the segment before: not chained yet
        buffer.put(userID)
        let name = subject.utf8.prefix(256)
        buffer.put(UInt32(name.count))
        for byte in name { buffer.put(byte) }
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
        buffer.overwrite(UInt32(buffer.count - body), at: start + 4)
    }

    /// Reads the frame's content.
    init(_ content: UnsafeRawBufferPointer) throws(FormatError) {
        var cursor = ByteCursor(content)
        guard let magic: UInt64 = cursor.integer(), magic == Frame.segmentMagic else { throw .notASegment }
        guard let major: UInt16 = cursor.integer(), let minor: UInt16 = cursor.integer(),
            let compatible: UInt32 = cursor.integer(), let incompatible: UInt32 = cursor.integer(),
            let reserved: UInt32 = cursor.integer()
        else { throw .damagedHeader }
        _ = (minor, compatible, reserved)
        guard major == FormatVersion.major else { throw .unknownVersion(expected: FormatVersion.major, actual: major) }
        guard content.count >= 4 else { throw .damagedHeader }
        let stored = content.loadUnaligned(fromByteOffset: content.count - 4, as: UInt32.self)
        guard CRC32C.checksum(content.dropLast(4)) == UInt32(littleEndian: stored) else { throw .damagedHeader }
        let unknown = incompatible & ~FormatVersion.knownIncompatibleFlags
        guard unknown == 0 else { throw .incompatibleFlags(unknown) }
        guard let segmentID = cursor.identifier(), let number: UInt64 = cursor.integer(),
            let machineID = cursor.identifier(), let bootID = cursor.identifier(),
            let firstSequence: UInt64 = cursor.integer(), firstSequence < FormatLimit.numbers,
            let monotonic: UInt64 = cursor.integer(), let realtime: UInt64 = cursor.integer(), cursor.slice(32) != nil,
            let user: UInt32 = cursor.integer(),
            let length: UInt32 = cursor.integer(), length <= 256, let name = cursor.slice(Int(length)),
            let subject = String(validating: name, as: UTF8.self)
        else { throw .damagedHeader }
        self.segmentID = segmentID
        self.number = number
        self.machineID = machineID
        self.bootID = bootID
        self.firstSequence = firstSequence
        monotonicMicroseconds = monotonic
        realtimeMicroseconds = realtime
        userID = user
        self.subject = subject
    }

    init(
        segmentID: Identifier, number: UInt64, machineID: Identifier, bootID: Identifier, firstSequence: UInt64,
        monotonicMicroseconds: UInt64, realtimeMicroseconds: UInt64, userID: UInt32, subject: String
    ) {
        self.segmentID = segmentID
        self.number = number
        self.machineID = machineID
        self.bootID = bootID
        self.firstSequence = firstSequence
        self.monotonicMicroseconds = monotonicMicroseconds
        self.realtimeMicroseconds = realtimeMicroseconds
        self.userID = userID
        self.subject = subject
    }
}

/// What stands before each chunk's LZ4 frame.
struct ChunkHeader: Sendable, Equatable {
    var segmentID: Identifier
    var firstSequence: UInt64
    var count: UInt32
    var payloadBytes: UInt32
    var storedBytes: UInt32
    /// Bit 0: the chunk has state records, which a reader must see even if it skips the rest.
    var flags: UInt32
    var firstMicroseconds: UInt64
    var lastMicroseconds: UInt64
    /// Since the recorder's start.
    var lostEvents: UInt64
    var unknownLosses: UInt32

    static let hasState: UInt32 = 1
    /// Content of the skippable frame.
    static let contentBytes = 116
    static let frameBytes = Frame.skippablePrefix + contentBytes

    func write(to buffer: inout ByteBuffer) {
        buffer.put(Frame.chunkHeader)
        buffer.put(UInt32(Self.contentBytes))
        let body = buffer.count
        buffer.put(Frame.chunkMagic)
        buffer.put(segmentID)
        buffer.put(firstSequence)
        buffer.put(count)
        buffer.put(payloadBytes)
        buffer.put(storedBytes)
        buffer.put(flags)
        buffer.put(firstMicroseconds)
        buffer.put(lastMicroseconds)
        buffer.put(lostEvents)
        buffer.put(unknownLosses)
        buffer.put(UInt32(0))  // reserved
        for _ in 0..<4 { buffer.put(UInt64(0)) }  // chain hash: not chained yet
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
    }

    /// Reads the frame's content; nil unless it is a chunk header of sane bounds.
    init?(_ content: UnsafeRawBufferPointer) {
        guard content.count == Self.contentBytes,
            CRC32C.checksum(content.dropLast(4))
                == UInt32(littleEndian: content.loadUnaligned(fromByteOffset: Self.contentBytes - 4, as: UInt32.self))
        else { return nil }
        var cursor = ByteCursor(content)
        guard let magic: UInt64 = cursor.integer(), magic == Frame.chunkMagic, let segmentID = cursor.identifier(),
            let firstSequence: UInt64 = cursor.integer(), let count: UInt32 = cursor.integer(),
            let payloadBytes: UInt32 = cursor.integer(), let storedBytes: UInt32 = cursor.integer(),
            let flags: UInt32 = cursor.integer(), let first: UInt64 = cursor.integer(),
            let last: UInt64 = cursor.integer(), let lost: UInt64 = cursor.integer(),
            let unknown: UInt32 = cursor.integer(), count > 0, count <= FormatLimit.chunkEvents,
            firstSequence < FormatLimit.numbers, payloadBytes <= FormatLimit.payloadBytes,
            storedBytes <= FormatLimit.storedBytes
        else { return nil }
        self.init(
            segmentID: segmentID, firstSequence: firstSequence, count: count, payloadBytes: payloadBytes,
            storedBytes: storedBytes, flags: flags, firstMicroseconds: first, lastMicroseconds: last, lostEvents: lost,
            unknownLosses: unknown)
    }

    init(
        segmentID: Identifier, firstSequence: UInt64, count: UInt32, payloadBytes: UInt32, storedBytes: UInt32,
        flags: UInt32, firstMicroseconds: UInt64, lastMicroseconds: UInt64, lostEvents: UInt64, unknownLosses: UInt32
    ) {
        self.segmentID = segmentID
        self.firstSequence = firstSequence
        self.count = count
        self.payloadBytes = payloadBytes
        self.storedBytes = storedBytes
        self.flags = flags
        self.firstMicroseconds = firstMicroseconds
        self.lastMicroseconds = lastMicroseconds
        self.lostEvents = lostEvents
        self.unknownLosses = unknownLosses
    }
}

/// What closes a segment: where each chunk stands, and how many events there were.
struct Seal: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var offset: UInt64
        var firstSequence: UInt64
        var firstMicroseconds: UInt64
        var lastMicroseconds: UInt64
    }
    var segmentID: Identifier
    /// The sequence number after the segment's last.
    var nextSequence: UInt64
    var entries: [Entry]

    func write(to buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.put(Frame.seal)
        buffer.put(UInt32(0))
        let body = buffer.count
        buffer.put(Frame.sealMagic)
        buffer.put(segmentID)
        buffer.put(nextSequence)
        buffer.put(UInt32(entries.count))
        buffer.put(UInt32(0))  // reserved
        for _ in 0..<4 { buffer.put(UInt64(0)) }  // final hash: not chained yet
        for entry in entries {
            buffer.put(entry.offset)
            buffer.put(entry.firstSequence)
            buffer.put(entry.firstMicroseconds)
            buffer.put(entry.lastMicroseconds)
        }
        // So that a reader that starts at the end finds the frame's start.
        buffer.put(UInt32(buffer.count + 8 - start))
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
        buffer.overwrite(UInt32(buffer.count - body), at: start + 4)
    }

    /// Reads the frame's content; nil unless whole.
    init?(_ content: UnsafeRawBufferPointer) {
        guard content.count >= 80,
            CRC32C.checksum(content.dropLast(4))
                == UInt32(littleEndian: content.loadUnaligned(fromByteOffset: content.count - 4, as: UInt32.self))
        else { return nil }
        var cursor = ByteCursor(content)
        guard let magic: UInt64 = cursor.integer(), magic == Frame.sealMagic, let segmentID = cursor.identifier(),
            let next: UInt64 = cursor.integer(), let count: UInt32 = cursor.integer(),
            cursor.integer(UInt32.self) != nil, cursor.slice(32) != nil,
            next < FormatLimit.numbers, count <= FormatLimit.chunksPerSegment,
            cursor.remaining == Int(count) * 32 + 8
        else { return nil }
        self.segmentID = segmentID
        nextSequence = next
        entries = []
        entries.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let offset: UInt64 = cursor.integer(), let sequence: UInt64 = cursor.integer(),
                let first: UInt64 = cursor.integer(), let last: UInt64 = cursor.integer()
            else { return nil }
            entries.append(
                Entry(offset: offset, firstSequence: sequence, firstMicroseconds: first, lastMicroseconds: last))
        }
    }

    init(segmentID: Identifier, nextSequence: UInt64, entries: [Entry]) {
        self.segmentID = segmentID
        self.nextSequence = nextSequence
        self.entries = entries
    }
}

/// Why bytes are no segment that can be read.
public enum FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    case notASegment
    case damagedHeader
    case unknownVersion(expected: UInt16, actual: UInt16)
    case incompatibleFlags(UInt32)

    public var description: String {
        switch self {
        case .notASegment: "not a kymograph segment"
        case .damagedHeader: "the segment's header is damaged"
        case .unknownVersion(let expected, let actual):
            "written in format version \(actual), this reader knows \(expected); install a newer kymo"
        case .incompatibleFlags(let flags):
            "uses features this reader does not know (flags 0x\(String(flags, radix: 16))); install a newer kymo"
        }
    }
}
