import CLinuxShim
import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// A directory of its own, gone when the test is.
final class Scratch {
    let path: FilePath

    init() throws {
        // In memory where there is such a place: the journal syncs a lot, and what a disk makes of that is modelled.
        let root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(root)/kymograph-test-XXXXXX".utf8) + [0]
        let made = template.withUnsafeMutableBytes { mkdtemp($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        try #require(made != nil)
        path = FilePath(String(decoding: template.dropLast(), as: UTF8.self))
    }

    deinit {
        for name in files { unlink(path.appending(name).string) }
        rmdir(path.string)
    }

    var files: [String] {
        guard let stream = opendir(path.string) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func read(_ name: String) throws -> [UInt8] { try Self.read(path.appending(name)) }

    static func read(_ path: FilePath) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(path, .readOnly)
        defer { try? descriptor.close() }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }

    func remove(_ name: String) throws { try #require(unlink(path.appending(name).string) == 0) }

    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws {
        let descriptor = try FileDescriptor.open(
            path.appending(name), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        defer { try? descriptor.close() }
        try descriptor.writeAll(Array(bytes))
    }
}

let origin = SegmentOrigin(subject: "ada", userID: 1000)

func move(_ time: UInt64, _ dx: Int32 = 1, _ dy: Int32 = -1) -> Event {
    Event(
        timeMicroseconds: time, device: 1, focus: 3,
        payload: .motion(Motion(dx: Fixed8(raw: dx << 8), dy: Fixed8(raw: dy << 8))))
}

extension JournalWriter {
    func append(_ event: Event) -> Bool { append(PermittedEvent(permitted: event)) }
}

/// Everything a reader finds, without the records that open each segment.
func readAll(_ directory: FilePath, start: JournalReader.Start = .oldest) throws -> (
    events: [StoredEvent], damages: [Damage]
) {
    let reader = try JournalReader(directory: directory, start: start)
    var events: [StoredEvent] = []
    var damages: [Damage] = []
    while let item = try reader.next() {
        switch item {
        case .event(let event): if !event.event.marks.contains(.snapshot) { events.append(event) }
        case .damage(let damage): damages.append(damage)
        case .segment, .context, .forgotten: break
        }
    }
    return (events, damages)
}

/// One of every kind, with values at their edges.
let everyKind: [Payload] = [
    .key(Key(code: 767, press: .pressed, modifiers: [.shift, .level3])),
    .key(Key(code: 0, press: .released)),
    .keyCounts(
        {
            var counts = KeyCounts()
            for keyClass in KeyClass.allCases { counts[keyClass] = UInt16(keyClass.rawValue) * 7000 }
            return counts
        }()),
    .motion(Motion(dx: Fixed8(raw: .min), dy: Fixed8(raw: .max))),
    .position(Position(x: 0, y: 65535)),
    .button(Button(code: 0x110, press: .pressed)),
    .scroll(
        Scroll(
            source: .wheel, axes: [.vertical, .horizontal], verticalV120: -120, horizontalV120: 15,
            vertical: Fixed8(-15), horizontal: Fixed8(1.5))),
    .swipe(Swipe(phase: .update, fingers: 3, dx: Fixed8(2.25), dy: Fixed8(-1))),
    .pinch(Pinch(phase: .end, fingers: 2, scale: Fixed8(1.5), angle: Fixed8(-90))),
    .hold(Hold(phase: .cancel, fingers: 4)),
    .touch(Touch(phase: .down, slot: -1, x: 5, y: 6)),
    .tabletTool(
        TabletTool(
            phase: .buttonPressed, tool: 2, button: 0x14B, x: 1, y: 2, pressure: 65535, distance: 4, tiltX: Fixed8(-64),
            tiltY: Fixed8(63), rotation: Fixed8(359), slider: -65535, wheelV120: -120)),
    .tabletPad(TabletPad(control: .ring, number: 1, value: Fixed8(-1), mode: 3)),
    .toggle(Toggle(kind: .lid, isOn: true)),
    .deviceAdded(
        DeviceDescription(
            name: "Mouse \u{1B}[31m é", sysname: "event5", seat: "seat0", vendor: 0x1d6b, product: 0xffff, bus: 3,
            capabilities: [.pointer, .gesture], widthMicrometres: .max, heightMicrometres: 1, isConfigurationKnown: true
        )),
    .deviceRemoved(DeviceRemoval(sysname: "event5")),
    .focus(
        FocusDescription(
            id: .max, state: .window, appID: "foot", title: "", titleForm: .truncated, processID: -1, window: .max,
            output: "HEADLESS-1", source: "wlr", uncertaintyMicroseconds: 4000)),
    .focus(
        FocusDescription(
            id: 1, state: .window, appID: "foot", title: "0123456789abcdef0123456789abcdef", titleForm: .hash)),
    .layout(LayoutDescription(isKnown: true, name: "English (US)", group: 1, keymapHash: .max)),
    .suppression(
        Suppression(
            reason: .unconfirmed, phase: .end, startMicroseconds: 1, endMicroseconds: .max, keys: 3, others: 4)),
    .loss(Loss(reason: .crash, startMicroseconds: 0, endMicroseconds: 9, count: nil, detail: "segment 4")),
    .loss(Loss(reason: .ringFull, startMicroseconds: 0, endMicroseconds: 9, count: .max)),
    .clock(ClockPair(realtimeMicroseconds: .max, reason: .step)),
    .session(SessionDescription(subject: "ada", userID: .max, isActive: false)),
    .recorder(RecorderState(isRunning: true, version: "0.1.0", libinputVersion: "1.22.1")),
    .forgetting(ForgettingNotice(isEverything: false)),
    .consent(
        ConsentNotice(isGiven: true, userID: .max, receipt: "0123456789abcdef0123456789abcdef", subject: "ada")),
    .pause(PauseNotice(isPaused: true, endRealtimeMicroseconds: .max)),
    .pause(PauseNotice(isPaused: false)),
    .output(
        OutputNotice(
            number: 1, isConnected: true,
            output: OutputDescription(
                name: "DP-1", text: "Maker \u{1B}[31m é", x: -1920, y: .max, width: 1280, height: 2276, modeWidth: 3840,
                modeHeight: 2160, refreshMillihertz: 59_940, scale: Fixed8(1.6875), transform: .flipped270,
                widthMillimetres: 600, heightMillimetres: 340))),
    .output(OutputNotice(number: .max, isConnected: false, output: OutputDescription(name: ""))),
    .settings(
        SettingsNotice(
            isKnown: true, settings: DeviceSettings(numbers: [2, 2, 1, 1, 2, 2, 1, 3, 4, .max, 1, 3])!, source: "sway")),
    .settings(SettingsNotice(isKnown: false, settings: DeviceSettings(), source: "")),
    .windowPlace(WindowPlace(x: .min, y: -1, width: .max, height: 0)),
    .pointerPlace(PointerPlace(frame: .desktop, delayMicroseconds: .max, x: Fixed8(raw: .min), y: Fixed8(1.5))),
    .pointerPlace(PointerPlace(frame: .window, delayMicroseconds: 0, x: Fixed8(raw: 0), y: Fixed8(raw: .max))),
    .interaction(
        Interaction(
            cause: .click,
            widget: Widget(
                role: .max, name: "Save \u{1B}[31m é", nameForm: .full, application: "Editor",
                bounds: WidgetBounds(x: .min, y: -1, width: .max, height: 0)))),
    .interaction(
        Interaction(cause: .focus, widget: Widget(role: 43, name: "0123456789abcdef", nameForm: .hash))),
    .interaction(Interaction(cause: .focus)),
]

extension kymo_clock_pair {
    /// What to add to CLOCK_MONOTONIC for CLOCK_REALTIME, µs.
    var realtimeOffset: UInt64 { realtime &- monotonic }
}
