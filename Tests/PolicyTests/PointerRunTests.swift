import Events
import Testing

@testable import Policy

/// Pointer events that nobody disputes are let through in runs, without a decision of their own: what comes out must be
/// what a decision on each would have let through.
@Suite struct PointerRunTests {
    /// A day at a desk, by chance: everything that can change a decision, between strokes of a mouse.
    @Test(arguments: 0..<300) func aRunIsWhatEachWouldHaveBeen(seed: UInt64) throws {
        let runs = try day(seed, inRuns: true)
        let each = try day(seed, inRuns: false)
        #expect(runs.written == each.written)
        #expect(runs.gate.counters == each.gate.counters)
    }

    /// Else the test above would compare little with little.
    @Test func daysHaveSomethingOfEverything() throws {
        let lines = try (0..<300).flatMap { try day($0, inRuns: true).lines }
        for word in [
            "move full", "move full ~", "move", "click full ~!", "press 30 full", "counts letter", "(rule", "(password",
            "(privateWindow", "(denied", "(unconfirmed", "(inactive", "(focusUnknown",
        ] {
            #expect(lines.contains { $0.hasPrefix(word) }, "\(word)")
        }
    }

    private func day(_ seed: UInt64, inRuns: Bool) throws -> Desk {
        var chance = Chance(seed: seed)
        let desk = try Desk(["full": .full, "off": .off, "plain": .class])
        desk.decidesInRuns = inRuns
        var ms = 1.0
        for _ in 0..<60 {
            ms += Double.random(in: 0.1...40, using: &chance)
            switch Int.random(in: 0..<12, using: &chance) {
            case 0, 1:
                let app = ["full", "off", "plain", "org.keepassxc.KeePassXC", "?", nil].randomElement(using: &chance)!
                let window = UInt64.random(in: 1...4, using: &chance)
                let field = [FieldAccess.other, .other, .password, .failing, nil].randomElement(using: &chance)!
                desk.focus(app, at: ms, window: window, field: field)
            case 2: desk.field(chance.next() % 2 == 0 ? .password : .other, at: ms, window: 1)
            case 3:
                desk.focus("firefox", at: ms, title: "Mozilla Firefox Private Browsing", window: 9)
            case 4:
                desk.press(30, at: ms)
                desk.release(30, at: ms + 0.05)
            case 5: desk.click(at: ms)
            case 6:
                if chance.next() % 4 == 0 {
                    desk.close(at: ms)
                    desk.open(at: ms + 1)
                } else {
                    // Nobody answers.
                    ms += 320
                    desk.advance(to: ms)
                }
            case 7: desk.layout(chance.next() % 2 == 0 ? .usual : nil, at: ms)
            default:
                for _ in 0..<Int.random(in: 1...20, using: &chance) {
                    desk.move(at: ms)
                    ms += Double.random(in: 0.1...2, using: &chance)
                }
            }
            if chance.next() % 2 == 0 { desk.confirm(at: ms + 0.01) }
            if chance.next() % 3 != 0 { desk.advance(to: ms + 0.02) }
        }
        desk.confirm(at: ms + 100)
        desk.advance(to: ms + 101)
        desk.stop(at: ms + 102)
        return desk
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same day for the same seed.
private struct Chance: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
