import Events
import Testing

@testable import Policy

@Suite struct PlaceTests {
    private static let apps = RuleSet([
        AppRule(app: AppGlob("editor*")!, keys: .class, titles: .off, interactions: .on),
        AppRule(app: AppGlob("still")!, keys: .full, titles: .off, pointer: .off, interactions: .on),
        AppRule(app: AppGlob("vault")!, keys: .off, titles: .off),
    ])

    private func desk() throws -> Desk { try Desk(policy: Self.apps) }

    // MARK: presses

    @Test func aPressIsFollowedByWhereItWas() throws {
        let desk = try desk()
        desk.focus("editor", at: 0)
        #expect(desk.click(at: 10, isAt: (812.5, -40), looked: 11.4) == true)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines == ["click editor", "at 812.5,-40.0 of desktop +1400 editor"])
        #expect(desk.gate.counters.places == 1 && desk.gate.counters.placesWithheld == 0)
        let times = desk.written.suffix(2).map(\.timeMicroseconds)
        #expect(times[0] == times[1])
    }

    /// The press is confirmed by the first answer, and who had the keyboard at the look by the second alone.
    @Test func itWaitsUntilTheTimeOfTheLookIsConfirmed() throws {
        let desk = try desk()
        desk.focus("editor", at: 0)
        desk.click(at: 10, isAt: (1, 2), looked: 40)
        desk.confirm(at: 30)
        desk.advance(to: 41)
        #expect(desk.lines == ["click editor"])
        #expect(desk.confirm(at: 45))
        desk.advance(to: 50)
        #expect(desk.lines == ["click editor", "at 1.0,2.0 of desktop +30000 editor"])
    }

    @Test(arguments: ["still", "browser", "vault", "org.keepassxc.KeePassXC", "?", nil] as [String?])
    func nobodyAsksWhereItsPlaceIsNobodysBusiness(app: String?) throws {
        let desk = try desk()
        desk.focus(app, at: 0)
        #expect(desk.click(at: 10, isAt: (1, 2), looked: 11) == nil)
    }

    @Test func nobodyAsksWithoutAnAgentOrConsent() throws {
        let desk = try desk()
        desk.focus("editor", at: 0)
        desk.gate.agentLost(nowMicroseconds: Desk.start + 5_000)
        #expect(desk.click(at: 10, isAt: (1, 2), looked: 11) == nil)
        let closed = try self.desk()
        closed.focus("editor", at: 0)
        closed.close(at: 5)
        #expect(closed.click(at: 10, isAt: (1, 2), looked: 11) == nil)
    }

    /// A click that brings another window's turn: by the time of the look the pointer is in it.
    @Test func whatMayHaveBeenSeenInAWindowOfWhichNothingMayBeKnownIsNotWritten() throws {
        for (other, isWritten) in [("vault", false), ("still", false), ("browser", false), ("editor", true)] {
            let desk = try desk()
            desk.focus("editor", at: 0)
            desk.confirm(at: 9)
            let isAnswer = desk.click(at: 10, isAt: (1, 2), looked: 15)
            desk.confirm(at: 12)
            desk.focus(other, at: 14, window: 8)
            desk.confirm(at: 30)
            desk.advance(to: 40)
            #expect(isAnswer == true)
            #expect(desk.lines.contains { $0.hasPrefix("at 1.0") } == isWritten, "\(other): \(desk.lines)")
            #expect(desk.gate.counters.placesWithheld == (isWritten ? 0 : 1))
        }
    }

    /// From whose corner it is counted nobody could say.
    @Test func aPlaceInAWindowIsOfTheWindowThatHadTheKeyboardAllTheWhile() throws {
        for (other, isWritten) in [(UInt64(7), true), (8, false)] {
            let desk = try desk()
            desk.focus("editor", at: 0)
            desk.confirm(at: 9)
            desk.click(at: 10, isAt: (1, 2), of: .window, looked: 15)
            desk.confirm(at: 12)
            desk.focus("editor", at: 14, title: "another", window: other)
            desk.confirm(at: 30)
            desk.advance(to: 40)
            #expect(desk.lines.contains("at 1.0,2.0 of window +5000 editor") == isWritten, "\(desk.lines)")
        }
    }

