import ArgumentParser
import Export
import Journal
import SystemPackage

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read every byte of the journal and say of each segment whether it is whole.",
        discussion: "Exit code 1 if anything is damaged.")

    @OptionGroup var journal: JournalArguments

    func run() throws {
        var out = StandardOutput()
        var damaged = 0
        var segments = 0
        var events: UInt64 = 0
        var losses: UInt64 = 0
        do {
            try SegmentVerification.verify(directory: FilePath(journal.journal)) { segment in
                segments += 1
                events += segment.events
                losses += segment.losses
                damaged += segment.verdict == .damaged ? 1 : 0
                try out.print(
                    "\(segment.name.fileName)  \(segment.verdict.rawValue)  \(segment.chunks) chunks, "
                        + "\(segment.events) records, \(segment.losses) losses, \(segment.bytes) bytes"
                        + (segment.forgotten > 0 ? ", \(segment.forgotten) records forgotten" : ""))
                for damage in segment.damages { try out.print("    \(damage)") }
            }
        } catch let error as JournalError {
            throw fail("\(error)")
        }
        try out.print("\(segments) segments, \(events) records, \(losses) losses recorded, \(damaged) segments damaged")
        try out.flush()
        if damaged > 0 { throw Outcome.damaged }
    }
}
