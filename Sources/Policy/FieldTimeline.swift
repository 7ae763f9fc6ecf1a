import Events

/// What the field that has the keyboard leaves of what is typed into it, whatever the rule for the app. Less is stricter.
enum FieldLimit: UInt8, Comparable {
    /// A password's field: nothing at all is written.
    case password = 0
    /// A browser's private window: as if its rule were `off`.
    case privateWindow
    /// Nobody said what it is, or the app is registered with accessibility and does not say: no keys.
    case unanswered
    /// Who answers may be behind the keys: at most counts, and those only when there was time to hear that it was a
    /// password's (`LateCounts`).
    case late
    /// Nobody can say: at most counts.
    case counted
    /// Positively something else than a password's field: the rule alone decides.
    case open

    init(_ field: FieldDescription) {
        if field.access == .password || field.purpose == .password {
            self = .password
        } else if field.isPrivate {
            self = .privateWindow
        } else {
            self =
                switch field.access {
                case .unknown, .failing, .password: .unanswered
                case .notRegistered: .counted
                case .late: .late
                case .other: .open
                }
        }
    }

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Which kind of field had the keyboard when, as far back as the hold-back reaches.
///
/// A change that the agent heard of at `r` was made by the app some time before. So, as for windows (`FocusTimeline`),
/// an event belongs to the field before for certain only if a whole check was begun after it and ended before `r`; to
/// every other event since then the stricter of both applies. Unlike windows it makes no records: that a password's
/// field had the keyboard shows in what was withheld.
struct FieldTimeline {
    private struct Entry {
        var window: UInt64
        var limit: FieldLimit
        var isTerminal: Bool
        /// The window got the focus, and nobody has said yet what in it has the keyboard.
        var isAwaited: Bool
        var timeMicroseconds: UInt64
        /// Events at or before this time certainly met an entry before.
        var certainMicroseconds: UInt64
    }

    /// Flapping faster than this within one hold-back loses the oldest entries, which then count as unanswered.
    static let capacity = 512
    private var entries: [Entry] = [] {
        didSet { isLate = entries.last?.limit == .late }
    }
    /// What holds now is late. Looked at for every event.
    private(set) var isLate = false

    init() { entries.reserveCapacity(Self.capacity) }

    /// Another window has the keyboard: nothing is known of its fields yet.
    mutating func focusMoved(to window: UInt64, atMicroseconds time: UInt64, watermarkMicroseconds: UInt64) {
        add(
            Entry(
                window: window, limit: .unanswered, isTerminal: false, isAwaited: true, timeMicroseconds: time,
                certainMicroseconds: watermarkMicroseconds))
    }

    /// The agent's word on the window that has the focus; about any other it is late, and means nothing.
    mutating func told(
        _ field: FieldDescription, window: UInt64, sinceMicroseconds time: UInt64, watermarkMicroseconds: UInt64
    ) {
        guard let last = entries.last, last.window == window else { return }
        let limit = FieldLimit(field)
        if last.isAwaited, time <= last.timeMicroseconds {
            // Nothing has changed since the window got the focus.
            entries[entries.count - 1].isAwaited = false
            entries[entries.count - 1].limit = limit
            entries[entries.count - 1].isTerminal = field.isTerminal
            return
        }
        guard last.limit != limit || last.isTerminal != field.isTerminal || last.isAwaited else { return }
        add(
            Entry(
                window: window, limit: limit, isTerminal: field.isTerminal, isAwaited: false, timeMicroseconds: time,
                certainMicroseconds: watermarkMicroseconds))
    }

    private mutating func add(_ entry: Entry) {
        var entry = entry
        entry.timeMicroseconds = max(entry.timeMicroseconds, entries.last?.timeMicroseconds ?? 0)
        entry.certainMicroseconds = min(entry.certainMicroseconds, entry.timeMicroseconds)
        if entries.count == Self.capacity { entries.removeFirst(Self.capacity / 2) }
        entries.append(entry)
    }

    /// What held at a time: the strictest of all that may have.
    struct Held: Equatable {
        var limit: FieldLimit
        /// One of the windows that it may have met is a terminal.
        var isTerminal: Bool
    }

    /// What holds now, and since when; nil: nothing is known yet.
    @inline(__always) var newest: (held: Held, sinceMicroseconds: UInt64)? {
        entries.last.map { (Held(limit: $0.limit, isTerminal: $0.isTerminal), $0.timeMicroseconds) }
    }

    @inline(__always) func held(at time: UInt64) -> Held {
        // Nearly always: what hands do is later than the last change of a field.
        if let newest = entries.last, newest.timeMicroseconds <= time {
            return Held(limit: newest.limit, isTerminal: newest.isTerminal)
        }
        return heldBeforeNewest(at: time)
    }

    @inline(never) private func heldBeforeNewest(at time: UInt64) -> Held {
        guard var index = entries.indices.last else { return Held(limit: .unanswered, isTerminal: false) }
        while index > 0, entries[index].timeMicroseconds > time { index -= 1 }
        guard entries[index].timeMicroseconds <= time else { return Held(limit: .unanswered, isTerminal: true) }
        var result = Held(limit: entries[index].limit, isTerminal: entries[index].isTerminal)
        var next = index + 1
        while next < entries.count, entries[next].certainMicroseconds < time {
            result.limit = min(result.limit, entries[next].limit)
            result.isTerminal = result.isTerminal || entries[next].isTerminal
            next += 1
        }
        return result
    }

    /// When the field that had the keyboard at `time` got it, and when it lost it; nil: it has it still.
    func span(at time: UInt64) -> (startMicroseconds: UInt64, endMicroseconds: UInt64?) {
        guard let index = entries.lastIndex(where: { $0.timeMicroseconds <= time }) else { return (time, time) }
        let limit = held(at: time).limit
        // An event just before the change, judged by the field after it.
        var first = index
        while first + 1 < entries.count, entries[first].limit != limit { first += 1 }
        let end = entries[first...].first { $0.limit != limit }?.timeMicroseconds
        return (min(entries[first].timeMicroseconds, time), end)
    }

    /// Nothing before `time` will be asked for any more.
    @inline(__always) mutating func forget(before time: UInt64) {
        if entries.count > 1 { forgetOldest(before: time) }
    }

    @inline(never) private mutating func forgetOldest(before time: UInt64) {
        var keep = 0
        while keep + 1 < entries.count, entries[keep + 1].timeMicroseconds <= time { keep += 1 }
        if keep > 0 { entries.removeFirst(keep) }
    }
}
