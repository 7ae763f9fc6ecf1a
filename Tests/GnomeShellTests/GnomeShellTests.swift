import AgentProtocol
import Bus
import CLinuxShim
import Events
import Glibc
import PrivateBus
import Testing

@testable import GnomeShell

/// A shell on a private bus, with the extension's object. Its process, as the bus knows it, is this one.
private final class Shell {
    let peer: Peer
    private var object: BusSubscription?
    private(set) var calls: [String] = []
    var state = State()
    var settings = settings(of: [0: [2, 1, 2, 1, 2, 1, 1, 3, 2, 0, 2, 1]])

    /// Nil: it has no such method.
    var pointer: BusValue?

    static func pointer(_ isInWindow: Bool, _ x: Int32) -> BusValue {
        .structure([.bool(isInWindow), .uint64(3000), .int32(x), .int32(70000)])
    }

    static func place(of window: UInt32, since: UInt64, x: Int32) -> BusValue {
        .structure([.uint64(since), .uint32(window), .int32(x), .int32(-20), .uint32(300), .uint32(200)])
    }

    static func settings(of kinds: [UInt8: [UInt16]]) -> BusValue {
        .array(
            element: "(yaq)",
            kinds.sorted { $0.key < $1.key }.map { kind, numbers in
                .structure([.byte(kind), .array(element: "q", numbers.map { .uint16($0) })])
            })
    }

    struct State {
        var since: UInt64 = 1000
        var window: UInt32 = 7
        var title = "notes"
        var purpose: UInt8 = 0
        var group: Int32 = 1
        var output = "DP-1"
        /// What a later version might add.
        var isOfAnotherVersion = false

        var value: BusValue {
            .structure(
                [
                    .uint64(since), .uint32(window), .int32(42), .string("editor"), .string(title), .bool(false),
                    .byte(purpose), .int32(group), .string(output),
                ] + (isOfAnotherVersion ? [.string("")] : []))
        }
    }

    init(_ address: String) throws {
        peer = try Peer(address)
        object = try peer.bus.export(path: GnomeShell.path) { [unowned self] call in
            calls.append(call.member)
            return switch call.member {
            case "Show": .values([])
            case "Settings": .values([settings])
            case "Pointer": pointer.map { .values([$0]) } ?? .error(name: "org.example.No", message: "")
            default: .values([state.value])
            }
        }
        try peer.own(GnomeShell.busName)
    }

    func signal(_ member: String, _ arguments: [BusValue] = []) throws {
        try peer.bus.emit(
            path: GnomeShell.path, interface: GnomeShell.interface, member: member, arguments: arguments)
    }
}

/// The agent's side, and everything it was told.
private final class Agent {
    let peer: Peer
    private(set) var shell: GnomeShell!
    private(set) var phases: [GnomeShell.Phase] = []
    private(set) var focus: [FocusReport] = []
    private(set) var purposes: [ContentPurpose] = []
    private(set) var groups: [UInt32?] = []
    private(set) var marks: [Watermark] = []
    private(set) var seen: [Bool] = []
    private(set) var places: [WindowPlaceReport] = []
    private(set) var settings: [[DeviceChoice]?] = []

    init(_ address: String) throws {
        peer = try Peer(address)
        shell = try GnomeShell(
            bus: peer.bus,
            handlers: GnomeShell.Handlers(
                phase: { [unowned self] in phases.append(shell.phase) }, focus: { [unowned self] in focus.append($0) },
                place: { [unowned self] in places.append($0) }, purpose: { [unowned self] in purposes.append($0) },
                group: { [unowned self] in groups.append($0) },
                watermark: { [unowned self] in marks.append($0) },
                seen: { [unowned self] isSeen, _ in seen.append(isSeen) }, clicked: {},
                settings: { [unowned self] in settings.append($0) }))
    }
}

@Suite struct GnomeShellTests {
    private let bus: PrivateBus
    private let shell: Shell
    private let agent: Agent

    init() throws {
        bus = try PrivateBus()
        shell = try Shell(bus.address)
        agent = try Agent(bus.address)
    }

    private func attached() throws {
        agent.shell.compositor(pid: getpid())
        try agent.peer.turn(with: shell.peer) { agent.shell.phase == .usable }
    }

