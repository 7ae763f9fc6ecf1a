import Events
import Journal
import SystemPackage

/// What a journal tells of how a person was treated: what was withheld since a moment and why, and how much there is. No
/// content.
public struct OwnAccount: Sendable, Equatable {
    public struct Withheld: Sendable, Equatable {
        public var spans: UInt64 = 0
        public var microseconds: UInt64 = 0
    }
    public private(set) var withheld: [SuppressionReason: Withheld] = [:]
    /// By the names of docs/JSON.md, sorted.
    public var withheldByName: [(name: String, spans: UInt64, microseconds: UInt64)] {
        withheld.map { ($0.key.name, $0.value.spans, $0.value.microseconds) }.sorted { $0.name < $1.name }
    }
    /// Of the person's own segments.
    public private(set) var bytes: UInt64 = 0
    public private(set) var segments: UInt64 = 0

    /// - Parameters:
    ///   - since: CLOCK_REALTIME, µs since 1970. A span that began before counts from then on, and one that has not ended
    ///     until now.
    ///   - now: the same clock.
    public init(directory: FilePath, userID: UInt32, since: UInt64, now: UInt64) throws {
        try SegmentSummary.list(directory: directory) { segment in
            guard segment.header?.userID == userID else { return }
            bytes += segment.bytes
            segments += 1
        }
        try addUp(directory, userID, since: since, now: now)
    }

    /// What happened while nobody was recorded stands in segments of nobody.
    private mutating func addUp(_ directory: FilePath, _ userID: UInt32, since: UInt64, now: UInt64) throws {
        let reader = try JournalReader(directory: directory, start: .since(since))
        let end = reader.endSequence()
        var offset: UInt64 = 0
        var isMeant = false
        var open: (reason: SuppressionReason, start: UInt64)?
        while let item = try reader.next() {
            switch item {
            case .segment(let header):
                isMeant = header.userID == userID || header.userID == SegmentOrigin.nobody.userID
                offset = header.realtimeMicroseconds &- header.monotonicMicroseconds
            case .event(let stored):
                guard stored.sequence < end else { return }
                guard isMeant, case .suppression(let span) = stored.event.payload else { continue }
                let start = max(span.startMicroseconds &+ offset, since)
                if span.phase == .begin {
                    open = (span.reason, start)
                } else {
                    open = nil
                    add(span.reason, from: start, to: span.endMicroseconds &+ offset)
                }
            case .context, .damage, .forgotten: break
            }
        }
        if let open { add(open.reason, from: open.start, to: now) }
    }

    private mutating func add(_ reason: SuppressionReason, from start: UInt64, to end: UInt64) {
        withheld[reason, default: Withheld()].spans += 1
        withheld[reason, default: Withheld()].microseconds += end > start ? end - start : 0
    }
}
