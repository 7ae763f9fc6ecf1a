import Events
import Testing

@testable import Policy

private let a: UInt16 = 30
private let c: UInt16 = 46
private let one: UInt16 = 2
private let shift: UInt16 = 42
private let control: UInt16 = 29
private let altGr: UInt16 = 100

/// The agent may be stopped, or wait for a processor: what it tells late must not make anything look certain.
@Suite struct LateAgentTests {
    /// The focus moved at 120, and the agent was stopped until 250: what was typed at 150 went to the hidden window.
    @Test func keysTypedWhileTheAgentWasStoppedAreNotWrittenAsTheWindowBefores() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.press(a, at: 150)
        desk.move(at: 151)
        desk.focus("off", at: 250, window: 2)
        desk.confirm(at: 251)
        desk.advance(to: 253)
        desk.stop(at: 254)
        #expect(desk.lines == ["(rule", "rule 1+1)"])
    }

    @Test func whatAChangeStatesOfItselfHoldsEveryEventJudgedUncertain() throws {
        let desk = try Desk(["full": .full, "other": .full])
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.press(a, at: 150)
        desk.focus("other", at: 250, window: 2)
        desk.confirm(at: 251)
        desk.advance(to: 253)
        #expect(desk.lines == ["press 30 full ~!"])
        let change = try #require(desk.focusRecords.last)
        #expect(change.timeMicroseconds - UInt64(change.focus.uncertaintyMicroseconds) < Desk.start + 150_000)
    }

    @Test func aChangeThatNobodyTypedAroundStatesWhatTheRoundTripsSay() throws {
        let desk = try Desk(["full": .full, "other": .full])
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 1, answered: 4)
        desk.focus("other", at: 250, window: 2)
        desk.confirm(at: 251)
        desk.advance(to: 253)
        #expect(desk.focusRecords.last?.focus.uncertaintyMicroseconds == 4000)
    }

    @Test(arguments: ["key", "button"]) func aPressIsAskedForWithinTheMargin(of what: String) throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        if what == "key" { desk.press(a, at: 100) } else { desk.click(at: 100) }
        #expect(desk.gate.probeDue(nowMicroseconds: Desk.start + 101_500) != nil)
    }

    /// Between a window of which nothing is recorded and no window, either may have had the pointer.
    @Test func pointerNearAHiddenWindowIsNotWritten() throws {
        let desk = try Desk()
        desk.focus("off", at: 0)
        desk.confirm(at: 1)
        desk.move(at: 199.5)
        desk.focus(nil, at: 200)
        desk.confirm(at: 210)
        desk.advance(to: 212)
        desk.move(at: 220)
        desk.confirm(at: 280)
        desk.advance(to: 281)
        #expect(desk.lines == ["(rule", "rule 0+1)", "move none"])
    }

    @Test func strictestOfClassAndFullIsCountsAndSaysThatItIsUncertain() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.press(a, at: 199.9)
        desk.focus("plain", at: 200, window: 2)
        desk.confirm(at: 210)
        desk.advance(to: 301)
        #expect(desk.lines == ["counts letter 1 full ~"])
    }

    @Test func aWatermarkCountsOnce() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        let start = Desk.start
        let probe = try #require(desk.gate.probeDue(nowMicroseconds: start + 1000))
        let answers = (0..<2).map { _ in
            desk.gate.watermark(
                probe: probe, sentMicroseconds: start + 1000, answeredMicroseconds: start + 1200,
                checkedMicroseconds: start + 1200, nowMicroseconds: start + 1300)
        }
        #expect(answers == [true, false])
    }

    /// Bucket and focus records stand behind what waits; asking to be called for them at once would be a busy loop.
    @Test func whileAKeyWaitsNothingElseIsDue() throws {
        let desk = try Desk(["full": .full])
        desk.focus("plain", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.press(a, at: 50)
        desk.confirm(at: 60)
        desk.advance(to: 61)
        desk.press(a, at: 95)
        desk.focus("full", at: 97, window: 2)
        #expect(desk.gate.probeDue(nowMicroseconds: Desk.start + 98_000) != nil)
        for ms in [98.0, 120, 200, 390] {
            desk.advance(to: ms)
            let next = try #require(desk.gate.nextDeadlineMicroseconds)
            #expect(next > Desk.start + UInt64(ms * 1000), "at \(ms)")
        }
    }

    @Test func focusChangesThatAreForgottenAreALoss() throws {
        let desk = try Desk()
        desk.press(a, at: 0.5)
        for index in 0..<700 { desk.focus("full", at: 1 + Double(index) * 0.1, window: UInt64(index)) }
        desk.advance(to: 80)
        desk.stop(at: 81)
        let lost = desk.written.compactMap { event -> UInt64? in
            if case .loss(let loss) = event.payload { loss.count } else { nil }
        }
        #expect(lost.count == 1)
        #expect(lost.reduce(0, +) + UInt64(desk.focusRecords.count) == 700)
    }

    @Test func theFirstMicrosecondsOfAMachineAreTimesLikeOthers() throws {
        let gate = try Gate(rules: RuleSet(), capacity: 8)
        gate.setOpen(true, nowMicroseconds: 0) { _ in }
        gate.agentConnected(nowMicroseconds: 0)
        gate.hold(Event(timeMicroseconds: 0, device: 1, payload: .key(Key(code: a, press: .pressed))))
        gate.focusChanged(FocusDescription(id: 0, state: .window, appID: "foot"), receivedMicroseconds: 0)
        gate.hold(Event(timeMicroseconds: 1, device: 1, payload: .key(Key(code: a, press: .released))))
        gate.focusChanged(FocusDescription(id: 0, state: .none), receivedMicroseconds: 1)
        var written: [Event] = []
        gate.advance(nowMicroseconds: 1) { written.append($0.event) }
        gate.stop(nowMicroseconds: 2) { written.append($0.event) }
        #expect(written.contains { if case .suppression(let span) = $0.payload { span.keys == 1 } else { false } })
    }

    /// Only windows have names; a report that says otherwise is not to be believed.
    @Test func whatIsNoWindowHasNoName() throws {
        let desk = try Desk()
        for state in [FocusState.none, .unknown] {
            desk.gate.focusChanged(
                FocusDescription(
                    id: 0, state: state, appID: "secret", title: "secret", titleForm: .full, processID: 7, window: 8,
                    output: "secret"), receivedMicroseconds: Desk.start)
        }
        desk.confirm(at: 1)
        desk.advance(to: 10)
        let focuses = desk.focusRecords.map(\.focus)
        #expect(focuses.map(\.state) == [.none, .unknown])
        for focus in focuses {
            #expect([focus.appID, focus.title, focus.output] == ["", "", ""])
            #expect(focus.window == 0)
            #expect(focus.processID == 0)
        }
    }
}

