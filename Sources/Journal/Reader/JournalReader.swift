import CLinuxShim
import Events
import Glibc
import SystemPackage

/// Reads a journal from some place on, across segments, damage and rotation; follows it while it is written.
///
/// Memory is bounded by one chunk: at most 4 MiB of payload and 8,192 events, whatever a length in a file says.
public final class JournalReader {
    /// Where to begin.
    public enum Start: Sendable, Equatable {
        case oldest
        /// The last so many events.
        case last(UInt64)
        /// The first event at or after this moment of CLOCK_REALTIME, µs since 1970.
        case since(UInt64)
        /// What has not happened yet.
        case end
    }

    private let directory: FilePath
    private var segment: SegmentReader?
    private var lastNumber: UInt64 = 0
    /// What the segment after the one that was read last must begin with.
    private var expectedSequence: UInt64?
    private var pending: [JournalItem] = []
    private var pendingIndex = 0
    private var firstSequence: UInt64 = 0
    private var sinceRealtime: UInt64 = 0
    private var watch: Int32 = -1

    /// - Throws: when the directory is missing or may not be read.
    public init(directory: FilePath, start: Start = .oldest) throws(JournalError) {
        self.directory = directory
        try seek(to: start)
    }

    deinit { if watch >= 0 { close(watch) } }

    /// The next item; nil when there is nothing more for now.
    public func next() throws(JournalError) -> JournalItem? {
        while true {
            if pendingIndex < pending.count {
                defer { pendingIndex += 1 }
                return pending[pendingIndex]
            }
            pending.removeAll(keepingCapacity: true)
            pendingIndex = 0
            guard try readMore() else { return nil }
            // A span of forgotten chunks ends where something else begins.
            while case .forgotten? = pending.last, try readMore() {}
        }
    }

    // MARK: following

    /// Readable after `follow` when there may be more; to be polled beside other descriptors.
    public var descriptor: Int32 { watch }

    /// Begins to watch the directory. Call before reading to the end, so that nothing falls between.
    public func follow() throws(JournalError) {
        guard watch < 0 else { return }
        watch = kymo_watch_directory(directory.string)
        guard watch >= 0 else {
            throw .system(what: "watch", path: directory.string, errno: Errno(rawValue: errno))
        }
    }

    /// Sleeps until something in the directory changed.
    public func wait() {
        guard watch >= 0 else { return }
        _ = kymo_wait_readable(watch, -1)
        // What changed does not matter: the next read finds out.
        var events = [UInt8](repeating: 0, count: 4096)
        while read(watch, &events, events.count) > 0 {}
    }

    // MARK: seeking

    private func seek(to start: Start) throws(JournalError) {
        let names = try SegmentName.list(in: directory)
        switch start {
        case .oldest: break
        case .since(let realtime):
            sinceRealtime = realtime
            // The last segment that began before the moment may reach beyond it.
            lastNumber = before(firstSegment(of: names) { $0.realtimeMicroseconds > realtime }, in: names)
        case .last(let count):
            let end = try endSequence(of: names)
            firstSequence = end > count ? end - count : 0
            let wanted = firstSequence
            lastNumber = before(firstSegment(of: names) { $0.firstSequence > wanted }, in: names)
        case .end:
            firstSequence = try endSequence(of: names)
            lastNumber = before(names.endIndex, in: names)
        }
    }

    /// The number before the one of the segment in front of `index`, so that reading goes on with that segment.
    private func before(_ index: Int, in names: [SegmentName]) -> UInt64 {
        guard index > 0 else { return names.first.map { $0.number - 1 } ?? 0 }
        return names[index - 1].number - 1
    }

