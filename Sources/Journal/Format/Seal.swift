/// What closes a segment: where each chunk stands, and how many events there were.
package struct Seal: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        var offset: UInt64
        var firstSequence: UInt64
        var firstMicroseconds: UInt64
        var lastMicroseconds: UInt64
        /// The chunk header's; `tombstone` alone for a forgotten chunk.
        var flags: UInt32

        static let tombstone: UInt32 = 1 << 31

        package init(_ chunk: ChunkHeader, offset: UInt64) {
            self.init(
                offset: offset, firstSequence: chunk.firstSequence, firstMicroseconds: chunk.firstMicroseconds,
                lastMicroseconds: chunk.lastMicroseconds, flags: chunk.flags)
        }

        init(_ tombstone: Tombstone, offset: UInt64) {
            self.init(
                offset: offset, firstSequence: tombstone.firstSequence, firstMicroseconds: 0, lastMicroseconds: 0,
                flags: Self.tombstone)
        }

        init(
            offset: UInt64, firstSequence: UInt64, firstMicroseconds: UInt64, lastMicroseconds: UInt64, flags: UInt32
        ) {
            self.offset = offset
            self.firstSequence = firstSequence
            self.firstMicroseconds = firstMicroseconds
            self.lastMicroseconds = lastMicroseconds
            self.flags = flags
        }

        var isForgotten: Bool { flags & Self.tombstone != 0 }
    }
    var segmentID: Identifier
    /// The sequence number after the segment's last.
    var nextSequence: UInt64
    var finalHash: SHA256Hash
    /// One for each chunk and each tombstone, in the order of the file.
    var entries: [Entry]

    /// The content without the seek table: what stands before and behind it.
    private static let tableOffset = 60
    private static let trailerBytes = 8

    package func write(to buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.put(Frame.seal)
        buffer.put(UInt32(0))
        let body = buffer.count
        buffer.put(segmentID)
        buffer.put(nextSequence)
        buffer.put(UInt32(entries.count))
        buffer.put(finalHash)
        put(column: { $0.offset }, to: &buffer)
        put(column: { $0.firstSequence }, to: &buffer)
        put(column: { $0.firstMicroseconds }, to: &buffer)
        put(column: { $0.lastMicroseconds }, to: &buffer)
        put(column: { UInt64($0.flags) }, to: &buffer)
        // So that a reader that starts at the end finds the frame's start.
        buffer.put(UInt32(buffer.count + 8 - start))
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
        buffer.overwrite(UInt32(buffer.count - body), at: start + 4)
    }

    private func put(column field: (Entry) -> UInt64, to buffer: inout ByteBuffer) {
        let values = entries.map { Int64(bitPattern: field($0)) }
        values.withUnsafeBufferPointer { buffer.putColumn($0, as: .differences) }
    }

    /// Reads the frame's content; nil unless whole.
    /// - Parameter offset: of the frame in the file. What stands in front bounds how many chunks there can be: a table of
    ///   constant columns could claim a million in a few bytes, and each costs memory.
    init?(_ content: UnsafeRawBufferPointer, at offset: UInt64) {
        guard content.count >= Self.tableOffset + Self.trailerBytes, CRC32C.isRight(content) else { return nil }
        var cursor = ByteCursor(content)
        guard let segmentID = cursor.identifier(), let next: UInt64 = cursor.integer(),
            let count: UInt32 = cursor.integer(), let finalHash = cursor.hash(),
            next < FormatLimit.numbers, count <= FormatLimit.chunksPerSegment,
            UInt64(count) <= offset / UInt64(Tombstone.frameBytes),
            let entries = Self.readTable(&cursor, count: Int(count)), cursor.remaining == Self.trailerBytes,
            let frameBytes: UInt32 = cursor.integer(), Int(frameBytes) == content.count + Frame.skippablePrefix
        else { return nil }
        self.segmentID = segmentID
        nextSequence = next
        self.finalHash = finalHash
        self.entries = entries
    }

    private static func readTable(_ cursor: inout ByteCursor, count: Int) -> [Entry]? {
        var columns: [[Int64]] = []
        for _ in 0..<5 {
            var column = [Int64](repeating: 0, count: count)
            guard column.withUnsafeMutableBufferPointer({ cursor.column(into: $0) }) else { return nil }
            columns.append(column)
        }
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for index in 0..<count {
            guard let flags = UInt32(exactly: columns[4][index]) else { return nil }
            entries.append(
                Entry(
                    offset: UInt64(bitPattern: columns[0][index]), firstSequence: UInt64(bitPattern: columns[1][index]),
                    firstMicroseconds: UInt64(bitPattern: columns[2][index]),
                    lastMicroseconds: UInt64(bitPattern: columns[3][index]), flags: flags))
        }
        return entries
    }

    package init(segmentID: Identifier, nextSequence: UInt64, finalHash: SHA256Hash, entries: [Entry]) {
        self.segmentID = segmentID
        self.nextSequence = nextSequence
        self.finalHash = finalHash
        self.entries = entries
    }
}
