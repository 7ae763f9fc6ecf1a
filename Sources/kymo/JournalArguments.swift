import ArgumentParser
import Events
import Export
import Glibc
import Journal
import Policy
import SystemPackage

struct JournalArguments: ParsableArguments {
    @Option(name: .long, help: "The directory to read; any that you may read.")
    var journal = Self.systemJournal

    /// - Parameter hint: what to do if there is no such place.
    func reader(from start: JournalReader.Start, hint: String = "") throws -> JournalReader {
        do {
            return try JournalReader(directory: FilePath(journal), start: start)
        } catch {
            if case .cursor = error { throw fail("\(error)\(hint)") }
            throw fail("\(error)")
        }
    }
}

struct PlaceArguments: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Begin with the record that this cursor names.", valueName: "id:number"))
    var cursor: Cursor?

    @Option(
        name: .long, help: ArgumentHelp("Begin behind the record that this cursor names.", valueName: "id:number"))
    var afterCursor: Cursor?

    func validate() throws {
        if cursor != nil, afterCursor != nil {
            throw ValidationError("--cursor and --after-cursor: one of them expected")
        }
    }

    /// Nil: neither is given.
    var start: JournalReader.Start? { cursor.map { .at($0) } ?? afterCursor.map { .after($0) } }
}

extension Cursor: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

enum OutputForm: String, ExpressibleByArgument, CaseIterable {
    case short, json
}

struct OutputArguments: ParsableArguments {
    @Option(name: .long, help: "short: for people; json: one object per line (docs/JSON.md).")
    var output = OutputForm.short

    @Flag(name: .long, help: "Show each report of motion on a line of its own, and state that is only repeated.")
    var all = false

    @Flag(
        name: .long,
        help: "Say where to go on with --after-cursor: short, in a last line; json, in a field 'cursor' of every line.")
    var showCursor = false
}

struct QueryArguments: ParsableArguments {
    @Option(name: .long, help: "Only what happened at this moment or later: \(Moment.forms).")
    var since: String?

    @Option(name: .long, help: "Only what happened before this moment.")
    var until: String?

    @Option(name: .long, help: "Only what happened in apps whose id matches; * and ? stand for any characters.")
    var app: [String] = []

    @Option(
        name: .long,
        help: "Only these kinds, separated by commas: \(RecordName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: String?

    @Option(name: .long, help: "Only this device: its number, its node (event5), or part of its name.")
    var device: String?

    /// Where reading must begin to meet all that is selected.
    func start(_ query: Query) -> JournalReader.Start {
        query.sinceMicroseconds.map { .since(UInt64(max($0, 0))) } ?? .oldest
    }

    func query() throws -> Query {
        var query = Query()
        query.sinceMicroseconds = try moment(since, "--since")
        query.untilMicroseconds = try moment(until, "--until")
        query.apps = try app.map { pattern in
            guard let glob = AppGlob(pattern) else {
                throw ValidationError("--app '\(pattern)': 1 to \(AppGlob.lengthLimit) bytes expected")
            }
            return glob
        }
        query.names = try kind.map(Self.names)
        query.device = device.map { text in UInt16(text).map { .number($0) } ?? .name(text) }
        return query
    }

    private func moment(_ text: String?, _ option: String) throws -> Int64? {
        guard let text else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
        guard let moment = Moment.parse(text, nowMicroseconds: microseconds) else {
            throw ValidationError("\(option) '\(text)': expected \(Moment.forms)")
        }
        return moment
    }

    private static func names(_ list: String) throws -> Set<RecordName> {
        var names: Set<RecordName> = []
        for word in list.split(separator: ",") {
            guard let name = RecordName(rawValue: word.trimmed) else {
                throw ValidationError(
                    "--kind '\(word)': expected of \(RecordName.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            names.insert(name)
        }
        return names
    }
}

extension Substring {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
