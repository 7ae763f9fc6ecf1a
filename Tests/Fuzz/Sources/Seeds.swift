import AgentProtocol
import Events
import Glibc
import SystemPackage

@testable import Journal
@testable import Policy

/// Inputs made by the real writers, in a directory for each target.
func writeSeeds(to directory: String) throws {
    func write(_ target: String, _ name: String, _ bytes: [UInt8]) throws {
        let folder = "\(directory)/\(target)"
        mkdir(folder, 0o755)
        let descriptor = try FileDescriptor.open(
            FilePath("\(folder)/\(name)"), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        defer { try? descriptor.close() }
        try descriptor.writeAll(bytes)
    }
    for (index, message) in agentMessages.enumerated() {
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        try write("agent", "message-\(index)", bytes)
    }
    for (index, message) in serviceMessages.enumerated() {
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        try write("service", "message-\(index)", bytes)
    }
    for seed in try consentSeeds(scratch: "\(directory)/host") { try write(seed.target, seed.name, seed.bytes) }
    var intent = ByteBuffer(capacity: 256)
    defer { intent.deallocate() }
    ForgetIntent(requests: [
        .everything, .span(1...2), ForgetRequest(.span(3...4, app: AppGlob("foo*")), userID: 1000),
    ]).write(to: &intent)
    try write("intent", "requests", Array(intent.bytes.dropLast(4)))
    try write("cursor", "cursor", Array("\(Cursor(segmentID: Identifier(high: 1, low: 2), sequence: 42))".utf8))
    for seed in answerSeeds { try write("answer", seed.name, [seed.question] + Array(seed.text.utf8)) }
    for (name, bytes) in try segments() { try write("segment", name, bytes) }
    for (index, payloads) in payloadGroups.enumerated() {
        let (payload, frame) = chunk(payloads)
        try write("chunk", "payload-\(index)", leading(UInt16(payloads.count)) + payload)
        try write("frame", "frame-\(index)", leading(UInt16(payload.count)) + frame)
    }
}

private func leading(_ number: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)] }

/// The payload of a chunk, without the random bytes, and as an LZ4 frame.
private func chunk(_ payloads: [Payload]) -> (payload: [UInt8], frame: [UInt8]) {
    let encoder = ChunkEncoder()
    for (index, payload) in payloads.enumerated() {
        encoder.append(
            Event(timeMicroseconds: 1_000_000 + UInt64(index) * 1000, device: 3, focus: 2, payload: payload))
    }
    var payload = ByteBuffer(capacity: 1 << 16)
    var frame = ByteBuffer(capacity: 1 << 16)
    defer {
        payload.deallocate()
        frame.deallocate()
    }
    encoder.finish(into: &payload)
    LZ4Compressor().compress(payload.bytes, into: &frame)
    return (Array(payload.bytes), Array(frame.bytes))
}

/// As a recorder leaves them: sealed, in the making, and one that ends inside a chunk.
private func segments() throws -> [(String, [UInt8])] {
    let directory = FuzzDirectory()
    defer { directory.remove() }
    var options = JournalOptions()
    options.chunkMicroseconds = 1000
    let origin = SegmentOrigin(subject: "ada", userID: 1000)
    let journal = try JournalWriter(directory: directory.path, options: options, origin: origin)
    for (group, payloads) in payloadGroups.enumerated() {
        let chunks = journal.statistics.chunks
        for (index, payload) in payloads.enumerated() {
            let event = Event(timeMicroseconds: 1000 * UInt64(group) + UInt64(index), device: 1, payload: payload)
            _ = journal.append(PermittedEvent(permitted: event))
        }
        while journal.statistics.chunks == chunks { usleep(1000) }
    }
    journal.stop()
    let descriptor = try FileDescriptor.open(directory.path.appending("kymograph-0000000001.lz4"), .readOnly)
    defer { try? descriptor.close() }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
    let whole = Array(buffer.prefix(count))
    return [("sealed", whole), ("torn", Array(whole.dropLast(count / 3))), ("header", Array(whole.prefix(200)))]
}

