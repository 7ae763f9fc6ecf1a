import Events
import Testing

@testable import Journal

/// A sealed segment of several chunks, and what of it can be read at the end of each of its writes.
struct WholeSegment {
    static let name = "kymograph-0000000001"
    let bytes: [UInt8]
    /// Ends of writes, and how many events stand before each: of the header, the opening chunk, each chunk, the seal.
    private(set) var ends: [(length: Int, events: Int)] = []
    let events: [StoredEvent]

    init(_ payloads: [Payload], perChunk: Int) throws {
        let scratch = try Scratch()
        let recorded = try RecordedDisk(scratch)
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: recorded)
        for (index, payload) in payloads.enumerated() {
            let before = journal.statistics
            #expect(journal.append(Event(timeMicroseconds: 1000 + UInt64(index), device: 3, payload: payload)))
            if index % perChunk == perChunk - 1 { #expect(eventually { journal.statistics.chunks > before.chunks }) }
        }
        journal.stop()
        bytes = try scratch.read(Self.name + ".lz4")
        events = try readAll(scratch.path).events
        for case .write(_, let place, let written) in recorded.steps {
            let part = try Scratch()
            try part.write(Self.name + ".active.lz4", bytes.prefix(place + written.count))
            ends.append((place + written.count, try readAll(part.path).events.count))
        }
        #expect(ends.count > 5)
        #expect(ends.map(\.events) == ends.map(\.events).sorted())
        #expect(ends.dropLast().last?.events == payloads.count)
        #expect(events.map(\.event.payload) == payloads)
    }

    func events(before length: Int) -> Int { ends.last { $0.length <= length }?.events ?? 0 }

    /// Where in `events` those of the chunk stand to which the byte belongs; empty for the header and the seal.
    func events(ofChunkAt place: Int) -> Range<Int> {
        guard let index = ends.firstIndex(where: { place < $0.length }), index > 0 else { return 0..<0 }
        return ends[index - 1].events..<ends[index].events
    }
}
