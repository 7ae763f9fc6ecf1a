import Events
import Glibc
import SystemPackage

/// Reads a journal from some place on, across segments, damage and rotation; follows it while it is written.
///
/// Memory is bounded whatever a length in a file says: docs/FORMAT.md, "What a reader needs".
public final class JournalReader {
    /// Where to begin.
    public enum Start: Sendable, Equatable {
        case oldest
        /// The last so many records; of those before a moment of CLOCK_REALTIME, µs since 1970, if there is one.
        case last(UInt64, before: UInt64? = nil)
        /// The first record at or after this moment of CLOCK_REALTIME, µs since 1970.
        case since(UInt64)
        case at(Cursor)
        case after(Cursor)
        /// What has not happened yet.
        case end
    }

    /// Records stand in the order of decisions: their times go back by no more than this, microseconds. A recorder that was
    /// stopped for longer does that once. It is the gate's seven seconds for counts of keys in apps that tell of their fields
    /// late (docs/FORMAT.md), and one to spare.
    public static let orderSlackMicroseconds: UInt64 = 8_000_000

    private var list: SegmentList
    private var segment: SegmentReader?
    private var lastNumber: UInt64
    /// What the segment after the one that was read last must begin with.
    private var expectedSequence: UInt64?
    private var pending = PendingItems()
    /// Records before it, and before that moment, are context.
    private let firstSequence: UInt64
    private let sinceRealtime: UInt64
    /// The same on the clock of the segment that is read.
    private var sinceMicroseconds: UInt64 = 0
    private var watch: DirectoryWatch?
    /// Whether nothing that is left lies before the beginning.
    public let beginsAtOldest: Bool

    /// - Throws: when the directory is missing or may not be read, or there is no such place in the journal.
    public init(
        directory: FilePath, start: Start = .oldest, files: any FileOperations = SystemFiles()
    ) throws(JournalError) {
        list = try SegmentList(directory, files: files)
        let place = try JournalSeek(list).place(for: start)
        lastNumber = place.segmentBefore
        firstSequence = place.firstSequence
        beginsAtOldest = place.isOldest
        sinceRealtime = if case .since(let moment) = start { moment } else { 0 }
    }

    /// The next item; nil when there is nothing more for now.
    public func next() throws(JournalError) -> JournalItem? {
        while true {
            if let item = pending.take() { return item }
            if try readMore() { continue }
            // Asked for only now that nothing was found: whatever is reported after this wakes `wait`.
            guard let changes = watch?.drain(), !changes.isEmpty else { return pending.takeLast() }
            if changes.contains(.names) { try list.refresh() }
        }
    }

    /// The number behind the last record there is now.
    public func endSequence() -> UInt64 { JournalSeek(list).endSequence() }

    /// Makes what was read of the segment that is still written durable, so that a cursor into it names something that a
    /// power cut leaves there. The recorder does the same within a second.
    public func sync() throws(JournalError) {
        guard let segment, segment.name.isActive else { return }
        do {
            try segment.sync()
        } catch {
            throw .system(what: "sync", path: list.directory.appending(segment.name.fileName).string, errno: error)
        }
    }

    // MARK: following

    /// Begins to watch the directory. Call before reading to the end, so that nothing falls between.
    public func follow() throws(JournalError) {
        guard watch == nil else { return }
        do {
            watch = try DirectoryWatch(list.directory)
        } catch {
            throw .system(what: "watch", path: list.directory.string, errno: error)
        }
        try list.refresh()
    }

    /// Sleeps until there may be more, or so many microseconds have passed (-1: for ever). Only after `follow`.
    public func wait(microseconds: Int64 = -1) { watch?.wait(microseconds: microseconds) }

    // MARK: segments

    /// Goes one step on. False: there is nothing more for now.
    private func readMore() throws(JournalError) -> Bool {
        guard let current = segment else { return try openNext() }
        if take(current, isFinal: false) { return true }
        // At its end. A sealed one does not grow, nor does one that has a newer beside it; what was appended before that
        // was made is read first.
        if !current.isSealed {
            guard try hasNewer(than: current) || !current.name.isActive else {
                // There may be more, and nothing will say so.
                guard let failure = current.failureAtEnd else { return false }
                throw JournalError(reading: list.directory.appending(current.name.fileName), failure)
            }
            if take(current, isFinal: false) { return true }
            // A step at a time: behind a frame that promises more than the file has there may be good ones.
            if take(current, isFinal: true) { return true }
        }
        expectedSequence = current.expectedSequence
        segment = nil
        return true
    }

    private func hasNewer(than current: SegmentReader) throws(JournalError) -> Bool {
        try listed { list.first(after: current.name.number) } != nil
    }

    /// What is found in the list, or in a new one. While the directory is watched the list is new already.
    private func listed(_ find: () -> SegmentName?) throws(JournalError) -> SegmentName? {
        if let name = find() { return name }
        if watch == nil { try list.refresh() }
        return find()
    }

