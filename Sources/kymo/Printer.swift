import ArgumentParser
import Export
import Journal

/// Items in, lines out: follows what records refer to, leaves out what is not asked for, formats the rest.
struct Printer {
    private(set) var context = EventContext()
    private(set) var hasDamage = false
    private let query: Query
    private var json: JSONFormat?
    private var short: ShortFormat
    private var output = StandardOutput()
    /// While it is set only so many of the last lines are kept, to be printed by `release`.
    private var heldLines: HeldLines?

    init(query: Query, form: OutputArguments, lastLines: Int? = nil) {
        self.query = query
        json = form.output == .json ? JSONFormat() : nil
        short = ShortFormat(isColored: StandardOutput.isColored, foldsMotion: !form.all)
        heldLines = lastLines.map { HeldLines(limit: $0) }
    }

    /// False once nothing more can be wanted.
    mutating func take(_ item: JournalItem) throws -> Bool {
        context.follow(item)
        defer { context.settle(item) }
        if case .damage = item { hasDamage = true }
        if query.isBeyond(item, context) { return false }
        guard query.selects(item, context) else { return true }
        if json != nil {
            var line: [UInt8] = []
            json?.append(item, context, to: &line)
            if heldLines != nil { heldLines?.append(line) } else { try output.print(bytes: line) }
        } else {
            var lines: [String] = []
            short.append(item, context, to: &lines)
            try print(lines)
        }
        return true
    }

    /// CLOCK_MONOTONIC, µs: since when motion is being gathered into a line; nil if none is.
    var pendingSinceMicroseconds: UInt64? { short.pendingSinceMicroseconds }

    /// Prints the motion that is being gathered.
    mutating func finishMotion() throws {
        var lines: [String] = []
        short.finish(context, to: &lines)
        try print(lines)
    }

    /// From now on every line is printed at once.
    mutating func release() throws {
        guard let held = heldLines else { return }
        heldLines = nil
        for line in held.lines { try output.print(bytes: line) }
    }

    mutating func flush() throws { try output.flush() }

    /// The end of a command that reads to the end.
    mutating func end() throws {
        try finishMotion()
        try release()
        try flush()
        if hasDamage { throw Outcome.damaged }
    }

    private mutating func print(_ lines: [String]) throws {
        for line in lines {
            if heldLines != nil { heldLines?.append(Array((line + "\n").utf8)) } else { try output.print(line) }
        }
    }
}

/// The last so many lines.
private struct HeldLines {
    private let limit: Int
    private var ring: [[UInt8]] = []
    private var next = 0

    init(limit: Int) { self.limit = limit }

    mutating func append(_ line: [UInt8]) {
        guard limit > 0 else { return }
        if ring.count < limit {
            ring.append(line)
        } else {
            ring[next] = line
            next = (next + 1) % limit
        }
    }

    var lines: ArraySlice<[UInt8]> { ring[next...] + ring[..<next] }
}
