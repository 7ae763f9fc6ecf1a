import AgentProtocol
import Bus
import CLinuxShim
import Events
import Glibc
import PrivateBus
import Testing

@testable import PlasmaScript

/// KWin on a private bus, and its script in the test's hands. Its process, as the bus knows it, is this one.
private final class KWin {
    static let scripting = "org.kde.kwin.Scripting"

    let peer: Peer
    private var object: BusSubscription?
    private(set) var calls: [String] = []
    var starts: Int { calls.count { $0 == "start" } }
    /// What the script reads from its file: whom to call, and where.
    private(set) var agent = ""
    private(set) var path = ""
    /// What `loadScript` says.
    var number: Int32 = 0
    private(set) var questions: [String] = []
    private(set) var failures: [BusError] = []
    var window = ["7", "editor", "notes", "42", "DP-1", "1 2 30 40"]

    init(_ address: String) throws {
        peer = try Peer(address)
        object = try peer.bus.export(path: "/Scripting") { [unowned self] call in
            calls.append(call.member)
            switch call.member {
            case "loadScript":
                read((try? call[0, as: String.self]) ?? "")
                return .values([.int32(number)])
            case "start": return .values([])
            default: return .values([.bool(true)])
            }
        }
        try peer.own(PlasmaScript.busName)
    }

    private func read(_ file: String) {
        guard let stream = fopen(file, "r") else { return }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 16384)
        let count = fread(&bytes, 1, bytes.count, stream)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let words = text.split(separator: "callDBus(\"", maxSplits: 1)[1].split(separator: "\"")
        agent = String(words[0])
        path = String(words[2])
    }

    func change() { call("Changed", window.map { .string($0) }) }

    func answer(_ question: String) { call("Answered", ([question, "5.5 6"] + window).map { .string($0) }) }

    func call(_ member: String, _ arguments: [BusValue], interface: String = PlasmaScript.interface) {
        peer.bus.call(agent, path: path, interface: interface, member: member, arguments: arguments) {
            [unowned self] answer in
            switch answer {
            case .success(let message): if let word = try? message[0, as: String.self] { questions.append(word) }
            case .failure(let error): failures.append(error)
            }
        }
    }
}

/// The agent's side, and everything it was told.
private final class Agent {
    let peer: Peer
    let directory: String
    private(set) var script: PlasmaScript!
    private(set) var phases: [PlasmaScript.Phase] = []
    private(set) var focus: [FocusReport] = []
    private(set) var places: [WindowPlaceReport] = []
    private(set) var marks: [Watermark] = []

