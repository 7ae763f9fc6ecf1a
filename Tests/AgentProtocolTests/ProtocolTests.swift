import Events
import Testing

@testable import AgentProtocol

private func bytes(_ message: AgentMessage) -> [UInt8] {
    var bytes: [UInt8] = []
    message.encode(into: &bytes)
    return bytes
}

private func bytes(_ message: DaemonMessage) -> [UInt8] {
    var bytes: [UInt8] = []
    message.encode(into: &bytes)
    return bytes
}

private func agentMessage(_ bytes: some Sequence<UInt8>) throws -> AgentMessage {
    try Array(bytes).withUnsafeBytes { try AgentMessage(decoding: $0) }
}

private func daemonMessage(_ bytes: some Sequence<UInt8>) throws -> DaemonMessage {
    try Array(bytes).withUnsafeBytes { try DaemonMessage(decoding: $0) }
}

private func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

private let table: LayoutTable = {
    let classes = (0..<LayoutTable.codeCount * LayoutTable.levelCount).map { KeyClass.allCases[$0 % 9] }
    let roles = (0..<LayoutTable.codeCount).map { ModifierRole.allCases[$0 % 7] }
    return LayoutTable(classes: classes, roles: roles)!
}()

/// One of every shape.
private let everyMessage: [AgentMessage] = [
    .hello(Hello(backend: "wlr-foreign-toplevel", compositor: "sway")),
    .hello(Hello(backend: "", compositor: "")),
    .focus(FocusReport(timeMicroseconds: .max, state: .unknown)),
    .focus(
        FocusReport(
            timeMicroseconds: 1, state: .window, window: .max, processID: -1, appID: "foot", title: "vi é \u{1F600}",
            isTitleTruncated: true, output: "HEADLESS-1", source: "wlr-foreign-toplevel")),
    .layout(LayoutReport(description: LayoutDescription(isKnown: false, keymapHash: 7), table: nil)),
    .layout(
        LayoutReport(
            description: LayoutDescription(isKnown: true, name: "English (US)", group: 3, keymapHash: .max),
            table: table)),
    .watermark(Watermark(probe: 1, sentMicroseconds: 2, answeredMicroseconds: .max, checkedMicroseconds: 3)),
    .backendState(BackendState(isUsable: true, backend: "wlr", reason: "because")),
    .indicator(IndicatorState(isShown: true, means: "layer-shell", reason: "no StatusNotifierHost")),
    .indicator(IndicatorState(isShown: false, means: "", reason: "")),
    .field(FieldReport(timeMicroseconds: 5, window: .max, field: .unknown)),
    .field(
        FieldReport(
            timeMicroseconds: .max, window: 1,
            field: FieldDescription(access: .password, purpose: .other, isPrivate: true, isTerminal: true),
            samples: EchoState.allCases.map { EchoSample(timeMicroseconds: 1 << 40, state: $0) })),
    .pauseRequest(PauseRequest(action: .pause, seconds: 900)),
    .pauseRequest(PauseRequest(action: .resume)),
    .lock(LockReport(timeMicroseconds: 77, isLocked: true)),
    .outputs(OutputsReport(outputs: [])),
    .outputs(
        OutputsReport(outputs: [
            OutputsReport.Output(number: .max, description: OutputDescription(name: "")),
            OutputsReport.Output(
                number: 1,
                description: OutputDescription(
                    name: "DP-1", text: "Maker é", x: -1920, y: .min, width: 1280, height: 720, modeWidth: 1920,
                    modeHeight: 1080, refreshMillihertz: 59_940, scale: Fixed8(1.5), transform: .flipped270,
                    widthMillimetres: 600, heightMillimetres: 340)),
        ])),
    .settings(SettingsReport(source: "", choices: [])),
    .settings(
        SettingsReport(
            source: "sway",
            choices: [
                DeviceChoice(.node("event5"), DeviceSettings(numbers: [2, 2, 2, 2, 2, 2, 2, 3, 4, .max, 2, 3])!),
                DeviceChoice(.make(vendor: 0x46D, product: .max, name: "Mouse é"), DeviceSettings()),
                DeviceChoice(.touchpads, DeviceSettings(numbers: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])!),
                DeviceChoice(.mice, DeviceSettings()),
            ])),
    .focusMet(FocusMet(timeMicroseconds: .max, window: 7, widget: nil)),
    .focusMet(
        FocusMet(
            timeMicroseconds: 1, window: .max,
            widget: Widget(
                role: .max, name: "Save é", nameForm: .truncated, application: "Editor",
                bounds: WidgetBounds(x: -1, y: .min, width: 30, height: .max)))),
    .focusMet(FocusMet(timeMicroseconds: 1, window: 1, widget: Widget(role: 43))),
    .clickMet(ClickMet(number: 1, answer: .nothing)),
    .clickMet(ClickMet(number: .max, answer: .password)),
    .clickMet(ClickMet(number: 2, answer: .widget(Widget(role: 79, name: "Name", nameForm: .full)))),
    .windowPlace(
        WindowPlaceReport(
            timeMicroseconds: .max, window: 7, place: WindowPlace(x: .min, y: -1, width: .max, height: 0))),
    .pointerPlace(PointerPlaceReport(number: .max, word: nil)),
    .pointerPlace(
        PointerPlaceReport(
            number: 2,
            word: PointerWord(timeMicroseconds: 3, frame: .window, x: Fixed8(raw: .min), y: Fixed8(raw: .max)))),
]

