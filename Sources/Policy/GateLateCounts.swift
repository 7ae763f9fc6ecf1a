import Events

/// Counts that wait for an app which tells late what its fields are.
extension Gate {
    @inline(never) func countLate(
        _ keyClass: KeyClass, _ event: Event, focus: FocusID, marks: Marks, _ emit: (consuming Event) -> Void
    ) {
        let isCounted = lateCounts.count(
            keyClass, timeMicroseconds: event.timeMicroseconds, focus: focus, marks: marks)
        if !isCounted { account(event, reason: .accessibility, emit) }
    }

    /// As soon as it comes: the app's word on it may be here before it is decided on.
    @inline(never) func noteMove(_ event: borrowing Event) {
        guard let action = OwedMoves.Action(event.payload) else { return }
        if owedMoves.acted(action, atMicroseconds: event.timeMicroseconds) {
            lateCounts.distrust(atMicroseconds: event.timeMicroseconds)
        }
    }

    /// Writes the counts whose time has come, and accounts for those that may not be written.
    @inline(never) func settleLateCounts(nowMicroseconds now: UInt64, _ emit: (consuming Event) -> Void) {
        let withheld = lateCounts.settle(nowMicroseconds: now) { event in
            if case .keyCounts(let counts) = event.payload { counters.keysCounted += counts.sum }
            emit(event)
        }
        if let withheld { account(withheld, nowMicroseconds: now, emit) }
    }

    /// Nobody will say any more what they were.
    func discardLateCounts(nowMicroseconds now: UInt64, _ emit: (consuming Event) -> Void) {
        if let withheld = lateCounts.discard() { account(withheld, nowMicroseconds: now, emit) }
    }

    /// A span of its own, though it was before the one that may be open: that one ends, and begins anew with what is
    /// withheld next.
    private func account(
        _ withheld: LateCounts.Withheld, nowMicroseconds now: UInt64, _ emit: (consuming Event) -> Void
    ) {
        counters.suppressed += withheld.keys
        closeSpan(atMicroseconds: now, emit)
        ledger.add(.accessibility, from: withheld.startMicroseconds, to: withheld.endMicroseconds, emit)
    }

    /// The agent has answered a question, and told before what the app said.
    func vouchForLateCounts(askedMicroseconds: UInt64) {
        if (fields.newest?.held.limit ?? .unanswered) == .unanswered {
            lateCounts.unanswered()
        } else {
            lateCounts.answered(askedMicroseconds: askedMicroseconds)
        }
    }

    /// A word about any window: an app that is late may speak of one that has lost the keyboard meanwhile. The time of the
    /// report decides, and not since when it says that this is so: keys up to now may have met that field.
    func distrustLateCounts(after field: FieldDescription, receivedMicroseconds: UInt64) {
        guard FieldLimit(field) <= .privateWindow else { return }
        lateCounts.distrust(atMicroseconds: receivedMicroseconds)
    }
}
