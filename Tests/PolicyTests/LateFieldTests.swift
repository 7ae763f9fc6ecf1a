import Events
import Testing

@testable import Policy

private let a: UInt16 = 30
private let b: UInt16 = 48
private let c: UInt16 = 46
private let one: UInt16 = 2
private let control: UInt16 = 29
private let tab: UInt16 = 15

/// An app that tells of its fields late: what is typed into it is counted once there was time to hear that it was a
/// password's. Times are ms of the desk; its buckets end at full 100 ms.
@Suite struct LateFieldTests {
    /// From the end of a bucket on: until it may be written, until it is asked for, and until it is given up.
    private static let ripe = 5000.0
    private static let asked = 5500.0
    private static let givenUp = 6500.0

    /// Somebody types a key into an app that is late, at 150: its bucket ends at 200.
    private func desk(_ app: String = "full", typing code: UInt16 = a) throws -> Desk {
        let desk = try Desk(["full": .full, "other": .full])
        desk.focus(app, at: 0, field: .late)
        desk.confirm(at: 1)
        type(code, at: 150, desk)
        return desk
    }

    /// A key that is confirmed, and decided on.
    private func type(_ code: UInt16, at ms: Double, _ desk: Desk) {
        desk.press(code, at: ms)
        desk.confirm(at: ms + 3)
        desk.advance(to: ms + 4)
    }

    private func wait(_ desk: Desk, until ms: Double) {
        desk.confirm(at: ms)
        desk.advance(to: ms + 1)
    }

    @Test(arguments: ["full", "plain"]) func whateverTheRuleItIsCountedAndLater(app: String) throws {
        let desk = try desk(app)
        desk.advance(to: 200 + Self.ripe)
        #expect(desk.lines == [], "nobody has said yet what it was")
        #expect(!desk.confirm(at: 199 + Self.asked), "what comes soon after it shares the question")
        wait(desk, until: 200 + Self.asked)
        #expect(desk.lines == ["counts letter 1 \(app)"])
        let counts = try #require(desk.written.last)
        #expect(counts.timeMicroseconds == Desk.start + 200_000, "in the time in which it was typed")
        #expect(desk.gate.nextDeadlineMicroseconds == nil)
    }