    @Test func tellsWhoHasTheKeyboardSinceWhenByTheShellsOwnTime() throws {
        try attached()
        let report = try #require(agent.focus.last)
        #expect(report.state == .window && report.appID == "editor" && report.title == "notes")
        #expect(report.processID == 42 && report.timeMicroseconds == 1000 && report.source == "gnome-shell")
        #expect(report.output == "DP-1")
        #expect(agent.groups == [1])
    }

    @Test func tellsWhereTheWindowIsThatHasTheKeyboard() throws {
        try attached()
        // Not of another one, whose state has not come.
        try shell.signal("PlaceChanged", [Shell.place(of: 8, since: 1500, x: 0)])
        try shell.signal("PlaceChanged", [Shell.place(of: 7, since: 2000, x: -10)])
        try agent.peer.turn(with: shell.peer) { !agent.places.isEmpty }
        let window = try #require(agent.focus.last).window
        let told = WindowPlaceReport(
            timeMicroseconds: 2000, window: window, place: WindowPlace(x: -10, y: -20, width: 300, height: 200))
        #expect(agent.places == [told])
        agent.shell.repeatReport()
        #expect(agent.places == [told, told])
        shell.state.window = 9
        try shell.signal("Changed", [shell.state.value])
        try agent.peer.turn(with: shell.peer) { agent.focus.count == 3 }
        agent.shell.repeatReport()
        #expect(agent.places.count == 2, "where that one is it has not said")
    }

    @Test func aPlaceThatIsNoneEndsIt() throws {
        try attached()
        try shell.signal("PlaceChanged", [.string("here")])
        try agent.peer.turn(with: shell.peer) { agent.shell.phase == .lacking(GnomeShell.otherVersion) }
    }

    @Test func tellsWhereThePointerIsWhenItIsAsked() throws {
        var words: [PointerWord?] = []
        agent.shell.askPointer { words.append($0) }
        #expect(words == [nil], "nobody can say yet")
        try attached()
        for pointer in [nil, .string("there"), Shell.pointer(false, -5), Shell.pointer(true, -5)] {
            shell.pointer = pointer
            let count = words.count
            agent.shell.askPointer { words.append($0) }
            try agent.peer.turn(with: shell.peer) { words.count > count }
        }
        let word = PointerWord(timeMicroseconds: 3000, frame: .desktop, x: Fixed8(-5), y: Fixed8(70000))
        #expect(words == [nil, nil, nil, nil, word] && agent.shell.phase == .usable)
    }

