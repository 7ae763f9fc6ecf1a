import Journal

/// A journal's files for programs: docs/JSON.md, "kymo journal list".
public struct SegmentFormat {
    private var timestamp = Timestamp()

    public init() {}

    /// One line.
    public mutating func json(_ segment: SegmentSummary) -> [UInt8] {
        var object = JSONObject()
        object.put("file", segment.name.fileName)
        object.put("segment", segment.name.number)
        object.put("state", segment.state.rawValue)
        object.put("bytes", segment.bytes)
        if let header = segment.header {
            object.put("id", header.segmentID.description)
            object.put("machine", header.machineID.description)
            object.put("boot", header.bootID.description)
            object.put("subject", header.subject)
            object.put("user_id", header.userID)
            if !header.session.isEmpty { object.put("session", header.session) }
            object.put("from", timestamp.utc(Int64(bitPattern: header.realtimeMicroseconds)))
            object.put("to", timestamp.utc(Int64(bitPattern: segment.lastRealtimeMicroseconds)))
            object.put("first_sequence", header.firstSequence)
            object.put("records", segment.records)
            object.put("forgotten", segment.forgotten)
            object.put("lost_events", segment.lostEvents)
            object.put("unknown_losses", segment.unknownLosses)
        } else {
            object.put("reason", segment.problem)
        }
        return line(object)
    }

    public mutating func json(_ file: TornFile) -> [UInt8] {
        var object = JSONObject()
        object.put("file", file.name)
        object.put("segment", file.number)
        object.put("state", "torn")
        object.put("bytes", file.bytes)
        return line(object)
    }

    /// The line of `kymo verify`; what is wrong with the segment is a `damage` line of its own.
    public func json(_ segment: SegmentVerification) -> [UInt8] {
        var object = JSONObject()
        object.put("file", segment.name.fileName)
        object.put("segment", segment.name.number)
        object.put("verdict", segment.verdict.rawValue)
        object.put("bytes", segment.bytes)
        object.put("chunks", segment.chunks)
        object.put("records", segment.events)
        object.put("forgotten", segment.forgotten)
        object.put("losses", segment.losses)
        return line(object)
    }

    private func line(_ object: JSONObject) -> [UInt8] {
        var line: [UInt8] = []
        object.finish(into: &line)
        line.append(UInt8(ascii: "\n"))
        return line
    }
}

/// A journal's files for people.
public struct SegmentTable {
    public let lines: [String]

    public init(_ segments: [SegmentSummary], _ torn: [TornFile]) {
        var moment = LocalMoment()
        let rows =
            segments.map { ($0.name.number, Self.row($0, &moment)) }
            + torn.map { ($0.number, [$0.name, "", "", ByteSize.text($0.bytes), "", "", "torn"]) }
        let heads = ["FILE", "FROM", "TO", "SIZE", "RECORDS", "LOST", "STATE"]
        let cells = [heads] + rows.sorted { $0.0 < $1.0 }.map(\.1)
        let widths = heads.indices.map { column in cells.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        let isNumber = [false, false, false, true, true, true, false]
        var lines = cells.map { row in
            let padded = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
                return isNumber[column] ? space + cell : cell + space
            }
            return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
        lines.append(Self.total(segments, torn))
        self.lines = lines
    }

    private static func row(_ segment: SegmentSummary, _ moment: inout LocalMoment) -> [String] {
        guard let header = segment.header else {
            return [
                segment.name.fileName, "", "", ByteSize.text(segment.bytes), "", "",
                "unreadable: \(segment.problem)",
            ]
        }
        let from = moment.text(header.realtimeMicroseconds)
        let to = moment.text(segment.lastRealtimeMicroseconds)
        var state = segment.state.rawValue
        if segment.forgotten > 0 { state += ", \(segment.forgotten) records forgotten" }
        return [
            segment.name.fileName, from, to.prefix(10) == from.prefix(10) ? String(to.dropFirst(11)) : to,
            ByteSize.text(segment.bytes), "\(segment.records)", lost(segment.lostEvents, UInt64(segment.unknownLosses)),
            state,
        ]
    }

    /// `-`, `12`, `12 + 1`.
    private static func lost(_ events: UInt64, _ unknown: UInt64) -> String {
        if events == 0, unknown == 0 { return "-" }
        return unknown == 0 ? "\(events)" : "\(events) + \(unknown)"
    }

    private static func total(_ segments: [SegmentSummary], _ torn: [TornFile]) -> String {
        let bytes = segments.reduce(0) { $0 + $1.bytes } + torn.reduce(0) { $0 + $1.bytes }
        let records = segments.reduce(0) { $0 + $1.records }
        let events = segments.reduce(0) { $0 &+ $1.lostEvents }
        let unknown = segments.reduce(0) { $0 + UInt64($1.unknownLosses) }
        let losses = events == 0 && unknown == 0 ? "nothing lost" : "lost: \(lost(events, unknown))"
        return "\(counted(UInt64(segments.count), "segment")), \(ByteSize.text(bytes)), "
            + "\(counted(records, "record")), \(losses)"
    }
}
