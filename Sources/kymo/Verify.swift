import ArgumentParser
import Export
import Journal
import SystemPackage

struct Verify: ParsableCommand, ReadsJournal {
    static let configuration = CommandConfiguration(
        abstract: "Read every byte of the journal and say of each segment whether it is whole.",
        discussion: """
            Checks all checksums, the contents of every chunk, the hash chain within and between segments, and the seals. \
            Verdicts: ok; active (a recorder writes it, good so far); open (a recorder left it, whole so far; the next \
            start closes it); torn (a recorder left it in the middle of a chunk, everything before is \
            good; the next start puts the rest aside); damaged. What is wrong stands below the segment, with its place in \
            the file and the sequence numbers that are gone.
            """)

    @OptionGroup var journal: JournalArguments

    @Option(name: .long, help: "short: for people; json: one object per line (docs/JSON.md).")
    var output = OutputForm.short

    func run() throws {
        var report = VerificationReport(output: output)
        do {
            try SegmentVerification.verify(directory: FilePath(journal.journal)) { try report.add($0) }
        } catch let error as JournalError {
            throw fail("\(error)")
        }
        try report.end()
    }
}

private struct VerificationReport {
    private let output: OutputForm
    private var out = StandardOutput()
    private var json = JSONFormat()
    private var segments = 0
    private var records: UInt64 = 0
    private var losses: UInt64 = 0
    private var bytes: UInt64 = 0
    private var bad = 0

    init(output: OutputForm) { self.output = output }

    mutating func add(_ segment: SegmentVerification) throws {
        segments += 1
        records += segment.events
        losses += segment.losses
        bytes += segment.bytes
        bad += segment.verdict.isBad ? 1 : 0
        if output == .json {
            try out.print(bytes: SegmentFormat().json(segment))
            for damage in segment.damages {
                var line: [UInt8] = []
                json.append(.damage(damage), EventContext(), to: &line)
                try out.print(bytes: line)
            }
        } else {
            try out.print(Self.row(segment))
            for damage in segment.damages { try out.print("    \(damage)") }
        }
    }

    private static func row(_ segment: SegmentVerification) -> String {
        var text = "\(segment.name.fileName)  \(segment.verdict.rawValue)"
        text += "  \(counted(segment.chunks, "chunk")), \(counted(segment.events, "record"))"
        if segment.forgotten > 0 { text += ", \(segment.forgotten) forgotten" }
        if segment.losses > 0 { text += ", \(counted(segment.losses, "loss", "losses"))" }
        return text + ", \(ByteSize.text(segment.bytes))"
    }

    mutating func end() throws {
        if output == .short {
            let verdict = bad == 0 ? "all good" : "\(bad) of them not whole"
            try out.print(
                "\(counted(UInt64(segments), "segment")), \(counted(records, "record")), "
                    + "\(counted(losses, "loss", "losses")) recorded, \(ByteSize.text(bytes)): \(verdict)")
        }
        try out.flush()
        if bad > 0 { throw Outcome.damaged }
    }
}
