import Glibc

/// Lets reports gather at high rates: a wake-up per report costs several times what the report itself does, and
/// reading late costs no precision, since the kernel stamps events.
///
/// What gathers lies in the kernel's buffer, which holds 64 entries for the simplest mouse (`drivers/input/evdev.c`), a
/// report is three, and when it is full all are lost. So as much time is given as fills half of it at the rate seen.
struct Pace {
    static let longestMicroseconds: UInt64 = 1_000
    /// Of the fullest buffer.
    static let share = 0.5
    /// Events per second below which every report is read at once.
    static let slowestRate: Double = 1_500

    private var lastMicroseconds: UInt64 = 0
    /// Events per second of all devices together, smoothed.
    private(set) var rate: Double = 0
    /// How much of the fullest buffer a second would fill.
    private var fillRate: Double = 0

    /// After a dispatch that brought `events` events and found the fullest device's buffer filled to that share.
    mutating func dispatched(events: Int, fullestShare: Double, nowMicroseconds now: UInt64) {
        let elapsed = Double(max(now &- lastMicroseconds, 1)) / 1_000_000
        let current = Double(events) / elapsed
        // Quick to notice a burst's end, slow to believe in one: a single pair of close reports is no high rate.
        rate = current > rate ? rate * 0.75 + current * 0.25 : current
        // The other way round: what fills the buffer is believed at once.
        let filling = fullestShare / elapsed
        fillRate = max(filling, fillRate * 0.75 + filling * 0.25)
        lastMicroseconds = now
    }

    /// How long to let reports gather before the next dispatch; 0: read at once.
    var gatherMicroseconds: UInt64 {
        guard rate > Self.slowestRate else { return 0 }
        let fills = Self.share * 1_000_000 / max(fillRate, 1)
        return UInt64(min(Double(Self.longestMicroseconds), fills))
    }
}
