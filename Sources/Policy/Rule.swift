public enum KeyRule: UInt8, Comparable, Sendable {
    case off, `class`, full
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
public enum TitleRule: UInt8, Comparable, Sendable {
    case off, full
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
public struct EffectiveRule: Sendable, Equatable {
    public var keys: KeyRule; public var titles: TitleRule
    public init(keys: KeyRule, titles: TitleRule) { self.keys = keys; self.titles = titles }
}
public struct RuleSet: Sendable {
    var table: [String: EffectiveRule] = [:]
    public func rule(for appID: String) -> EffectiveRule { table[appID] ?? EffectiveRule(keys: .class, titles: .off) }
}
