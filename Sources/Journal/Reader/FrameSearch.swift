/// Finds frames of one segment from any byte on. A frame is believed for its magic, the segment's id and its checksum
/// together, so that bytes that merely look like one cannot stand in.
struct FrameSearch {
    let window: FileWindow
    let segmentID: Identifier

    /// What is looked at in one piece: little at first, since the next frame is seldom far.
    private static let pieceBytes: ClosedRange<UInt64> = 4 << 10...64 << 10
    /// What a disk gives as a whole or not at all.
    private static let blockBytes: UInt64 = 4 << 10
    /// What is passed over at once of a stretch that cannot be read.
    private static let greatestLeap: UInt64 = 1 << 20
    /// Skippable prefix and the segment's id.
    private static let headBytes: UInt64 = 24

    /// The offset of the first frame that begins at `start` or behind it and whose number is no lower than `sequence`.
    func frame(from start: UInt64, expecting sequence: UInt64) -> UInt64? {
        var place = start
        var piece = Self.pieceBytes.lowerBound
        let end = window.fileLength
        var leap = Self.blockBytes
        while place + Self.headBytes <= end {
            let count = min(piece, end - place)
            guard let bytes = window.bytes(at: place, count: Int(count)) else {
                guard let failure = window.failure else { return nil }
                if failure.offset >= place + Self.headBytes {
                    // What stands in front of it can be had.
                    piece = failure.offset - place
                } else {
                    // Further each time, since each try may take a disk seconds.
                    place = failure.offset / Self.blockBytes * Self.blockBytes + leap
                    leap = min(2 * leap, Self.greatestLeap)
                    piece = Self.pieceBytes.lowerBound
                }
                continue
            }
            leap = Self.blockBytes
            // Looking at one may move the window.
            for candidate in candidates(in: bytes) where isFrame(at: place + UInt64(candidate), sequence) {
                return place + UInt64(candidate)
            }
            place += count - Self.headBytes + 1
            piece = min(4 * piece, Self.pieceBytes.upperBound)
        }
        return nil
    }

    /// Where a magic stands, and behind it the segment's id.
    private func candidates(in bytes: UnsafeRawBufferPointer) -> [Int] {
        var found: [Int] = []
        guard bytes.count >= Self.headBytes else { return found }
        let id = segmentID.high.byteSwapped
        for index in 0...bytes.count - Int(Self.headBytes) {
            let magic = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            guard Frame.belongsToASegment(magic) else { continue }
            let inner = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
            if inner == id { found.append(index) }
        }
        return found
    }

    private func isFrame(at place: UInt64, _ sequence: UInt64) -> Bool {
        guard let prefix = window.bytes(at: place, count: Frame.skippablePrefix) else { return false }
        let magic = UInt32(littleEndian: prefix.loadUnaligned(as: UInt32.self))
        let length = Int(UInt32(littleEndian: prefix.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard length <= FormatLimit.sealBytes - Frame.skippablePrefix,
            let content = window.bytes(at: place + UInt64(Frame.skippablePrefix), count: length)
        else { return false }
        func isExpected(_ id: Identifier, _ number: UInt64) -> Bool { id == segmentID && number >= sequence }
        switch magic {
        case Frame.chunkHeader: return ChunkHeader(content).map { isExpected($0.segmentID, $0.firstSequence) } ?? false
        case Frame.tombstone: return Tombstone(content).map { isExpected($0.segmentID, $0.firstSequence) } ?? false
        default: return Seal(content, at: place).map { isExpected($0.segmentID, $0.nextSequence) } ?? false
        }
    }
}
