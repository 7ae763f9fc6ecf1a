/// Finding a place in a segment without reading what stands before it: by the seal's table, and where there is none yet by
/// bisection over the file, since a chunk's header is found from any byte on.
extension SegmentReader {
    /// Chunks around a place, in order, and the number behind the last of them.
    private struct Stretch {
        /// Numbers that were forgotten or cannot be read stand here as well, without times.
        var entries: [Seal.Entry]
        var nextSequence: UInt64
    }

    /// Chunks that are looked at together when times are compared: a single one may hold nothing but a late account of
    /// something long past.
    private static let probedChunks = 16
    /// Shorter stretches are walked through.
    private static let walkedBytes: UInt64 = 1 << 20

    /// One more than the last record.
    func endSequence() -> UInt64 { stretch { _ in true }.nextSequence }

    /// The number of the first record that may have happened at that time (CLOCK_MONOTONIC of the segment, µs) or later.
    /// Numbers whose times nobody knows count, if they stand right before it. Nil: there is none.
    func sequence(since time: UInt64) -> UInt64? {
        let entries = stretch { $0.allSatisfy { !$0.reaches(time) } }.entries
        var index = entries.firstIndex { $0.reaches(time) } ?? entries.endIndex
        while index > 0, entries[index - 1].isForgotten { index -= 1 }
        return index < entries.endIndex ? entries[index].firstSequence : nil
    }

    /// The number of the first record of a chunk that lies beyond that time as a whole.
    func sequence(beyond time: UInt64) -> UInt64 {
        func isBeyond(_ entry: Seal.Entry) -> Bool { !entry.isForgotten && entry.firstMicroseconds > time }
        let found = stretch { !$0.allSatisfy(isBeyond) }
        return found.entries.first(where: isBeyond)?.firstSequence ?? found.nextSequence
    }

    /// Goes where reading must begin so that the record of that number, and all state that it refers to, is met: to the
    /// last checkpoint before it.
    func seek(to sequence: UInt64) {
        let entries = stretch { $0.first.map { $0.firstSequence <= sequence } ?? false }.entries
        if let place = entries.last(where: { $0.firstSequence <= sequence && $0.isCheckpoint }) {
            move(to: place.offset, expecting: place.firstSequence)
        } else {
            move(to: firstOffset, expecting: header.firstSequence)
        }
    }

    /// What a segment holds, as far as its table and its first and last chunk tell.
    struct Outline {
        var isSealed: Bool
        var nextSequence: UInt64
        /// Of all records; 0 if there is none.
        var lastMicroseconds: UInt64
        /// Those that are there.
        var chunks = 0
        /// Records that were forgotten.
        var forgotten: UInt64 = 0
        /// Events that its loss records count, and loss records without a count.
        var losses: (events: UInt64, unknown: UInt32) = (0, 0)
    }

    /// Leaves the reader anywhere.
    func outline() -> Outline {
        let all = stretch { _ in true }
        var outline = Outline(
            isSealed: sealAtEnd() != nil, nextSequence: all.nextSequence,
            lastMicroseconds: all.entries.reduce(0) { max($0, $1.lastMicroseconds) })
        outline.chunks = all.entries.count { !$0.isForgotten }
        for (index, entry) in all.entries.enumerated() where entry.isForgotten {
            let next = index + 1 < all.entries.count ? all.entries[index + 1].firstSequence : all.nextSequence
            outline.forgotten += next - min(entry.firstSequence, next)
        }
        if let last = all.entries.last(where: { !$0.isForgotten }) { outline.losses = losses(upTo: last) }
        return outline
    }

    /// Chunk headers have sums since the recorder's start: the last one's, less what was lost before the first one.
    private func losses(upTo last: Seal.Entry) -> (events: UInt64, unknown: UInt32) {
        move(to: firstOffset, expecting: header.firstSequence)
        var before = LossTotals()
        search: while true {
            switch next(isFinal: false, wants: { _ in true }) {
            case .chunk(let first, _, let events):
                var own = LossTotals()
                for case let event? in events { own.add(event) }
                before.events = first.lostEvents &- own.events
                before.unknown = first.unknownLosses &- own.unknown
                break search
            case .sealed, .end: return (0, 0)
            default: continue
            }
        }
        move(to: last.offset, expecting: last.firstSequence)
        guard case .skipped(let chunk, _) = next(isFinal: false, wants: { _ in false }),
            chunk.lostEvents >= before.events,
            chunk.unknownLosses >= before.unknown
        else { return (0, 0) }
        return (chunk.lostEvents - before.events, chunk.unknownLosses - before.unknown)
    }

    /// All chunks if the segment is sealed. Else those from the last checkpoint, or earlier, to the first one that is not
    /// `before` what is looked for.
    private func stretch(before isBefore: ([Seal.Entry]) -> Bool) -> Stretch {
        if let seal = sealAtEnd() { return Stretch(entries: seal.entries, nextSequence: seal.nextSequence) }
        let low = lastProbe(before: isBefore)
        var back = 2 * Self.walkedBytes
        while true {
            let from = low - firstOffset > back ? low - back : firstOffset
            var entries: [Seal.Entry] = []
            walk(from: from) { entry in
                entries.append(entry)
                return entry.offset <= low || isBefore([entry])
            }
            if from == firstOffset || entries.contains(where: { $0.isCheckpoint && $0.offset <= low }) {
                return Stretch(entries: entries, nextSequence: expectedSequence)
            }
            back *= 4
        }
    }

    /// The offset of a chunk that is before what is looked for, or of the first chunk; what is looked for, if it is
    /// there, begins within `walkedBytes` behind it.
    private func lastProbe(before isBefore: ([Seal.Entry]) -> Bool) -> UInt64 {
        var low = firstOffset
        var high = fileLength
        while high > low, high - low > Self.walkedBytes {
            let middle = low + (high - low) / 2
            var probe: [Seal.Entry] = []
            walk(from: middle) { entry in
                probe.append(entry)
                return probe.count < Self.probedChunks
            }
            if let first = probe.first, first.offset < high, isBefore(probe) {
                low = first.offset
            } else {
                high = middle
            }
        }
        return low
    }

    /// Hands over what stands from the first frame at or behind a byte on, until `body` has enough.
    private func walk(from byte: UInt64, _ body: (Seal.Entry) -> Bool) {
        guard move(behind: byte) else { return }
        // What lies in front of the first frame is not missing, only passed over.
        var isFirst = byte > firstOffset
        while true {
            switch next(isFinal: false, wants: { _ in false }) {
            case .skipped(let chunk, let offset): if !body(Seal.Entry(chunk, offset: offset)) { return }
            case .forgotten(let tombstone, let offset): if !body(Seal.Entry(tombstone, offset: offset)) { return }
            case .damage(let damage):
                if !isFirst, let missing = damage.missing, !missing.isEmpty, !body(Seal.Entry(unreadable: damage)) {
                    return
                }
            case .chunk, .sealed, .end: return
            }
            isFirst = false
        }
    }
}

extension Seal.Entry {
    /// Numbers that cannot be read: like forgotten ones they have no times.
    fileprivate init(unreadable damage: Damage) {
        self.init(
            offset: damage.offset, firstSequence: damage.missing?.lowerBound ?? 0, firstMicroseconds: 0,
            lastMicroseconds: 0, flags: Self.tombstone)
    }

    fileprivate func reaches(_ time: UInt64) -> Bool { !isForgotten && lastMicroseconds >= time }
    var isCheckpoint: Bool { flags & ChunkHeader.isCheckpoint != 0 }
}