    init(_ address: String) throws {
        peer = try Peer(address)
        var template = Array("/tmp/kymograph-script-XXXXXX".utf8) + [0]
        template.withUnsafeMutableBytes { _ = mkdtemp($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        directory = String(decoding: template.dropLast(), as: UTF8.self)
        script = try PlasmaScript(
            bus: peer.bus, loop: peer.loop, directory: directory,
            handlers: PlasmaScript.Handlers(
                phase: { [unowned self] in phases.append(script.phase) },
                focus: { [unowned self] in focus.append($0) }, place: { [unowned self] in places.append($0) },
                watermark: { [unowned self] in marks.append($0) }))
    }

    deinit { rmdir(directory) }

    var file: String { directory + "/kymograph-kwin.js" }
}

@Suite struct PlasmaScriptTests {
    private let bus: PrivateBus
    private let kwin: KWin
    private let agent: Agent

    init() throws {
        bus = try PrivateBus()
        kwin = try KWin(bus.address)
        agent = try Agent(bus.address)
    }

    private func loaded() throws {
        let starts = kwin.starts
        agent.script.compositor(pid: getpid())
        try agent.peer.turn(with: kwin.peer) { kwin.starts > starts }
    }

    private func running() throws {
        try loaded()
        kwin.answer("0")
        try agent.peer.turn(with: kwin.peer) { agent.script.phase == .usable }
    }

    /// Behind everything that was sent.
    private func settle() throws {
        _ = try agent.peer.ask(
            "org.freedesktop.DBus", "org.freedesktop.DBus/GetNameOwner", [.string(PlasmaScript.busName)],
            with: kwin.peer)
    }

    @Test func whatTheScriptSaysIsTheFocus() throws {
        try running()
        let report = try #require(agent.focus.last)
        #expect(report.state == .window && report.appID == "editor" && report.title == "notes")
        #expect(report.processID == 42 && report.output == "DP-1" && report.source == "kwin-script")
        kwin.window = ["0", "", "", "0", "", ""]
        kwin.change()
        try agent.peer.turn(with: kwin.peer) { agent.focus.count == 2 }
        #expect(agent.focus.last?.state == FocusState.none && agent.focus.last?.appID == "")
    }

    @Test func whereTheWindowIsComesBehindItsFocusAndWhenItMoves() throws {
        try running()
        #expect(agent.places.map(\.place) == [WindowPlace(x: 1, y: 2, width: 30, height: 40)])
        #expect(agent.places[0].window == agent.focus[0].window)
        kwin.window[5] = "-1 2 30 40"
        kwin.change()
        try agent.peer.turn(with: kwin.peer) { agent.places.count == 2 }
        #expect(agent.places[1].place.x == -1 && agent.focus.count == 1)
        agent.script.repeatReport()
        #expect(agent.focus.count == 2 && agent.places.count == 3, "a new service knows nothing")
        kwin.window = ["8", "viewer", "", "43", "", "-1 2 30 40"]
        kwin.change()
        try agent.peer.turn(with: kwin.peer) { agent.places.count == 4 }
        #expect(agent.places[3].window == agent.focus[2].window, "another window in the same place")
    }

    @Test func whereThePointerIsComesWithTheAnswer() throws {
        var words: [PointerWord?] = []
        agent.script.askPointer { words.append($0) }
        #expect(words == [nil], "nobody is there to ask")
        try running()
        agent.script.askPointer { words.append($0) }
        try agent.peer.turn(with: kwin.peer) { kwin.questions.count == 1 }
        let before = kymo_monotonic_microseconds()
        kwin.answer(kwin.questions[0])
        try agent.peer.turn(with: kwin.peer) { words.count == 2 }
        let word = try #require(words[1])
        #expect(word.frame == .desktop && word.x == Fixed8(5.5) && word.y == Fixed8(6))
        #expect(word.timeMicroseconds >= before)
        // One that is out when the script goes.
        agent.script.askPointer { words.append($0) }
        agent.script.end()
        #expect(words.count == 3 && words[2] == nil)
    }

    /// One of an agent that died, say; and KWin keeps the file open for nobody.
    @Test func aScriptThatIsThereIsReplacedAndItsFileGoesOnceItRuns() throws {
        try loaded()
        #expect(kwin.calls == ["unloadScript", "loadScript", "start"])
        var status = stat()
        #expect(stat(agent.file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        kwin.answer("0")
        try agent.peer.turn(with: kwin.peer) { agent.script.phase == .usable }
        #expect(access(agent.file, F_OK) != 0)
    }

    @Test func anOwnerOfTheNameThatIsNotTheCompositorIsNotAsked() throws {
        agent.script.compositor(pid: getpid() + 1)
        try agent.peer.turn(with: kwin.peer) {
            agent.script.phase == .absent("the owner of org.kde.KWin is not the compositor")
        }
        try settle()
        #expect(kwin.calls.isEmpty && access(agent.file, F_OK) != 0)
    }

    @Test func anotherProgramsCallsAreRefused() throws {
        try running()
        let other = try Peer(bus.address)
        var refusal: BusError?
        other.bus.call(
            kwin.agent, path: kwin.path, interface: PlasmaScript.interface, member: "Changed",
            arguments: ["9", "bank", "made up", "1", "", ""].map { .string($0) }
        ) { if case .failure(let error) = $0 { refusal = error } }
        try agent.peer.turn(with: other) { refusal != nil }
        #expect(agent.focus.count == 1)
    }

    @Test func aProbeIsAnsweredBehindWhatTheScriptSaysToItsQuestion() throws {
        try running()
        let before = kymo_monotonic_microseconds()
        agent.script.confirm(probe: 5)
        try agent.peer.turn(with: kwin.peer) { kwin.questions.count == 1 }
        // Asked while the script has a question: with the next one.
        agent.script.confirm(probe: 6)
        #expect(agent.marks.isEmpty)
        kwin.window[2] = "other notes"
        kwin.answer(kwin.questions[0])
        try agent.peer.turn(with: kwin.peer) { kwin.questions.count == 2 }
        #expect(agent.marks.map(\.probe) == [5] && agent.focus.last?.title == "other notes")
        #expect(agent.marks[0].sentMicroseconds >= before)
        #expect(agent.marks[0].answeredMicroseconds >= agent.marks[0].sentMicroseconds)
        kwin.answer(kwin.questions[1])
        try agent.peer.turn(with: kwin.peer) { agent.marks.count == 2 }
        #expect(agent.marks[1].probe == 6 && agent.marks[1].sentMicroseconds >= agent.marks[0].answeredMicroseconds)
    }

    @Test func anAnswerToNoQuestionConfirmsNothing() throws {
        try running()
        agent.script.confirm(probe: 5)
        try agent.peer.turn(with: kwin.peer) { kwin.questions.count == 1 }
        kwin.answer("999")
        kwin.change()
        try settle()
        #expect(agent.marks.isEmpty)
    }

    @Test func itIsTakenOutOfKWinWhenTheProtocolIsThereAndWhenTheAgentEnds() throws {
        try running()
        agent.script.compositor(pid: nil)
        #expect(agent.script.phase == .absent("it is not needed"))
        try agent.peer.turn(with: kwin.peer) { kwin.calls.count == 4 }
        #expect(kwin.calls.last == "unloadScript")
        try running()
        #expect(agent.focus.count == 2 && agent.focus[0].window != agent.focus[1].window, "numbers are not used twice")
        agent.script.end()
        try agent.peer.turn(with: kwin.peer) { kwin.calls.count == 8 }
        #expect(kwin.calls.last == "unloadScript")
    }

    @Test func anEarlierScriptIsNotHeard() throws {
        try running()
        let path = kwin.path
        agent.script.compositor(pid: nil)
        try running()
        #expect(kwin.path != path)
        let count = agent.focus.count
        kwin.peer.bus.call(
            kwin.agent, path: path, interface: PlasmaScript.interface, member: "Changed",
            arguments: ["9", "bank", "old", "1", "", ""].map { .string($0) }
        ) { _ in }
        try settle()
        #expect(agent.focus.count == count)
    }

    @Test func aScriptThatKWinDoesNotLoadIsSaid() throws {
        kwin.number = -1
        agent.script.compositor(pid: getpid())
        try agent.peer.turn(with: kwin.peer) { agent.script.phase == .lacking("KWin did not load the script") }
        #expect(access(agent.file, F_OK) != 0)
    }

    @Test func aScriptThatDoesNotRunIsSaid() throws {
        try loaded()
        try agent.peer.turn(with: kwin.peer) { agent.script.phase == .lacking("KWin does not run the script") }
        #expect(access(agent.file, F_OK) != 0)
    }

    @Test func kwinThatFallsSilentIsAskedAnew() throws {
        try running()
        agent.script.confirm(probe: 5)
        try agent.peer.turn(with: kwin.peer) { agent.phases.contains(.lacking("KWin does not answer")) }
        try agent.peer.turn(with: kwin.peer) { kwin.starts == 2 }
        kwin.answer("0")
        try agent.peer.turn(with: kwin.peer) { agent.script.phase == .usable }
        #expect(agent.marks.isEmpty)
    }

    @Test(
        arguments: [
            ["x", "", "", "0", "", "1 2 3 4"], ["1", "", "", "many", "", "1 2 3 4"], ["1", "", "", "0", "1 2 3 4"],
            ["-1", "", "", "0", "", "1 2 3 4"], ["1", "", "", "0", "", ""], ["1", "", "", "0", "", "1 2 3 -4"],
        ])
    func whatIsNotUnderstoodEndsIt(window: [String]) throws {
        try running()
        kwin.window = window
        kwin.change()
        try agent.peer.turn(with: kwin.peer) { agent.script.phase != .usable }
        #expect(agent.focus.count == 1)
    }

    @Test func aLongTitleIsCutAndSaidToBe() throws {
        try running()
        kwin.window[2] = String(repeating: "ü", count: 600)
        kwin.change()
        try agent.peer.turn(with: kwin.peer) { agent.focus.count == 2 }
        #expect(agent.focus[1].isTitleTruncated && agent.focus[1].title.utf8.count == StringLimit.title)
    }
}
