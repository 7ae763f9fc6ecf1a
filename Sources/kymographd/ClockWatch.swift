import CLinuxShim
import Events
import Glibc

/// Pairs of CLOCK_MONOTONIC and CLOCK_REALTIME: at the start, and whenever their difference jumps.
final class ClockWatch {
    /// Readable when CLOCK_REALTIME was stepped, or the machine resumed; -1 where the kernel cannot tell.
    let descriptor: Int32
    private var suspendedMicroseconds: UInt64

    init() {
        descriptor = kymo_clock_step_descriptor()
        suspendedMicroseconds = Self.timeSuspended
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// CLOCK_BOOTTIME runs on while the machine sleeps.
    private static var timeSuspended: UInt64 {
        let monotonic = kymo_monotonic_microseconds()
        let boottime = kymo_boottime_microseconds()
        return boottime > monotonic ? boottime - monotonic : 0
    }

    /// The record of this moment.
    static func pair(_ reason: ClockReason) -> Event {
        let monotonic = kymo_monotonic_microseconds()
        return Event(
            timeMicroseconds: monotonic,
            payload: .clock(ClockPair(realtimeMicroseconds: kymo_realtime_microseconds(), reason: reason)))
    }

    /// After the descriptor became readable: what happened.
    func acknowledge() -> ClockReason {
        var expirations: UInt64 = 0
        // Fails with ECANCELED after a step: that is the news itself.
        _ = read(descriptor, &expirations, MemoryLayout<UInt64>.size)
        _ = kymo_clock_step_rearm(descriptor)
        let suspended = Self.timeSuspended
        // The two clocks are read one after the other: less than this is no sleep.
        let hasSlept = suspended > suspendedMicroseconds + 100_000
        suspendedMicroseconds = suspended
        return hasSlept ? .resume : .step
    }
}
