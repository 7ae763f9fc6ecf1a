/// How much of a key is kept. Less is stricter.
public enum KeyRule: UInt8, Sendable, Comparable, CaseIterable {
    /// Nothing at all is recorded of the app: no key, no pointer, not its name.
    case off = 0
    /// Text becomes counts per class; commands keep their key.
    case `class` = 1
    /// Every key with its identity.
    case full = 2

    public init?(name: String) {
        guard let rule = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = rule
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// How much of a window's title is kept. Less is stricter.
public enum TitleRule: UInt8, Sendable, Comparable, CaseIterable {
    case off = 0
    case full = 1

    public init?(name: String) {
        guard let rule = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = rule
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What holds for one app.
public struct EffectiveRule: Sendable, Equatable {
    public var keys: KeyRule
    public var titles: TitleRule
    public init(keys: KeyRule, titles: TitleRule) {
        self.keys = keys
        self.titles = titles
    }

    /// What is not named in the configuration.
    public static let standard = EffectiveRule(keys: .class, titles: .off)
    /// For what is no window.
    public static let nothing = EffectiveRule(keys: .off, titles: .off)
}

/// One line of policy: apps by glob, and what holds for them.
public struct AppRule: Sendable, Equatable {
    public var app: AppGlob
    public var keys: KeyRule
    public var titles: TitleRule
    public init(app: AppGlob, keys: KeyRule, titles: TitleRule) {
        self.app = app
        self.keys = keys
        self.titles = titles
    }
}

/// The policy for apps.
///
/// Of all rules whose glob matches, the strictest holds, separately for keys and titles; an app that no rule matches
/// gets `EffectiveRule.standard`. So a drop-in can only be loosened by changing the rule that is stricter, never by
/// the order of files.
public struct RuleSet: Sendable, Equatable {
    public var rules: [AppRule]
    public init(_ rules: [AppRule] = []) { self.rules = rules }

    public func rule(for appID: String) -> EffectiveRule {
        // A window that does not say what it is could be anything.
        guard !appID.isEmpty else { return .standard }
        var found: EffectiveRule?
        for rule in rules where rule.app.matches(appID) {
            found = EffectiveRule(
                keys: min(found?.keys ?? rule.keys, rule.keys), titles: min(found?.titles ?? rule.titles, rule.titles))
        }
        return found ?? .standard
    }
}

/// A pattern over app ids: `*` any run of characters, `?` any one, everything else itself, case and all.
public struct AppGlob: Sendable, Equatable {
    public static let lengthLimit = 256
    public let pattern: String
    private let scalars: [Unicode.Scalar]

    /// Nil when empty or longer than `lengthLimit` bytes.
    public init?(_ pattern: String) {
        guard !pattern.isEmpty, pattern.utf8.count <= Self.lengthLimit else { return nil }
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    /// Whether it has enough of a name in it: three letters or digits. `*`, `*.*` or `org.*` do not name an app…
    /// the last names a vendor domain at most, and `full` for it would be a switch for nearly everything.
    public var namesAnApp: Bool {
        let words = pattern.split { $0 == "." || $0 == "*" || $0 == "?" || $0 == "-" || $0 == "_" }
        let generic: Set<Substring> = ["org", "com", "net", "io", "de", "app", "dev", "github", "gitlab"]
        return words.contains { $0.count >= 2 && !generic.contains($0) }
    }

    /// Linear in the text for each `*`: goes back to the last star only.
    public func matches(_ text: String) -> Bool {
        let text = Array(text.unicodeScalars)
        var p = 0
        var t = 0
        var star = -1
        var mark = 0
        while t < text.count {
            if p < scalars.count, scalars[p] == "*" {
                star = p
                mark = t
                p += 1
            } else if p < scalars.count, scalars[p] == "?" || scalars[p] == text[t] {
                p += 1
                t += 1
            } else if star >= 0 {
                p = star + 1
                mark += 1
                t = mark
            } else {
                return false
            }
        }
        while p < scalars.count, scalars[p] == "*" { p += 1 }
        return p == scalars.count
    }
}
