import Events

/// Who owned the keyboard when, as far back as the hold-back reaches, and how sure that is.
///
/// A change that the agent received at `r` took effect in the compositor some time before, but what the kernel stamped
/// before may still have lain unread in the compositor then, and have met the new focus. So an event is certain only when
/// a whole probe (two round trips, see `WaylandBackend.confirm`) was sent after it and answered before the change: it
/// was met in a turn of the compositor's loop that had ended. Any other is `uncertain`, however long before `r` it
/// happened: the agent may have been stopped, the compositor busy. How long round trips usually take proves nothing; in
/// an emulated machine one key in 400 that an estimate called certain was not.
///
/// What the record of the change states, `(earliest, r]`, is where the change is by the round trips seen of late, widened
/// to hold every event judged uncertain.
struct FocusTimeline {
    /// Plain values: looked at for every event. The strings stand beside them, in `descriptions`.
    struct Entry {
        var focus: FocusID
        var state: FocusState
        var keys: KeyRule
        var pointer: PointerRule
        /// Why nothing is recorded, where `keys` is off.
        var hiddenReason: SuppressionReason
        /// Equal for neighbours that differ in their title alone: such a change moves no keys.
        var place: UInt64
        /// When the agent received the change.
        var timeMicroseconds: UInt64
        /// Events at or before this time certainly met an entry before.
        var certainMicroseconds: UInt64
        /// What is stated of the change: it took effect after this time.
        var earliestMicroseconds: UInt64
        /// A round trip that ended after the change has been seen: `earliest` will not move any more.
        var isSettled: Bool
        var titles: TitleRule
        var interactions: InteractionRule
    }

    /// Flapping faster than this within one hold-back loses the oldest entries, which then count as unknown.
    static let capacity = 512
    /// What the kernel is allowed between its stamp on a key and the moment at which the compositor could read it.
    static let marginMicroseconds: UInt64 = 1_000
    /// An estimate beyond this says nothing any more.
    static let maximumSlackMicroseconds: UInt64 = 100_000

    private(set) var entries: [Entry] = []
    /// One per entry.
    private(set) var descriptions: [FocusDescription] = []
    /// How many of the newest entries have no record in the journal yet.
    private(set) var unwrittenCount = 0
    private var roundTrips = RoundTrips()
    /// When the last probe that was answered had been sent.
    private var lastSentMicroseconds: UInt64 = 0
    /// Changes that were forgotten before they had a record.
    private var forgotten: Loss?

    init() {
        entries.reserveCapacity(Self.capacity)
        descriptions.reserveCapacity(Self.capacity)
    }

    /// Events stamped before this are confirmed: the focus they met is known.
    private(set) var watermarkMicroseconds: UInt64 = 0

    var current: FocusDescription? { descriptions.last }
    var currentEntry: Entry? { entries.last }
    /// A change, or the account of one that was forgotten, is still to be written.
    var hasUnwritten: Bool { unwrittenCount > 0 || forgotten != nil }
    /// Of the newest change no round trip has been seen yet.
    private(set) var hasUnsettled = false

    /// Adds a change; `description` is already redacted by the rule.
    mutating func append(
        _ description: FocusDescription, rule: EffectiveRule, hiddenReason: SuppressionReason, timeMicroseconds: UInt64
    ) {
        // The agent's clock is ours (one machine), but a report may not rewrite what has been decided.
        let time = max(timeMicroseconds, entries.last?.timeMicroseconds ?? 0)
        let earliest = earliest(of: time, roundTrip: roundTrips.slowest)
        var place: UInt64 = 0
        if let last = entries.last, let before = descriptions.last {
            let isSamePlace =
                before.window == description.window && before.appID == description.appID
                && last.state == description.state && last.keys == rule.keys && last.pointer == rule.pointer
                && last.hiddenReason == hiddenReason
            place = isSamePlace ? last.place : last.place + 1
        }
        if entries.count == Self.capacity { removeOldest(Self.capacity / 2) }
        entries.append(
            Entry(
                focus: description.id, state: description.state, keys: rule.keys, pointer: rule.pointer,
                hiddenReason: hiddenReason, place: place, timeMicroseconds: time,
                certainMicroseconds: min(watermarkMicroseconds, time), earliestMicroseconds: min(earliest, time),
                isSettled: false, titles: rule.titles, interactions: rule.interactions))
        descriptions.append(description)
        hasUnsettled = true
        unwrittenCount += 1
    }

