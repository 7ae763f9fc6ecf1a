import Events
import Journal

/// A line for a person, and the day it belongs under; no day: any.
public struct ShortLine: Sendable, Equatable {
    public var date: String
    public var text: String
}

/// Lines for a person at a terminal: time, app, kind, and what happened in words.
public struct ShortFormat {
    private let style: Style
    private let showsAll: Bool
    private var timestamp = Timestamp()
    /// Motion that is being gathered, and where it began: its window and the clock may have changed since.
    private var fold: (motion: MotionFold, place: Place)?

    private struct Place {
        var app: String
        var realtimeMicroseconds: Int64
    }

    /// - Parameters:
    ///   - isColored: with terminal colours.
    ///   - showsAll: every report of motion, where else runs become one line with counts; and state each time it is
    ///     repeated, where else it is shown only before everything else.
    public init(isColored: Bool, showsAll: Bool) {
        style = Style(isColored: isColored)
        self.showsAll = showsAll
    }

    /// Counts the runs of motion, so that one can be told from the next; nil while none is gathered.
    public var gathering: UInt64? { fold == nil ? nil : foldCount }
    private var foldCount: UInt64 = 0

    /// What stands above the lines of a day.
    public func heading(_ date: String) -> String { style.paint("-- \(date) --", .dim) }

    /// Appends the lines that this item completes.
    public mutating func append(_ item: JournalItem, _ context: EventContext, to lines: inout [ShortLine]) {
        switch item {
        case .segment, .context: return
        case .damage(let damage):
            finish(to: &lines)
            lines.append(note("damage", damage.description, .alarm))
        case .forgotten(let span):
            finish(to: &lines)
            lines.append(
                note(
                    "forgotten",
                    "records \(span.sequences.lowerBound) to \(span.sequences.upperBound - 1) were forgotten", .dim))
        case .event(let stored):
            if stored.event.marks.contains(.snapshot), !showsAll, !context.isOpening { return }
            append(stored.event, context, to: &lines)
        }
    }

    private mutating func append(_ event: Event, _ context: EventContext, to lines: inout [ShortLine]) {
        let motion = showsAll ? nil : MotionFold(event)
        if motion != nil, fold?.motion.add(event) == true { return }
        finish(to: &lines)
        let place = Place(
            app: context.appID(event.focus).map { $0.isEmpty ? "(withheld)" : $0.visible } ?? "-",
            realtimeMicroseconds: context.realtimeMicroseconds(event.timeMicroseconds))
        if let motion {
            foldCount += 1
            fold = (motion, place)
        } else {
            lines.append(row(event, place, text: event.text(context), role: event.role))
        }
    }

    /// Appends the line of the motion that is being gathered.
    public mutating func finish(to lines: inout [ShortLine]) {
        guard let (motion, place) = fold else { return }
        fold = nil
        lines.append(row(motion.first, place, text: motion.text, role: .dim))
    }

    private mutating func row(_ event: Event, _ place: Place, text: String, role: Style.Role) -> ShortLine {
        var notes = ""
        if event.marks.contains(.uncertain) { notes += " (which window: uncertain)" }
        if event.marks.contains(.snapshot) { notes += " (state that was in force already)" }
        return ShortLine(
            date: timestamp.localDate(place.realtimeMicroseconds),
            text: columns(
                time: timestamp.localTime(place.realtimeMicroseconds), app: place.app,
                name: event.payload.recordName.rawValue, text: text + notes, role: role))
    }

    /// What has no time and no window.
    private func note(_ name: String, _ text: String, _ role: Style.Role) -> ShortLine {
        ShortLine(date: "", text: columns(time: "", app: "", name: name, text: text, role: role))
    }

    private func columns(time: String, app: String, name: String, text: String, role: Style.Role) -> String {
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
        case .key, .keyCounts, .button, .interaction, .pointerPlace: .strong
        case .motion, .position, .clock, .layout, .output, .settings, .windowPlace: .dim
        default: .plain
        }
    }
}
