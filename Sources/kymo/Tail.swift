import ArgumentParser
import CLinuxShim
import Export
import Journal

struct Tail: ParsableCommand, ReadsJournal {
    static let configuration = CommandConfiguration(
        abstract: "Show the last lines; with -f, and what comes.")

    @OptionGroup var journal: JournalArguments

    @Flag(name: .shortAndLong, help: "Go on with what is recorded from now on.")
    var follow = false

    @Option(
        name: .shortAndLong,
        help: "How many of the last lines to begin with, or all. (default: 10; with --since or a cursor: all)")
    var number: LineCount?

    @OptionGroup var place: PlaceArguments
    @OptionGroup var selection: QueryArguments
    @OptionGroup var form: OutputArguments

    /// Motion is gathered into one line for at most so long while following.
    private static let gatherMicroseconds: UInt64 = 1_000_000

    func validate() throws {
        if follow, form.showCursor, form.output == .short {
            throw ValidationError("--show-cursor with -f: there is no last line; --output json has a cursor in each")
        }
    }

    func run() throws {
        let query = try selection.query()
        var (reader, printer, isOver) = try beginning(query)
        guard follow, !isOver else { return try printer.end() }
        try printer.release()
        try follow(&printer, reader)
    }

    /// As many lines as are wanted, held, and the reader behind the last of them. `isOver`: nothing more can be wanted.
    private func beginning(_ query: Query) throws -> (JournalReader, Printer, isOver: Bool) {
        if place.start != nil || query.sinceMicroseconds != nil || number == .all {
            return try read(query, from: place.start ?? selection.start(query), lines: number?.limit)
        }
        let limit = number?.limit ?? 10
        // A line of the short form may stand for hundreds of reports, and a query leaves many records out: how far back
        // that is, only reading tells.
        var records = UInt64(limit) + 64
        while true {
            let start =
                limit == 0
                ? .end : JournalReader.Start.last(records, before: query.untilMicroseconds.map { UInt64(max($0, 0)) })
            let found = try read(query, from: start, lines: limit)
            // One line more than wanted, since the first may be the rest of a longer one.
            if found.1.hasLeftLinesOut || found.0.beginsAtOldest || limit == 0 { return found }
            records *= 8
        }
    }

    private func read(
        _ query: Query, from start: JournalReader.Start, lines: Int?
    ) throws -> (JournalReader, Printer, isOver: Bool) {
        let reader = try journal.reader(from: start)
        if follow {
            do {
                try reader.follow()
            } catch {
                throw fail("\(error)")
            }
        }
        var printer = Printer(query: query, form: form, lastLines: lines)
        while let item = try next(reader) { if try !printer.take(item) { return (reader, printer, true) } }
        return (reader, printer, false)
    }

    private func follow(_ printer: inout Printer, _ reader: JournalReader) throws {
        var gathered: (run: UInt64, sinceMicroseconds: UInt64)?
        while true {
            while let item = try next(reader) {
                guard try printer.take(item) else { return try printer.end() }
            }
            let now = kymo_monotonic_microseconds()
            if let run = printer.gathering, gathered?.run != run { gathered = (run, now) }
            if let since = gathered?.sinceMicroseconds, now >= since + Self.gatherMicroseconds {
                try printer.finishMotion()
            }
            if printer.gathering == nil { gathered = nil }
            try printer.flush()
            reader.wait(
                microseconds: gathered.map { Int64($0.sinceMicroseconds + Self.gatherMicroseconds - now) } ?? -1)
        }
    }
}

/// `-n 10`, `-n all`.
enum LineCount: ExpressibleByArgument, Equatable {
    case last(Int)
    case all

    init?(argument: String) {
        if argument == "all" {
            self = .all
        } else if let count = Int(argument), (0...1_000_000).contains(count) {
            self = .last(count)
        } else {
            return nil
        }
    }

    var limit: Int? { if case .last(let count) = self { count } else { nil } }
}