    @Test(arguments: [(.password, false), (.failing, true), (.other, true)] as [(FieldAccess, Bool)])
    func itIsWrittenWherePressesAre(access: FieldAccess, isWritten: Bool) throws {
        let desk = try desk()
        desk.focus("editor", at: 0, field: access)
        desk.click(at: 10, isAt: (1, 2), looked: 11)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines.contains { $0.hasPrefix("at ") } == isWritten)
        #expect(desk.lines.contains { $0.hasPrefix("click") } == isWritten)
    }

    @Test func ofTheTimeBeforeItOrLongAfterItIsNoWord() throws {
        for (looked, isWritten) in [(9.999, false), (10, true), (310, true), (310.001, false)] {
            let desk = try desk()
            desk.focus("editor", at: 0)
            #expect(desk.click(at: 10, isAt: (1, 2), looked: looked) == true)
            desk.confirm(at: 30)
            desk.confirm(at: 320)
            desk.advance(to: 330)
            #expect(desk.lines.contains { $0.hasPrefix("at ") } == isWritten, "\(looked)")
        }
    }

    @Test func eachPressIsAnsweredOnceAndOneThatNobodyCanPlaceLeavesNothing() throws {
        let desk = try desk()
        desk.focus("editor", at: 0)
        let number = try #require(desk.gate.pressed(atMicroseconds: Desk.start + 10_000))
        #expect(!desk.gate.pointerPlaced(nil, atMicroseconds: Desk.start + 11_000, number: number + 1))
        #expect(desk.gate.pointerPlaced(nil, atMicroseconds: Desk.start + 11_000, number: number))
        let place = (PointerFrame.desktop, Fixed8(1), Fixed8(2))
        #expect(!desk.gate.pointerPlaced(place, atMicroseconds: Desk.start + 11_000, number: number))
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines == [] && desk.gate.counters.placesWithheld == 0)
    }

    @Test func whatNobodyConfirmsIsWithheld() throws {
        let desk = try desk()
        desk.focus("editor", at: 0)
        desk.click(at: 10, isAt: (1, 2), looked: 11)
        desk.advance(to: 1000)
        #expect(!desk.lines.contains { $0.hasPrefix("at ") } && desk.gate.counters.placesWithheld == 1)
    }

    @Test func whatIsToldOfTheTimeBeforeAPauseOrAForgettingIsNotWritten() throws {
        for isPause in [true, false] {
            let desk = try desk()
            desk.focus("editor", at: 0)
            let number = try #require(desk.gate.pressed(atMicroseconds: Desk.start + 5_000))
            desk.click(at: 10, isAt: (1, 2), looked: 11)
            if isPause {
                desk.close(at: 20)
                desk.open(at: 30)
            } else {
                desk.discardWaiting(at: 20)
                desk.restateFocus(at: 20)
            }
            let place = (PointerFrame.desktop, Fixed8(1), Fixed8(2))
            #expect(!desk.gate.pointerPlaced(place, atMicroseconds: Desk.start + 31_000, number: number))
            desk.confirm(at: 40)
            desk.advance(to: 50)
            #expect(!desk.lines.contains { $0.hasPrefix("at ") })
        }
    }

    // MARK: windows

    @Test func whereAWindowIsStandsBehindItsFocusAndIsWrittenOnce() throws {
        let desk = try desk()
        desk.focus("editor", at: 0)
        desk.placed(1, 2, at: 0)
        desk.placed(1, 2, at: 5)
        desk.focus("editor", at: 6, title: "another")
        desk.placed(1, 2, at: 6)
        desk.placed(3, 4, at: 8)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines == ["window at 1,2 editor", "window at 3,4 editor"])
        let first = try #require(desk.written.firstIndex { $0.payload == .windowPlace(.at(1, 2)) })
        guard case .focus = desk.written[first - 1].payload else {
            Issue.record("no focus before it: \(desk.written)")
            return
        }
    }

    @Test func eachWindowThatGetsTheKeyboardIsToldAnew() throws {
        let desk = try desk()
        for (index, window) in [UInt64(7), 8, 7].enumerated() {
            desk.focus("editor\(window)", at: Double(index) * 10, window: window)
            desk.placed(Int32(window), 0, at: Double(index) * 10, window: window)
        }
        desk.confirm(at: 40)
        desk.advance(to: 50)
        #expect(desk.lines == ["window at 7,0 editor7", "window at 8,0 editor8", "window at 7,0 editor7"])
    }

    @Test(arguments: ["vault", "org.keepassxc.KeePassXC", "?", nil] as [String?])
    func ofAWindowOfWhichNothingMayBeKnownItIsNotWritten(app: String?) throws {
        let desk = try desk()
        desk.focus(app, at: 0)
        desk.placed(1, 2, at: 1)
        // Nor of another than has the keyboard.
        desk.placed(1, 2, at: 1, window: 99)
        desk.confirm(at: 30)
        desk.advance(to: 400)
        #expect(!desk.lines.contains { $0.hasPrefix("window at") })
    }

    @Test func aRuleThatLetsAWindowBeKnownBringsItsPlace() throws {
        let desk = try desk()
        desk.focus("vault", at: 0)
        desk.placed(1, 2, at: 1)
        desk.gate.setRules(RuleSet([]), nowMicroseconds: Desk.start + 10_000)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines.filter { $0.hasPrefix("window") } == ["window at 1,2 vault"])
    }

    /// It waits for the record of its focus, which waits for an answer; meanwhile what permitted it falls.
    @Test func whatWaitsIsNotWrittenOnceARuleAPauseOrTheAgentsLeaveForbidsIt() throws {
        let forbidding: [(String, (Desk) -> Void)] = [
            ("a rule", { $0.gate.setRules(.of(["editor": .off]), nowMicroseconds: Desk.start + 5_000) }),
            ("a pause", { $0.close(at: 5) }),
            ("the agent's leave", { $0.gate.agentLost(nowMicroseconds: Desk.start + 5_000) }),
        ]
        for (name, forbid) in forbidding {
            let desk = try desk()
            desk.focus("editor", at: 0)
            desk.placed(1, 2, at: 1)
            forbid(desk)
            desk.advance(to: 900)
            #expect(!desk.lines.contains { $0.hasPrefix("window at") }, "\(name)")
        }
    }

    @Test func afterAPauseOrAForgettingItIsToldAnew() throws {
        for isPause in [true, false] {
            let desk = try desk()
            desk.focus("editor", at: 0)
            desk.placed(1, 2, at: 1)
            desk.confirm(at: 10)
            desk.advance(to: 15)
            desk.placed(3, 4, at: 16)
            if isPause {
                desk.close(at: 20)
                desk.open(at: 30)
                desk.placed(3, 4, at: 31)
            } else {
                desk.discardWaiting(at: 20)
                desk.restateFocus(at: 20)
            }
            desk.confirm(at: 40)
            desk.advance(to: 400)
            let places = desk.lines.filter { $0.hasPrefix("window") }
            #expect(places.first == "window at 1,2 editor" && places.last == "window at 3,4 editor", "\(places)")
            #expect(isPause || places.count == 2)
        }
    }
}

extension WindowPlace {
    fileprivate static func at(_ x: Int32, _ y: Int32) -> WindowPlace { WindowPlace(x: x, y: y, width: 30, height: 40) }
}