private let everyAnswer: [DaemonMessage] = [
    .welcome(version: 4), .refused(reason: "only the subject is believed"), .probe(id: .max),
    .recording(RecordingState(phase: .paused, text: "until 14:00")), .recording(RecordingState(phase: .off, text: "")),
    .interactions(window: .max), .click(number: 258), .press(number: .max),
]

@Suite struct RoundTripTests {
    @Test(arguments: everyMessage) func anAgentsMessageComesBack(message: AgentMessage) throws {
        #expect(try agentMessage(bytes(message)) == message)
        #expect(bytes(message).count <= maximumMessageBytes)
    }

    @Test(arguments: everyAnswer) func theServicesMessageComesBack(message: DaemonMessage) throws {
        #expect(try daemonMessage(bytes(message)) == message)
    }

    /// Bytes that docs/AGENT-PROTOCOL.md shows.
    @Test func theBytesAreTheDocuments() throws {
        #expect(
            bytes(.hello(Hello(backend: "wlr", compositor: "sway")))
                == [1, 4, 0, 3, 0, 0x77, 0x6C, 0x72, 4, 0, 0x73, 0x77, 0x61, 0x79])
        #expect(bytes(.probe(id: 258)) == [130, 2, 1, 0, 0, 0, 0, 0, 0])
        #expect(
            bytes(
                .watermark(
                    Watermark(probe: 258, sentMicroseconds: 3, answeredMicroseconds: 4, checkedMicroseconds: 5)))
                == [4, 2, 1] + [0, 0, 0, 0, 0, 0, 3] + [0, 0, 0, 0, 0, 0, 0, 4] + [0, 0, 0, 0, 0, 0, 0, 5]
                + [0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.welcome(version: 4)) == [128, 4, 0])
        #expect(bytes(.interactions(window: 7)) == [136, 7, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.click(number: 9)) == [137, 9, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.press(number: 9)) == [138, 9, 0, 0, 0, 0, 0, 0, 0])
        let place = WindowPlace(x: -1, y: 2, width: 3, height: 4)
        #expect(
            bytes(.windowPlace(WindowPlaceReport(timeMicroseconds: 6, window: 7, place: place)))
                == [16, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]
                + [0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0])
        let word = PointerWord(timeMicroseconds: 6, frame: .window, x: Fixed8(1.5), y: Fixed8(-1))
        #expect(
            bytes(.pointerPlace(PointerPlaceReport(number: 9, word: word)))
                == [17, 9, 0, 0, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF])
        #expect(bytes(.pointerPlace(PointerPlaceReport(number: 9, word: nil))) == [17, 9, 0, 0, 0, 0, 0, 0, 0, 0])
        let button = Widget(
            role: 43, name: "OK", nameForm: .full, application: "a",
            bounds: WidgetBounds(x: -1, y: 2, width: 3, height: 4))
        #expect(
            bytes(.focusMet(FocusMet(timeMicroseconds: 6, window: 7, widget: button)))
                == [14, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0] + [1, 43, 0, 0, 2, 0, 0x4F, 0x4B, 1, 0, 0x61]
                + [1, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0])
        #expect(bytes(.clickMet(ClickMet(number: 9, answer: .nothing))) == [15, 9, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(
            bytes(.indicator(IndicatorState(isShown: true, means: "sni", reason: ""))) == [
                6, 1, 3, 0, 0x73, 0x6E, 0x69, 0, 0,
            ])
        #expect(
            bytes(
                .field(
                    FieldReport(
                        timeMicroseconds: 6, window: 7, field: FieldDescription(access: .other, isTerminal: true),
                        samples: [EchoSample(timeMicroseconds: 5, state: .secret)])))
                == [7, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0] + [3, 0, 0, 1] + [1, 5, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(bytes(.pauseRequest(PauseRequest(action: .pause, seconds: 900))) == [8, 1, 0x84, 3, 0, 0])
        #expect(bytes(.lock(LockReport(timeMicroseconds: 2, isLocked: true))) == [9, 2, 0, 0, 0, 0, 0, 0, 0, 1])
        let output = OutputDescription(
            name: "a", text: "b", x: -1, y: 2, width: 3, height: 4, modeWidth: 5, modeHeight: 6, refreshMillihertz: 7,
            scale: Fixed8(1.5), transform: .turned180, widthMillimetres: 8, heightMillimetres: 9)
        #expect(
            bytes(.outputs(OutputsReport(outputs: [OutputsReport.Output(number: 1, description: output)])))
                == [10, 1, 1, 0, 0, 0, 255, 255, 255, 255] + [2, 3, 4, 5, 6, 7].flatMap { [$0, 0, 0, 0] }
                + [128, 1, 0, 0, 2, 8, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0x61, 1, 0, 0x62])
        let choice = DeviceChoice(
            .make(vendor: 1, product: 2, name: "a"),
            DeviceSettings(numbers: [2, 1, 0, 0, 2, 1, 0, 2, 4, 0x112, 0, 1])!)
        #expect(
            bytes(.settings(SettingsReport(source: "b", choices: [choice])))
                == [11, 1, 0, 0x62, 1, 1, 1, 0, 2, 0, 1, 0, 0x61, 2, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 2, 0, 4, 0]
                + [0x12, 1, 0, 0, 1, 0])
        #expect(bytes(.recording(RecordingState(phase: .recording, text: "a"))) == [131, 1, 1, 0, 0x61])
        let layout = bytes(everyMessage[5])
        #expect(layout.count == 1 + 1 + 4 + 8 + 2 + 12 + 1 + LayoutTable.byteCount)
    }

    @Test func theLongestMessageFits() {
        let long = String(repeating: "x", count: 5000)
        let focus = FocusReport(
            timeMicroseconds: 0, state: .window, appID: long, title: long, output: long, source: long)
        let layout = LayoutReport(description: LayoutDescription(isKnown: true, name: long), table: table)
        let samples = [EchoSample](repeating: EchoSample(timeMicroseconds: 1, state: .clean), count: 200)
        let field = FieldReport(timeMicroseconds: 0, window: 1, field: .unknown, samples: samples)
        let indicator = IndicatorState(isShown: false, means: long, reason: long)
        let output = OutputsReport.Output(number: 1, description: OutputDescription(name: long, text: long))
        let outputs = OutputsReport(outputs: [OutputsReport.Output](repeating: output, count: 30))
        let choice = DeviceChoice(.make(vendor: 1, product: 2, name: long), DeviceSettings())
        let settings = SettingsReport(source: long, choices: [DeviceChoice](repeating: choice, count: 30))
        let widget = Widget(
            role: 1, name: long, application: long, bounds: WidgetBounds(x: 0, y: 0, width: 1, height: 1))
        let met = FocusMet(timeMicroseconds: 0, window: 1, widget: widget)
        let all: [AgentMessage] = [
            .focus(focus), .layout(layout), .field(field), .indicator(indicator), .outputs(outputs),
            .settings(settings), .focusMet(met),
        ]
        for message in all {
            #expect(bytes(message).count <= maximumMessageBytes)
        }
    }
}

