import Events

/// Records of state that take their place among the events, and what is left at the end.
extension Gate {
    @inline(__always) var hasStateToWrite: Bool {
        buckets.endMicroseconds != nil || timeline.hasUnwritten || !pendingAccounts.isEmpty
    }

    /// Writes focus changes, layout records and full buckets whose time is not after `time`.
    @inline(__always) func writeState(upTo time: UInt64, _ emit: (consuming Event) -> Void) {
        // Asked before every event, and nearly always for nothing.
        guard hasStateToWrite else { return }
        writePending(upTo: time, emit)
    }

    @inline(never) func writePending(upTo time: UInt64, _ emit: (consuming Event) -> Void) {
        if buckets.isOver(at: time) { buckets.take(emit) }
        if let forgotten = timeline.takeForgotten() {
            emit(Event(timeMicroseconds: forgotten.endMicroseconds, payload: .loss(forgotten)))
        }
        while timeline.unwrittenCount > 0 || !pendingAccounts.isEmpty {
            let account = pendingAccounts.first.flatMap { $0.timeMicroseconds <= time ? $0 : nil }
            if let change = timeline.firstUnwritten, change.entry.timeMicroseconds <= time,
                change.entry.timeMicroseconds < account?.timeMicroseconds ?? .max
            {
                guard writeFocus(change.entry, change.description, upTo: time, emit) else { return }
            } else if let account {
                emit(account)
                pendingAccounts.removeFirst()
            } else {
                return
            }
        }
    }

    func writeFocus(
        _ entry: FocusTimeline.Entry, _ redacted: FocusDescription, upTo time: UInt64, _ emit: (consuming Event) -> Void
    ) -> Bool {
        // Unsettled: a probe is on its way that tells how uncertain the change is; but not for ever.
        guard entry.isSettled || !isAgentPresent || time >= entry.timeMicroseconds + Self.deadlineMicroseconds
        else { return false }
        var description = redacted
        description.uncertaintyMicroseconds = UInt32(clamping: entry.timeMicroseconds - entry.earliestMicroseconds)
        // Who has the focus changes nothing while the gate as a whole is closed, nor does a title while a password's
        // field has the keyboard.
        if isOpen, !isPasswordsOwn(entry) { closeSpan(atMicroseconds: entry.timeMicroseconds, emit) }
        emit(Event(timeMicroseconds: entry.timeMicroseconds, focus: description.id, payload: .focus(description)))
        timeline.firstWasWritten()
        return true
    }

    /// A record of the focus that changes nothing about the password's field in which the open span is.
    func isPasswordsOwn(_ entry: FocusTimeline.Entry) -> Bool {
        ledger.openReason == .password && fields.held(at: entry.timeMicroseconds).limit == .password
    }

    func flushOverflow(_ emit: (consuming Event) -> Void) {
        guard let lost = overflow else { return }
        overflow = nil
        keyboard.loseTrack()
        emit(lost.event)
    }

    func drain(reason: SuppressionReason, _ emit: (consuming Event) -> Void) {
        // What was counted has been decided already.
        buckets.take(emit)
        while !holdBack.isEmpty {
            let event = holdBack.removeFirst()
            account(event, reason: unlessPassword(reason, at: event.timeMicroseconds), emit)
        }
        probes.clear()
    }
}