    @Test(
        arguments: [
            ("a password's field", FieldDescription(access: .password), 400.0, false),
            ("as late as it may be", FieldDescription(access: .password), 5200, false),
            ("behind the question", FieldDescription(access: .password), 5710, true),
            ("the compositor's side knows", FieldDescription(access: .late, purpose: .password), 2000, false),
            ("a private window", FieldDescription(access: .late, isPrivate: true), 2000, false),
            ("no password's", FieldDescription(access: .late), 2000, true),
            ("no password's, by somebody to be believed", FieldDescription(access: .other), 2000, true),
        ] as [(String, FieldDescription, Double, Bool)], [7, 3] as [UInt64])
    func whatIsSaidAfterAKey(
        word: (what: String, field: FieldDescription, ms: Double, isCounted: Bool), window: UInt64
    ) throws {
        let desk = try desk()
        if word.ms > 5700 { wait(desk, until: 5700) }
        // Another window's is late word of one that was left.
        desk.field(word.field, at: word.ms, window: window)
        if word.ms < 5700 { wait(desk, until: 5700) }
        desk.stop(at: 5800)
        #expect(desk.lines.contains("counts letter 1 full") == word.isCounted, "\(word.what)")
        if !word.isCounted { #expect(desk.lines.contains("(accessibility") && desk.spans.allSatisfy { $0.keys == 0 }) }
    }

    /// The word comes behind the answer that vouches for the key, and before the key is decided on.
    @Test func aWordThatCameBeforeTheDecisionCounts() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: .late)
        desk.confirm(at: 1)
        desk.press(a, at: 150)
        desk.confirm(at: 153)
        desk.field(.password, at: 154)
        desk.field(.late, at: 155)
        desk.advance(to: 156)
        type(b, at: 300, desk)
        wait(desk, until: 400 + Self.asked)
        #expect(desk.lines == ["(accessibility", "accessibility 0+0)", "counts letter 1 full"])
    }

    /// It was busy while somebody went to the password's field, typed, and left it: then it tells all at once.
    @Test func movesThatAreToldAtOnce() throws {
        let desk = try desk()
        for ms in stride(from: 600.0, to: 1800, by: 100) { type(one, at: ms, desk) }
        type(b, at: 2000, desk)
        desk.field(.password, at: 3000)
        desk.field(.late, at: 3000.1)
        type(c, at: 3200, desk)
        wait(desk, until: 3300 + Self.asked)
        #expect(desk.lines == ["(accessibility", "accessibility 0+0)", "counts letter 1 full"])
        let spans = desk.spans(.accessibility).map { [$0.0, $0.1] }
        #expect(spans == [[0, 3000]], "rounded outwards, whatever was typed")
    }

    enum Step { case tab, enter, control, click, digit, otherWindow, told, toldAgain }

    /// Firefox tells of the last field alone when its page's process was busy with all of it. A digit is typed at 150.
    @Test(
        arguments: [
            ("Tab, and no word of it", [(120, .tab), (300, .tab), (2000, .told)], false),
            ("Tab and Enter", [(120, .tab), (300, .enter), (2000, .told)], false),
            ("a click and Enter", [(120, .click), (300, .enter), (2000, .told)], false),
            ("a click that moves nothing, and long nothing", [(120, .click), (5121, .enter)], true),
            ("Tab, and another window", [(120, .tab), (300, .otherWindow)], false),
            ("Tab, and a command", [(120, .tab), (300, .control)], false),
            ("the word is one on the Tab before", [(80, .tab), (120, .tab), (130, .told), (300, .enter)], false),
            ("told again", [(80, .tab), (120, .tab), (130, .told), (131, .toldAgain), (300, .enter)], false),
            ("it has told", [(120, .tab), (130, .told), (300, .tab), (310, .told)], true),
            ("it has told of both", [(80, .tab), (120, .tab), (125, .told), (130, .told), (300, .enter)], true),
            ("a line of a chat", [(120, .enter), (300, .enter)], true),
            ("nothing", [], true),
        ] as [(String, [(Double, Step)], Bool)])
    func aFieldOfWhichTheAppNeverTold(what: String, steps: [(Double, Step)], isCounted: Bool) throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: .late)
        desk.confirm(at: 1)
        var told = 0.0
        for (ms, step) in (steps + [(150, .digit)]).sorted(by: { $0.0 < $1.0 }) {
            switch step {
            case .tab: desk.press(tab, at: ms)
            case .enter: desk.press(28, at: ms)
            case .control: desk.press(control, at: ms)
            case .click: desk.click(at: ms)
            case .digit: desk.press(one, at: ms)
            case .otherWindow: desk.focus("full", at: ms, window: 9, field: .late)
            case .toldAgain: desk.field(.late, at: told)
            case .told:
                told = ms
                desk.field(.late, at: ms)
            }
            wait(desk, until: ms + 3)
        }
        wait(desk, until: 300 + Self.asked)
        #expect(desk.lines.contains { $0.contains("digit") } == isCounted, "\(what): \(desk.lines)")
    }

    /// What is typed into a window that is left before the app has spoken.
    @Test func aWordAboutAWindowThatWasLeft() throws {
        let desk = try desk(typing: one)
        desk.focus("other", at: 300, window: 8)
        desk.confirm(at: 301)
        type(a, at: 400, desk)
        desk.field(.password, at: 1000, window: 7)
        type(b, at: 1200, desk)
        wait(desk, until: 300 + Self.asked)
        #expect(desk.lines.contains("press 30 other") && desk.lines.contains("press 48 other"))
        #expect(!desk.lines.contains { $0.hasPrefix("counts") })
    }

    @Test func nobodyAnswersForIt() throws {
        let desk = try desk()
        #expect(desk.gate.probeDue(nowMicroseconds: Desk.start + UInt64(200 + Self.asked) * 1000) != nil)
        desk.advance(to: 199 + Self.givenUp)
        #expect(desk.lines == [])
        #expect(desk.gate.nextDeadlineMicroseconds == Desk.start + UInt64(200 + Self.givenUp) * 1000)
        desk.advance(to: 200 + Self.givenUp)
        #expect(desk.lines == ["(accessibility", "accessibility 0+0)"])
        #expect(desk.gate.nextDeadlineMicroseconds == nil)
    }

    /// The agent answers, and the app does not; then it does, in time or not.
    @Test(arguments: [(6600.0, true), (6750.0, false)])
    func anAppThatDoesNotAnswer(until ms: Double, isCounted: Bool) throws {
        let desk = try desk()
        desk.field(.failing, at: 2000)
        for ms in stride(from: 5700.0, to: ms, by: 250) { wait(desk, until: ms) }
        #expect(!desk.lines.contains { $0.hasPrefix("counts") })
        desk.field(.late, at: ms)
        wait(desk, until: ms + 1)
        #expect(desk.lines.contains("counts letter 1 full") == isCounted)
        #expect(desk.lines.contains("(accessibility") != isCounted)
        #expect(desk.gate.nextDeadlineMicroseconds == nil)
    }

    /// An answer to a question that was asked sooner says nothing of what the app has told since.
    @Test func anEarlierQuestionDoesNotVouchForIt() throws {
        let desk = try desk()
        type(control, at: 5100, desk)
        #expect(desk.lines == [])
        wait(desk, until: 200 + Self.asked)
        #expect(desk.lines == ["counts letter 1 full"])
    }

    @Test(arguments: ["close", "stop", "forget", "agent lost", "rules"]) func howeverItEnds(ending: String) throws {
        let desk = try desk()
        switch ending {
        case "close": desk.close(at: 1000, reason: .locked)
        case "stop": desk.stop(at: 1000)
        case "forget": desk.discardWaiting(at: 1000)
        case "agent lost": desk.gate.agentLost(nowMicroseconds: Desk.start + 1_000_000)
        default: desk.gate.setRules(RuleSet.of(["full": .class]), nowMicroseconds: Desk.start + 1_000_000)
        }
        if ending == "agent lost" {
            desk.gate.agentConnected(nowMicroseconds: Desk.start + 1_100_000)
            desk.focus("full", at: 1101, field: .late)
        }
        for ms in stride(from: 5000.0, through: 8000, by: 100) { wait(desk, until: ms) }
        desk.stop(at: 8001)
        #expect(!desk.lines.contains { $0.hasPrefix("counts") })
        // What is forgotten is not even accounted for.
        #expect(desk.lines.contains("(accessibility") == (ending != "forget"))
        #expect(desk.spans.allSatisfy { $0.keys == 0 })
    }

    /// They type nothing, and there is no password that has them in it.
    @Test func commandsKeepTheirTimeAndPlace() throws {
        let desk = try desk(typing: control)
        type(c, at: 160, desk)
        #expect(desk.lines == ["press 46 full"])
    }

    /// Between a window of which nobody can say anything and one that says it late, the later word is waited for.
    @Test func aKeyNearAChangeOfWindowsWaitsToo() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, window: 1, field: .notRegistered)
        desk.confirm(at: 1)
        desk.press(a, at: 199.5)
        desk.focus("plain", at: 200, window: 2, field: .late)
        desk.confirm(at: 210)
        desk.advance(to: 400)
        #expect(desk.lines == [])
        wait(desk, until: 200 + Self.asked)
        #expect(desk.lines == ["counts letter 1 full ~"])
    }

    /// A program that changes its title all the time has a bucket for each.
    @Test func whatThereIsNoRoomForIsWithheld() throws {
        let counts = try LateCounts()
        let outcomes = (1...FocusID(LateCounts.capacity) + 1).map {
            counts.count(.letter, timeMicroseconds: 150_000, focus: $0, marks: [])
        }
        #expect(outcomes.firstIndex(of: false) == LateCounts.capacity)
        let withheld = counts.discard()
        #expect(withheld == LateCounts.Withheld(startMicroseconds: 100_000, endMicroseconds: 200_000, keys: 1024))
        #expect(counts.isEmpty && counts.deadlineMicroseconds == nil)
        #expect(counts.count(.letter, timeMicroseconds: 250_000, focus: 1, marks: []), "there is room again")
    }
}

