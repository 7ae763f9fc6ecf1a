/// What stands before each chunk's LZ4 frame.
package struct ChunkHeader: Sendable, Equatable {
    var segmentID: Identifier
    var firstSequence: UInt64
    /// Two bytes of the file, as are the flags.
    var count: UInt32
    var payloadBytes: UInt32
    var storedBytes: UInt32
    var flags: UInt32
    /// Snapshots do not count in these two, unless there is nothing else.
    var firstMicroseconds: UInt64
    var lastMicroseconds: UInt64
    /// Since the recorder's start.
    var lostEvents: UInt64
    var unknownLosses: UInt32
    var chainHash = SHA256Hash.zero

    /// Flag: the chunk has state records, which a reader must see even if it skips the rest.
    package static let hasState: UInt32 = 1 << 0
    /// Flag: the chunk begins with a snapshot of all state in force, so that a reader may begin with it.
    package static let isCheckpoint: UInt32 = 1 << 1
    /// Content of the skippable frame.
    static let contentBytes = 100
    /// What of the content goes into the content hash, and goes when the chunk is forgotten.
    static let forgettableBytes = 26..<64
    package static let frameBytes = Frame.skippablePrefix + contentBytes

    package func write(to buffer: inout ByteBuffer) {
        buffer.put(Frame.chunkHeader)
        buffer.put(UInt32(Self.contentBytes))
        let body = buffer.count
        buffer.put(segmentID)
        buffer.put(firstSequence)
        buffer.put(UInt16(count))
        buffer.put(UInt16(flags))
        buffer.put(payloadBytes)
        buffer.put(storedBytes)
        buffer.put(firstMicroseconds)
        buffer.put(lastMicroseconds)
        buffer.put(lostEvents)
        buffer.put(unknownLosses)
        buffer.put(chainHash)
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
    }

    /// Reads the frame's content; nil unless it is a chunk header of sane bounds.
    init?(_ content: UnsafeRawBufferPointer) {
        guard content.count == Self.contentBytes, CRC32C.isRight(content) else { return nil }
        var cursor = ByteCursor(content)
        guard let segmentID = cursor.identifier(), let firstSequence: UInt64 = cursor.integer(),
            let count: UInt16 = cursor.integer(), let flags: UInt16 = cursor.integer(),
            let payloadBytes: UInt32 = cursor.integer(), let storedBytes: UInt32 = cursor.integer(),
            let first: UInt64 = cursor.integer(), let last: UInt64 = cursor.integer(),
            let lost: UInt64 = cursor.integer(), let unknown: UInt32 = cursor.integer(),
            let chainHash = cursor.hash(),
            count > 0, count <= FormatLimit.chunkEvents,
            firstSequence < FormatLimit.numbers, payloadBytes <= FormatLimit.payloadBytes,
            storedBytes <= FormatLimit.storedBytes
        else { return nil }
        self.init(
            segmentID: segmentID, firstSequence: firstSequence, count: UInt32(count), payloadBytes: payloadBytes,
            storedBytes: storedBytes, flags: UInt32(flags), firstMicroseconds: first, lastMicroseconds: last,
            lostEvents: lost, unknownLosses: unknown, chainHash: chainHash)
    }

    package init(
        segmentID: Identifier, firstSequence: UInt64, count: UInt32, payloadBytes: UInt32, storedBytes: UInt32,
        flags: UInt32, firstMicroseconds: UInt64, lastMicroseconds: UInt64, lostEvents: UInt64, unknownLosses: UInt32,
        chainHash: SHA256Hash = .zero
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
        self.chainHash = chainHash
    }

    var sequences: Range<UInt64> { firstSequence..<firstSequence + UInt64(count) }
}

/// What stands in the place of a chunk that was forgotten, and is smaller than any: its sequence numbers, and the hashes
/// that keep the chain whole.
struct Tombstone: Sendable, Equatable {
    var segmentID: Identifier
    var firstSequence: UInt64
    var count: UInt32
    var contentHash: SHA256Hash
    var chainHash: SHA256Hash

    static let contentBytes = 96
    static let frameBytes = Frame.skippablePrefix + contentBytes

    func write(to buffer: inout ByteBuffer) {
        buffer.put(Frame.tombstone)
        buffer.put(UInt32(Self.contentBytes))
        let body = buffer.count
        buffer.put(segmentID)
        buffer.put(firstSequence)
        buffer.put(count)
        buffer.put(contentHash)
        buffer.put(chainHash)
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
    }

    /// Reads the frame's content; nil unless it is a tombstone of sane bounds.
    init?(_ content: UnsafeRawBufferPointer) {
        guard content.count == Self.contentBytes, CRC32C.isRight(content) else { return nil }
        var cursor = ByteCursor(content)
        guard let segmentID = cursor.identifier(), let firstSequence: UInt64 = cursor.integer(),
            let count: UInt32 = cursor.integer(), let contentHash = cursor.hash(), let chainHash = cursor.hash(),
            count > 0, count <= FormatLimit.chunkEvents, firstSequence < FormatLimit.numbers
        else { return nil }
        self.init(
            segmentID: segmentID, firstSequence: firstSequence, count: count, contentHash: contentHash,
            chainHash: chainHash)
    }

    init(
        segmentID: Identifier, firstSequence: UInt64, count: UInt32, contentHash: SHA256Hash, chainHash: SHA256Hash
    ) {
        self.segmentID = segmentID
        self.firstSequence = firstSequence
        self.count = count
        self.contentHash = contentHash
        self.chainHash = chainHash
    }

    var sequences: Range<UInt64> { firstSequence..<firstSequence + UInt64(count) }
}