@Suite struct MalformedTests {
    @Test(arguments: everyMessage) func everyTruncationIsRefused(message: AgentMessage) {
        let whole = bytes(message)
        for length in 0..<whole.count {
            #expect(throws: ProtocolError.self, "\(length) of \(whole.count)") {
                try agentMessage(whole.prefix(length))
            }
        }
    }

    @Test(arguments: everyAnswer) func everyTruncationOfAnAnswerIsRefused(message: DaemonMessage) {
        let whole = bytes(message)
        for length in 0..<whole.count {
            #expect(throws: ProtocolError.self) { try daemonMessage(whole.prefix(length)) }
        }
    }

    /// Either it is another valid message, which then has exactly these bytes, or it is refused.
    @Test(arguments: everyMessage) func everyFlippedBitIsAnotherMessageOrRefused(message: AgentMessage) {
        var packet = bytes(message)
        for bit in 0..<packet.count * 8 {
            packet[bit / 8] ^= 1 << (bit % 8)
            if let other = try? agentMessage(packet) {
                #expect(other != message)
                #expect(bytes(other) == packet, "bit \(bit)")
            }
            packet[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test(arguments: everyMessage) func bytesTooManyAreRefused(message: AgentMessage) {
        #expect(throws: ProtocolError.trailingBytes(count: 1)) { try agentMessage(bytes(message) + [0]) }
    }

    @Test(
        arguments: [
            ("an unknown type", [99], ProtocolError.unknownMessage(99)),
            ("the service's type", [130, 0, 0, 0, 0, 0, 0, 0, 0], .unknownMessage(130)),
            ("another version", [1, 2, 0, 0, 0, 0, 0], .unknownVersion(expected: 4, actual: 2)),
            ("no UTF-8", [1, 4, 0, 2, 0, 0xC3, 0x28, 0, 0], .notUTF8(field: "backend")),
            ("a surrogate", [1, 4, 0, 3, 0, 0xED, 0xA0, 0x80, 0, 0], .notUTF8(field: "backend")),
            ("a name too long", [1, 4, 0, 65, 0], .tooLong(field: "backend", limit: 64, actual: 65)),
            ("a state that is none", [2, 0, 0, 0, 0, 0, 0, 0, 0, 3], .badValue(field: "state", actual: 3)),
            ("a flag that is none", [5, 2], .badValue(field: "usable", actual: 2)),
            ("an indicator that half shows", [6, 2], .badValue(field: "shown", actual: 2)),
            ("a kind of field that is none", [7] + zeros(16) + [6, 0, 0, 0, 0], .badValue(field: "access", actual: 6)),
            ("a purpose that is none", [7] + zeros(16) + [0, 3, 0, 0, 0], .badValue(field: "purpose", actual: 3)),
            ("samples without end", [7] + zeros(20) + [65], .tooLong(field: "samples", limit: 64, actual: 65)),
            (
                "samples that are not there", [7] + zeros(20) + [1],
                .truncated(field: "sample time", expected: 8, actual: 0)
            ),
            ("an echo that is none", [7] + zeros(20) + [1] + zeros(8) + [4], .badValue(field: "echo state", actual: 4)),
            ("an action that is none", [8, 2, 0, 0, 0, 0], .badValue(field: "action", actual: 2)),
            ("a lock that is ajar", [9] + zeros(8) + [2], .badValue(field: "locked", actual: 2)),
            ("outputs without end", [10, 17], .tooLong(field: "outputs", limit: 16, actual: 17)),
            ("an output turned inside out", [10, 1] + zeros(36) + [8], .badValue(field: "transform", actual: 8)),
            (
                "one output twice", [10, 2] + zeros(49) + zeros(49),
                .badValue(field: "output number", actual: 0)
            ),
            ("choices without end", [11, 0, 0, 25], .tooLong(field: "choices", limit: 24, actual: 25)),
            ("a selector that is none", [11, 0, 0, 1, 4], .badValue(field: "selector", actual: 4)),
            ("a setting that is none", [11, 0, 0, 1, 3, 3, 0], .badValue(field: "setting", actual: 3)),
            ("a password's field that got the focus", [14] + zeros(16) + [2], .badValue(field: "answer", actual: 2)),
            ("an answer that is none", [15] + zeros(8) + [3], .badValue(field: "answer", actual: 3)),
            (
                "a label without end", [14] + zeros(16) + [1, 43, 0, 0, 1, 1],
                .tooLong(field: "name", limit: 256, actual: 257)
            ),
            (
                "a cut of nothing", [14] + zeros(16) + [1, 43, 0, 1, 0, 0],
                .badValue(field: "name truncated", actual: 1)
            ),
            (
                "a place that half is", [14] + zeros(16) + [1] + zeros(7) + [2],
                .badValue(field: "has bounds", actual: 2)
            ),
            ("nothing", [], .truncated(field: "message type", expected: 1, actual: 0)),
        ] as [(String, [UInt8], ProtocolError)])
    func whatIsRefused(name: String, packet: [UInt8], error: ProtocolError) {
        #expect(throws: error, "\(name)") { try agentMessage(packet) }
    }

    @Test func aPacketLongerThanAnyMessageIsRefusedUnread() {
        #expect(throws: ProtocolError.packetTooLong(limit: 8192, actual: 8193)) {
            try agentMessage([UInt8](repeating: 2, count: 8193))
        }
    }

    /// A layout is known when its table is there, and only then: the journal must not say otherwise.
    @Test(arguments: [(true, nil), (false, table)] as [(Bool, LayoutTable?)])
    func aLayoutIsKnownByItsTable(isKnown: Bool, table: LayoutTable?) {
        let report = LayoutReport(description: LayoutDescription(isKnown: isKnown), table: table)
        #expect(throws: ProtocolError.badValue(field: "has table", actual: table == nil ? 0 : 1)) {
            try agentMessage(bytes(.layout(report)))
        }
    }
}