private let payloadGroups: [[Payload]] = [
    [
        .recorder(RecorderState(isRunning: true, version: "0.1.0", libinputVersion: "1.22.1")),
        .session(SessionDescription(subject: "ada", userID: 1000, isActive: true)),
        .consent(
            ConsentNotice(
                isGiven: true, userID: 1000, receipt: "0123456789abcdef0123456789abcdef", subject: "ada")),
        .pause(PauseNotice(isPaused: true, endRealtimeMicroseconds: 1_700_000_000_000_000)),
        .deviceAdded(
            DeviceDescription(
                name: "Mouse", sysname: "event5", seat: "seat0", vendor: 0x1d6b, product: 1, bus: 3,
                capabilities: [.pointer], widthMicrometres: 0, heightMicrometres: 0, isConfigurationKnown: true)),
        .layout(LayoutDescription(isKnown: true, name: "English (US)", group: 1, keymapHash: 7)),
        .focus(
            FocusDescription(
                id: 2, state: .window, appID: "foot", title: "vi", titleForm: .full, processID: 7, window: 9,
                output: "HEADLESS-1", source: "wlr", uncertaintyMicroseconds: 4000)),
    ],
    (0..<40).map { .motion(Motion(dx: Fixed8(raw: 256 * Int32($0 % 7 - 3)), dy: Fixed8(raw: -256))) },
    [
        .key(Key(code: 30, press: .pressed, modifiers: [.control])), .keyCounts(KeyCounts()),
        .position(Position(x: 1, y: 65535)), .button(Button(code: 0x110, press: .pressed)),
        .scroll(
            Scroll(
                source: .wheel, axes: [.vertical], verticalV120: -120, horizontalV120: 0, vertical: Fixed8(-15),
                horizontal: Fixed8(0))),
        .swipe(Swipe(phase: .update, fingers: 3, dx: Fixed8(2.25), dy: Fixed8(-1))),
        .pinch(Pinch(phase: .end, fingers: 2, scale: Fixed8(1.5), angle: Fixed8(-90))),
        .hold(Hold(phase: .cancel, fingers: 4)), .touch(Touch(phase: .down, slot: -1, x: 5, y: 6)),
        .tabletPad(TabletPad(control: .ring, number: 1, value: Fixed8(-1), mode: 3)),
        .toggle(Toggle(kind: .lid, isOn: true)),
    ],
    [
        .suppression(
            Suppression(
                reason: .unconfirmed, phase: .end, startMicroseconds: 1, endMicroseconds: 9, keys: 3, others: 4)),
        .loss(Loss(reason: .crash, startMicroseconds: 0, endMicroseconds: 9, count: nil, detail: "segment 4")),
        .clock(ClockPair(realtimeMicroseconds: 1_700_000_000_000_000, reason: .step)),
        .deviceRemoved(DeviceRemoval(sysname: "event5")),
        .output(OutputNotice(number: 3, isConnected: true, output: output)),
        .output(OutputNotice(number: 3, isConnected: false, output: output)),
        .settings(SettingsNotice(isKnown: true, settings: settings, source: "sway")),
    ],
    [
        .interaction(Interaction(cause: .click, widget: seedWidget)), .interaction(Interaction(cause: .focus)),
        .windowPlace(WindowPlace(x: -1920, y: 20, width: 800, height: 600)),
        .pointerPlace(PointerPlace(frame: .window, delayMicroseconds: 900, x: Fixed8(1.5), y: Fixed8(-2))),
    ],
]

private let settings = DeviceSettings(numbers: [2, 1, 2, 1, 2, 1, 2, 3, 4, 0x112, 2, 3])!
private let output = OutputDescription(
    name: "DP-1", text: "Maker é", x: -1920, y: 20, width: 1280, height: 720, modeWidth: 1920, modeHeight: 1080,
    refreshMillihertz: 59_940, scale: Fixed8(1.5), transform: .flipped90, widthMillimetres: 600, heightMillimetres: 340)

