import Glibc

/// Moments for people: `2026-11-24 09:30:00`, in the time zone of the machine that reads.
public struct LocalMoment {
    private var timestamp = Timestamp()
    public init() {}

    /// - Parameter microseconds: of CLOCK_REALTIME, since 1970.
    public mutating func text(_ microseconds: UInt64) -> String {
        let moment = Int64(bitPattern: microseconds)
        return timestamp.localDate(moment) + " " + timestamp.localTime(moment).prefix(8)
    }
}

/// Moments of CLOCK_REALTIME as text. Conversions of a second are cached: a journal has thousands of events in each.
struct Timestamp {
    private var second: Int64 = .min
    private var utcText = ""
    private var local = tm()

    /// `2026-11-24T04:00:00.123456Z` (RFC 3339).
    mutating func utc(_ microseconds: Int64) -> String {
        let (seconds, rest) = Self.split(microseconds)
        load(seconds)
        return utcText + "." + Self.padded(rest, 6) + "Z"
    }

    /// `04:00:00.123456`, in the time zone of the machine that reads.
    mutating func localTime(_ microseconds: Int64) -> String {
        let (seconds, rest) = Self.split(microseconds)
        load(seconds)
        return Self.padded(Int64(local.tm_hour), 2) + ":" + Self.padded(Int64(local.tm_min), 2) + ":"
            + Self.padded(Int64(local.tm_sec), 2) + "." + Self.padded(rest, 6)
    }

    /// `2026-11-24`, in the time zone of the machine that reads.
    mutating func localDate(_ microseconds: Int64) -> String {
        load(Self.split(microseconds).seconds)
        return Self.date(local)
    }

    private mutating func load(_ seconds: Int64) {
        guard seconds != second else { return }
        second = seconds
        var time = time_t(seconds)
        var utc = tm()
        gmtime_r(&time, &utc)
        localtime_r(&time, &local)
        utcText =
            Self.date(utc) + "T" + Self.padded(Int64(utc.tm_hour), 2) + ":" + Self.padded(Int64(utc.tm_min), 2) + ":"
            + Self.padded(Int64(utc.tm_sec), 2)
    }

    private static func split(_ microseconds: Int64) -> (seconds: Int64, rest: Int64) {
        let rest = microseconds % 1_000_000
        return rest < 0 ? (microseconds / 1_000_000 - 1, rest + 1_000_000) : (microseconds / 1_000_000, rest)
    }

    private static func date(_ time: tm) -> String {
        padded(Int64(time.tm_year) + 1900, 4) + "-" + padded(Int64(time.tm_mon) + 1, 2) + "-"
            + padded(Int64(time.tm_mday), 2)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
    }
}
