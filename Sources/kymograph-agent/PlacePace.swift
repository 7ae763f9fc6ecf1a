import AgentProtocol

/// Windows that are dragged have a new place with every picture: at most ten a second are told, and always the last.
struct PlacePace {
    private static let spacingMicroseconds: UInt64 = 100_000

    private var waiting: WindowPlaceReport?
    private var lastWindow: UInt64 = 0
    private var lastMicroseconds: UInt64 = 0

    /// CLOCK_MONOTONIC, µs: when what waits is to be told.
    var deadlineMicroseconds: UInt64? { waiting == nil ? nil : lastMicroseconds + Self.spacingMicroseconds }

    /// - Returns: what is to be told now.
    mutating func take(_ report: WindowPlaceReport, nowMicroseconds now: UInt64) -> WindowPlaceReport? {
        // Of another window it is news at once; what the one before had to say is of the past.
        waiting = report
        guard report.window != lastWindow || now >= lastMicroseconds + Self.spacingMicroseconds else { return nil }
        return tell(nowMicroseconds: now)
    }

    /// - Returns: what has waited long enough.
    mutating func takeDue(nowMicroseconds now: UInt64) -> WindowPlaceReport? {
        guard let deadline = deadlineMicroseconds, now >= deadline else { return nil }
        return tell(nowMicroseconds: now)
    }

    private mutating func tell(nowMicroseconds now: UInt64) -> WindowPlaceReport? {
        defer { waiting = nil }
        lastWindow = waiting?.window ?? 0
        lastMicroseconds = now
        return waiting
    }
}
