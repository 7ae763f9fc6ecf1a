import Events
import Testing

@testable import Policy

private let a: UInt16 = 30
private let b: UInt16 = 48
private let c: UInt16 = 46
private let control: UInt16 = 29
private let tab: UInt16 = 15

/// What is typed and moved in a window whose field is known, under each rule.
@Suite struct FieldTests {
    @Test(
        arguments: [
            ("full", FieldAccess.other, ["press 30 full", "move full"]),
            ("full", .notRegistered, ["move full", "counts letter 1 full"]),
            ("full", .unknown, ["(accessibility", "move full"]),
            ("full", .failing, ["(accessibility", "move full"]),
            ("full", .password, ["(password"]),
            ("plain", .other, ["move plain", "counts letter 1 plain"]),
            ("plain", .notRegistered, ["move plain", "counts letter 1 plain"]),
            ("plain", .unknown, ["(accessibility", "move plain"]),
            ("plain", .failing, ["(accessibility", "move plain"]),
            ("plain", .password, ["(password"]),
            ("off", .other, ["(rule"]),
            ("off", .password, ["(password"]),
        ] as [(String, FieldAccess, [String])])
    func whatIsWritten(app: String, access: FieldAccess, expected: [String]) throws {
        let desk = try Desk()
        desk.focus(app, at: 0, field: access)
        desk.confirm(at: 1)
        desk.press(a, at: 10)
        desk.move(at: 11)
        desk.confirm(at: 20)
        desk.advance(to: 101)
        #expect(desk.lines == expected)
    }

