import CLinuxShim
import Events
import Glibc

/// Pairs of CLOCK_MONOTONIC and CLOCK_REALTIME: at the start, and whenever their difference jumps.
final class ClockWatch {
    /// Readable when CLOCK_REALTIME was stepped, or the machine resumed; -1 where the kernel cannot tell.
    let descriptor: Int32
    private var differences = Differences()

    /// Of the other clocks to CLOCK_MONOTONIC, which stands while the machine sleeps.
    private struct Differences {
        static let noiseMicroseconds: Int64 = 1_000
        private(set) var realtime: Int64 = 0
        private(set) var boottime: Int64 = 0

        init() {
            while true {
                let monotonic = kymo_monotonic_microseconds()
                realtime = Int64(bitPattern: kymo_realtime_microseconds() &- monotonic)
                boottime = Int64(bitPattern: kymo_boottime_microseconds() &- monotonic)
                // The clocks are read one after the other, and this thread may have lost its turn in between.
                if kymo_monotonic_microseconds() - monotonic < UInt64(Self.noiseMicroseconds) { return }
            }
        }
    }

    init() {
        descriptor = kymo_clock_step_descriptor()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The record of this moment.
    static func pair(_ reason: ClockReason) -> Event {
        let clocks = kymo_read_clocks()
        return Event(
            timeMicroseconds: clocks.monotonic,
            payload: .clock(ClockPair(realtimeMicroseconds: clocks.realtime, reason: reason)))
    }

    /// After the descriptor became readable.
    func acknowledge() {
        var expirations: UInt64 = 0
        // Fails with ECANCELED after a step: that is the news itself.
        _ = read(descriptor, &expirations, MemoryLayout<UInt64>.size)
        _ = kymo_clock_step_rearm(descriptor)
    }

    /// What happened since it was asked last; nil: nothing. Costs four readings of the clock.
    func change() -> ClockReason? {
        let now = Differences()
        let noise = Differences.noiseMicroseconds
        let hasSlept = now.boottime - differences.boottime > noise
        guard hasSlept || abs(now.realtime - differences.realtime) > noise else { return nil }
        differences = now
        return hasSlept ? .resume : .step
    }
}
