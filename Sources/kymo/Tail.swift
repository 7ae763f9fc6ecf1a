import ArgumentParser
import CLinuxShim
import Export
import Journal

struct Tail: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the last lines; with -f, and what comes.")

    @OptionGroup var journal: JournalArguments

    @Flag(name: .shortAndLong, help: "Go on with what is recorded from now on.")
    var follow = false

    @Option(name: .shortAndLong, help: "How many of the last lines to begin with.")
    var number = 10

    @OptionGroup var selection: QueryArguments
    @OptionGroup var form: OutputArguments

    /// Motion is gathered into one line for at most so long while following.
    private static let gatherMicroseconds: UInt64 = 1_000_000

    func validate() throws {
        if number < 0 || number > 1_000_000 { throw ValidationError("-n: 0 to 1000000 lines expected") }
    }

    func run() throws {
        let query = try selection.query()
        let reader = try journal.reader(from: start(query))
        if follow {
            do {
                try reader.follow()
            } catch {
                throw fail("\(error)")
            }
        }
        var printer = Printer(query: query, form: form, lastLines: number)
        while let item = try next(reader), try printer.take(item) {}
        guard follow else { return try printer.end() }
        try printer.release()
        try run(&printer, reader)
    }

    /// A line of the short form may stand for hundreds of reports, and a query leaves many out: then it begins further back.
    private func start(_ query: Query) -> JournalReader.Start {
        if let since = query.sinceMicroseconds { return .since(UInt64(max(since, 0))) }
        if query != Query() { return .oldest }
        let isFolded = form.output == .short && !form.all
        return number == 0 ? .end : .last(UInt64(number) * (isFolded ? 1_024 : 1))
    }

    private func run(_ printer: inout Printer, _ reader: JournalReader) throws {
        while true {
            while let item = try next(reader) {
                guard try printer.take(item) else { return try printer.end() }
            }
            try finishMotionIfDue(&printer)
            try printer.flush()
            let wait = printer.pendingSinceMicroseconds == nil ? -1 : Int64(Self.gatherMicroseconds / 4)
            if kymo_wait_readable(reader.descriptor, wait) == 1 { reader.wait() }
        }
    }

    private func finishMotionIfDue(_ printer: inout Printer) throws {
        guard let since = printer.pendingSinceMicroseconds else { return }
        if kymo_monotonic_microseconds() > since + Self.gatherMicroseconds { try printer.finishMotion() }
    }
}
