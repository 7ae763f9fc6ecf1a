import Events
import Journal
import Policy
import SystemPackage

/// One person's records out of a journal that may hold others', up to a moment: what comes later is not read, however
/// slowly it is asked for, so that nobody can follow with it what is typed.
public struct OwnRecords {
    public enum Form: Sendable {
        case text, json, csv
    }
    /// What came of a pass.
    public struct Tally: Sendable, Equatable {
        public var records: UInt64 = 0
        /// Places that could not be read.
        public var damages: UInt64 = 0
    }

    private let directory: FilePath
    private let userID: UInt32
    private let query: Query
    private let endSequence: UInt64

    /// As of now.
    public init(directory: FilePath, userID: UInt32, query: Query) throws(JournalError) {
        self.directory = directory
        self.userID = userID
        self.query = query
        endSequence = try JournalReader(directory: directory, start: .end).endSequence()
    }

    /// How many records `write` will hand out, unless some are deleted or forgotten in between.
    public func count() throws -> Tally {
        var tally = Tally()
        try each { item, _ in tally.add(item) }
        return tally
    }

    /// Hands out lines, in pieces of any length.
    public func write(as form: Form, _ body: ([UInt8]) throws -> Void) throws -> Tally {
        var tally = Tally()
        var lines = OwnLines(form)
        try body(lines.header)
        try each { item, context in
            tally.add(item)
            let bytes = lines.take(item, context)
            if !bytes.isEmpty { try body(bytes) }
        }
        try body(lines.end())
        return tally
    }

    private func each(_ body: (JournalItem, EventContext) throws -> Void) throws {
        let start: JournalReader.Start = query.sinceMicroseconds.map { .since(UInt64(max($0, 0))) } ?? .oldest
        let reader = try JournalReader(directory: directory, start: start)
        var context = EventContext()
        var isOwn = false
        /// What is missing in front of a segment is told before whose that is.
        var gap: JournalItem?
        while let item = try reader.next() {
            switch item {
            case .segment(let header):
                if header.firstSequence >= endSequence { return }
                isOwn = header.userID == userID
                if isOwn, let gap { try show(gap, &context, body) }
                gap = nil
            case .damage(let damage) where damage.offset == 0:
                gap = item
                continue
            case .event(let stored) where stored.sequence >= endSequence: return
            case .forgotten(let span) where span.sequences.lowerBound >= endSequence: return
            default: break
            }
            guard isOwn else { continue }
            if query.isBeyond(item, context) { return }
            try show(item, &context, body)
        }
    }

    private func show(
        _ item: JournalItem, _ context: inout EventContext, _ body: (JournalItem, EventContext) throws -> Void
    ) rethrows {
        context.follow(item)
        if query.selects(item, context) { try body(item, context) }
        context.settle(item)
    }
}

extension OwnRecords.Tally {
    fileprivate mutating func add(_ item: JournalItem) {
        switch item {
        case .event: records += 1
        case .damage: damages += 1
        case .segment, .context, .forgotten: break
        }
    }
}

/// Items in, bytes of one form out.
private struct OwnLines {
    private let form: OwnRecords.Form
    private var json = JSONFormat()
    private var csv = CSVFormat()
    private var short = ShortFormat(isColored: false, showsAll: false)
    private var date = ""

    init(_ form: OwnRecords.Form) { self.form = form }

    var header: [UInt8] { form == .csv ? CSVFormat.header : [] }

    mutating func take(_ item: JournalItem, _ context: EventContext) -> [UInt8] {
        var bytes: [UInt8] = []
        switch form {
        case .json: json.append(item, context, to: &bytes)
        case .csv: csv.append(item, context, to: &bytes)
        case .text:
            var lines: [ShortLine] = []
            short.append(item, context, to: &lines)
            append(lines, to: &bytes)
        }
        return bytes
    }

    mutating func end() -> [UInt8] {
        var bytes: [UInt8] = []
        guard form == .text else { return bytes }
        var lines: [ShortLine] = []
        short.finish(to: &lines)
        append(lines, to: &bytes)
        return bytes
    }

    private mutating func append(_ lines: [ShortLine], to bytes: inout [UInt8]) {
        for line in lines {
            if !line.date.isEmpty, line.date != date {
                date = line.date
                bytes += Array((short.heading(date) + "\n").utf8)
            }
            bytes += Array((line.text + "\n").utf8)
        }
    }
}