    @Test func tellsTheSettingsOfTouchpadsAndMice() throws {
        try attached()
        try agent.peer.turn(with: shell.peer) { !agent.settings.isEmpty }
        let touchpads = DeviceSettings(numbers: [2, 1, 2, 1, 2, 1, 1, 3, 2, 0, 2, 1])!
        #expect(agent.settings == [[DeviceChoice(.touchpads, touchpads)]])
        let left: [UInt16] = [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
        try shell.signal("SettingsChanged", [Shell.settings(of: [1: left])])
        try agent.peer.turn(with: shell.peer) { agent.settings.count == 2 }
        #expect(agent.settings.last == [DeviceChoice(.mice, DeviceSettings(numbers: left)!)])
        try shell.signal("Disabled")
        try agent.peer.turn(with: shell.peer) { agent.settings.count == 3 }
        #expect(agent.settings.last == .some(nil), "what it said does not hold any more")
    }

    /// They are known then as little as before anybody asked; who has the keyboard is told all the same.
    @Test(arguments: [
        Shell.settings(of: [7: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), Shell.settings(of: [0: [3]]),
        Shell.settings(of: [0: [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), .string("tap"),
    ]) fileprivate func settingsThatAreNoneAreNotKnown(settings: BusValue) throws {
        shell.settings = settings
        try attached()
        try agent.peer.turn(with: shell.peer) { !agent.settings.isEmpty }
        #expect(agent.settings == [nil])
        #expect(agent.shell.phase == .usable && agent.focus.last?.appID == "editor")
    }

    @Test func anOwnerOfTheNameThatIsNotTheCompositorIsNotAsked() throws {
        agent.shell.compositor(pid: getpid() + 1)
        try agent.peer.turn(with: shell.peer) {
            agent.shell.phase == .absent("the owner of org.gnome.Shell is not the compositor")
        }
        try shell.signal("Changed", [shell.state.value])
        try shell.signal("Seen", [.bool(true), .string("")])
        // Behind the signals.
        _ = try agent.peer.ask(
            "org.freedesktop.DBus", "org.freedesktop.DBus/GetNameOwner", [.string(GnomeShell.busName)],
            with: shell.peer)
        #expect(shell.calls.isEmpty && agent.focus.isEmpty && agent.seen.isEmpty)
    }

    @Test func anotherProgramsSignalsAreNotHeard() throws {
        try attached()
        let other = try Peer(bus.address)
        var forged = Shell.State()
        forged.window = 9
        try other.bus.emit(
            path: GnomeShell.path, interface: GnomeShell.interface, member: "Changed", arguments: [forged.value])
        _ = try other.ask(
            "org.freedesktop.DBus", "org.freedesktop.DBus/GetNameOwner", [.string(GnomeShell.busName)])
        shell.state.title = "later"
        try shell.signal("Changed", [shell.state.value])
        try agent.peer.turn(with: shell.peer) { agent.focus.last?.title == "later" }
        #expect(agent.focus.count == 2)
    }

    @Test func aWatermarkTakesTwoRoundTripsAndComesBehindWhatTheyBring() throws {
        try attached()
        let before = kymo_monotonic_microseconds()
        agent.shell.confirm(probe: 5)
        shell.state.window = 0
        shell.state.since = 2000
        try agent.peer.turn(with: shell.peer) { !agent.marks.isEmpty }
        #expect(shell.calls == ["Attach", "Settings", "Confirm", "Confirm"])
        #expect(agent.marks[0].probe == 5 && agent.marks[0].sentMicroseconds >= before)
        #expect(agent.focus.last?.state == FocusState.none && agent.focus.last?.timeMicroseconds == 2000)
    }

    @Test func aTimeInTheFutureIsNow() throws {
        shell.state.since = .max
        try attached()
        #expect(try #require(agent.focus.last).timeMicroseconds <= kymo_monotonic_microseconds())
    }

    @Test func anExtensionThatIsSwitchedOffIsKnownAtOnceAndNoLongerSeen() throws {
        try attached()
        try shell.signal("Disabled")
        try agent.peer.turn(with: shell.peer) { agent.shell.phase != .usable }
        #expect(agent.seen == [false])
        try shell.signal("Enabled")
        try agent.peer.turn(with: shell.peer) { agent.shell.phase == .usable }
        #expect(agent.focus.count == 2 && agent.focus[0].window != agent.focus[1].window, "numbers are not used twice")
    }

    @Test func aPasswordsFieldIsTold() throws {
        try attached()
        shell.state.purpose = 2
        try shell.signal("Changed", [shell.state.value])
        try agent.peer.turn(with: shell.peer) { agent.purposes.last == .password }
    }

    @Test func anExtensionOfAnotherVersionIsSaidToBeOne() throws {
        shell.state.isOfAnotherVersion = true
        agent.shell.compositor(pid: getpid())
        try agent.peer.turn(with: shell.peer) { agent.shell.phase == .lacking(GnomeShell.otherVersion) }
        #expect(agent.focus.isEmpty)
    }

    @Test(arguments: [3, 255] as [UInt8])
    func whatIsNotUnderstoodEndsIt(purpose: UInt8) throws {
        try attached()
        shell.state.purpose = purpose
        try shell.signal("Changed", [shell.state.value])
        try agent.peer.turn(with: shell.peer) { agent.shell.phase != .usable }
    }

    @Test(
        arguments: [
            (["kymograph@kymograph.org": 0, "kymograph-legacy@kymograph.org": 0], "log out and in"),
            (
                ["kymograph@kymograph.org": 4, "kymograph-legacy@kymograph.org": 2],
                "gnome-extensions enable kymograph-legacy@kymograph.org"
            ),
            (
                ["kymograph@kymograph.org": 6, "kymograph-legacy@kymograph.org": 4],
                "gnome-extensions enable kymograph@kymograph.org"
            ),
            (["kymograph@kymograph.org": 4, "kymograph-legacy@kymograph.org": 4], "not made for this version"),
            (["kymograph@kymograph.org": 3, "kymograph-legacy@kymograph.org": 4], "could not load"),
        ] as [(ExtensionState.States, String)])
    func whatMendsItIsSaid(states: ExtensionState.States, sentence: String) {
        #expect(ExtensionState.reason(states).contains(sentence))
    }
}
