import Events
import Testing

@testable import Policy

@Suite struct LooseningTests {
    private static func set(_ rules: [(String, KeyRule)], deny: [String] = []) -> RuleSet {
        RuleSet(
            rules.map { AppRule(app: AppGlob($0.0)!, keys: $0.1, titles: .hash) },
            denied: DenyList(adding: deny.map { AppGlob($0)! }))
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let before: [(String, KeyRule)]
        let after: [(String, KeyRule)]
        let loosens: Bool
        init(_ name: String, _ before: [(String, KeyRule)], _ after: [(String, KeyRule)], _ loosens: Bool) {
            testDescription = name
            self.before = before
            self.after = after
            self.loosens = loosens
        }
    }

    static let cases = [
        Case("nothing", [], [], false),
        Case("more of an app", [], [("foot", .full)], true),
        Case("less of an app", [("foot", .full)], [], false),
        Case("an app off", [], [("foot", .off)], false),
        Case("an app no longer off", [("foot", .off)], [], true),
        Case(
            "the same by another rule", [("org.gnome.*", .off)], [("org.gnome.*", .off), ("org.gnome.Maps", .full)],
            false),
        Case("a hole in a rule", [("org.gnome.*", .off)], [("org.gnome.M*", .off)], true),
        Case("a wider rule", [("org.gnome.M*", .off)], [("org.gnome.*", .off)], false),
        Case("a wider rule that keeps more", [("foo?", .full)], [("foo*", .full)], true),
        Case("a narrower rule that keeps more", [("foo*", .full)], [("foo?", .full)], false),
        Case("two halves of one", [("a*", .off)], [("a", .off), ("a?*", .off)], false),
        Case("nearly two halves of one", [("a*", .off)], [("a", .off), ("a??*", .off)], true),
        Case("spelling", [("Foot", .off)], [("foot", .off)], true),
        Case("shadowed by the deny list", [], [("keepassxc", .full)], false),
        Case("shadowed but for a spelling", [("foo*", .off)], [("foo*", .off), ("fo*", .full)], true),
        Case("class is what is so anyway", [], [("foot", .class)], false),
        Case("class lifts nothing that another holds down", [("*", .off)], [("*", .off), ("foot", .class)], false),
        Case("class instead of off", [("*", .off)], [("foot", .class)], true),
    ]

    @Test(arguments: cases) func isFoundAndOnlyWhereThereIsOne(_ one: Case) {
        let result = Self.set(one.before).loosening(to: Self.set(one.after))
        if one.loosens {
            guard case .of(let app, let before, let after) = result else {
                Issue.record("\(result)")
                return
            }
            // The witness is one.
            #expect(Self.set(one.before).rule(for: app) == before && Self.set(one.after).rule(for: app) == after)
            #expect(after.exceeds(before))
        } else {
            #expect(result == .none)
        }
    }

    @Test func titlesAndPointerCountForThemselves() {
        func set(_ titles: TitleRule, _ pointer: PointerRule) -> RuleSet {
            RuleSet([AppRule(app: AppGlob("foot")!, keys: .class, titles: titles, pointer: pointer)])
        }
        #expect(set(.off, .on).loosening(to: set(.hash, .on)) != .none)
        #expect(set(.hash, .off).loosening(to: set(.hash, .on)) != .none)
        #expect(set(.hash, .on).loosening(to: set(.off, .off)) == .none)
        // Less of one does not pay for more of the other.
        #expect(set(.full, .off).loosening(to: set(.off, .on)) != .none)
    }

    @Test func interactionsCountForThemselves() {
        func set(_ interactions: InteractionRule, titles: TitleRule = .hash) -> RuleSet {
            RuleSet([AppRule(app: AppGlob("foot")!, keys: .class, titles: titles, interactions: interactions)])
        }
        #expect(set(.off).loosening(to: set(.on)) != .none)
        #expect(RuleSet().loosening(to: set(.on)) != .none)
        #expect(set(.on).loosening(to: set(.off)) == .none)
        #expect(set(.on, titles: .full).loosening(to: set(.on)) == .none)
        #expect(set(.off, titles: .full).loosening(to: set(.on, titles: .off)) != .none)
        // What was consented to before there was such a word is the same policy.
        #expect(!set(.off).canonicalText.contains("interactions"))
        #expect(set(.on).canonicalText.contains("rule keys=class titles=hash pointer=on interactions=on app=foot\n"))
    }

