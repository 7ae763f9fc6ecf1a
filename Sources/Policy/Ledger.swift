import Events

/// The spans in which nothing was written, one at a time: begin and end are records of their own.
struct Ledger {
    private var open: Suppression?

    var openReason: SuppressionReason? { open?.reason }

    /// An event was not written. Presses count as keys, releases as nothing.
    mutating func suppress(_ event: Event, reason: SuppressionReason, _ body: (consuming Event) -> Void) {
        let time = event.timeMicroseconds
        if let span = open, span.reason != reason { close(body) }
        if open == nil {
            let span = Suppression(reason: reason, phase: .begin, startMicroseconds: time, endMicroseconds: time)
            open = span
            body(Event(timeMicroseconds: time, payload: .suppression(span)))
        }
        guard var span = open else { return }
        span.endMicroseconds = max(span.endMicroseconds, time)
        switch event.payload {
        case .key(let key): span.keys += key.press == .pressed ? 1 : 0
        default: span.others += 1
        }
        open = span
    }

    /// The span is over: something of its kind was written, the focus moved, or the recorder stops.
    mutating func close(_ body: (consuming Event) -> Void) {
        guard var span = open else { return }
        open = nil
        span.phase = .end
        body(Event(timeMicroseconds: span.endMicroseconds, payload: .suppression(span)))
    }
}
