import Events

/// What waits, when the person has something forgotten.
extension Gate {
    /// What waits is to be forgotten, by the wish of the person: it is discarded and not even counted, and so are the
    /// counts that are being made. What is known of the focus until now is handed out, so that whoever forgets what was
    /// written until now reaches it, too. `restateFocus` goes behind that.
    public func discardWaiting(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        buckets.take { _ in }
        _ = lateCounts.discard()
        while !holdBack.isEmpty {
            let event = holdBack.removeFirst()
            guard event.payload.isInput else {
                passAccount(event, emit)
                continue
            }
            counters.suppressed += 1
            if case .key(let key) = event.payload {
                keyboard.follow(key, device: event.device, layout: layouts.table(at: event.timeMicroseconds))
            }
        }
        interactions.discard(beforeMicroseconds: now)
        dropWindowPlaces()
        // A release would tell which key went down before.
        keyboard.forgetWrittenPresses()
        probes.clear()
        flushOverflow(emit)
        while let change = timeline.firstUnwritten, change.entry.timeMicroseconds <= now {
            guard writeFocus(change.entry, change.description, upTo: .max, emit) else { break }
        }
    }

    /// Tells anew, as of now, what has the focus: what was told of it before may have been forgotten.
    public func restateFocus(nowMicroseconds now: UInt64) {
        guard isOpen, isAgentPresent, let lastReport, lastReport.state == .window else { return }
        focusChanged(lastReport, receivedMicroseconds: now, isNew: true)
        noteWindowPlace(atMicroseconds: now)
    }
}
