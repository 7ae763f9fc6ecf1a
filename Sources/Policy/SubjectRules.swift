import Events

/// What the person recorded has asked for on top of the policy: less, in some app or at some hours. Never more.
public struct SubjectRule: Sendable, Equatable {
    /// `*` is everything: whoever is recorded may ask for that.
    public var app: AppGlob
    /// What is left while the rule is in force; `.everything` restricts nothing.
    public var limit: EffectiveRule
    /// Empty: always.
    public var hours: [HourSpan]
    public init(app: AppGlob, limit: EffectiveRule, hours: [HourSpan] = []) {
        self.app = app
        self.limit = limit
        self.hours = hours
    }

    public func isInForce(at minute: WeekMinute) -> Bool { hours.isEmpty || hours.contains { $0.contains(minute) } }
}

/// All of a person's own rules.
public struct SubjectRules: Sendable, Equatable {
    public var rules: [SubjectRule]
    public init(_ rules: [SubjectRule] = []) { self.rules = rules }

    /// What they take away at that time, for `RuleSet.caps`.
    public func caps(at minute: WeekMinute) -> [AppRule] {
        rules.filter { $0.isInForce(at: minute) }.map { AppRule(app: $0.app, effect: $0.limit) }
    }

    /// In how many minutes `caps` may change next; nil: never. At least 1.
    public func minutesUntilChange(after minute: WeekMinute) -> Int? {
        rules.flatMap(\.hours).flatMap { $0.minutesUntilEdges(after: minute) }.min()
    }
}

/// A minute of the week by the clock on the wall, Monday 0:00 = 0.
public struct WeekMinute: Sendable, Equatable {
    public static let dayCount = 1440
    public static let weekCount = 7 * dayCount
    public let value: Int

    /// - Parameter weekday: 0 Monday … 6 Sunday.
    public init(weekday: Int, hour: Int, minute: Int) {
        value = (weekday * Self.dayCount + hour * 60 + minute) % Self.weekCount
    }
}

/// A span of a day's hours, on some days. One that ends before it begins goes on into the next day.
public struct HourSpan: Sendable, Equatable {
    /// Minutes of the day; equal: the whole day.
    public let start: Int
    public let end: Int
    /// Days on which it begins: bit 0 Monday … bit 6 Sunday.
    public let days: UInt8

    /// `22:00-06:00`; nil if it is not of that form.
    public init?(_ text: String, days: UInt8 = 0x7F) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = Self.minute(parts[0]), let end = Self.minute(parts[1]), start < 1440 else {
            return nil
        }
        self.start = start
        self.end = end % WeekMinute.dayCount
        self.days = days & 0x7F
    }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 2, parts[1].count == 2,
            parts.joined().allSatisfy({ ("0"..."9").contains($0) }), let hour = Int(parts[0]),
            let minute = Int(parts[1]),
            minute < 60, hour < 24 || hour == 24 && minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    private var length: Int {
        let length = (end - start + WeekMinute.dayCount) % WeekMinute.dayCount
        return length == 0 ? WeekMinute.dayCount : length
    }

    private var beginnings: [Int] {
        (0..<7).filter { days & (1 << $0) != 0 }.map { $0 * WeekMinute.dayCount + start }
    }

    func contains(_ minute: WeekMinute) -> Bool {
        beginnings.contains { Self.distance(from: $0, to: minute.value) < length }
    }

    func minutesUntilEdges(after minute: WeekMinute) -> [Int] {
        beginnings.flatMap { [$0, $0 + length] }.map {
            let distance = Self.distance(from: minute.value, to: $0)
            return distance == 0 ? WeekMinute.weekCount : distance
        }
    }

    private static func distance(from a: Int, to b: Int) -> Int {
        ((b - a) % WeekMinute.weekCount + WeekMinute.weekCount) % WeekMinute.weekCount
    }
}