/// More samples than a message takes: the newest ones are those that vouch for what waits.
@Test func theNewestSamplesAreKept() throws {
    let samples = (1...70).map { EchoSample(timeMicroseconds: $0, state: .clean) }
    let report = FieldReport(timeMicroseconds: 0, window: 1, field: .unknown, samples: samples)
    guard case .field(let read) = try agentMessage(bytes(.field(report))) else {
        Issue.record("not a field report")
        return
    }
    #expect(read.samples == Array(samples.suffix(64)))
}

@Suite struct CutTests {
    @Test(arguments: [
        ("é", 1, ""), ("é", 2, "é"), ("aé", 2, "a"), ("\u{1F600}", 3, ""), ("\u{1F600}x", 4, "\u{1F600}"),
        ("abc", 0, ""), ("", 5, ""), ("e\u{301}x", 2, "e"),
    ]) func cutsAtScalars(text: String, limit: Int, expected: String) {
        #expect(Array(text.cut(toBytes: limit).utf8) == Array(expected.utf8))
    }

    /// A mebibyte of escape sequences and emoji: cut at a character's boundary, and marked.
    @Test func aTitleOfAMebibyteIsCutAndSaysSo() throws {
        let piece = "\u{1B}[31m\u{1F468}\u{200D}\u{1F469}é"
        let title = String(repeating: piece, count: (1 << 20) / piece.utf8.count)
        for lead in ["", "x", "xx", "xxx"] {
            let report = FocusReport(timeMicroseconds: 1, state: .window, appID: "foot", title: lead + title)
            guard case .focus(let read) = try agentMessage(bytes(.focus(report))) else {
                Issue.record("not a focus report")
                return
            }
            #expect(read.isTitleTruncated)
            #expect(read.focusDescription.titleForm == .truncated)
            #expect(read.title.utf8.count <= 1024 && read.title.utf8.count > 1024 - 4)
            #expect((lead + title).utf8.starts(with: read.title.utf8))
        }
    }

    @Test(arguments: [("", false, TitleForm.off), ("a", false, .full), ("a", true, .truncated)])
    func titleForms(title: String, isTruncated: Bool, expected: TitleForm) {
        let report = FocusReport(
            timeMicroseconds: 1, state: .window, title: title, isTitleTruncated: isTruncated)
        #expect(report.focusDescription.titleForm == expected)
    }
}