    /// What an extension knows outweighs what accessibility says.
    @Test(arguments: [
        (ContentPurpose.untold, "press 30 full"), (.other, "press 30 full"), (.password, "(password"),
    ])
    func purpose(_ purpose: ContentPurpose, expected: String) throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: nil)
        desk.field(FieldDescription(access: .other, purpose: purpose), at: 0)
        desk.press(a, at: 10)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        #expect(desk.lines == [expected])
    }

    /// The field is reported at 200; a whole check ended before, or not.
    @Test(arguments: [
        (150.0, FieldAccess.other, FieldAccess.password, ["press 30 full"]),
        (199.0, .other, .password, ["(password"]),
        (200.5, .other, .password, ["(password"]),
        (150.0, .password, .other, ["(password"]),
        (199.0, .password, .other, ["(password"]),
        (200.5, .password, .other, ["press 30 full"]),
        (199.0, .other, .failing, ["(accessibility"]),
        (199.0, .other, .notRegistered, ["counts letter 1 full"]),
        (200.5, .notRegistered, .other, ["press 30 full"]),
    ])
    func keyNearAChangeOfField(at ms: Double, before: FieldAccess, after: FieldAccess, expected: [String]) throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: before)
        desk.confirm(at: 1)
        desk.press(a, at: ms)
        if ms < 195 { #expect(desk.confirm(at: 195, answered: 197)) }
        desk.field(after, at: 200)
        desk.confirm(at: 210)
        desk.advance(to: 301)
        #expect(desk.lines == expected)
    }

    /// The Tab that moves the focus into a password's field goes with it, and so does what follows it at once: the app
    /// may hear of the key before it says where the focus is.
    @Test func aFieldThatIsToldWhileTheCheckIsOutTakesAllSinceTheLastCheck() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.press(b, at: 40)
        desk.confirm(at: 50, answered: 51, checked: 80)
        desk.press(tab, at: 100)
        desk.press(a, at: 105)
        desk.confirm(at: 106, answered: 107, checked: 137) { desk.field(.password, at: 130) }
        desk.advance(to: 138)
        #expect(desk.lines == ["press 48 full", "(password"])
    }

    /// Which field has the keyboard is asked for once the window is known: what was typed meanwhile met nobody knows what,
    /// unless nothing has changed since.
    @Test(arguments: [(100.0, ["press 30 full"]), (115.0, ["(accessibility"])])
    func theFirstWordOnAWindow(since ms: Double, expected: [String]) throws {
        let desk = try Desk()
        desk.focus("other", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.advance(to: 2)
        desk.focus("full", at: 100, window: 2, field: nil)
        desk.press(a, at: 110)
        desk.field(.other, at: ms, window: 2)
        desk.confirm(at: 120)
        desk.advance(to: 121)
        #expect(desk.lines == expected)
    }

    @Test func aWordOnAnotherWindowIsLateAndMeansNothing() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, window: 1)
        desk.focus("full", at: 50, window: 2, field: .password)
        desk.confirm(at: 51)
        desk.field(.other, at: 60, window: 1)
        desk.press(a, at: 70)
        desk.confirm(at: 80)
        desk.advance(to: 81)
        #expect(desk.lines == ["(password"])
    }

    /// A bus that hangs: the compositor answers, nobody says what the field is, and the watermark does not come.
    @Test func noAnswerIsNotWaitedForBeyondTheDeadline() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: nil)
        desk.press(a, at: 100)
        #expect(desk.gate.probeDue(nowMicroseconds: Desk.start + 102_000) != nil)
        desk.advance(to: 399)
        #expect(desk.lines == [])
        desk.advance(to: 400)
        desk.press(b, at: 401)
        desk.stop(at: 402)
        #expect(desk.lines.first == "(unconfirmed")
        #expect(!desk.lines.contains { $0.hasPrefix("press") || $0.hasPrefix("counts") })
    }

    /// The agent dies between the field's getting the focus and its report of it, and after the report.
    @Test(arguments: [false, true]) func theAgentIsKilledWhileAPasswordIsTyped(isReported: Bool) throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        // The person goes to the password's field at 100.
        desk.press(tab, at: 99)
        desk.press(a, at: 101)
        if isReported { desk.field(.password, at: 102) }
        desk.gate.agentLost(nowMicroseconds: Desk.start + 103_000)
        desk.press(b, at: 104)
        desk.advance(to: 105)
        // The next agent knows the window, and not yet the field.
        desk.gate.agentConnected(nowMicroseconds: Desk.start + 200_000)
        desk.focus("full", at: 201, field: nil)
        desk.press(c, at: 210)
        desk.confirm(at: 220)
        desk.advance(to: 221)
        desk.field(.password, at: 222)
        desk.press(a, at: 230)
        desk.confirm(at: 240)
        desk.stop(at: 250)
        #expect(!desk.lines.contains { $0.hasPrefix("press") || $0.hasPrefix("counts") })
        let counted = desk.written.reduce(0) { sum, event in
            if case .suppression(let span) = event.payload { sum + Int(span.keys) } else { sum }
        }
        #expect(counted <= (isReported ? 0 : 3), "a known password's length is not told")
    }

    /// 2,000 changes of field in 2 s, every other to a password's, and keys all the while.
    @Test(arguments: [false, true]) func flappingAThousandTimesASecond(isOfWindows: Bool) throws {
        let desk = try Desk(["full": .full, "other": .full])
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 0.5)
        var typed: [(ms: Double, isSecret: Bool)] = []
        for step in 1...2000 {
            let ms = Double(step)
            let isSecret = step % 2 == 0
            if isOfWindows {
                desk.focus(
                    isSecret ? "other" : "full", at: ms, window: isSecret ? 2 : 1, field: isSecret ? .password : .other)
            } else {
                desk.field(isSecret ? .password : .other, at: ms, window: 1)
            }
            if step % 5 == 0 || step % 7 == 0 {
                desk.press(isSecret ? b : a, at: ms + 0.5)
                typed.append((ms + 0.5, isSecret))
            }
            if step % 40 == 0 {
                desk.confirm(at: ms + 0.7, answered: ms + 0.9, checked: ms + 0.95)
                desk.advance(to: ms + 0.96)
            }
        }
        desk.advance(to: 2400)
        desk.stop(at: 2500)
        #expect(typed.contains { $0.isSecret } && typed.contains { !$0.isSecret })
        #expect(!desk.lines.contains { $0.hasPrefix("press 48") }, "a key that met a password's field was written")
        let spans = desk.spans(.password)
        #expect(!spans.isEmpty)
        #expect(spans.allSatisfy { $0.0.truncatingRemainder(dividingBy: 1000) == 0 && $0.1 >= $0.0 })
    }

    @Test func changesOfFieldThatAreForgottenLeaveNothingCertain() {
        var timeline = FieldTimeline()
        timeline.focusMoved(to: 1, atMicroseconds: 10, watermarkMicroseconds: 0)
        timeline.told(FieldDescription(access: .other), window: 1, sinceMicroseconds: 10, watermarkMicroseconds: 0)
        for time in 11...(11 + UInt64(FieldTimeline.capacity)) {
            timeline.told(
                FieldDescription(access: time % 2 == 0 ? .other : .password), window: 1, sinceMicroseconds: time,
                watermarkMicroseconds: time)
        }
        #expect(timeline.held(at: 10).limit == .unanswered)
        #expect(timeline.held(at: 9).limit == .unanswered)
    }
}

