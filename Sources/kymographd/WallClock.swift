import Glibc
import Policy

/// The clock on the wall, as far as hours of the day are concerned.
struct WallClock {
    let minute: WeekMinute
    private let second: Int

    init() {
        var seconds = time(nil)
        var local = tm()
        localtime_r(&seconds, &local)
        // 0 is Sunday there, and Monday here.
        minute = WeekMinute(weekday: (Int(local.tm_wday) + 6) % 7, hour: Int(local.tm_hour), minute: Int(local.tm_min))
        second = Int(local.tm_sec)
    }

    /// How long until so many minutes have passed on it; at most to the next quarter of an hour: summer time begins and
    /// ends at one, and no kernel tells of it.
    func microseconds(until minutes: Int) -> UInt64 {
        let quarter = 15 - minute.value % 15
        // A leap second, or one that has begun since the clock was read: better once too often.
        return UInt64(max(min(minutes, quarter) * 60 - second, 1)) * 1_000_000
    }
}
