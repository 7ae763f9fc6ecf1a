import Events

/// The one question that may be out at a time: "who owns the keyboard now?"
struct Probes {
    private var lastID: UInt64 = 0
    private var askedMicroseconds: UInt64?

    var isOutstanding: Bool { askedMicroseconds != nil }

    mutating func start(nowMicroseconds: UInt64) -> UInt64 {
        lastID += 1
        askedMicroseconds = nowMicroseconds
        return lastID
    }

    /// Whoever is asked next has not been asked yet. Numbers are not used twice: a late answer is none.
    mutating func forget() { askedMicroseconds = nil }

    /// When the probe of that id was asked, if it is the one that is out.
    mutating func take(_ id: UInt64) -> UInt64? {
        guard id == lastID, let asked = askedMicroseconds else { return nil }
        askedMicroseconds = nil
        return asked
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
    }
}