/// The account of a password's field tells neither how many keys nor how long.
@Suite struct PasswordSpanTests {
    /// The field has the keyboard from 1300 to 3800 (ms of the desk, which begins at 1 s).
    @Test(arguments: [[1400.0], [2600], [1400, 1500, 1600, 3700], [3799]])
    func whatIsTypedLeavesTheSameSpan(keys: [Double]) throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.field(.password, at: 1300)
        for ms in keys { desk.press(a, at: ms) }
        desk.confirm(at: 3790)
        desk.advance(to: 3795)
        desk.field(.other, at: 3800)
        desk.press(b, at: 4100)
        desk.confirm(at: 4110)
        desk.advance(to: 4111)
        #expect(desk.lines == ["(password", "password 0+0)", "press 48 full"])
        let spans = desk.spans(.password)
        #expect(spans.count == 1 && spans[0] == (1000, 4000))
    }

    @Test func everythingInItIsWithheldPointersAndCommandsToo() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: .password)
        desk.confirm(at: 1)
        desk.move(at: 10)
        desk.click(at: 11)
        desk.press(control, at: 12)
        desk.press(c, at: 13)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        desk.stop(at: 22)
        #expect(desk.lines == ["(password", "password 0+0)"])
    }

    /// Pages change their titles while one types.
    @Test func aTitleDoesNotCutTheSpan() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, title: "one", field: .password)
        desk.confirm(at: 1)
        desk.press(a, at: 10)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        desk.focus("full", at: 1500, title: "two", field: nil)
        desk.press(a, at: 1600)
        desk.confirm(at: 1610)
        desk.advance(to: 1611)
        desk.stop(at: 1700)
        #expect(desk.lines == ["(password", "password 0+0)"])
        #expect(desk.spans(.password).map(\.1) == [2000])
    }

    /// The session ends, or the recorder, while a password is being typed.
    @Test(arguments: ["close", "stop", "deadline"]) func howeverItEndsNothingIsCounted(ending: String) throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: .password)
        desk.confirm(at: 1)
        desk.press(a, at: 10)
        desk.press(b, at: 20)
        if ending == "close" { desk.close(at: 21) }
        if ending == "deadline" { desk.advance(to: 400) }
        desk.stop(at: 401)
        // Devices that are closed discard what waits, and count nothing.
        let reason = ending == "close" ? "inactive" : "password"
        #expect(desk.lines == ["(\(reason)", "\(reason) 0+0)"])
    }

    @Test(arguments: SuppressionReason.allCases) func spansOfSecretsHaveNoCounts(reason: SuppressionReason) {
        var ledger = Ledger()
        var spans: [Suppression] = []
        let take = { (event: Event) in
            guard case .suppression(let span) = event.payload else { return }
            #expect(event.timeMicroseconds == (span.phase == .begin ? span.startMicroseconds : span.endMicroseconds))
            spans.append(span)
        }
        for time: UInt64 in [1_500_000, 1_600_000] {
            let key = Event(timeMicroseconds: time, payload: .key(Key(code: 30, press: .pressed)))
            ledger.suppress(key, reason: reason, take)
        }
        ledger.close(take)
        let bounds = spans.map { [$0.startMicroseconds, $0.endMicroseconds, $0.keys] }
        #expect(
            bounds
                == (reason.mayBeSecret
                    ? [[1_000_000, 1_000_000, 0], [1_000_000, 2_000_000, 0]]
                    : [[1_500_000, 1_500_000, 0], [1_500_000, 1_600_000, 2]]))
    }
}