    @Test func aDenialThatGoesIsALoosening() {
        #expect(Self.set([], deny: ["mybank*"]).loosening(to: Self.set([])) != .none)
        #expect(Self.set([]).loosening(to: Self.set([], deny: ["mybank*"])) == .none)
        // In any spelling.
        #expect(Self.set([("MyBank", .off), ("mybank", .off)]).loosening(to: Self.set([], deny: ["mybank"])) == .none)
        #expect(Self.set([], deny: ["mybank"]).loosening(to: Self.set([("mybank", .off), ("MYBANK", .off)])) != .none)
    }

    @Test func whatNobodyCanOverlookIsUndecided() {
        let many = (0..<12).map { ("*\(Unicode.Scalar(UInt8(0x61 + $0)))x*", KeyRule.off) }
        #expect(
            Self.set(many).loosening(
                to: Self.set(Array(many.dropFirst()) + [("*ax", .off), ("*ax?*", .off)]), limit: 200) == .undecided)
    }

    @Test func aPolicyOfAHundredRulesIsDecided() {
        let rules = (0..<100).map { ("org.vendor\($0).App*", $0 % 3 == 0 ? KeyRule.full : .off) }
        #expect(Self.set(rules).loosening(to: Self.set(rules.reversed())) == .none)
        #expect(
            Self.set(rules).loosening(to: Self.set(rules + [("*bank*", .off), ("org.vendor0.App*", .off)])) == .none)
        #expect(Self.set(rules).loosening(to: Self.set(rules.filter { $0.0 != "org.vendor0.App*" })) == .none)
        guard case .of(let app, _, _) = Self.set(rules).loosening(to: Self.set(Array(rules.dropLast(2)))) else {
            Issue.record("not found")
            return
        }
        #expect(app.hasPrefix("org.vendor98.App"))
    }

    @Test func theCanonicalTextIsOneForOneMeaningAndReadsBack() throws {
        let rules = [("b", KeyRule.off), ("a b%\n\u{e9}*", .full), ("b", .off)]
        let set = Self.set(rules, deny: ["My Bank"])
        #expect(set.canonicalText == Self.set(rules.reversed(), deny: ["my bank", "My Bank"]).canonicalText)
        #expect(set.canonicalText.hasPrefix("kymograph policy 1\ndefault keys=class titles=hash pointer=on\ndeny app="))
        #expect(set.canonicalText.contains("rule keys=full titles=hash pointer=on app=a%20b%25%0A%C3%A9*\n"))
        let interactive = RuleSet([AppRule(app: AppGlob("a")!, keys: .full, titles: .off, interactions: .on)])
        #expect(try RuleSet(canonicalText: interactive.canonicalText).rule(for: "a").interactions == .on)
        let back = try RuleSet(canonicalText: set.canonicalText)
        #expect(back.canonicalText == set.canonicalText)
        #expect(back.loosening(to: set) == .none && set.loosening(to: back) == .none)
    }

    @Test(arguments: [
        "", "kymograph policy 2\n", "kymograph policy 1\n",
        "kymograph policy 1\ndefault keys=full titles=hash pointer=on\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\nrule keys=full app=a\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\nrule keys=some titles=hash pointer=on app=a\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\nrule keys=class titles=hash pointer=on interactions=off app=a\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\nrule keys=class titles=hash pointer=on clicks=on app=a\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\ndeny app=%ZZ\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\ndeny app=\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\nallow app=a\n",
        "kymograph policy 1\ndefault keys=class titles=hash pointer=on\ndeny app=a",
    ])
    func otherTextsAreNone(_ text: String) {
        #expect(throws: CanonicalPolicyError.self) { _ = try RuleSet(canonicalText: text) }
    }
}