    /// Another way of asking has found the process of the window that has the focus: completes the newest entry, if it
    /// has no record yet. False: it takes a record of its own.
    mutating func complete(with description: FocusDescription) -> Bool {
        guard unwrittenCount > 0, let last = descriptions.last, last.processID == 0 else { return false }
        var completed = last
        completed.processID = description.processID
        guard completed.isSame(as: description) else { return false }
        descriptions[descriptions.count - 1] = completed
        return true
    }

    private mutating func removeOldest(_ count: Int) {
        for entry in entries[..<count].dropFirst(entries.count - unwrittenCount) {
            var loss =
                forgotten
                ?? Loss(
                    reason: .holdBackFull, startMicroseconds: entry.timeMicroseconds,
                    endMicroseconds: entry.timeMicroseconds, count: 0, detail: "focus changes")
            loss.endMicroseconds = entry.timeMicroseconds
            loss.count = loss.count.map { $0 + 1 }
            forgotten = loss
        }
        entries.removeFirst(count)
        descriptions.removeFirst(count)
        unwrittenCount = min(unwrittenCount, entries.count)
    }

    /// The agent's answer to a probe: sent and answered on CLOCK_MONOTONIC.
    mutating func confirm(sentMicroseconds: UInt64, answeredMicroseconds: UInt64) {
        guard answeredMicroseconds >= sentMicroseconds else { return }
        let roundTrip = answeredMicroseconds - sentMicroseconds
        roundTrips.add(roundTrip)
        for index in entries.indices.reversed() where !entries[index].isSettled {
            let time = entries[index].timeMicroseconds
            guard answeredMicroseconds >= time else { continue }
            // A probe that was on its way while the change happened measures just the delay in question.
            if sentMicroseconds <= time {
                entries[index].earliestMicroseconds = min(
                    entries[index].earliestMicroseconds, earliest(of: time, roundTrip: roundTrip))
            }
            entries[index].isSettled = true
        }
        hasUnsettled = entries.last.map { !$0.isSettled } ?? false
        raiseCertainty(sentMicroseconds: sentMicroseconds, answeredMicroseconds: answeredMicroseconds)
        lastSentMicroseconds = max(lastSentMicroseconds, sentMicroseconds)
        let margin = Self.marginMicroseconds
        watermarkMicroseconds = max(watermarkMicroseconds, sentMicroseconds > margin ? sentMicroseconds - margin : 0)
    }

    /// The answer may have been on its way to us, with terminals and fields still to be looked at, while a change of focus
    /// overtook it: the compositor had answered before it made that change all the same.
    private mutating func raiseCertainty(sentMicroseconds: UInt64, answeredMicroseconds: UInt64) {
        guard sentMicroseconds > Self.marginMicroseconds else { return }
        let proven = sentMicroseconds - Self.marginMicroseconds
        for index in entries.indices.reversed() {
            let time = entries[index].timeMicroseconds
            guard time > answeredMicroseconds else { break }
            entries[index].certainMicroseconds = max(entries[index].certainMicroseconds, min(proven, time))
        }
    }

    /// The estimate of when a change that was received at `time` took effect at the earliest.
    private func earliest(of time: UInt64, roundTrip: UInt64) -> UInt64 {
        let slack = min(max(roundTrip, 1_000), Self.maximumSlackMicroseconds) + 1_000
        return max(time > slack ? time - slack : 0, lastSentMicroseconds)
    }

    /// Nothing before `time` will be asked for any more.
    @inline(__always) mutating func forget(before time: UInt64) {
        if entries.count > 1 { forgetOldest(before: time) }
    }

    @inline(never) private mutating func forgetOldest(before time: UInt64) {
        guard entries[1].timeMicroseconds <= time else { return }
        // The entry in force at `time`, and whichever are still to be written, stay.
        let written = entries.count - unwrittenCount
        var keep = 0
        while keep + 1 < written, entries[keep + 1].timeMicroseconds <= time { keep += 1 }
        removeOldest(keep)
    }

    /// The oldest entry that has no record in the journal yet.
    var firstUnwritten: (entry: Entry, description: FocusDescription)? {
        guard unwrittenCount > 0 else { return nil }
        let index = entries.count - unwrittenCount
        return (entries[index], descriptions[index])
    }

    mutating func firstWasWritten() { unwrittenCount -= 1 }

    /// The account of changes that will have no record, once.
    mutating func takeForgotten() -> Loss? {
        defer { forgotten = nil }
        return forgotten
    }

