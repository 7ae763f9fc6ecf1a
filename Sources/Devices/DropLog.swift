import Events

/// What one line of libinput's log says of lost reports.
enum DropNotice: Equatable {
    /// `SYN_DROPPED`: the kernel dropped reports of that device.
    case dropped(sysname: String)
    /// The notice is rate-limited (5 in 30 s) and the next ones will not be told.
    case flood(sysname: String)

    /// libinput has no other way to tell. Lines are `event5  - Name: SYN_DROPPED event - some input events have been
    /// lost.` (1.22 and 1.28), and `…WARNING: log rate limit exceeded…` when the rest will be kept back.
    init?(_ line: String) {
        guard line.hasPrefix("event") else { return nil }
        let sysname = String(line.prefix { $0 != " " && $0 != ":" })
        // A device's name stands in the line and is the device's to choose; the message is what ends it.
        if line.contains("log rate limit exceeded"), line.hasSuffix("Discarding future messages.") {
            self = .flood(sysname: sysname)
        } else if line.hasSuffix("SYN_DROPPED event - some input events have been lost.") {
            self = .dropped(sysname: sysname)
        } else {
            return nil
        }
    }
}

/// The spans in which one device's reports were dropped.
struct DropSpan {
    /// After a flood notice every further drop is silent, until libinput's 30 s window is over.
    static let quietMicroseconds: UInt64 = 30_000_000

    /// The last event before the drop.
    private(set) var startMicroseconds: UInt64?
    private var floodEndMicroseconds: UInt64?

    /// A notice came; `last` is the time of the device's last event.
    mutating func note(_ notice: DropNotice, lastMicroseconds last: UInt64, nowMicroseconds now: UInt64) {
        if startMicroseconds == nil { startMicroseconds = last }
        if case .flood = notice { floodEndMicroseconds = now + Self.quietMicroseconds }
    }

    /// When an open flood is over.
    var deadlineMicroseconds: UInt64? { floodEndMicroseconds }

    /// The first event after the drop closes the span, unless a flood keeps it open.
    mutating func close(atMicroseconds time: UInt64, detail: String) -> Loss? {
        guard let start = startMicroseconds, floodEndMicroseconds == nil else { return nil }
        startMicroseconds = nil
        return Loss(
            reason: .kernelBuffer, startMicroseconds: min(start, time), endMicroseconds: time, count: nil,
            detail: detail)
    }

    /// The device goes away, or the recorder stops, before the span has closed by itself.
    mutating func finish(nowMicroseconds now: UInt64, detail: String) -> Loss? {
        floodEndMicroseconds = nil
        return close(atMicroseconds: now, detail: detail)
    }

    /// The quiet after a flood has passed.
    mutating func expire(nowMicroseconds now: UInt64, detail: String) -> Loss? {
        guard let end = floodEndMicroseconds, now >= end else { return nil }
        floodEndMicroseconds = nil
        return close(atMicroseconds: now, detail: detail)
    }
}
