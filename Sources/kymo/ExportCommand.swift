import ArgumentParser
import Export
import Glibc
import Journal

enum ExportForm: String, ExpressibleByArgument, CaseIterable {
    case jsonl, csv
}

struct ExportCommand: ParsableCommand, ReadsJournal {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what was recorded for other programs, one line per record.",
        discussion: """
            jsonl: one JSON object per line (docs/JSON.md). csv: one column per field (docs/CSV.md). Losses, \
            suppressions, damage and what was forgotten are lines as well, whatever apps, devices and kinds are asked \
            for: data without them looks complete when it is not.

            With --cursor-file a run goes on where the one before ended.
            """)

    @Argument(help: "What to write.")
    var form: ExportForm

    @OptionGroup var journal: JournalArguments
    @OptionGroup var place: PlaceArguments
    @OptionGroup var selection: QueryArguments

    @Option(name: .long, help: "Write to this file, which appears only when it is whole. Without it: standard output.")
    var file: String?

    @Flag(name: .long, help: "--file may replace a file that is there.")
    var replace = false

    @Option(
        name: .long,
        help: "Begin behind the cursor in this file, if there is one, and write the last one into it when all is out.")
    var cursorFile: String?

    @Flag(name: .long, help: "csv: no line with the names of the columns.")
    var noHeader = false

    func validate() throws {
        if cursorFile != nil, place.start != nil {
            throw ValidationError("--cursor-file says where to begin; --cursor and --after-cursor do not go with it")
        }
        if replace, file == nil { throw ValidationError("--replace: of which --file?") }
        if noHeader, form != .csv { throw ValidationError("--no-header: only csv has one") }
    }

    func run() throws {
        var query = try selection.query()
        query.keepsAccounts = true
        let mark = cursorFile.map(CursorFile.init)
        let begun = try mark?.read()
        let start = begun.map { .after($0) } ?? place.start ?? selection.start(query)
        let hint =
            begun == nil ? "" : "; \(cursorFile ?? "") has this cursor: without the file the oldest record comes first"
        let reader = try journal.reader(from: start, hint: hint)
        let target = try file.map { try NewFile($0, replaces: replace) }
        var exporter = Exporter(
            query: query, form: form, isCut: mark != nil, hasHeader: !noHeader,
            output: target.map { StandardOutput(descriptor: $0.descriptor, name: file ?? "") } ?? StandardOutput())
        do {
            try exporter.run(reader, isToTerminal: target == nil && StandardOutput.isTerminal)
            try target?.publish()
        } catch let code as ExitCode where code == .success && mark != nil {
            throw fail("whoever read the output went away; \(cursorFile ?? "") was left as it was")
        }
        if let mark, let cursor = exporter.cursor { try mark.write(cursor, readBy: reader) }
        if exporter.hasDamage { throw Outcome.damaged }
    }
}

/// Items in, bytes out.
private struct Exporter {
    let query: Query
    let form: ExportForm
    /// Ends with the first record that lies beyond `until`, so that no record before the cursor was left out for its time
    /// alone. Else a few that are a little out of order are looked for behind it.
    let isCut: Bool
    let hasHeader: Bool
    var output: StandardOutput
    private var context = EventContext()
    private var json = JSONFormat()
    private var csv = CSVFormat()
    private(set) var hasDamage = false
    private var lines: UInt64 = 0
    private var bytes: UInt64 = 0

    init(query: Query, form: ExportForm, isCut: Bool, hasHeader: Bool, output: StandardOutput) {
        self.query = query
        self.form = form
        self.isCut = isCut
        self.hasHeader = hasHeader
        self.output = output
    }

    /// Behind everything that was looked at.
    var cursor: Cursor? { context.cursor }

    mutating func run(_ reader: JournalReader, isToTerminal: Bool) throws {
        if form == .csv, hasHeader { try output.print(bytes: CSVFormat.header) }
        var progress = Progress(endSequence: reader.endSequence(), outputIsTerminal: isToTerminal)
        defer { progress.end() }
        var line: [UInt8] = []
        while let item = try next(reader) {
            context.follow(item)
            if isCut ? query.isAtEnd(item, context) : query.isBeyond(item, context) { break }
            if case .damage = item { hasDamage = true }
            if query.selects(item, context) {
                line.removeAll(keepingCapacity: true)
                append(item, to: &line)
                try output.print(bytes: line)
                lines += line.isEmpty ? 0 : 1
                bytes += UInt64(line.count)
            }
            context.settle(item)
            if let cursor = context.cursor { progress.report(sequence: cursor.sequence, lines: lines, bytes: bytes) }
        }
        try output.flush()
    }

    private mutating func append(_ item: JournalItem, to line: inout [UInt8]) {
        switch form {
        case .jsonl: json.append(item, context, to: &line)
        case .csv: csv.append(item, context, to: &line)
        }
    }
}

/// Where an export ended, for the next one to go on.
private struct CursorFile {
    let path: String

    /// Nil: there is no file yet.
    func read() throws -> Cursor? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw fail("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard let cursor = Cursor(text) else {
            throw fail("\(path) has no cursor in it; take it away to begin with the oldest record")
        }
        return cursor
    }

    /// Only now that the output is out. What the cursor names must be there after a power cut as well.
    func write(_ cursor: Cursor, readBy reader: JournalReader) throws {
        do {
            try reader.sync()
        } catch {
            throw fail("\(error)")
        }
        // A file's bytes are made durable; a pipe's are its reader's.
        fsync(STDOUT_FILENO)
        let file = try NewFile(path, replaces: true)
        var out = StandardOutput(descriptor: file.descriptor, name: path)
        try out.print("\(cursor)")
        try out.flush()
        try file.publish()
    }
}
