import Events
import Testing

@testable import Policy

private let a: UInt16 = 30
private let b: UInt16 = 48
private let c: UInt16 = 46
private let control: UInt16 = 29

/// What the gate still holds when somebody wants to forget.
@Suite struct GateForgettingTests {
    private func discard(_ desk: Desk, at ms: Double) {
        desk.discardWaiting(at: ms)
        desk.restateFocus(at: ms)
    }

    @Test func whatWaitsIsNeverWrittenAndNotEvenCounted() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.press(a, at: 100)
        desk.move(at: 101)
        discard(desk, at: 110)
        desk.press(b, at: 120)
        desk.confirm(at: 130)
        desk.advance(to: 131)
        #expect(desk.lines == ["press 48 full"])
    }

    @Test func noReleaseTellsWhichKeyWentDownBefore() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.press(a, at: 100)
        desk.confirm(at: 103)
        desk.advance(to: 104)
        discard(desk, at: 110)
        desk.release(a, at: 120)
        desk.confirm(at: 125)
        desk.advance(to: 126)
        #expect(desk.lines == ["press 30 full"])
    }

    /// It is a modifier all the same: what is pressed with it is a command, before and after.
    @Test func aModifierThatIsHeldStaysOne() throws {
        let desk = try Desk()
        desk.focus("mail", at: 0)
        desk.confirm(at: 1)
        desk.press(control, at: 100)
        discard(desk, at: 110)
        desk.press(c, at: 120)
        desk.confirm(at: 130)
        desk.advance(to: 131)
        #expect(desk.lines == ["press 46 mail"])
    }

    @Test func countsThatAreBeingMadeGoToo() throws {
        let desk = try Desk()
        desk.focus("mail", at: 0)
        desk.confirm(at: 1)
        desk.press(a, at: 101)
        desk.confirm(at: 105)
        desk.advance(to: 106)
        discard(desk, at: 110)
        desk.press(b, at: 150)
        desk.confirm(at: 155)
        desk.advance(to: 300)
        #expect(desk.lines == ["counts letter 1 mail"])
    }

    /// Its record would come later, with its own time and the window's name.
    @Test func aFocusThatHasNoRecordYetGetsItBeforeAndIsToldAnewBehind() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.advance(to: 2)
        desk.focus("mail", at: 50)
        desk.advance(to: 51)
        #expect(desk.focusRecords.count == 1)
        desk.discardWaiting(at: 60)
        #expect(desk.focusRecords.map(\.focus.appID) == ["full", "mail"])
        desk.restateFocus(at: 60)
        desk.confirm(at: 61)
        desk.press(a, at: 70)
        desk.confirm(at: 80)
        desk.advance(to: 200)
        #expect(desk.focusRecords.map(\.timeMicroseconds) == [Desk.start, Desk.start + 50_000, Desk.start + 60_000])
        #expect(Set(desk.focusRecords.map(\.focus.id)).count == 3)
        #expect(desk.lines == ["counts letter 1 mail"])
        #expect(desk.written.last?.focus == desk.focusRecords.last?.focus.id)
    }

    /// Telling the focus anew is no change of it: the field is the one that it was.
    @Test func aPasswordsFieldStaysOne() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.field(.password, at: 10)
        discard(desk, at: 50)
        desk.press(a, at: 60)
        desk.confirm(at: 70)
        desk.advance(to: 71)
        #expect(!desk.lines.contains { $0.hasPrefix("press") })
        #expect(desk.lines.contains("(password"))
    }

    @Test func whatIsClosedTellsNothing() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.advance(to: 2)
        desk.close(at: 10)
        let before = desk.written.count
        discard(desk, at: 20)
        desk.advance(to: 400)
        #expect(desk.written.count == before)
    }

    /// Titles are hashed with the key there is at that moment: the old one may have been destroyed.
    @Test func theFocusIsToldAnewWithTheKeyOfNow() throws {
        var key = "old"
        let desk = try Desk(titleHash: { key + $0 })
        let rules = RuleSet([AppRule(app: AppGlob("mail")!, keys: .class, titles: .hash)])
        desk.gate.setRules(rules, nowMicroseconds: Desk.start)
        desk.focus("mail", at: 0, title: "x")
        desk.confirm(at: 1)
        desk.advance(to: 2)
        desk.discardWaiting(at: 10)
        key = "new"
        desk.restateFocus(at: 10)
        desk.confirm(at: 11)
        desk.advance(to: 12)
        #expect(desk.focusRecords.map(\.focus.title) == ["oldx", "newx"])
    }
}
