import Events
import Glibc
import Journal
import Policy
import SystemPackage

/// Writes those reports as the recorder would have written them live, chunk by chunk, until the journal's active segment
/// is so long; then ends, as if killed (`seals` false), or stops cleanly.
func makeJournal(_ reports: [Report], bytes: UInt64, seals: Bool, directory: FilePath) throws {
    var options = JournalOptions()
    options.segmentBytes = bytes * 2
    // Each chunk is handed over at once and written at once; time does not pass as it did.
    options.chunkMicroseconds = 200
    options.syncMicroseconds = 60_000_000
    let journal = try JournalWriter(
        directory: directory, options: options, origin: SegmentOrigin(subject: "nobody", userID: 65_534))
    let waiting = Queue<Event>(capacity: FormatLimit.chunkEvents)
    let permitted = Queue<PermittedEvent>(capacity: 2 * FormatLimit.chunkEvents)
    let ends = Phases.chunkEnds(reports) { $0.timeMicroseconds }
    var shift: UInt64 = 0
    while journal.statistics.bytes < bytes {
        let desk = try Desk(openedMicroseconds: reports[0].timeMicroseconds + shift - 1)
        var first = 0
        for end in ends {
            for var report in reports[first..<end] {
                report.timeMicroseconds += shift
                waiting.append(report.event)
            }
            Phases.gate(waiting, desk, into: permitted)
            first = end
            guard permitted.count > 0 else { continue }
            let chunks = journal.statistics.chunks
            permitted.empty { precondition(journal.append($0), "the ring is full") }
            while journal.statistics.chunks == chunks { usleep(20) }
        }
        shift += reports[reports.count - 1].timeMicroseconds - reports[0].timeMicroseconds + 1_000_000
    }
    if seals { journal.stop() } else { _exit(0) }
}