    /// What held at a time.
    struct Attribution {
        var focus: FocusID
        var state: FocusState
        var keys: KeyRule
        var isUncertain: Bool
        /// One of the windows it may have met is one of which nothing at all is recorded.
        var isHidden: Bool
        /// Why, if it is.
        var hiddenReason: SuppressionReason
        /// Whether pointer and the like are recorded in all of them.
        var pointer: PointerRule
    }

    /// Widens what the changes around that time state of themselves, where they leave it uncertain.
    @inline(__always) mutating func attribution(at time: UInt64) -> Attribution {
        // Nearly always: what hands do is later than the last change of focus.
        if let newest = entries.last, newest.timeMicroseconds <= time { return Attribution(newest) }
        return attributionBeforeNewest(at: time)
    }

    @inline(never) private mutating func attributionBeforeNewest(at time: UInt64) -> Attribution {
        guard var index = entries.indices.last else { return .unknown }
        while index > 0, entries[index].timeMicroseconds > time { index -= 1 }
        let entry = entries[index]
        guard entry.timeMicroseconds <= time else { return .unknown }
        var result = Attribution(entry)
        var next = index + 1
        while next < entries.count, entries[next].certainMicroseconds < time {
            let other = entries[next]
            if other.place != entry.place {
                result.isUncertain = true
                result.keys = min(result.keys, other.keys)
                result.state = min(result.state, other.state)
                if other.isHidden, !result.isHidden || other.hiddenReason.mayBeSecret {
                    result.hiddenReason = other.hiddenReason
                }
                result.isHidden = result.isHidden || other.isHidden
                if other.state == .window { result.pointer = min(result.pointer, other.pointer) }
                entries[next].earliestMicroseconds = min(other.earliestMicroseconds, time - 1)
            }
            next += 1
        }
        return result
    }
}

extension FocusTimeline {
    /// What may be kept of an interaction in that window, or, where it is nil, in whichever had the keyboard: the strictest of
    /// all that held or may have held then. Nil: another window had it, or none, or nobody knows.
    func interactionRule(at time: UInt64, window: UInt64?) -> (interactions: InteractionRule, titles: TitleRule)? {
        guard var index = entries.lastIndex(where: { $0.timeMicroseconds <= time }),
            entries[index].state == .window, window == nil || descriptions[index].window == window
        else { return nil }
        var rule = (interactions: entries[index].interactions, titles: entries[index].titles)
        index += 1
        while index < entries.count, entries[index].certainMicroseconds < time {
            rule.interactions = min(rule.interactions, entries[index].interactions)
            rule.titles = min(rule.titles, entries[index].titles)
            index += 1
        }
        return rule
    }
}

extension FocusTimeline.Entry {
    fileprivate var isHidden: Bool { state == .window && keys == .off }

    func isUnder(_ rule: EffectiveRule) -> Bool {
        keys == rule.keys && pointer == rule.pointer && titles == rule.titles && interactions == rule.interactions
    }
}

extension FocusTimeline.Attribution {
    /// What certainly met that focus.
    @inline(__always) fileprivate init(_ entry: FocusTimeline.Entry) {
        self.init(
            focus: entry.focus, state: entry.state, keys: entry.keys, isUncertain: false, isHidden: entry.isHidden,
            hiddenReason: entry.hiddenReason, pointer: entry.pointer)
    }

    /// Nobody knows.
    fileprivate static let unknown = FocusTimeline.Attribution(
        focus: 0, state: .unknown, keys: .off, isUncertain: false, isHidden: false, hiddenReason: .rule, pointer: .on)
}

extension FocusTimeline.Attribution {
    /// What to say of an event that happened then. A press that is followed by a change within the uncertainty
    /// probably caused it (a click into another window, a shortcut that switches).
    func marks(for event: Event) -> Marks {
        guard isUncertain else { return [] }
        return switch event.payload {
        case .key(let key) where key.press == .pressed: [.uncertain, .causedFocusChange]
        case .button(let button) where button.press == .pressed: [.uncertain, .causedFocusChange]
        default: [.uncertain]
        }
    }
}

extension FocusState: Comparable {
    /// Less known is less.
    public static func < (a: FocusState, b: FocusState) -> Bool { a.rawValue < b.rawValue }
}

/// The last sixteen round trips through the compositor.
private struct RoundTrips {
    private var recent: [UInt64] = Array(repeating: 0, count: 16)
    private var next = 0
    private(set) var slowest: UInt64 = 0

    mutating func add(_ microseconds: UInt64) {
        recent[next] = microseconds
        next = (next + 1) % recent.count
        slowest = recent.max() ?? 0
    }
}
