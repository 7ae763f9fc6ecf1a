import Events
import Journal
import Policy

/// The hot path, cut where its costs are told apart. `Benchmarks/guard` finds these functions by their names.
final class Phases {
    /// Chunks as they are made live: so much time each.
    static let chunkMicroseconds: UInt64 = 250_000

    private let encoder = ChunkEncoder()
    private let lz4 = LZ4Compressor()
    private var payload = ByteBuffer(capacity: 1 << 20)
    private var stored = ByteBuffer(capacity: 1 << 20)
    private(set) var payloadBytes = 0
    private(set) var storedBytes = 0
    private(set) var chunks = 0

    deinit {
        payload.deallocate()
        stored.deallocate()
    }

    /// What is left of the events when the gate has judged them; `permitted` has room for all.
    @inline(never) static func gate(_ events: [Event], _ desk: Desk, into permitted: inout [PermittedEvent]) {
        for event in events { desk.take(event) { permitted.append($0) } }
    }

    /// The ends of the chunks that those events make.
    static func chunkEnds(_ events: [PermittedEvent]) -> [Int] {
        var ends: [Int] = []
        var start = 0
        for index in events.indices
        where events[index].event.timeMicroseconds >= events[start].event.timeMicroseconds + chunkMicroseconds
            || index - start == FormatLimit.chunkEvents
        {
            ends.append(index)
            start = index
        }
        return ends + [events.count]
    }

    @inline(never) func encode(_ events: ArraySlice<PermittedEvent>) {
        for event in events { encoder.append(event.event) }
        payload.count = 0
        encoder.finish(into: &payload)
        payloadBytes += payload.count
    }

    @inline(never) func compress() {
        stored.count = 0
        lz4.compress(payload.bytes, into: &stored)
        storedBytes += stored.count
        chunks += 1
    }

    func resetFigures() {
        payloadBytes = 0
        storedBytes = 0
        chunks = 0
    }
}