    /// By bisection: opens a dozen segments of ten thousand.
    private func firstSegment(of names: [SegmentName], where isBeyond: (SegmentHeader) -> Bool) -> Int {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            // One that cannot be read does not lead anywhere: look on the older side.
            let header = (try? SegmentReader(directory: directory, name: names[middle]))?.header
            if header.map(isBeyond) ?? true { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func endSequence(of names: [SegmentName]) throws(JournalError) -> UInt64 {
        guard let name = names.last, let reader = try open(name) else { return 0 }
        while true {
            switch reader.next(isFinal: false, wants: { _ in false }) {
            case .end, .sealed: return reader.expectedSequence
            default: continue
            }
        }
    }

    // MARK: reading

    private func readMore() throws(JournalError) -> Bool {
        if segment == nil {
            guard try openNext() else { return !pending.isEmpty }
            return true
        }
        guard let current = segment else { return false }
        if take(current, isFinal: false) { return true }
        // At its end. A sealed one does not grow, nor does one that has a newer beside it; what was appended before that
        // was made is read first.
        guard !current.isSealed else {
            leave(current)
            return try readMore()
        }
        let hasNewer = try SegmentName.list(in: directory).contains { $0.number > current.name.number }
        guard hasNewer || !current.name.isActive else { return false }
        if take(current, isFinal: false) { return true }
        if !current.isSealed { _ = take(current, isFinal: true) }
        leave(current)
        return true
    }

    private func leave(_ reader: SegmentReader) {
        expectedSequence = reader.expectedSequence
        segment = nil
    }

    private func enter(_ reader: SegmentReader) {
        segment = reader
        lastNumber = reader.name.number
        // A whole segment is gone, or the end of the one before.
        if let expected = expectedSequence, reader.header.firstSequence > expected {
            pending.append(
                .damage(
                    Damage(
                        segment: reader.name.number, offset: 0, reason: .sequenceGap,
                        missing: expected..<reader.header.firstSequence)))
        }
        pending.append(.segment(reader.header))
    }

    /// Opens the segment after the last one. False: there is none yet.
    private func openNext() throws(JournalError) -> Bool {
        for name in try SegmentName.list(in: directory) where name.number > lastNumber {
            let isNewest = try SegmentName.list(in: directory).last?.number == name.number
            do throws(SegmentError) {
                let reader = try SegmentReader(directory: directory, name: name)
                enter(reader)
                return true
            } catch {
                switch error {
                // Renamed or deleted since the listing; a renamed one is met again under its new name.
                case .gone: return try openRenamed(name)
                case .notYet where isNewest && name.isActive: return false
                default: skip(name, "\(error)")
                }
            }
        }
        return false
    }

    private func openRenamed(_ name: SegmentName) throws(JournalError) -> Bool {
        let other = SegmentName(number: name.number, isActive: !name.isActive)
        if let reader = try open(other) { enter(reader) }
        lastNumber = name.number
        return true
    }

    private func open(_ name: SegmentName) throws(JournalError) -> SegmentReader? {
        do {
            return try SegmentReader(directory: directory, name: name)
        } catch {
            return nil
        }
    }

    private func skip(_ name: SegmentName, _ detail: String) {
        lastNumber = name.number
        pending.append(
            .damage(
                Damage(segment: name.number, offset: 0, reason: .unreadableHeader, missing: nil, detail: detail)))
    }

    /// Reads one step into `pending`. False at the end.
    private func take(_ reader: SegmentReader, isFinal: Bool) -> Bool {
        let header = reader.header
        let offset = header.realtimeMicroseconds &- header.monotonicMicroseconds
        // Realtime of the beginning, on this boot's monotonic clock; 0 if it lies before the boot.
        let since = sinceRealtime > offset || sinceRealtime == 0 ? sinceRealtime &- offset : 0
        let sinceMicroseconds = sinceRealtime == 0 ? 0 : since
        let step = reader.next(isFinal: isFinal) { chunk in
            let isWanted =
                chunk.firstSequence + UInt64(chunk.count) > firstSequence && chunk.lastMicroseconds >= sinceMicroseconds
            return isWanted || chunk.flags & ChunkHeader.hasState != 0
        }
        switch step {
        case .end: return false
        case .skipped, .sealed: break
        case .forgotten(let tombstone, _): append(tombstone, of: header)
        case .damage(let damage): pending.append(.damage(damage))
        case .chunk(let chunk, _, let events):
            for (index, event) in events.enumerated() {
                guard let event else { continue }
                let sequence = chunk.firstSequence + UInt64(index)
                let stored = StoredEvent(sequence: sequence, segment: header.number, event: event)
                if sequence >= firstSequence, event.timeMicroseconds >= sinceMicroseconds {
                    pending.append(.event(stored))
                } else if event.payload.kind.isState {
                    pending.append(.context(stored))
                }
            }
        }
        return true
    }

    /// Tombstones that stand one behind the other are one span, however many chunks it was.
    private func append(_ tombstone: Tombstone, of header: SegmentHeader) {
        guard tombstone.sequences.upperBound > firstSequence else { return }
        if case .forgotten(var span)? = pending.last, span.sequences.upperBound == tombstone.firstSequence {
            span.sequences = span.sequences.lowerBound..<tombstone.sequences.upperBound
            pending[pending.count - 1] = .forgotten(span)
        } else {
            pending.append(.forgotten(Forgotten(segment: header.number, sequences: tombstone.sequences)))
        }
    }
}
