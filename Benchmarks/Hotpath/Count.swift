import Events
import Glibc
import Journal
import Policy
import SystemPackage

/// Runs each phase over so many events of a session at 8 kHz, in chunks as they are made live. Nothing is printed:
/// callgrind counts.
func count(events total: Int, directory: FilePath) throws {
    let events = session(rate: 8000, count: total)
    let waiting = Queue<Event>(capacity: FormatLimit.chunkEvents)
    // What the agent has not confirmed yet waits for the next chunk.
    let permitted = Queue<PermittedEvent>(capacity: 2 * FormatLimit.chunkEvents)
    let phases = Phases()
    let ends = Phases.chunkEnds(events) { $0.timeMicroseconds }
    func eachChunk(_ body: () -> Void) throws {
        let desk = try Desk(openedMicroseconds: events[0].timeMicroseconds - 1)
        var first = 0
        for end in ends {
            for event in events[first..<end] { waiting.append(event) }
            Phases.gate(waiting, desk, into: permitted)
            if permitted.count > 0 { body() }
            first = end
        }
    }
    try eachChunk {
        phases.hand(permitted)
        phases.encode()
        phases.compress()
    }
    // The same through the journal's thread: what is left of it is the ring, headers and the disk.
    var options = JournalOptions()
    options.chunkMicroseconds = 20_000
    let journal = try JournalWriter(
        directory: directory, options: options, origin: SegmentOrigin(subject: "nobody", userID: 65_534))
    try eachChunk {
        let chunks = journal.statistics.chunks
        permitted.empty { precondition(journal.append($0), "the ring is full") }
        while journal.statistics.chunks == chunks { usleep(1_000) }
    }
    journal.stop()
}
