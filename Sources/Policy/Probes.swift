import Events

/// The questions that are out: "who owns the keyboard now, and what in it?"
///
/// An answer takes as long as the agent needs to look at fields and terminals, 25 ms and more. Which window had the
/// keyboard would be uncertain for as long if one question waited for the other; so several are out at a time.
struct Probes {
    /// An agent that owes that many answers is asked no more.
    static let limit = 32
    /// What comes within this shares a question.
    static let spacingMicroseconds: UInt64 = 2_000
    /// Presses that come this close (a shortcut that a remapper types, a chord) share the question that the last of them
    /// is due. Asked for the first alone, those behind it would have to wait for the next question, and be uncertain two
    /// milliseconds longer; the first pays for it with half of one at most.
    static let gatheringMicroseconds: UInt64 = 500

    private var lastID: UInt64 = 0
    private var out: [(id: UInt64, askedMicroseconds: UInt64)] = []
    private(set) var lastAskedMicroseconds: UInt64?
    /// Stands for no time, and may be added to.
    static let never = UInt64.max / 2
    /// Times of what waits and is not covered by a question yet; the first is `never` if there is none. Compared for
    /// every event: an optional would cost it twice as much.
    private var firstPress = never
    private var lastPress: UInt64 = 0
    /// When to ask for those presses.
    private var pressDue = never
    private var firstOther = never
    private var lastOther: UInt64 = 0

    init() { out.reserveCapacity(Self.limit) }

    var isOutstanding: Bool { !out.isEmpty }

    /// An event waits for an answer to a question that is asked after it.
    @inline(__always) mutating func await(_ time: UInt64, isPress: Bool) {
        if isPress {
            lastPress = max(lastPress, time)
            gather(time)
        } else {
            firstOther = min(firstOther, time)
            lastOther = max(lastOther, time)
        }
    }

    @inline(__always) private mutating func gather(_ time: UInt64) {
        // Late enough that the compositor could surely read it.
        let due = time &+ (FocusTimeline.marginMicroseconds + 1)
        if time < firstPress {
            firstPress = time
            pressDue = due
        } else if time <= firstPress &+ Self.gatheringMicroseconds {
            pressDue = max(pressDue, due)
        }
    }

    /// Nothing waits.
    mutating func clear() {
        firstPress = Self.never
        pressDue = Self.never
        firstOther = Self.never
    }

    /// When to ask, for what waits. A press is asked for at once, but late enough that the compositor could surely read
    /// it; the rest can wait. In the far future: for nothing.
    @inline(__always) func wishedMicroseconds(pointerMicroseconds: UInt64) -> UInt64 {
        min(pressDue, firstOther &+ (pointerMicroseconds &+ 1))
    }

    /// That time, or when the next question may be asked; nil: not before an answer has come.
    func allowed(_ due: UInt64) -> UInt64? {
        guard out.count < Self.limit else { return nil }
        return max(due, lastAskedMicroseconds.map { $0 + Self.spacingMicroseconds } ?? 0)
    }

    mutating func start(nowMicroseconds now: UInt64) -> UInt64 {
        lastID += 1
        out.append((lastID, now))
        lastAskedMicroseconds = now
        // An answer confirms what was stamped a margin before the question.
        let covered = now > FocusTimeline.marginMicroseconds ? now - FocusTimeline.marginMicroseconds : 0
        if firstPress != Self.never { pressesAreCovered(before: covered) }
        if firstOther != Self.never { firstOther = lastOther < covered ? Self.never : max(firstOther, covered) }
        return lastID
    }

    private mutating func pressesAreCovered(before covered: UInt64) {
        let isLeft = lastPress >= covered
        firstPress = isLeft ? max(firstPress, covered) : Self.never
        pressDue = isLeft ? firstPress &+ (FocusTimeline.marginMicroseconds + 1) : Self.never
    }

    /// Whoever is asked next has not been asked yet. Numbers are not used twice: a late answer is none.
    mutating func forget() { out.removeAll(keepingCapacity: true) }

    /// When the probe of that id was asked, if it is out. Those before it are answered with it.
    mutating func take(_ id: UInt64) -> UInt64? {
        guard let index = out.firstIndex(where: { $0.id == id }) else { return nil }
        defer { out.removeFirst(index + 1) }
        return out[index].askedMicroseconds
    }
}

/// Events dropped because too many were waiting; becomes one loss record in their place.
struct Overflow {
    private var loss: Loss

    init(adding event: Event, to before: Overflow?) {
        loss =
            before?.loss
            ?? Loss(
                reason: .holdBackFull, startMicroseconds: event.timeMicroseconds,
                endMicroseconds: event.timeMicroseconds, count: 0)
        loss.endMicroseconds = max(loss.endMicroseconds, event.timeMicroseconds)
        loss.count = (loss.count ?? 0) + 1
    }

    var event: Event { Event(timeMicroseconds: loss.endMicroseconds, payload: .loss(loss)) }
}

extension Gate {
    /// Figures since the start, for `kymo status`.
    public struct Counters: Sendable, Equatable {
        /// Input events handed on.
        public var permitted: UInt64 = 0
        /// Key presses that became part of a count.
        public var keysCounted: UInt64 = 0
        /// Input events not written.
        public var suppressed: UInt64 = 0
        /// Interactions handed on, and of those the ones that no app gave an answer for.
        public var interactions: UInt64 = 0
        public var interactionsUnanswered: UInt64 = 0
        /// Interactions that were told, and not written.
        public var interactionsWithheld: UInt64 = 0
        /// Places of the pointer at a press: handed on, and told but not written.
        public var places: UInt64 = 0
        public var placesWithheld: UInt64 = 0
    }
}
