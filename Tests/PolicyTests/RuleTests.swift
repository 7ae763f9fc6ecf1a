import Events
import Testing

@testable import Policy

@Suite struct RuleTests {
    @Test(arguments: [
        ("foot", "foot", true), ("foot", "footclient", false), ("foot*", "footclient", true), ("*", "", true),
        ("org.gnome.*", "org.gnome.Nautilus", true), ("org.gnome.*", "org.kde.dolphin", false),
        ("?oot", "foot", true), ("?oot", "oot", false), ("*a*b*c", "xxaxxbxxc", true), ("*a*b*c", "xxaxxcxxb", false),
        ("Foot", "foot", false), ("**", "x", true), ("é?", "éa", true),
    ])
    func globs(pattern: String, text: String, expected: Bool) throws {
        #expect(try #require(AppGlob(pattern)).matches(text) == expected)
    }

    @Test func aPatternOfManyStarsTakesNoTime() throws {
        let glob = try #require(AppGlob(String(repeating: "*a", count: 60)))
        #expect(!glob.matches(String(repeating: "a", count: 59) + String(repeating: "b", count: 4000)))
    }

    @Test func theStrictestOfAllMatchingRulesHolds() throws {
        let set = RuleSet([
            AppRule(app: AppGlob("org.gnome.*")!, keys: .full, titles: .full),
            AppRule(app: AppGlob("*.Vault")!, keys: .off, titles: .off, pointer: .off),
        ])
        #expect(set.rule(for: "org.gnome.Nautilus") == EffectiveRule(keys: .full, titles: .full))
        #expect(set.rule(for: "org.gnome.Vault") == .nothing)
        #expect(set.rule(for: "foot") == .standard)
        #expect(set.rule(for: "") == .standard)
    }

    @Test(arguments: [
        ("*", false), ("**", false), ("*.*", false), ("org.*", false), ("?", false), ("foot", true),
        ("org.gnome.*", true), ("com.github.*", false),
    ])
    func whatNamesAnApp(pattern: String, expected: Bool) throws {
        #expect(try #require(AppGlob(pattern)).namesAnApp == expected)
    }
}