@Suite struct TerminalTests {
    /// A key at 100; looks at those times.
    @Test(
        arguments: [
            ("between two clean looks", [(95, .clean), (105, .clean)], true),
            ("20 ms apart", [(90, .clean), (110, .clean)], true),
            ("more than 20 ms apart", [(90, .clean), (110.1, .clean)], false),
            ("no look before", [(105, .clean), (110, .clean)], false),
            ("no look after", [(90, .clean), (95, .clean)], false),
            ("a look at its very time is not after it", [(95, .clean), (100, .clean)], false),
            ("a secret before", [(95, .secret), (105, .clean)], false),
            ("a secret after", [(95, .clean), (105, .secret)], false),
            ("a secret long before", [(60, .secret), (75, .clean), (90, .clean), (105, .clean)], true),
            ("a secret while it is handed on", [(95, .clean), (105, .clean), (120, .secret)], false),
            ("a secret later", [(95, .clean), (105, .clean), (120, .clean), (130, .secret)], true),
            ("could not look before", [(95, .unreadable), (105, .clean)], false),
            ("could not look after", [(95, .clean), (105, .unreadable)], false),
            ("nobody looked", [], false),
            ("looks that are told again change nothing", [(95, .secret), (95, .clean), (105, .clean)], false),
            ("into ssh: not as it is", [(95, .clean), (105, .relayed)], false),
        ] as [(String, [(Double, EchoState)], Bool)])
    func looks(name: String, looks: [(Double, EchoState)], isWritten: Bool) throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: .other, isTerminal: true)
        desk.press(a, at: 100)
        desk.field(FieldDescription(access: .other, isTerminal: true), at: 0, looks: looks)
        desk.confirm(at: 135)
        desk.advance(to: 140)
        #expect(desk.lines == (isWritten ? ["press 30 full"] : name.contains("ssh") ? [] : ["(terminal"]), "\(name)")
    }

    /// What asks for a password on the other side of ssh nobody here can see.
    @Test(arguments: [[EchoState.relayed, .relayed], [.clean, .relayed], [.relayed, .clean]])
    func keysThatAreHandedOnAreCountsAtMost(states: [EchoState]) throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: .other, isTerminal: true)
        desk.press(a, at: 100)
        desk.field(
            FieldDescription(access: .other, isTerminal: true), at: 0, looks: [(95, states[0]), (105, states[1])])
        desk.confirm(at: 135)
        desk.advance(to: 201)
        #expect(desk.lines == ["counts letter 1 full"])
    }

    /// Under every rule, and whatever accessibility says of the terminal.
    @Test(arguments: ["full", "plain"], [FieldAccess.other, .notRegistered])
    func aPromptWithoutEcho(app: String, access: FieldAccess) throws {
        let desk = try Desk()
        desk.focus(app, at: 0, field: access, isTerminal: true)
        let looks = stride(from: 5.0, to: 200, by: 10).map { ($0, EchoState.secret) }
        for ms in [20.0, 40, 60, 80] { desk.press(a, at: ms) }
        desk.field(FieldDescription(access: access, isTerminal: true), at: 0, looks: looks)
        desk.confirm(at: 190)
        desk.stop(at: 200)
        #expect(desk.lines == ["(terminal", "terminal 0+0)"])
        #expect(desk.spans(.terminal).map(\.0) == [0])
    }

    @Test func pointersAreNotATerminals() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, isTerminal: true)
        desk.move(at: 10)
        desk.confirm(at: 70)
        desk.advance(to: 71)
        #expect(desk.lines == ["move full"])
    }

    @Test func looksAtTerminalsDoNotMatterElsewhere() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.field(FieldDescription(access: .other), at: 0, looks: [(5, .secret), (15, .secret)])
        desk.press(a, at: 10)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        #expect(desk.lines == ["press 30 full"])
    }
}