    /// Opens the segment after the last one. False: there is none yet.
    private func openNext() throws(JournalError) -> Bool {
        var gone: SegmentName?
        while let name = try listed({ list.first(after: lastNumber) }) {
            do throws(SegmentError) {
                enter(try SegmentReader(directory: list.directory, name: name, files: list.files))
                return true
            } catch {
                switch error {
                // Renamed or deleted since the listing; a link to nothing is listed again.
                case .gone where name != gone:
                    gone = name
                    try list.refresh()
                case .notYet where name.isActive && name == list.names.last: return false
                default:
                    lastNumber = name.number
                    pending.append(
                        .damage(
                            Damage(
                                segment: name.number, offset: 0, reason: .unreadableHeader, missing: nil,
                                detail: "\(error)")))
                    return true
                }
            }
        }
        return false
    }

    private func enter(_ reader: SegmentReader) {
        if let gap = gap(before: reader) { pending.append(.damage(gap)) }
        segment = reader
        lastNumber = reader.name.number
        sinceMicroseconds = sinceRealtime == 0 ? 0 : reader.header.monotonicMicroseconds(ofRealtime: sinceRealtime)
        pending.append(.segment(reader.header))
        if firstSequence > reader.header.firstSequence { reader.seek(to: firstSequence) }
    }

    /// What is missing between the segment that was read last and this one.
    private func gap(before reader: SegmentReader) -> Damage? {
        guard let expected = expectedSequence, reader.header.firstSequence != expected else { return nil }
        let first = reader.header.firstSequence
        guard first > expected else {
            return Damage(
                segment: reader.name.number, offset: 0, reason: .sequenceGap, missing: nil,
                detail: "it begins with \(first), the one before it ends with \(expected - 1)")
        }
        // Retention takes the oldest: if this one is the oldest now, the reader was slower.
        let isOldest = list.names.first?.number == reader.name.number
        return Damage(
            segment: reader.name.number, offset: 0, reason: isOldest ? .deleted : .sequenceGap,
            missing: expected..<first)
    }

    // MARK: items

    /// Reads one step into `pending`. False at the end.
    private func take(_ reader: SegmentReader, isFinal: Bool) -> Bool {
        let step = reader.next(isFinal: isFinal) { chunk in
            let isWanted = chunk.sequences.upperBound > firstSequence && chunk.lastMicroseconds >= sinceMicroseconds
            return isWanted || chunk.flags & ChunkHeader.hasState != 0
        }
        switch step {
        case .end: return false
        case .skipped, .sealed: break
        case .forgotten(let tombstone, _):
            append(Forgotten(segment: reader.header.number, sequences: tombstone.sequences))
        case .damage(let damage):
            // What lies before the beginning was not asked for.
            if let missing = damage.missing, !missing.isEmpty, missing.upperBound <= firstSequence { break }
            pending.append(.damage(damage))
        case .chunk(let chunk, _, let events): append(events, of: chunk, segment: reader.header.number)
        }
        return true
    }

    private func append(_ events: [Event?], of chunk: ChunkHeader, segment: UInt64) {
        for (index, event) in events.enumerated() {
            guard let event else { continue }
            let sequence = chunk.firstSequence + UInt64(index)
            let stored = StoredEvent(sequence: sequence, segment: segment, event: event)
            if sequence >= firstSequence, event.timeMicroseconds >= sinceMicroseconds {
                pending.append(.event(stored))
            } else if event.payload.kind.isState {
                pending.append(.context(stored))
            }
        }
    }

    private func append(_ forgotten: Forgotten) {
        guard forgotten.sequences.upperBound > firstSequence else { return }
        var forgotten = forgotten
        forgotten.sequences = max(forgotten.sequences.lowerBound, firstSequence)..<forgotten.sequences.upperBound
        pending.append(.forgotten(forgotten))
    }
}

/// Items between being read and being handed out.
private struct PendingItems {
    private var items: [JournalItem] = []
    private var index = 0

    /// Forgotten chunks that stand one behind the other are one span, however many they were.
    mutating func append(_ item: JournalItem) {
        if case .forgotten(let span) = item, index < items.count, case .forgotten(var before)? = items.last,
            before.segment == span.segment, before.sequences.upperBound == span.sequences.lowerBound
        {
            before.sequences = before.sequences.lowerBound..<span.sequences.upperBound
            items[items.count - 1] = .forgotten(before)
        } else {
            items.append(item)
        }
    }

    /// The next one; not a span of forgotten chunks that may go on.
    mutating func take() -> JournalItem? {
        if index < items.count {
            if index == items.count - 1, case .forgotten = items[index] { return nil }
            return takeLast()
        }
        items.removeAll(keepingCapacity: true)
        index = 0
        return nil
    }

    /// The next one, whatever it is.
    mutating func takeLast() -> JournalItem? {
        guard index < items.count else { return nil }
        defer { index += 1 }
        return items[index]
    }
}
