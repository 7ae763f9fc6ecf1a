import CLinuxShim
import CSystemd
import Glibc

/// What systemd is told, and the watchdog it may ask for.
struct ServiceNotification {
    /// Half the watchdog's interval; nil without one.
    let watchdogMicroseconds: UInt64?
    private var nextPing: UInt64 = .max

    init() {
        var interval: UInt64 = 0
        watchdogMicroseconds = sd_watchdog_enabled(0, &interval) > 0 ? interval / 2 : nil
        if let watchdogMicroseconds { nextPing = kymo_monotonic_microseconds() + watchdogMicroseconds }
    }

    func ready(status: String) { _ = sd_notify(0, "READY=1\nSTATUS=\(status)") }
    func stopping() { _ = sd_notify(0, "STOPPING=1\nSTATUS=writing what is left") }
    func status(_ text: String) { _ = sd_notify(0, "STATUS=\(text)") }

    var deadlineMicroseconds: UInt64? { watchdogMicroseconds == nil ? nil : nextPing }

    mutating func ping(nowMicroseconds now: UInt64) {
        guard let watchdogMicroseconds, now >= nextPing else { return }
        _ = sd_notify(0, "WATCHDOG=1")
        nextPing = now + watchdogMicroseconds
    }
}
