import ArgumentParser
import Events
import Export
import Journal
import SystemPackage

struct List: ParsableCommand, ReadsJournal {
    static let configuration = CommandConfiguration(
        abstract: "List the journal's segments: when, how much, what state.",
        discussion: """
            Times are local. LOST counts events that loss records tell of; + n: and n more spans that nobody could count. \
            States: sealed; active (a recorder writes it); open (a recorder left it, the next start closes it); unsealed \
            and unreadable (kymo verify tells more); torn (bytes that recovery put aside, no part of the journal).
            """)

    @OptionGroup var journal: JournalArguments

    @Option(name: .long, help: "short: a table; json: one object per line (docs/JSON.md).")
    var output = OutputForm.short

    func run() throws {
        let directory = FilePath(journal.journal)
        var segments: [SegmentSummary] = []
        var torn: [TornFile] = []
        do {
            try SegmentSummary.list(directory: directory) { segments.append($0) }
            torn = try TornFile.list(directory: directory)
        } catch let error as JournalError {
            throw fail("\(error)")
        }
        var out = StandardOutput()
        if output == .json {
            var format = SegmentFormat()
            for segment in segments { try out.print(bytes: format.json(segment)) }
            for file in torn { try out.print(bytes: format.json(file)) }
        } else {
            for line in SegmentTable(segments, torn).lines { try out.print(line) }
        }
        try out.flush()
    }
}
