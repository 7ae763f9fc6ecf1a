import SystemPackage

/// Where in a journal to begin. Opens a dozen segments of ten thousand, and reads of each no more than its header.
struct JournalSeek {
    /// In a segment, from a number on.
    struct Place {
        /// The number of the segment before the one to begin with.
        var segmentBefore: UInt64
        /// Records before it are context.
        var firstSequence: UInt64 = 0
        /// Nothing that is left lies before it.
        var isOldest = false
    }

    private let list: SegmentList
    private var names: [SegmentName] { list.names }

    init(_ list: SegmentList) { self.list = list }

    func place(for start: JournalReader.Start) throws(JournalError) -> Place {
        switch start {
        case .oldest: return begin(at: 0)
        case .since(let realtime): return place(since: realtime)
        case .last(let count, let before):
            let end = before.map(endSequence(before:)) ?? endSequence()
            return place(of: end > count ? end - count : 0)
        case .end:
            return place(of: endSequence())
        case .at(let cursor), .after(let cursor):
            do {
                return try place(of: cursor, isAfter: start == .after(cursor))
            } catch {
                throw .cursor(error)
            }
        }
    }

    /// The number behind the last record there is.
    func endSequence() -> UInt64 {
        // The newest may have no header yet, or a damaged one.
        for name in names.reversed() { if let reader = open(name) { return reader.endSequence() } }
        return 0
    }

    // MARK: by time

    private func place(since realtime: UInt64) -> Place {
        // A record may lie a little behind the beginning of the segment after its own.
        let slack = JournalReader.orderSlackMicroseconds
        let index = max(1, firstSegment { $0.realtimeMicroseconds > realtime - min(realtime, slack) }) - 1
        guard index < names.endIndex, let reader = open(names[index]) else { return begin(at: index) }
        if let sequence = reader.sequence(since: reader.header.monotonicMicroseconds(ofRealtime: realtime)) {
            return begin(at: index, sequence)
        }
        // It is over before that.
        return index + 1 < names.endIndex ? begin(at: index + 1) : begin(at: index, reader.endSequence())
    }

    private func endSequence(before realtime: UInt64) -> UInt64 {
        let bound = realtime.addingReportingOverflow(JournalReader.orderSlackMicroseconds)
        let limit = bound.overflow ? .max : bound.partialValue
        for name in names[..<firstSegment { $0.realtimeMicroseconds > limit }].reversed() {
            guard let reader = open(name) else { continue }
            return reader.sequence(beyond: reader.header.monotonicMicroseconds(ofRealtime: limit))
        }
        return 0
    }

    // MARK: by number

    private func place(of sequence: UInt64) -> Place {
        let index = firstSegment { $0.firstSequence > sequence } - 1
        return index < 0 ? begin(at: 0) : begin(at: index, sequence)
    }

    private func place(of cursor: Cursor, isAfter: Bool) throws(CursorError) -> Place {
        let wanted = isAfter ? cursor.sequence + 1 : cursor.sequence
        let index = firstSegment { $0.firstSequence > cursor.sequence } - 1
        guard index >= 0, let reader = open(names[index]) else { return try placeBeforeOldest(cursor, wanted) }
        guard reader.header.segmentID == cursor.segmentID else { throw stray(cursor) }
        let end = reader.endSequence()
        guard cursor.sequence < end else {
            throw .notKept(cursor, last: Cursor(segmentID: cursor.segmentID, sequence: end - 1))
        }
        return begin(at: index, wanted)
    }

    /// Its segment is gone. If nothing else is, there is no harm in that.
    private func placeBeforeOldest(_ cursor: Cursor, _ wanted: UInt64) throws(CursorError) -> Place {
        guard let oldest = names.lazy.compactMap({ open($0)?.header }).first else { throw .gone(cursor, oldest: nil) }
        guard wanted == oldest.firstSequence else {
            throw .gone(cursor, oldest: Cursor(segmentID: oldest.segmentID, sequence: oldest.firstSequence))
        }
        return begin(at: 0, wanted)
    }

    /// Its number is another segment's.
    private func stray(_ cursor: Cursor) -> CursorError {
        for name in names {
            guard let reader = open(name), reader.header.segmentID == cursor.segmentID else { continue }
            let end = reader.endSequence()
            return end > reader.header.firstSequence
                ? .notKept(cursor, last: Cursor(segmentID: cursor.segmentID, sequence: end - 1)) : .foreign(cursor)
        }
        return .foreign(cursor)
    }

    // MARK: segments

    private func begin(at index: Int, _ sequence: UInt64 = 0) -> Place {
        let before = index > 0 ? names[index - 1].number : names.first.map { $0.number - 1 } ?? 0
        return Place(segmentBefore: before, firstSequence: sequence, isOldest: index == 0 && sequence == 0)
    }

    /// The index of the first segment for which it holds; it must hold for all that follow. By bisection.
    private func firstSegment(where isBeyond: (SegmentHeader) -> Bool) -> Int {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            // One that cannot be read tells nothing: ask those behind it.
            var probe = middle
            var header: SegmentHeader?
            while probe < high {
                header = open(names[probe])?.header
                if header != nil { break }
                probe += 1
            }
            if header.map(isBeyond) ?? true { high = middle } else { low = probe + 1 }
        }
        return low
    }

    private func open(_ name: SegmentName) -> SegmentReader? {
        if let reader = try? SegmentReader(directory: list.directory, name: name, files: list.files) { return reader }
        // Sealed since it was listed.
        guard name.isActive else { return nil }
        return try? SegmentReader(
            directory: list.directory, name: SegmentName(number: name.number, isActive: false), files: list.files)
    }
}

extension SegmentHeader {
    /// A moment of CLOCK_REALTIME on the segment's CLOCK_MONOTONIC, µs; 0 if it lies before the boot.
    func monotonicMicroseconds(ofRealtime realtime: UInt64) -> UInt64 {
        if realtime >= realtimeMicroseconds {
            let sum = monotonicMicroseconds.addingReportingOverflow(realtime - realtimeMicroseconds)
            return sum.overflow ? .max : sum.partialValue
        }
        let back = realtimeMicroseconds - realtime
        return monotonicMicroseconds > back ? monotonicMicroseconds - back : 0
    }
}