@Suite struct WindowRuleTests {
    @Test(arguments: [
        ("org.keepassxc.KeePassXC", true), ("KeePassXC", true), ("keepass2", true), ("com.bitwarden.desktop", true),
        ("1Password", true), ("org.gnome.seahorse.Application", true), ("org.kde.kwalletmanager5", true),
        ("gcr-prompter", true), ("pinentry-gnome3", true), ("pinentry-qt", true),
        ("org.kde.polkit-kde-authentication-agent-1", true),
        ("polkit-gnome-authentication-agent-1", true), ("lxqt-policykit-agent", true), ("ssh-askpass", true),
        ("ksshaskpass", true), ("org.gnome.World.Secrets", true), ("swaylock", true),
        ("foot", false), ("firefox", false), ("org.gnome.Nautilus", false), ("", false),
    ])
    func theShippedDenyList(app: String, isDenied: Bool) {
        #expect(DenyList().contains(app) == isDenied)
    }

    /// Not even a rule that names it.
    @Test func ofADeniedAppNothingIsKept() throws {
        let desk = try Desk(["org.keepassxc.KeePassXC": .full])
        desk.focus("org.keepassxc.KeePassXC", at: 0, title: "Passwords")
        desk.confirm(at: 1)
        desk.press(a, at: 10)
        desk.move(at: 11)
        desk.confirm(at: 20)
        desk.stop(at: 21)
        #expect(desk.lines == ["(denied", "denied 0+0)"])
        #expect(desk.focusRecords.map(\.focus.appID) == [""])
    }

    @Test(arguments: [
        ("firefox-esr", "Bank — Mozilla Firefox Private Browsing", true), ("firefox", "Bank — Mozilla Firefox", false),
        ("org.mozilla.firefox", "Mozilla Firefox (Private Browsing)", true),
        ("chromium", "x - Chromium (Incognito)", true),
        ("foot", "man firefox Private Browsing", false), ("firefox", "", false),
    ])
    func privateWindows(app: String, title: String, isPrivate: Bool) {
        #expect(PrivateWindow.isOne(appID: app, title: title) == isPrivate)
    }

    /// A page in it may call itself anything afterwards.
    @Test func aPrivateWindowStaysOne() throws {
        let desk = try Desk(["firefox": .full])
        desk.focus("firefox", at: 0, title: "Mozilla Firefox Private Browsing")
        desk.focus("firefox", at: 5, title: "Mozilla Firefox", field: nil)
        desk.confirm(at: 6)
        desk.press(a, at: 10)
        desk.move(at: 11)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        #expect(desk.lines == ["(privateWindow"])
        #expect(!desk.focusRecords.contains { !$0.focus.title.isEmpty || !$0.focus.appID.isEmpty })
    }

