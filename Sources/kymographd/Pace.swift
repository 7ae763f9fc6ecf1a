import CLinuxShim
import Glibc

/// Lets reports gather at high rates: a wake-up per report costs several times what the report itself does, and
/// reading late costs no precision, since the kernel stamps events.
///
/// The kernel keeps 64 input events per client of a mouse (`drivers/input/evdev.c`: at least EVDEV_MIN_BUFFER_SIZE);
/// a report is three. Gathering is bounded so that at most half of that can fill up.
struct Pace {
    static let longestMicroseconds: UInt64 = 1_000
    /// Reports a gathering span may collect: a third of half the kernel's buffer.
    static let reportBudget: Double = 10
    /// Below this rate every report is read at once.
    static let slowestRate: Double = 1_500

    private var lastMicroseconds: UInt64 = 0
    /// Reports per second, of the fastest device's order of magnitude, smoothed over the last dispatches.
    private(set) var rate: Double = 0

    /// After a dispatch that brought `reports` events.
    mutating func dispatched(reports: Int, nowMicroseconds now: UInt64) {
        let elapsed = Double(max(now &- lastMicroseconds, 1))
        let current = Double(reports) * 1_000_000 / elapsed
        // Quick to notice a burst's end, slow to believe in one: a single pair of close reports is no high rate.
        rate = current > rate ? rate * 0.75 + current * 0.25 : current
        lastMicroseconds = now
    }

    /// How long to let reports gather before the next dispatch; 0: read at once.
    var gatherMicroseconds: UInt64 {
        guard rate > Self.slowestRate else { return 0 }
        return min(Self.longestMicroseconds, UInt64(Self.reportBudget * 1_000_000 / rate))
    }
}
