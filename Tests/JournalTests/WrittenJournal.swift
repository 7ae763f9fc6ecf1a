import Events
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// A journal made chunk by chunk, without a recorder and without waiting: what a reader may meet, exactly.
final class WrittenJournal {
    let scratch: Scratch
    var directory: FilePath { scratch.path }
    private let lz4 = LZ4Compressor()
    private var buffer = ByteBuffer(capacity: 1 << 16)
    private var payload = ByteBuffer(capacity: 1 << 16)
    private var segment: SegmentWriter?
    private(set) var number: UInt64
    private(set) var nextSequence: UInt64
    private var previousHash = SHA256Hash.zero
    private(set) var ids: [UInt64: Identifier] = [:]
    /// CLOCK_REALTIME minus CLOCK_MONOTONIC of what is written now, µs.
    var realtimeOffset: UInt64 = 1_800_000_000_000_000
    /// What was written, snapshots left out.
    private(set) var events: [StoredEvent] = []

    init(firstNumber: UInt64 = 1, firstSequence: UInt64 = 1) throws {
        scratch = try Scratch()
        number = firstNumber - 1
        nextSequence = firstSequence
    }

    deinit {
        buffer.deallocate()
        payload.deallocate()
    }

    /// Begins a segment, with its opening chunk.
    func open(at time: UInt64, state: [Event] = []) throws {
        try seal()
        number += 1
        let header = SegmentHeader(
            segmentID: Machine.randomIdentifier(), number: number, machineID: Identifier(high: 1, low: 1),
            bootID: Identifier(high: 2, low: 2), firstSequence: nextSequence, monotonicMicroseconds: time,
            realtimeMicroseconds: time + realtimeOffset, previousHash: previousHash, userID: 1000, subject: "ada")
        ids[number] = header.segmentID
        segment = try SegmentWriter(
            directory: directory, header: header, files: SystemFiles(), lz4: lz4, buffer: &buffer)
        let pair = ClockPair(realtimeMicroseconds: time + realtimeOffset, reason: .rotation)
        try write(
            [Event(timeMicroseconds: time, marks: .snapshot, payload: .clock(pair))] + state.map(snapshot),
            isCheckpoint: true)
    }

    /// Appends a chunk.
    func chunk(_ events: [Event]) throws { try write(events, isCheckpoint: false) }

    /// Appends a chunk that begins with state.
    func checkpoint(_ state: [Event], _ events: [Event]) throws {
        try write(state.map(snapshot) + events, isCheckpoint: true)
    }

    /// Closes the segment and gives it its final name.
    func seal() throws {
        guard let open = segment else { return }
        previousHash = try open.seal(buffer: &buffer)
        try open.publish()
        segment = nil
    }

    /// Leaves the segment as a recorder does that is killed.
    func abandon() {
        segment = nil
        previousHash = .zero
    }

    private func snapshot(_ event: Event) -> Event {
        var event = event
        event.marks.insert(.snapshot)
        return event
    }

    private func write(_ records: [Event], isCheckpoint: Bool) throws {
        let segment = try #require(segment)
        let encoder = ChunkEncoder()
        for event in records {
            if !event.marks.contains(.snapshot) {
                events.append(
                    StoredEvent(sequence: nextSequence + UInt64(encoder.count), segment: number, event: event))
            }
            encoder.append(event)
        }
        _ = try segment.write(
            encoder, isCheckpoint: isCheckpoint, losses: LossTotals(), payload: &payload, buffer: &buffer)
        nextSequence = segment.nextSequence
    }

    func cursor(_ event: StoredEvent) -> Cursor { Cursor(segmentID: ids[event.segment]!, sequence: event.sequence) }

    /// Segments of so many chunks of three motions, half a second apart; state in every fifth, a checkpoint in every tenth.
    static func long(segments: Int, chunks: Int, isLastOpen: Bool = false) throws -> WrittenJournal {
        let journal = try WrittenJournal()
        var time: UInt64 = 10_000_000
        var focus = window(1, at: time)
        for number in 0..<segments {
            try journal.open(at: time, state: [focus])
            for index in 0..<chunks {
                time += 500_000
                var events = (0..<3).map { move(time + $0 * 1000, Int32(index), 1) }
                if index % 5 == 2 {
                    focus = window(FocusID(number * chunks + index + 2), at: time)
                    events.insert(focus, at: 1)
                }
                if index % 10 == 9 { try journal.checkpoint([focus], events) } else { try journal.chunk(events) }
            }
        }
        if !isLastOpen { try journal.seal() }
        return journal
    }
}

func window(_ id: FocusID, at time: UInt64) -> Event {
    Event(
        timeMicroseconds: time, focus: id,
        payload: .focus(FocusDescription(id: id, state: .window, appID: "app\(id)", source: "test")))
}

/// Everything that is read from some place on.
struct Reading {
    var events: [StoredEvent] = []
    var context: [StoredEvent] = []
    var snapshots: [StoredEvent] = []
    var damages: [Damage] = []
    var forgotten: [Range<UInt64>] = []
    var segments: [UInt64] = []

    init(_ directory: FilePath, from start: JournalReader.Start) throws {
        let reader = try JournalReader(directory: directory, start: start)
        while let item = try reader.next() { add(item) }
    }

    private mutating func add(_ item: JournalItem) {
        switch item {
        case .event(let event) where event.event.marks.contains(.snapshot): snapshots.append(event)
        case .event(let event): events.append(event)
        case .context(let event): context.append(event)
        case .damage(let damage): damages.append(damage)
        case .forgotten(let span): forgotten.append(span.sequences)
        case .segment(let header): segments.append(header.number)
        }
    }
}
