import Events
import Testing

@testable import Policy

private let save = Widget(
    role: 43, name: "Save", nameForm: .full, application: "Editor",
    bounds: WidgetBounds(x: 1, y: 2, width: 30, height: 40))

extension Desk {
    /// Interactions are on in "editor", whose titles are kept as that, and in no other app.
    fileprivate convenience init(
        titles: TitleRule = .full, pointer: PointerRule = .on, keys: KeyRule = .class, caps: [AppRule] = []
    ) throws {
        try self.init(
            titleHash: { "#" + $0.lowercased() },
            policy: RuleSet(
                [
                    AppRule(
                        app: AppGlob("editor")!, keys: keys, titles: titles, pointer: pointer, interactions: .on),
                    AppRule(app: AppGlob("vault")!, keys: .off, titles: .off),
                ], caps: caps))
    }

    fileprivate var interactions: [String] { lines.filter { $0.contains("met") } }
}

@Suite struct InteractionTests {
    @Test(
        arguments: [
            (.off, "focus met 43 - off editor"), (.hash, "focus met 43 #save hash editor"),
            (.full, "focus met 43 Save full editor"),
        ] as [(TitleRule, String)])
    func aLabelIsKeptAsATitleIs(titles: TitleRule, line: String) throws {
        let desk = try Desk(titles: titles)
        desk.focus("editor", at: 0)
        desk.met(save, at: 10)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.interactions == [line])
        #expect(desk.gate.counters.interactions == 1)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var app: String? = "editor"
        var title = ""
        var field = FieldDescription(access: .other)
        var told: UInt64 = 7
        var caps: [AppRule] = []
        var keys = KeyRule.class
        init(_ name: String, _ change: (inout Case) -> Void) {
            testDescription = name
            change(&self)
        }
    }

    static let withheld = [
        Case("the app's rule has none") { $0.app = "browser" },
        Case("the app's rule is off") { $0.app = "vault" },
        Case("its keys are off") { $0.keys = .off },
        Case("the deny list") { $0.app = "org.keepassxc.KeePassXC" },
        Case("no window") { $0.app = nil },
        Case("nobody knows the window") { $0.app = "?" },
        Case("a window without a name") { $0.app = "" },
        Case("a password's field") { $0.field.access = .password },
        Case("the compositor calls it a password's") { $0.field.purpose = .password },
        Case("a private window, as the field says") { $0.field.isPrivate = true },
        Case("the app says of no field") { $0.field.access = .failing },
        Case("nobody has said yet") { $0.field.access = .unknown },
        Case("a terminal that nobody has looked at") { $0.field.isTerminal = true },
        Case("another window than had the keyboard") { $0.told = 8 },
        Case("the subject's own rule") {
            $0.caps = [
                AppRule(
                    app: AppGlob("*")!, keys: .full, titles: .full, pointer: .on, interactions: .off)
            ]
        },
    ]

    /// The loop would otherwise turn without rest until the key is decided on.
    @Test func aWidgetThatNobodyConfirmedIsLetGoWhileALaterKeyWaits() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        desk.met(save, at: 10)
        desk.press(30, at: 800)
        desk.advance(to: 911)
        #expect(desk.interactions.isEmpty && desk.gate.counters.interactionsWithheld == 1)
        let deadline = try #require(desk.gate.nextDeadlineMicroseconds)
        #expect(deadline > Desk.start + 911_000 || desk.gate.probeTime() == deadline)
    }

    @Test(arguments: withheld) func isWithheldLeavingNothing(_ one: Case) throws {
        let desk = try Desk(keys: one.keys, caps: one.caps)
        desk.focus(one.app, at: 0, title: one.title, field: nil)
        desk.field(one.field, at: 0)
        desk.met(save, at: 10, window: one.told)
        desk.confirm(at: 30)
        desk.advance(to: 400)
        // No span either: no input was withheld.
        #expect(desk.lines == [])
        #expect(desk.gate.counters.interactionsWithheld == 1)
    }

    @Test func aPasswordsFieldThatIsToldOfLaterWithholdsWhatCameBefore() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        desk.met(save, at: 10)
        desk.field(.password, at: 12)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.interactions == [])
    }

    @Test func nearAChangeOfFocusTheStricterRuleHolds() throws {
        for (other, lines) in [("vault", []), ("browser", []), ("editor", ["focus met 43 Save full editor ~"])] {
            let desk = try Desk()
            desk.focus("editor", at: 0)
            desk.met(save, at: 10)
            // No question was answered between the two: it may have been in either.
            desk.focus(other, at: 20, window: 8)
            desk.confirm(at: 30)
            desk.advance(to: 40)
            #expect(desk.interactions == lines, "\(other)")
        }
    }

    @Test func whatNobodyConfirmsIsNotWritten() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        desk.met(save, at: 10)
        desk.advance(to: 909)
        #expect(desk.gate.nextDeadlineMicroseconds != nil && desk.gate.counters.interactionsWithheld == 0)
        desk.advance(to: 910)
        #expect(desk.interactions == [] && desk.gate.counters.interactionsWithheld == 1)
    }

    @Test func anAnswerThatNeverCameIsWrittenAsThat() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        desk.met(nil, at: 10)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.interactions == ["focus met ? editor"])
        #expect(desk.gate.counters.interactionsUnanswered == 1)
    }

    @Test func itTakesItsPlaceBehindWhatHappenedBefore() throws {
        let desk = try Desk(keys: .full)
        desk.focus("editor", at: 0)
        desk.press(30, at: 5)
        desk.press(48, at: 15)
        desk.met(save, at: 10)
        desk.advance(to: 20)
        #expect(desk.lines == [])
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines == ["press 30 editor", "press 48 editor", "focus met 43 Save full editor"])
    }

    @Test func aSpanOfWithheldKeysEndsWithIt() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0, field: .password)
        desk.press(30, at: 10)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        desk.field(.other, at: 1500)
        desk.met(save, at: 1500)
        desk.confirm(at: 1530)
        desk.advance(to: 1540)
        #expect(desk.lines == ["(password", "password 0+0)", "focus met 43 Save full editor"])
        #expect(desk.spans(.password).map(\.1) == [2000])
    }

    // MARK: clicks

    @Test func aClickIsAskedForOnlyWhereItIsKept() throws {
        for (desk, app) in [(try Desk(), "browser"), (try Desk(pointer: .off), "editor")] {
            desk.focus(app, at: 0)
            #expect(desk.click(at: 10, meets: .widget(save)) == nil)
        }
        let desk = try Desk()
        #expect(desk.click(at: 10, meets: .widget(save)) == nil)
        desk.focus("editor", at: 20)
        #expect(desk.gate.interactionWindow == 7)
        #expect(desk.click(at: 30, meets: .widget(save)) == true)
        desk.confirm(at: 40)
        desk.advance(to: 50)
        #expect(desk.interactions == ["click met 43 Save full editor"])
        desk.close(at: 60)
        #expect(desk.gate.interactionWindow == 0 && desk.click(at: 70, meets: .nothing) == nil)
    }

    @Test func eachClickIsAnsweredOnce() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        let number = try #require(desk.gate.clicked(atMicroseconds: Desk.start + 10_000))
        #expect(!desk.gate.clickMet(.nothing, number: number + 1))
        #expect(desk.gate.clickMet(.widget(save), number: number))
        #expect(!desk.gate.clickMet(.widget(save), number: number))
    }

    @Test func ofAPasswordsFieldAClickLeavesNothing() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        #expect(desk.click(at: 10, meets: .password) == true)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.lines == ["click editor"])
    }

    /// It says no more than the press, which is written while an app does not say which of its fields has the keyboard.
    @Test func aClickWithoutAnAnswerIsWrittenWherePressesAre() throws {
        for (access, lines) in [
            (.failing, ["click editor", "click met ? editor"]), (.password, ["(password"]),
        ] as [(FieldAccess, [String])] {
            let desk = try Desk()
            desk.focus("editor", at: 0, field: access)
            #expect(desk.click(at: 10, meets: .nothing) == true)
            desk.confirm(at: 30)
            desk.advance(to: 40)
            #expect(desk.lines == lines)
        }
    }

    @Test func moreClicksThanAnyHandMakesGoWithoutAnAnswer() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        for index in 0..<40 { _ = desk.gate.clicked(atMicroseconds: Desk.start + 10_000 + UInt64(index)) }
        desk.confirm(at: 30)
        desk.advance(to: 40)
        #expect(desk.interactions == Array(repeating: "click met ? editor", count: 8))
    }

    // MARK: what is over

    @Test func whatIsToldOfTheTimeBeforeAPauseOrAForgettingIsNotWritten() throws {
        for isPause in [true, false] {
            let desk = try Desk()
            desk.focus("editor", at: 0)
            let number = try #require(desk.gate.clicked(atMicroseconds: Desk.start + 5_000))
            desk.met(save, at: 10)
            if isPause {
                desk.close(at: 20)
                desk.open(at: 30)
            } else {
                desk.discardWaiting(at: 20)
                desk.restateFocus(at: 20)
            }
            desk.met(save, at: 15)
            #expect(!desk.gate.clickMet(.widget(save), number: number))
            desk.confirm(at: 40)
            desk.advance(to: 50)
            #expect(desk.interactions == [])
        }
    }

    @Test func aFloodIsDroppedAndCounted() throws {
        let desk = try Desk()
        desk.focus("editor", at: 0)
        for _ in 0..<1000 { desk.met(save, at: 10) }
        #expect(desk.gate.counters.interactionsWithheld == 1000 - 64)
    }

    /// Also where nothing else of the window has changed.
    @Test func aRuleThatChangesIsTold() throws {
        let desk = try Desk(titles: .off)
        desk.focus("editor", at: 0)
        #expect(desk.gate.interactionWindow == 7)
        desk.gate.setRules(
            RuleSet([AppRule(app: AppGlob("editor")!, keys: .class, titles: .off)]),
            nowMicroseconds: Desk.start + 20_000)
        #expect(desk.gate.interactionWindow == 0)
        desk.met(save, at: 30)
        desk.confirm(at: 40)
        desk.advance(to: 50)
        #expect(desk.interactions == [])
    }
}
