import Events
import Testing

@testable import Focus

// linux/input-event-codes.h
private let one: UInt16 = 2
private let minus: UInt16 = 12
private let backspace: UInt16 = 14
private let tab: UInt16 = 15
private let q: UInt16 = 16
private let e: UInt16 = 18
private let leftBrace: UInt16 = 26
private let enter: UInt16 = 28
private let leftControl: UInt16 = 29
private let a: UInt16 = 30
private let semicolon: UInt16 = 39
private let grave: UInt16 = 41
private let leftShift: UInt16 = 42
private let m: UInt16 = 50
private let leftAlt: UInt16 = 56
private let space: UInt16 = 57
private let capsLock: UInt16 = 58
private let f1: UInt16 = 59
private let keypad7: UInt16 = 71
private let keypadDot: UInt16 = 83
private let keypadEnter: UInt16 = 96
private let rightAlt: UInt16 = 100
private let home: UInt16 = 102
private let up: UInt16 = 103
private let delete: UInt16 = 111
private let mute: UInt16 = 113
private let leftMeta: UInt16 = 125

private func table(_ layout: String, _ variant: String = "", options: String = "", group: UInt32 = 0) throws
    -> LayoutTable
{
    let keymap = try #require(Keymap(layout: layout, variant: variant, options: options), "\(layout) \(variant)")
    return try #require(keymap.table(group: group))
}

@Suite struct KeymapTests {
    /// Layout, variant, key, modifiers held, and the class that the key then has.
    @Test(
        arguments: [
            ("us", "", a, [], .letter), ("us", "", a, [.shift], .letter), ("us", "", one, [], .digit),
            ("us", "", one, [.shift], .punctuation), ("us", "", minus, [], .punctuation),
            ("us", "", q, [.level3], .letter), ("us", "", one, [.level3], .digit),
            ("de", "", q, [], .letter), ("de", "", q, [.level3], .punctuation), ("de", "", e, [.level3], .punctuation),
            ("de", "", leftBrace, [], .letter), ("de", "", minus, [], .letter), ("de", "", grave, [], .punctuation),
            ("fr", "", one, [], .punctuation), ("fr", "", one, [.shift], .digit), ("fr", "", m, [], .punctuation),
            ("fr", "", semicolon, [], .letter), ("fr", "", e, [.level3], .punctuation),
            ("pl", "", a, [.level3], .letter), ("pl", "", a, [.level3, .shift], .letter), ("pl", "", one, [], .digit),
            ("ru", "", a, [], .letter), ("ru", "", semicolon, [], .letter), ("ru", "", grave, [], .letter),
            ("ru", "", one, [], .digit), ("gr", "", a, [], .letter), ("gr", "", semicolon, [], .punctuation),
            ("us", "dvorak", q, [], .punctuation), ("us", "dvorak", minus, [], .punctuation),
            ("us", "dvorak", semicolon, [], .letter), ("us", "intl", grave, [], .punctuation),
            ("us", "intl", a, [.level3], .letter), ("us", "intl", e, [.level3, .shift], .letter),
        ] as [(String, String, UInt16, Modifiers, KeyClass)])
    func whatKeysType(layout: String, variant: String, code: UInt16, modifiers: Modifiers, expected: KeyClass) throws {
        #expect(try table(layout, variant).keyClass(code: code, modifiers: modifiers) == expected)
    }

