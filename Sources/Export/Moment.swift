import Glibc

/// A moment as people write it in `--since` and `--until`.
public enum Moment {
    public static let forms =
        "RFC 3339 (2026-11-24T09:30:00Z), '2026-11-24 09:30', '09:30', today, yesterday, now, '10 min ago', @SECONDS"

    /// Microseconds since 1970 of CLOCK_REALTIME; nil if it is none of `forms`. Without a zone it is local time.
    public static func parse(_ text: String, nowMicroseconds now: Int64) -> Int64? {
        let text = text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        switch text {
        case "now": return now
        case "today": return midnight(now, daysBack: 0)
        case "yesterday": return midnight(now, daysBack: 1)
        default: break
        }
        if text.hasPrefix("@") {
            return Double(text.dropFirst()).flatMap { Int64(exactly: ($0 * 1_000_000).rounded()) }
        }
        return ago(text, now) ?? absolute(text, now)
    }

    private static func midnight(_ now: Int64, daysBack: Int32) -> Int64? {
        var seconds = time_t(now / 1_000_000)
        var day = tm()
        localtime_r(&seconds, &day)
        day.tm_mday -= daysBack
        return local(date: day, hour: 0, minute: 0, second: 0)
    }

    private static func local(date: tm, hour: Int32, minute: Int32, second: Int32) -> Int64? {
        var time = tm()
        time.tm_year = date.tm_year
        time.tm_mon = date.tm_mon
        time.tm_mday = date.tm_mday
        time.tm_hour = hour
        time.tm_min = minute
        time.tm_sec = second
        // The zone's rules decide whether it is summer.
        time.tm_isdst = -1
        let seconds = mktime(&time)
        return seconds == -1 ? nil : Int64(seconds) * 1_000_000
    }

    /// `10 min ago`, `2h ago`, `1 hour 30 min ago`.
    private static func ago(_ text: String, _ now: Int64) -> Int64? {
        guard text.hasSuffix(" ago") else { return nil }
        return spanMicroseconds(text.dropLast(4)).map { now - $0 }
    }

    /// A length of time as people write it: `10 min`, `2h`, `1 hour 30 min`, `30d`. Nil if it is none.
    public static func spanMicroseconds(_ text: some StringProtocol) -> Int64? {
        var rest = Substring(text)
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let amount = Int64(digits), amount < 1_000_000 else { return nil }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            // Each term is below 2^40: no sum of terms that fit here overflows.
            guard let seconds = units[String(unit)], total < 1 << 40 else { return nil }
            total += amount * seconds
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
        }
        return total * 1_000_000
    }

    private static let units: [String: Int64] = [
        "s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60, "m": 60, "minute": 60, "minutes": 60, "h": 3600,
        "hour": 3600, "hours": 3600, "d": 86_400, "day": 86_400, "days": 86_400, "w": 604_800, "week": 604_800,
        "weeks": 604_800,
    ]

    /// A date, a time, or both; with a zone it is RFC 3339.
    private static func absolute(_ text: String, _ now: Int64) -> Int64? {
        var rest = text[...]
        var date = tm()
        var seconds = time_t(now / 1_000_000)
        localtime_r(&seconds, &date)
        if let given = takeDate(&rest) {
            date = given
            if rest.isEmpty { return local(date: date, hour: 0, minute: 0, second: 0) }
            guard let separator = rest.first, " Tt".contains(separator) else { return nil }
            rest = rest.dropFirst()
        }
        guard let clock = takeClock(&rest) else { return nil }
        if rest.isEmpty {
            return local(date: date, hour: clock.hour, minute: clock.minute, second: clock.second)
                .map { $0 + clock.microseconds }
        }
        guard let zone = zoneSeconds(rest) else { return nil }
        date.tm_hour = clock.hour
        date.tm_min = clock.minute
        date.tm_sec = clock.second
        return (Int64(timegm(&date)) - zone) * 1_000_000 + clock.microseconds
    }

    private static func number(_ rest: inout Substring, digits: Int, in range: ClosedRange<Int32>) -> Int32? {
        let text = rest.prefix(digits)
        guard text.utf8.count == digits, text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int32(text),
            range.contains(value)
        else { return nil }
        rest = rest.dropFirst(digits)
        return value
    }

    private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func takeDate(_ text: inout Substring) -> tm? {
        var rest = text
        guard let year = number(&rest, digits: 4, in: 1970...9999), take("-", &rest),
            let month = number(&rest, digits: 2, in: 1...12), take("-", &rest),
            let day = number(&rest, digits: 2, in: 1...31)
        else { return nil }
        var date = tm()
        date.tm_year = year - 1900
        date.tm_mon = month - 1
        date.tm_mday = day
        var normal = date
        // 30 February is an error, not the second of March.
        _ = timegm(&normal)
        guard normal.tm_mday == day else { return nil }
        text = rest
        return date
    }

    private static func takeClock(
        _ text: inout Substring
    ) -> (hour: Int32, minute: Int32, second: Int32, microseconds: Int64)? {
        guard let hour = number(&text, digits: 2, in: 0...23), take(":", &text),
            let minute = number(&text, digits: 2, in: 0...59)
        else { return nil }
        guard take(":", &text) else { return (hour, minute, 0, 0) }
        guard let second = number(&text, digits: 2, in: 0...60) else { return nil }
        guard take(".", &text) else { return (hour, minute, second, 0) }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let fraction = Int64((digits + "000000").prefix(6)) else { return nil }
        text = text.dropFirst(digits.count)
        return (hour, minute, second, fraction)
    }

    /// `Z`, `+01:00`: seconds east of Greenwich.
    private static func zoneSeconds(_ text: Substring) -> Int64? {
        if text == "Z" || text == "z" { return 0 }
        var rest = text
        let isWest = take("-", &rest)
        guard isWest || take("+", &rest), let hours = number(&rest, digits: 2, in: 0...23), take(":", &rest),
            let minutes = number(&rest, digits: 2, in: 0...59), rest.isEmpty
        else { return nil }
        let seconds = Int64(hours) * 3600 + Int64(minutes) * 60
        return isWest ? -seconds : seconds
    }
}
