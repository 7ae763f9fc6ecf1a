import Events
import Journal
import Policy

/// The hot path, cut where its costs are told apart. `Benchmarks/guard` finds these functions by their names.
final class Phases {
    /// Chunks as they are made live: so much time each.
    static let chunkMicroseconds: UInt64 = 250_000

    private let ring = Ring()
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

    /// What the gate leaves of the events, which move through it as they do in the recorder.
    @inline(never) static func gate(_ events: Queue<Event>, _ desk: Desk, into permitted: Queue<PermittedEvent>) {
        events.empty { desk.take($0) { permitted.append($0) } }
    }

    /// The ends of the chunks that those events make.
    static func chunkEnds<Events: RandomAccessCollection>(
        _ events: Events, each chunkMicroseconds: UInt64 = chunkMicroseconds, time: (Events.Element) -> UInt64
    ) -> [Int]
    where Events.Index == Int {
        var ends: [Int] = []
        var start = 0
        for index in events.indices
        where time(events[index]) >= time(events[start]) + chunkMicroseconds || index - start == FormatLimit.chunkEvents {
            ends.append(index)
            start = index
        }
        return ends + [events.count]
    }

    /// What the journal's thread does before it compresses.
    @inline(never) func encode() {
        encoder.fill(from: ring, upTo: ring.end) { _ in }
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

    /// What the input thread does for the journal.
    @inline(never) func hand(_ events: Queue<PermittedEvent>) {
        events.empty { precondition(ring.append($0), "the ring is full") }
    }

    func resetFigures() {
        payloadBytes = 0
        storedBytes = 0
        chunks = 0
    }
}
