import Events

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
    /// A keyed hash: equal titles can be told to be equal, by nobody who lacks the key for more than that.
    case hash = 1
    case full = 2

    public init?(name: String) {
        guard let rule = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = rule
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Whether anything of pointer, touch, tablet and gestures is kept. Less is stricter.
public enum PointerRule: UInt8, Sendable, Comparable, CaseIterable {
    case off = 0
    case on = 1

    public init?(name: String) {
        guard let rule = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = rule
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Whether it is kept which widget (button, field, menu entry…) a click or the focus met: role, place, and the label as the
/// rule for titles says. Less is stricter.
public enum InteractionRule: UInt8, Sendable, Comparable, CaseIterable {
    case off = 0
    case on = 1

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
    public var pointer: PointerRule
    public var interactions: InteractionRule
    public init(
        keys: KeyRule, titles: TitleRule, pointer: PointerRule = .on, interactions: InteractionRule = .off
    ) {
        self.keys = keys
        self.titles = titles
        self.pointer = pointer
        self.interactions = interactions
    }

    /// What is not named in the configuration.
    public static let standard = EffectiveRule(keys: .class, titles: .hash)
    /// For what is no window, and for what is denied.
    public static let nothing = EffectiveRule(keys: .off, titles: .off, pointer: .off)
    /// No restriction at all: what a subject's rule leaves of what it does not speak of.
    public static let everything = EffectiveRule(keys: .full, titles: .full, interactions: .on)

    /// The stricter of both, each for itself.
    public func tightened(by other: EffectiveRule) -> EffectiveRule {
        EffectiveRule(
            keys: min(keys, other.keys), titles: min(titles, other.titles), pointer: min(pointer, other.pointer),
            interactions: min(interactions, other.interactions))
    }
}

/// One line of policy: apps by glob, and what holds for them.
public struct AppRule: Sendable, Equatable {
    public var app: AppGlob
    public var effect: EffectiveRule
    public init(app: AppGlob, effect: EffectiveRule) {
        self.app = app
        self.effect = effect
    }

    public init(
        app: AppGlob, keys: KeyRule, titles: TitleRule, pointer: PointerRule = .on,
        interactions: InteractionRule = .off
    ) {
        self.init(
            app: app,
            effect: EffectiveRule(keys: keys, titles: titles, pointer: pointer, interactions: interactions))
    }
}

/// The policy for apps.
///
/// Of all rules whose glob matches, the strictest holds, separately for keys, titles, pointer and interactions; an app that no rule
/// matches gets `EffectiveRule.standard`. So a drop-in can only be loosened by changing the rule that is stricter,
/// never by the order of files. On top of that come the subject's own rules, which only take away, and the deny list.
public struct RuleSet: Sendable, Equatable {
    public var rules: [AppRule]
    /// Apps of which nothing is recorded, whatever else is said.
    public var denied: DenyList
    /// The subject's own, as far as they are in force now.
    public var caps: [AppRule]
    public init(_ rules: [AppRule] = [], denied: DenyList = DenyList(), caps: [AppRule] = []) {
        self.rules = rules
        self.denied = denied
        self.caps = caps
    }

    public func rule(for appID: String) -> EffectiveRule {
        guard !denied.contains(appID) else { return .nothing }
        var result = Self.strictest(of: rules, for: appID) ?? .standard
        // A window that does not say what it is could be anything, and nothing that a rule names.
        if appID.isEmpty { result = result.tightened(by: .standard) }
        result = result.tightened(by: Self.strictest(of: caps, for: appID) ?? .everything)
        return result.keys == .off ? .nothing : result
    }

    private static func strictest(of rules: [AppRule], for appID: String) -> EffectiveRule? {
        rules.reduce(nil) { found, rule in
            rule.app.matches(appID) ? found?.tightened(by: rule.effect) ?? rule.effect : found
        }
    }
}