/// An app of several windows and fields, late by up to five seconds, and somebody who goes from field to field and types
/// digits into passwords' fields and letters into others. Whatever comes of it, no digit is ever counted.
@Suite struct LateAppTests {
    private struct Report {
        var ms: Double
        var window: UInt64
        var access: FieldAccess
    }

    @Test(arguments: 1...40) func noKeyOfAPasswordIsCounted(seed: UInt64) throws {
        var dice = Dice(seed)
        let desk = try Desk(["app": .full])
        var reports: [Report] = []
        var window: UInt64 = 1
        var isSecret = false
        var lastTold = 0.0
        var letters = 0
        desk.focus("app", at: 0, window: window, field: .late)
        desk.confirm(at: 1)
        var ms = 10.0
        while ms < 60_000 {
            let wasSecret = isSecret
            switch dice.below(20) {
            case 0, 1: isSecret.toggle()
            case 2:
                window = 1 + dice.below(3)
                isSecret = dice.below(3) == 0
                // The first word is about what was so before.
                desk.focus("app", at: ms - 0.5, window: window, field: .late)
            default: break
            }
            if wasSecret != isSecret || isSecret {
                // It tells of moves in their order; of a field that stays one it may tell again.
                lastTold = max(lastTold, ms + Double(dice.below(5_000)))
                reports.append(Report(ms: lastTold, window: window, access: isSecret ? .password : .late))
            }
            if !isSecret { letters += 1 }
            desk.press(isSecret ? one : a, at: ms)
            let next = ms + 30 + Double(dice.below(dice.below(10) == 0 ? 9_000 : 300))
            ms = turns(desk, from: ms, to: next, &reports)
        }
        // At last it is an ordinary field, and quiet for long enough.
        reports.append(Report(ms: max(lastTold, ms), window: window, access: .late))
        ms = turns(desk, from: ms, to: ms + 9_000, &reports)
        for _ in 0..<10 {
            desk.press(a, at: ms)
            ms = turns(desk, from: ms, to: ms + 100, &reports)
        }
        _ = turns(desk, from: ms, to: ms + 9_000, &reports)
        let counted = desk.written.reduce(into: (letters: 0, digits: 0)) { sum, event in
            guard case .keyCounts(let counts) = event.payload else { return }
            sum.letters += Int(counts[.letter])
            sum.digits += Int(counts[.digit])
        }
        #expect(counted.digits == 0)
        #expect(counted.letters >= 10 && counted.letters <= letters + 10)
        #expect(desk.written.allSatisfy { if case .key = $0.payload { false } else { true } })
    }

    /// The recorder's turns until then: what the app tells reaches it, it asks, and decides.
    private func turns(_ desk: Desk, from start: Double, to end: Double, _ reports: inout [Report]) -> Double {
        var ms = start
        while ms < end {
            ms = min(end, ms + 10)
            while let report = reports.first, report.ms <= ms {
                desk.field(report.access, at: max(report.ms, start), window: report.window)
                reports.removeFirst()
            }
            desk.confirm(at: ms)
            desk.advance(to: ms + 0.3)
        }
        return end + 0.5
    }
}

/// The same each time.
private struct Dice {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func below(_ limit: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state % limit
    }
}
