import Events

/// The spans in which nothing was written, one at a time: begin and end are records of their own.
struct Ledger {
    private var open: Suppression?

    var openReason: SuppressionReason? { open?.reason }
    /// Of the last event that was withheld, as it was; nil: nothing is open.
    private(set) var lastMicroseconds: UInt64?

    /// An event was not written. Presses count as keys, releases as nothing.
    /// - Parameter since: where the span began, if what withholds began before the event.
    mutating func suppress(
        _ event: Event, reason: SuppressionReason, since: UInt64? = nil, _ body: (consuming Event) -> Void
    ) {
        let time = event.timeMicroseconds
        if let span = open, span.reason != reason { close(body) }
        if open == nil {
            var start = min(since ?? time, time)
            if reason.mayBeSecret {
                start = start / Suppression.secretGridMicroseconds * Suppression.secretGridMicroseconds
            }
            let span = Suppression(reason: reason, phase: .begin, startMicroseconds: start, endMicroseconds: start)
            open = span
            body(Event(timeMicroseconds: start, payload: .suppression(span)))
        }
        guard var span = open else { return }
        lastMicroseconds = max(lastMicroseconds ?? 0, time)
        span.endMicroseconds = max(span.endMicroseconds, time)
        if !reason.mayBeSecret {
            switch event.payload {
            case .key(let key): span.keys += key.press == .pressed ? 1 : 0
            default: span.others += 1
            }
        }
        open = span
    }

    /// A span that is known only now that it is over; none is open. It may be a secret's.
    mutating func add(
        _ reason: SuppressionReason, from start: UInt64, to end: UInt64, _ body: (consuming Event) -> Void
    ) {
        let grid = Suppression.secretGridMicroseconds
        let start = start / grid * grid
        var span = Suppression(reason: reason, phase: .begin, startMicroseconds: start, endMicroseconds: start)
        body(Event(timeMicroseconds: start, payload: .suppression(span)))
        span.phase = .end
        span.endMicroseconds = (end + grid - 1) / grid * grid
        body(Event(timeMicroseconds: span.endMicroseconds, payload: .suppression(span)))
    }

    /// Devices are closed from here on, for that reason: one span, however little is known of what is in it.
    mutating func begin(_ reason: SuppressionReason, atMicroseconds time: UInt64, _ body: (consuming Event) -> Void) {
        guard open?.reason != reason else { return }
        if open?.reason.isClosed == true { end(atMicroseconds: time, body) } else { close(body) }
        let span = Suppression(reason: reason, phase: .begin, startMicroseconds: time, endMicroseconds: time)
        open = span
        body(Event(timeMicroseconds: time, payload: .suppression(span)))
    }

    /// Such a span ends now, and not with the last event that is known to lie in it.
    mutating func end(atMicroseconds time: UInt64, _ body: (consuming Event) -> Void) {
        open?.endMicroseconds = time
        close(body)
    }

    /// The span is over: something of its kind was written, the focus moved, or the recorder stops.
    /// - Parameter until: where it ended, if what withheld ended after the last event.
    mutating func close(until: UInt64? = nil, _ body: (consuming Event) -> Void) {
        guard var span = open else { return }
        open = nil
        lastMicroseconds = nil
        span.phase = .end
        if span.reason.mayBeSecret {
            let grid = Suppression.secretGridMicroseconds
            span.endMicroseconds = (max(span.endMicroseconds, until ?? 0) + grid - 1) / grid * grid
        }
        body(Event(timeMicroseconds: span.endMicroseconds, payload: .suppression(span)))
    }
}
