import Events

/// When the agent is asked who has the keyboard.
extension Gate {
    /// The id of a probe to send now, if one is due.
    public func probeDue(nowMicroseconds now: UInt64) -> UInt64? {
        // Asked at every turn, and nearly always for nothing.
        guard isAgentPresent,
            now >= probes.wishedMicroseconds(pointerMicroseconds: Self.pointerProbeMicroseconds)
                || now >= lateCounts.wishedMicroseconds || timeline.hasUnsettled, let due = probeTime(), now >= due
        else { return nil }
        lateCounts.asked(atMicroseconds: now)
        return probes.start(nowMicroseconds: now)
    }

    func probeTime() -> UInt64? {
        let wished = min(
            probes.wishedMicroseconds(pointerMicroseconds: Self.pointerProbeMicroseconds),
            lateCounts.wishedMicroseconds)
        let waiting = wished >= Probes.never ? nil : probes.allowed(wished)
        // How uncertain a change is tells a question that is asked after it.
        guard timeline.hasUnsettled, let change = timeline.currentEntry?.timeMicroseconds,
            change >= probes.lastAskedMicroseconds ?? 0
        else { return waiting }
        let due = probes.allowed(change)
        return waiting.map { min($0, due ?? .max) } ?? due
    }

    /// What waits was asked for, and will not be answered: by the next question it is covered as a press.
    func askForWhatWaits() {
        if !holdBack.isEmpty { probes.await(holdBack.firstTimeMicroseconds, isPress: true) }
    }

    /// When `advance` or `probeDue` have something to do next, if nothing else happens.
    public var nextDeadlineMicroseconds: UInt64? {
        var next: UInt64?
        if !holdBack.isEmpty { next = holdBack.firstTimeMicroseconds + Self.deadlineMicroseconds }
        if let interaction = interactionDeadlineMicroseconds { next = min(next ?? .max, interaction) }
        if isAgentPresent, let probe = probeTime() { next = min(next ?? .max, probe) }
        if let late = lateCounts.deadlineMicroseconds { next = min(next ?? .max, late) }
        // These take their place behind what waits: nothing can be done about them before.
        guard holdBack.isEmpty else { return next }
        if let end = buckets.endMicroseconds { next = min(next ?? .max, end) }
        if let (entry, _) = timeline.firstUnwritten {
            next = min(next ?? .max, entry.isSettled ? 0 : entry.timeMicroseconds + Self.deadlineMicroseconds)
        }
        return next
    }
}