    /// Keys that are the same on every layout.
    @Test(arguments: [("us", ""), ("de", ""), ("fr", ""), ("ru", ""), ("gr", ""), ("us", "dvorak"), ("us", "intl")])
    func whatEveryLayoutShares(layout: String, variant: String) throws {
        let table = try table(layout, variant)
        let classes: [(UInt16, KeyClass)] = [
            (space, .space), (enter, .enter), (keypadEnter, .enter), (backspace, .editing), (delete, .editing),
            (home, .navigation), (up, .navigation), (tab, .navigation), (f1, .other), (mute, .other), (0, .other),
            (255, .other), (300, .other),
            // NumLock counts as on.
            (keypad7, .digit),
        ]
        for (code, expected) in classes {
            #expect(table.keyClass(code: code, modifiers: []) == expected, "key \(code)")
        }
        let roles: [(UInt16, ModifierRole)] = [
            (leftShift, .shift), (leftControl, .control), (leftAlt, .alt), (leftMeta, .super), (capsLock, .capsLock),
            (a, .none), (space, .none), (700, .none),
        ]
        for (code, expected) in roles { #expect(table.role(code: code) == expected, "key \(code)") }
    }

    @Test(
        arguments: [
            ("us", "", "", rightAlt, .alt), ("de", "", "", rightAlt, .level3), ("fr", "", "", rightAlt, .level3),
            ("pl", "", "", rightAlt, .level3), ("us", "intl", "", rightAlt, .level3),
            ("us", "", "caps:ctrl_modifier", leftControl, .control), ("us", "", "ctrl:nocaps", capsLock, .control),
            ("us", "", "caps:escape", capsLock, .none), ("us", "", "ctrl:swapcaps", leftControl, .capsLock),
            ("us", "", "altwin:swap_alt_win", leftAlt, .super), ("us", "", "altwin:swap_alt_win", leftMeta, .alt),
            ("us", "", "lv3:lalt_switch", leftAlt, .level3), ("us", "", "lv3:caps_switch", capsLock, .level3),
        ] as [(String, String, String, UInt16, ModifierRole)])
    func whatModifiersAre(layout: String, variant: String, options: String, code: UInt16, expected: ModifierRole) throws
    {
        #expect(try table(layout, variant, options: options).role(code: code) == expected)
    }

    @Test func theKeypadsDotIsWhatTheLayoutSays() throws {
        #expect(try table("us").keyClass(code: keypadDot, modifiers: []) == .punctuation)
        #expect(try table("de").keyClass(code: keypadDot, modifiers: []) == .punctuation)
    }

    @Test func eachGroupHasItsOwnTable() throws {
        let keymap = try #require(Keymap(layout: "us,ru"))
        #expect(keymap.groupCount == 2)
        #expect(keymap.table(group: 0)?.keyClass(code: semicolon, modifiers: []) == .punctuation)
        #expect(keymap.table(group: 1)?.keyClass(code: semicolon, modifiers: []) == .letter)
        #expect(keymap.table(group: 2) == nil)
        #expect(keymap.groupName(0) == "English (US)")
        #expect(keymap.groupName(1) == "Russian")
        #expect(keymap.groupName(9) == "")
    }

    @Test func hashesTellKeymapsApart() throws {
        let us = try #require(Keymap(layout: "us"))
        #expect(us.hash == Keymap(layout: "us")?.hash)
        #expect(us.hash != Keymap(layout: "de")?.hash)
    }

    @Test(arguments: [
        "", "garbage", "xkb_keymap {", "xkb_keymap { };", String(repeating: "{", count: 10_000), "\u{0}",
        "xkb_keymap { xkb_keycodes { <a> = 9; }; xkb_types {}; xkb_compat {}; xkb_symbols { key <a> { [ ; } }; };",
    ]) func garbageIsNoKeymap(text: String) {
        #expect(Keymap(text: text).map { $0.groupCount == 0 } ?? true)
    }

    /// Whether Caps Lock is on nobody tells; a key whose class depends on it says nothing of what was typed.
    @Test(arguments: [("fr", "bepo", one), ("be", "", 43), ("il", "", q)] as [(String, String, UInt16)])
    func aKeyThatCapsLockMakesAnotherIsText(layout: String, variant: String, code: UInt16) throws {
        let table = try table(layout, variant)
        #expect(table.keyClass(code: code, modifiers: []) == .text)
        #expect(table.keyClass(code: a, modifiers: []) == .letter)
    }
}
