import Events
import Journal

/// Lines for a person at a terminal: time, app, kind, and what happened in words.
public struct ShortFormat {
    private let style: Style
    private let foldsMotion: Bool
    private var timestamp = Timestamp()
    private var date = ""
    private var fold: MotionFold?
    /// The segment of which something that happened was shown: what it repeats from then on is no news.
    private var segmentShown: UInt64?

    /// - Parameters:
    ///   - isColored: with terminal colours.
    ///   - foldsMotion: runs of motion become one line with counts.
    public init(isColored: Bool, foldsMotion: Bool) {
        style = Style(isColored: isColored)
        self.foldsMotion = foldsMotion
    }

    /// Appends the lines that this item completes.
    public mutating func append(_ item: JournalItem, _ context: EventContext, to lines: inout [String]) {
        switch item {
        case .segment, .context: return
        case .damage(let damage):
            finish(context, to: &lines)
            lines.append(row(time: "", app: "", name: "damage", text: damage.description, role: .alarm))
        case .forgotten(let span):
            finish(context, to: &lines)
            let numbers = "sequence numbers \(span.sequences.lowerBound) to \(span.sequences.upperBound - 1)"
            lines.append(row(time: "", app: "", name: "forgotten", text: "\(numbers) were forgotten", role: .dim))
        case .event(let stored):
            guard isShown(stored) else { return }
            if foldsMotion, let folded = MotionFold(stored.event) {
                if fold?.add(stored.event) == true { return }
                finish(context, to: &lines)
                fold = folded
                return
            }
            finish(context, to: &lines)
            append(stored.event, context, to: &lines)
        }
    }

    /// State is repeated every MiB, for readers that begin there; in the middle of a segment it is no news.
    private mutating func isShown(_ stored: StoredEvent) -> Bool {
        if stored.event.marks.contains(.snapshot) { return segmentShown != stored.segment }
        segmentShown = stored.segment
        return true
    }

    /// Appends the line of the motion that is being gathered.
    public mutating func finish(_ context: EventContext, to lines: inout [String]) {
        guard let folded = fold else { return }
        fold = nil
        appendDate(folded.first.timeMicroseconds, context, to: &lines)
        lines.append(
            row(
                event: folded.first, context, name: folded.first.payload.recordName.rawValue,
                text: folded.text, role: .dim))
    }

    /// When the gathered motion began (CLOCK_MONOTONIC, µs); nil if there is none.
    public var pendingSinceMicroseconds: UInt64? { fold?.first.timeMicroseconds }

    private mutating func append(_ event: Event, _ context: EventContext, to lines: inout [String]) {
        appendDate(event.timeMicroseconds, context, to: &lines)
        lines.append(
            row(
                event: event, context, name: event.payload.recordName.rawValue,
                text: event.text(context), role: event.role))
    }

    private mutating func appendDate(_ time: UInt64, _ context: EventContext, to lines: inout [String]) {
        let today = timestamp.localDate(context.realtimeMicroseconds(time))
        guard today != date else { return }
        date = today
        lines.append(style.paint("-- \(today) --", .dim))
    }

    private mutating func row(event: Event, _ context: EventContext, name: String, text: String, role: Style.Role)
        -> String
    {
        var notes = ""
        if event.marks.contains(.uncertain) { notes += " (which window: uncertain)" }
        if event.marks.contains(.snapshot) { notes += " (state at the start of the segment)" }
        let app = context.appID(event.focus).map { $0.isEmpty ? "(withheld)" : $0 } ?? "-"
        return row(
            time: timestamp.localTime(context.realtimeMicroseconds(event.timeMicroseconds)), app: app.visible,
            name: name, text: text + notes, role: role)
    }

    private func row(time: String, app: String, name: String, text: String, role: Style.Role) -> String {
        let kind = name.replacing("_", with: " ")
        return style.paint(time.column(15), .dim) + "  " + app.column(20) + "  " + style.paint(kind.column(14), role)
            + "  " + style.paint(text, role == .alarm ? .alarm : .plain)
    }
}

extension Event {
    fileprivate var role: Style.Role {
        switch payload {
        case .loss: .alarm
        case .suppression: .warning
        case .focus: .focus
        case .key, .keyCounts, .button: .strong
        case .motion, .position, .clock, .layout: .dim
        default: .plain
        }
    }
}