private let seedWidget = Widget(
    role: 43, name: "Save é", nameForm: .full, application: "Editor",
    bounds: WidgetBounds(x: -1, y: 2, width: 30, height: 40))

private let agentMessages: [AgentMessage] = {
    let classes = (0..<LayoutTable.codeCount * LayoutTable.levelCount).map {
        KeyClass.allCases[$0 % KeyClass.allCases.count]
    }
    let roles = (0..<LayoutTable.codeCount).map { ModifierRole.allCases[$0 % ModifierRole.allCases.count] }
    return [
        .hello(Hello(backend: "wlr-foreign-toplevel", compositor: "sway")),
        .focus(
            FocusReport(
                timeMicroseconds: 1, state: .window, window: 7, processID: 9, appID: "foot", title: "vi é",
                isTitleTruncated: true, output: "HEADLESS-1", source: "wlr-foreign-toplevel")),
        .focus(FocusReport(timeMicroseconds: .max, state: .unknown)),
        .layout(LayoutReport(description: LayoutDescription(isKnown: false, keymapHash: 7), table: nil)),
        .layout(
            LayoutReport(
                description: LayoutDescription(isKnown: true, name: "English (US)", group: 3, keymapHash: .max),
                table: LayoutTable(classes: classes, roles: roles))),
        .watermark(
            Watermark(probe: 1, sentMicroseconds: 2, answeredMicroseconds: 3, checkedMicroseconds: 4)),
        .backendState(BackendState(isUsable: true, backend: "wlr", reason: "because")),
        .indicator(IndicatorState(isShown: true, means: "layer-shell", reason: "")),
        .field(
            FieldReport(
                timeMicroseconds: 5, window: 7,
                field: FieldDescription(access: .unknown, isPrivate: true, isTerminal: true),
                samples: [
                    EchoSample(timeMicroseconds: 4, state: .secret), EchoSample(timeMicroseconds: 6, state: .clean),
                ])),
        .pauseRequest(PauseRequest(action: .pause, seconds: 600)),
        .lock(LockReport(timeMicroseconds: 8, isLocked: true)),
        .outputs(OutputsReport(outputs: [])),
        .outputs(
            OutputsReport(outputs: [
                OutputsReport.Output(number: 7, description: output),
                OutputsReport.Output(number: .max, description: OutputDescription(name: "")),
            ])),
        .settings(
            SettingsReport(
                source: "sway",
                choices: [
                    DeviceChoice(.node("event5"), settings), DeviceChoice(.touchpads, DeviceSettings()),
                    DeviceChoice(.make(vendor: 0x46D, product: 1, name: "Mouse é"), settings),
                    DeviceChoice(.mice, settings),
                ])),
        .focusMet(FocusMet(timeMicroseconds: 9, window: 7, widget: seedWidget)),
        .focusMet(FocusMet(timeMicroseconds: 9, window: 7, widget: nil)),
        .clickMet(ClickMet(number: 3, answer: .widget(Widget(role: 79)))),
        .clickMet(ClickMet(number: 3, answer: .password)),
        .windowPlace(
            WindowPlaceReport(
                timeMicroseconds: 9, window: 7, place: WindowPlace(x: -1, y: 2, width: 800, height: 600))),
        .pointerPlace(PointerPlaceReport(number: 4, word: nil)),
        .pointerPlace(
            PointerPlaceReport(
                number: 4,
                word: PointerWord(timeMicroseconds: 9, frame: .desktop, x: Fixed8(1.5), y: Fixed8(-2)))),
    ]
}()

private let serviceMessages: [DaemonMessage] = [
    .welcome(version: 1), .refused(reason: "only the subject is believed"), .probe(id: .max),
    .recording(RecordingState(phase: .paused, text: "until 12:00")), .interactions(window: 7), .click(number: 3),
    .press(number: 4),
]
