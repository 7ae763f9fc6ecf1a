import ArgumentParser
import Export
import Journal

/// Items in, lines out: follows what records refer to, leaves out what is not asked for, formats the rest.
struct Printer {
    private var context = EventContext()
    private(set) var hasDamage = false
    private let query: Query
    private let showsCursor: Bool
    private var json: JSONFormat?
    private var short: ShortFormat
    private var output = StandardOutput()
    /// Above which lines were printed last.
    private var date = ""
    /// Of the last item that was shown.
    private var cursor: Cursor?
    /// While it is set only so many of the last lines are kept, to be printed by `release`.
    private var held: LastLines?

    init(query: Query, form: OutputArguments, lastLines: Int? = nil) {
        self.query = query
        showsCursor = form.showCursor
        json = form.output == .json ? JSONFormat(showsCursor: form.showCursor) : nil
        short = ShortFormat(isColored: StandardOutput.isColored, showsAll: form.all)
        held = lastLines.map { LastLines(limit: $0) }
    }

    /// False once nothing more can be wanted.
    mutating func take(_ item: JournalItem) throws -> Bool {
        context.follow(item)
        defer { context.settle(item) }
        if case .damage = item { hasDamage = true }
        if query.isBeyond(item, context) { return false }
        guard query.selects(item, context) else { return true }
        cursor = context.place(of: item) ?? cursor
        if json != nil {
            var line: [UInt8] = []
            json?.append(item, context, to: &line)
            if !line.isEmpty { try print(Line(date: "", bytes: line)) }
        } else {
            var lines: [ShortLine] = []
            short.append(item, context, to: &lines)
            try print(lines)
        }
        return true
    }

    /// Tells one run of motion that is gathered into a line from the next; nil if none is.
    var gathering: UInt64? { short.gathering }

    /// Prints the motion that is being gathered.
    mutating func finishMotion() throws {
        var lines: [ShortLine] = []
        short.finish(to: &lines)
        try print(lines)
    }

    /// Whether there were more lines than are kept.
    var hasLeftLinesOut: Bool { held?.hasLeftLinesOut ?? false }

    /// From now on every line is printed at once.
    mutating func release() throws {
        guard let kept = held else { return }
        held = nil
        for line in kept.lines { try print(line) }
    }

    mutating func flush() throws { try output.flush() }

    /// The end of a command that reads to the end.
    mutating func end() throws {
        try finishMotion()
        try release()
        if showsCursor, json == nil, let cursor { try output.print("-- cursor: \(cursor)") }
        try flush()
        if hasDamage { throw Outcome.damaged }
    }

    private mutating func print(_ lines: [ShortLine]) throws {
        for line in lines { try print(Line(date: line.date, bytes: Array((line.text + "\n").utf8))) }
    }

    private mutating func print(_ line: Line) throws {
        guard held == nil else {
            held?.append(line)
            return
        }
        if !line.date.isEmpty, line.date != date {
            date = line.date
            try output.print(short.heading(date))
        }
        try output.print(bytes: line.bytes)
    }
}

/// A line as it is printed, with its newline, and the day it belongs under.
private struct Line {
    var date: String
    var bytes: [UInt8]
}

/// The last so many lines.
private struct LastLines {
    private let limit: Int
    private var ring: [Line] = []
    private var next = 0
    private(set) var hasLeftLinesOut = false

    init(limit: Int) { self.limit = limit }

    mutating func append(_ line: Line) {
        if ring.count < limit {
            ring.append(line)
            return
        }
        hasLeftLinesOut = true
        guard limit > 0 else { return }
        ring[next] = line
        next = (next + 1) % limit
    }

    var lines: ArraySlice<Line> { ring[next...] + ring[..<next] }
}