@Suite struct LayoutChangeTests {
    private static let other: LayoutTable = {
        // A layout on which the digits' row types letters, right Alt chooses a third level, and 42 is no Shift.
        var classes = LayoutTable.usual.classes
        for index in 2 * 4..<12 * 4 { classes[index] = .letter }
        var roles = LayoutTable.usual.roles
        roles[42] = .none
        roles[56] = .level3
        return LayoutTable(classes: classes, roles: roles)!
    }()

    private func desk() throws -> Desk {
        let desk = try Desk([:])
        desk.focus("plain", at: 0)
        desk.confirm(at: 1)
        return desk
    }

    @Test func aLayoutChangeBetweenPressAndReleaseLeavesNoModifierStuck() throws {
        let desk = try desk()
        desk.press(shift, at: 100)
        desk.confirm(at: 102)
        desk.advance(to: 103)
        desk.layout(Self.other, at: 110)
        desk.release(shift, at: 120)
        desk.press(one, at: 130)
        desk.confirm(at: 140)
        desk.advance(to: 201)
        #expect(desk.lines == ["counts letter 1 plain"])
    }

    /// Under the first layout right Alt with a key is a command, under the second it types.
    @Test func keysThatMayHaveMetEitherLayoutAreText() throws {
        let desk = try desk()
        desk.press(56, at: 198)
        desk.press(c, at: 199)
        desk.layout(Self.other, at: 200)
        desk.release(c, at: 201)
        desk.release(56, at: 202)
        desk.confirm(at: 210)
        desk.advance(to: 211)
        desk.advance(to: 301)
        #expect(desk.lines == ["counts text 2 plain"])
    }

    @Test func aKeyFromBeforeTwoChangesMeetsTheFirstLayout() throws {
        let desk = try desk()
        desk.press(one, at: 110)
        desk.confirm(at: 112)
        desk.layout(Self.other, at: 113)
        desk.layout(nil, at: 114)
        desk.advance(to: 115)
        desk.press(one, at: 120)
        desk.confirm(at: 130)
        desk.advance(to: 201)
        #expect(desk.lines == ["counts digit 1 text 1 plain"])
    }

    @Test func theSameLayoutToldAgainLeavesNoDoubt() throws {
        let desk = try desk()
        desk.press(one, at: 110)
        desk.layout(.usual, at: 111)
        desk.confirm(at: 120)
        desk.advance(to: 201)
        #expect(desk.lines == ["counts digit 1 plain"])
    }

    @Test func moreChangesThanAreKeptLeaveOldKeysUnknown() throws {
        let desk = try desk()
        desk.press(one, at: 100)
        for index in 0..<40 { desk.layout(index % 2 == 0 ? Self.other : .usual, at: 110 + Double(index)) }
        desk.confirm(at: 160)
        desk.advance(to: 201)
        #expect(desk.lines == ["counts text 1 plain"])
    }
}
