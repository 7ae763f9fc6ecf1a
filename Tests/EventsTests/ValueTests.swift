import Events
import Testing

@Suite struct FixedTests {
    @Test(
        arguments: [
            (0, 0), (1, 256), (-1, -256), (1.5, 384), (1.0 / 512, 1), (1.0 / 513, 0), (-1.0 / 512, -1),
            (0.4999 / 256, 0),
            (8_388_607.99609375, Int32.max), (8_388_608, .max), (-8_388_608, .min), (-8_388_609, .min), (1e300, .max),
            (-1e300, .min), (.infinity, .max), (-.infinity, .min), (.nan, 0),
            (.leastNonzeroMagnitude, 0),
        ] as [(Double, Int32)])
    func roundsAndSaturates(value: Double, raw: Int32) { #expect(Fixed8(value).raw == raw) }

    @Test(arguments: [Int32.min, -257, -256, -1, 0, 1, 255, 256, .max]) func comesBack(raw: Int32) {
        #expect(Fixed8(Fixed8(raw: raw).value).raw == raw)
    }
}

@Suite struct KeyCountsTests {
    @Test func aClassChangesNoOther() {
        for keyClass in KeyClass.allCases {
            var counts = KeyCounts()
            #expect(counts.isEmpty)
            for other in KeyClass.allCases { counts[other] = 100 + UInt16(other.rawValue) }
            counts[keyClass] = .max
            for other in KeyClass.allCases {
                #expect(counts[other] == (other == keyClass ? .max : 100 + UInt16(other.rawValue)))
            }
            counts[keyClass] = 0
            for other in KeyClass.allCases where other != keyClass {
                #expect(counts[other] == 100 + UInt16(other.rawValue))
                counts[other] = 0
            }
            #expect(counts.isEmpty)
            #expect(counts == KeyCounts())
        }
    }
}

@Suite struct LayoutTableTests {
    @Test(arguments: [(1024, 256, true), (1023, 256, false), (1025, 256, false), (1024, 255, false), (0, 0, false)])
    func sizesMustBeRight(classes: Int, roles: Int, isTable: Bool) {
        let table = LayoutTable(
            classes: [KeyClass](repeating: .letter, count: classes),
            roles: [ModifierRole](repeating: .none, count: roles))
        #expect((table != nil) == isTable)
    }

    @Test func levelsAreShiftAndThirdLevel() throws {
        var classes = [KeyClass](repeating: .other, count: 1024)
        let levels: [KeyClass] = [.letter, .digit, .punctuation, .space]
        for (level, keyClass) in levels.enumerated() { classes[255 * 4 + level] = keyClass }
        let table = try #require(
            LayoutTable(classes: classes, roles: [ModifierRole](repeating: .shift, count: 256)))
        let held: [Modifiers] = [[], [.shift], [.level3], [.shift, .level3]]
        for (level, modifiers) in held.enumerated() {
            #expect(table.keyClass(code: 255, modifiers: modifiers) == levels[level])
            #expect(table.keyClass(code: 255, modifiers: modifiers.union([.control, .alt, .super])) == levels[level])
        }
    }

    @Test(arguments: [UInt16(256), 767, .max]) func codesBeyondTheTableTypeNothing(code: UInt16) throws {
        let table = try #require(
            LayoutTable(
                classes: [KeyClass](repeating: .letter, count: 1024),
                roles: [ModifierRole](repeating: .control, count: 256)))
        #expect(table.keyClass(code: code, modifiers: [.shift]) == .other)
        #expect(table.role(code: code) == .none)
    }
}

/// Journals outlive versions: what a number means is for ever (docs/FORMAT.md, "Records").
@Suite struct RawValueTests {
    private func table<T: CaseIterable & RawRepresentable>(_: T.Type) -> [String] where T.RawValue == UInt8 {
        T.allCases.map { "\($0.rawValue) \($0)" }
    }

    @Test func numbersKeepTheirMeaning() {
        #expect(
            table(LossReason.self) == [
                "0 kernelBuffer", "1 ringFull", "2 holdBackFull", "3 crash", "4 tornTail", "5 journalWrite",
            ])
        #expect(
            table(SuppressionReason.self) == [
                "0 focusUnknown", "1 unconfirmed", "2 rule", "3 noWindow", "4 inactive", "5 stopping",
                "6 sessionUnknown", "7 locked", "8 suspended", "9 noConsent", "10 paused", "11 noIndicator",
                "16 password", "17 terminal", "18 accessibility", "19 denied", "20 privateWindow",
            ])
        #expect(table(SpanPhase.self) == ["0 begin", "1 end"])
        #expect(table(FocusState.self) == ["0 unknown", "1 none", "2 window"])
        #expect(table(TitleForm.self) == ["0 off", "1 full", "2 truncated", "3 hash"])
        #expect(
            table(FieldAccess.self) == ["0 unknown", "1 notRegistered", "2 failing", "3 other", "4 password", "5 late"])
        #expect(table(ContentPurpose.self) == ["0 untold", "1 other", "2 password"])
        #expect(table(EchoState.self) == ["0 clean", "1 secret", "2 unreadable", "3 relayed"])
        #expect(table(ClockReason.self) == ["0 start", "1 resume", "2 step", "3 rotation"])
        #expect(table(Press.self) == ["0 released", "1 pressed"])
        #expect(
            table(KeyClass.self) == [
                "0 letter", "1 digit", "2 punctuation", "3 space", "4 enter", "5 editing", "6 navigation", "7 other",
                "8 text",
            ])
        #expect(
            table(ModifierRole.self) == [
                "0 none", "1 shift", "2 control", "3 alt", "4 super", "5 level3", "6 capsLock",
            ])
        #expect(table(ScrollSource.self) == ["1 wheel", "2 finger", "3 continuous"])
        #expect(table(GesturePhase.self) == ["0 begin", "1 update", "2 end", "3 cancel"])
        #expect(table(TouchPhase.self) == ["0 down", "1 motion", "2 up", "3 cancel", "4 frame"])
        #expect(
            table(TabletPhase.self) == [
                "0 axis", "1 proximityIn", "2 proximityOut", "3 tipDown", "4 tipUp", "5 buttonPressed",
                "6 buttonReleased",
            ])
        #expect(table(PadControl.self) == ["0 button", "1 ring", "2 strip", "3 key", "4 dial"])
        #expect(table(SwitchKind.self) == ["1 lid", "2 tabletMode", "3 keypadSlide"])
    }

    /// Events wait in locked memory and cross the ring by the ten thousand.
    @Test func anEventIsSmall() { #expect(MemoryLayout<Event>.stride <= 80) }
}

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("plain é \u{1F600}", "plain é \u{1F600}"), ("\u{1B}[31m", "\\u{1b}[31m"), ("a\nb", "a\\u{a}b"),
        ("\u{9B}31m", "\\u{9b}31m"), ("\u{7F}", "\\u{7f}"), ("\u{202E}exe.txt", "\\u{202e}exe.txt"),
        ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"), ("\u{2028}", "\\u{2028}"), ("\u{61C}", "\\u{61c}"), ("", ""),
    ]) func treacherousCharactersAreShown(text: String, expected: String) { #expect(text.visible == expected) }
}
