import Events
import Glibc
import Journal
import Policy
import SystemPackage

/// Runs each phase over so many events of a session at 8 kHz, in chunks as they are made live. Nothing is printed:
/// callgrind counts.
func count(events total: Int, directory: FilePath) throws {
    let events = session(rate: 8000, count: total)
    let desk = try Desk(openedMicroseconds: events[0].timeMicroseconds - 1)
    var permitted: [PermittedEvent] = []
    permitted.reserveCapacity(total + 16)
    Phases.gate(events, desk, into: &permitted)
    let phases = Phases()
    var first = 0
    for end in Phases.chunkEnds(permitted) {
        phases.encode(permitted[first..<end])
        phases.compress()
        first = end
    }
    var options = JournalOptions()
    options.chunkMicroseconds = 20_000
    let journal = try JournalWriter(
        directory: directory, options: options, origin: SegmentOrigin(subject: "nobody", userID: 65_534))
    first = 0
    for end in Phases.chunkEnds(permitted) {
        let chunks = journal.statistics.chunks
        append(permitted[first..<end], to: journal)
        while journal.statistics.chunks == chunks { usleep(1_000) }
        first = end
    }
    journal.stop()
}

/// What the input thread does for the journal.
@inline(never) private func append(_ events: ArraySlice<PermittedEvent>, to journal: JournalWriter) {
    for event in events { precondition(journal.append(event), "the ring is full") }
}
