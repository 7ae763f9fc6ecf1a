import Events
import Policy

extension SubjectRules {
    /// As they are kept and shown, one way to write each; `init(text:file:)` reads it.
    public var text: String { rules.map(\.text).joined(separator: "\n") }
}

extension SubjectRule {
    public var text: String {
        var lines = ["[[rule]]", "app = \(app.pattern.quoted)"]
        if limit.keys < .full { lines.append("keys = \"\(limit.keys)\"") }
        if limit.titles < .full { lines.append("titles = \"\(limit.titles)\"") }
        if limit.pointer < .on, limit.keys != .off { lines.append("pointer = \"\(limit.pointer)\"") }
        if limit.interactions < .on, limit.keys != .off { lines.append("interactions = \"\(limit.interactions)\"") }
        if !hours.isEmpty { lines.append("hours = [\(hours.map { "\"\($0.clock)\"" }.joined(separator: ", "))]") }
        if let days = hours.first?.dayNames, days.count < 7 {
            lines.append("days = [\(days.map { "\"\($0)\"" }.joined(separator: ", "))]")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// `18:00-08:00 on mon, tue`; empty: always.
    public var when: String {
        guard let days = hours.first?.dayNames else { return "" }
        return hours.map(\.clock).joined(separator: ", ")
            + (days.count < 7 ? " on \(days.joined(separator: ", "))" : "")
    }
}

extension HourSpan {
    static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    fileprivate var dayNames: [String] {
        Self.dayNames.indices.filter { days & (1 << $0) != 0 }.map { Self.dayNames[$0] }
    }

    fileprivate var clock: String {
        func clock(_ minute: Int) -> String {
            func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
            return "\(two(minute / 60)):\(two(minute % 60))"
        }
        // A whole day from midnight on is written as what it is.
        return "\(clock(start))-\(start == 0 && end == 0 ? "24:00" : clock(end))"
    }
}

extension String {
    /// A basic string of TOML.
    fileprivate var quoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