    @Test func anAgentThatKnowsSaysThatAWindowIsPrivate() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, field: nil)
        desk.field(FieldDescription(access: .other, isPrivate: true), at: 0)
        desk.press(a, at: 10)
        desk.move(at: 11)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        #expect(desk.lines == ["(privateWindow"])
    }

    @Test func pointersMayBeOffWhereKeysAreNot() throws {
        let desk = try Desk()
        let rule = AppRule(app: AppGlob("full")!, keys: .full, titles: .off, pointer: .off)
        desk.gate.setRules(RuleSet([rule]), nowMicroseconds: Desk.start)
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        desk.move(at: 10)
        desk.press(a, at: 11)
        desk.confirm(at: 20)
        desk.advance(to: 21)
        #expect(desk.lines == ["(rule", "rule 0+1)", "press 30 full"])
    }

    @Test(arguments: [
        (TitleRule.off, true, ("", TitleForm.off)), (.hash, true, ("#3", .hash)), (.hash, false, ("", .off)),
        (.full, true, ("abc", .full)),
    ])
    func titles(rule: TitleRule, hasKey: Bool, expected: (String, TitleForm)) throws {
        let desk = try Desk(titleHash: { hasKey ? "#\($0.count)" : nil })
        let rules = RuleSet([AppRule(app: AppGlob("full")!, keys: .class, titles: rule)])
        desk.gate.setRules(rules, nowMicroseconds: Desk.start)
        desk.focus("full", at: 0, title: "abc")
        desk.confirm(at: 1)
        desk.advance(to: 2)
        let found = try #require(desk.focusRecords.first?.focus)
        #expect((found.title, found.titleForm) == expected)
    }

    /// An hour comes that the person has named, or the configuration is changed.
    @Test func rulesThatChangeHoldAtOnce() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, title: "x")
        desk.confirm(at: 1)
        desk.press(a, at: 50)
        desk.confirm(at: 60)
        desk.advance(to: 61)
        let cap = AppRule(app: AppGlob("*")!, effect: .nothing)
        desk.gate.setRules(RuleSet.of(["full": .full], caps: [cap]), nowMicroseconds: Desk.start + 100_000)
        desk.press(b, at: 110)
        desk.confirm(at: 120)
        desk.advance(to: 121)
        desk.gate.setRules(RuleSet.of(["full": .full]), nowMicroseconds: Desk.start + 200_000)
        desk.press(c, at: 210)
        desk.confirm(at: 220)
        desk.advance(to: 221)
        #expect(desk.lines == ["press 30 full", "(rule", "rule 1+0)", "press 46 full"])
    }

    /// The compositor had answered before it moved the focus: what came before its answer is certain, however long the
    /// look at fields and terminals took.
    @Test func lookingAtFieldsMakesNoFocusUncertain() throws {
        let desk = try Desk(["full": .full, "other": .full])
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.press(a, at: 100)
        desk.confirm(at: 102, answered: 103, checked: 133) { desk.focus("other", at: 120, window: 2) }
        desk.confirm(at: 140)
        desk.advance(to: 141)
        #expect(desk.lines == ["press 30 full"])
    }
}

@Suite struct HourTests {
    @Test(arguments: [
        ("08:00-17:00", 0, "07:59", false), ("08:00-17:00", 0, "08:00", true), ("08:00-17:00", 0, "16:59", true),
        ("08:00-17:00", 0, "17:00", false), ("22:00-06:00", 6, "23:00", true), ("22:00-06:00", 0, "05:59", true),
        ("22:00-06:00", 0, "06:00", false), ("00:00-24:00", 3, "12:00", true), ("09:00-09:00", 3, "08:00", true),
    ])
    func spans(text: String, weekday: Int, time: String, isIn: Bool) throws {
        let span = try #require(HourSpan(text))
        let parts = time.split(separator: ":").compactMap { Int($0) }
        #expect(span.contains(WeekMinute(weekday: weekday, hour: parts[0], minute: parts[1])) == isIn)
    }

    /// Friday's night is over on Saturday at six.
    @Test func aNightBelongsToTheDayOnWhichItBegins() throws {
        let span = try #require(HourSpan("22:00-06:00", days: 1 << 4))
        #expect(span.contains(WeekMinute(weekday: 5, hour: 5, minute: 0)))
        #expect(!span.contains(WeekMinute(weekday: 4, hour: 5, minute: 0)))
        #expect(!span.contains(WeekMinute(weekday: 5, hour: 23, minute: 0)))
        let sunday = try #require(HourSpan("22:00-06:00", days: 1 << 6))
        #expect(sunday.contains(WeekMinute(weekday: 0, hour: 5, minute: 0)))
    }

    @Test(arguments: [
        "8:00-9:00", "08:00", "08:00-25:00", "24:00-01:00", "08:60-09:00", "-", "08:00-09:00-10:00", "ab:cd-ef:gh",
    ])
    func whatIsNoSpan(text: String) {
        #expect(HourSpan(text) == nil)
    }

    @Test func theNextChange() {
        let rules = SubjectRules([
            SubjectRule(app: AppGlob("*")!, limit: .nothing, hours: [HourSpan("08:00-17:00")!]),
            SubjectRule(app: AppGlob("x")!, limit: .nothing),
        ])
        #expect(rules.minutesUntilChange(after: WeekMinute(weekday: 6, hour: 23, minute: 30)) == 510)
        #expect(rules.minutesUntilChange(after: WeekMinute(weekday: 0, hour: 8, minute: 0)) == 540)
        #expect(SubjectRules().minutesUntilChange(after: WeekMinute(weekday: 0, hour: 0, minute: 0)) == nil)
    }
}
