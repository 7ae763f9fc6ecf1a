import AgentProtocol
import Bus
import CLinuxShim
import EventLoop
import Events
import Glibc

/// KWin, which tells of its windows through a script of ours that it runs, on the session's bus: where it does not offer us
/// its protocol.
///
/// What is believed comes from the owner of KWin's name whose process is the one at the other end of the Wayland socket.
public final class PlasmaScript {
    public static let name = "kwin-script"
    static let busName = "org.kde.KWin"
    static let interface = "org.kymograph.KWin"
    /// A KWin that does not answer by then hangs: probes are lost long before.
    static let timeoutMicroseconds: UInt64 = 5_000_000
    /// A question comes at the latest after that: QtDBus gives up a call of the script's after 25 s, and says nothing.
    static let restMicroseconds: UInt64 = 15_000_000

    public struct Handlers {
        /// `phase` has changed.
        public var phase: () -> Void
        public var focus: (FocusReport) -> Void
        /// Where the window of the last focus report is; also when it comes to be elsewhere.
        public var place: (WindowPlaceReport) -> Void
        public var watermark: (Watermark) -> Void
        public init(
            phase: @escaping () -> Void, focus: @escaping (FocusReport) -> Void,
            place: @escaping (WindowPlaceReport) -> Void, watermark: @escaping (Watermark) -> Void
        ) {
            self.phase = phase
            self.focus = focus
            self.place = place
            self.watermark = watermark
        }
    }

    public enum Phase: Sendable, Equatable {
        /// Nobody of that name is on the bus, or it is not the compositor, or nobody wants a script of it.
        case absent(String)
        case asking
        case usable
        /// KWin is there, and the script does not run: why.
        case lacking(String)
    }

    private let bus: Bus
    private let loop: EventLoop
    /// Where KWin reads the script; nil: there is no such place.
    private let directory: String?
    private let handlers: Handlers
    private var kwin: ProvenOwner?
    /// The object that this script calls. Another script's calls find none.
    private var object: BusSubscription?
    private var scriptPath: String?
    /// KWin has been told to load it, at this name.
    private var loadedBy: String?
    /// Answers to what was asked before it last changed mean nothing.
    private var generation: UInt64 = 0
    private var state: ScriptState?
    private var lastReport: FocusReport?
    private var lastPlace: WindowPlace?
    private var questions = ScriptQuestions()
    /// When to ask although nobody wants to know, or to give up waiting.
    private var dueMicroseconds: UInt64?
    public private(set) var phase = Phase.absent("KWin is not on the session's bus")

    public init(bus: Bus, loop: EventLoop, directory: String?, handlers: Handlers) throws(BusError) {
        self.bus = bus
        self.loop = loop
        self.directory = directory
        self.handlers = handlers
        kwin = try ProvenOwner(bus: bus, name: Self.busName) { [weak self] in self?.begin() }
        loop.addPreparation(of: self) { [weak self] in self?.actIfDue() }
    }

    deinit {
        loop.removePreparation(of: self)
        removeFile()
    }

    /// The process at the other end of the Wayland socket; nil: it is none that needs a script.
    public func compositor(pid: Int32?) { kwin?.expect(pid: pid) }

    /// Takes the script out of KWin, without waiting for it to be gone.
    public func end() { drop() }

    /// For people; empty while it is usable.
    public var reason: String {
        switch phase {
        case .absent(let reason), .lacking(let reason): reason
        case .asking: "KWin has not run it yet"
        case .usable: ""
        }
    }

    // MARK: loading

    private func begin() {
        drop()
        switch kwin?.standing {
        case .nobody, nil: enter(.absent("KWin is not on the session's bus"))
        case .unjudged: enter(.absent("it is not needed"))
        case .asked: enter(.asking)
        case .impostor: enter(.absent("the owner of \(Self.busName) is not the compositor"))
        case .proven(let owner): load(owner)
        }
    }

    private func load(_ owner: String) {
        enter(.asking)
        guard let directory, let agent = bus.uniqueName else { return lack("there is no place for the script") }
        let path = "/org/kymograph/KWin/\(generation)"
        do throws(BusError) {
            object = try bus.export(path: path) { [weak self] message, reply in
                self?.told(message, by: owner, reply) ?? false
            }
        } catch {
            return lack("\(error)")
        }
        let text = ScriptText.text(agent: agent, path: path, interface: Self.interface)
        guard let file = ScriptText.store(text, in: directory) else {
            return lack("\(directory) cannot be written: \(String(cString: strerror(errno)))")
        }
        scriptPath = file
        loadedBy = owner
        // One of an agent that died.
        ask(owner, "unloadScript", [.string(ScriptText.plugin)]) { script, _ in
            script.ask(owner, "loadScript", [.string(file), .string(ScriptText.plugin)]) { script, answer in
                guard case .int32(let number)? = answer.arguments.first, number >= 0 else {
                    return script.lack("KWin did not load the script")
                }
                // Not `run` of the script's own object: KWin counts the scripts that are loaded for the number in its path, and
                // so gives one twice. This runs all that do not run yet, and reads the person's list of scripts again.
                script.ask(owner, "start") { script, _ in
                    if script.phase != .usable { script.wait(Self.timeoutMicroseconds) }
                }
            }
        }
    }

    /// Asks the owner itself, and not the name: that may be another's when the call arrives.
    private func ask(
        _ owner: String, _ member: String, _ arguments: [BusValue] = [],
        answered: @escaping (PlasmaScript, BusMessage) -> Void
    ) {
        let asked = generation
        bus.call(
            owner, path: "/Scripting", interface: "org.kde.kwin.Scripting", member: member, arguments: arguments,
            timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, asked == generation else { return }
            do throws(BusError) {
                answered(self, try answer.get())
            } catch {
                // One that hangs is asked again, in no hurry: that took as long.
                error.isTimeout ? again() : lack("\(error)")
            }
        }
    }

    private func again() {
        lack("KWin does not answer")
        begin()
    }

    private func lack(_ reason: String) {
        drop()
        enter(.lacking(reason))
    }

    private func drop() {
        generation += 1
        object = nil
        state = nil
        lastReport = nil
        dueMicroseconds = nil
        for answer in questions.end().pointers { answer(nil) }
        removeFile()
        guard let owner = loadedBy else { return }
        loadedBy = nil
        bus.call(
            owner, path: "/Scripting", interface: "org.kde.kwin.Scripting", member: "unloadScript",
            arguments: [.string(ScriptText.plugin)], timeoutMicroseconds: Self.timeoutMicroseconds
        ) { _ in }
    }

    private func removeFile() {
        if let path = scriptPath { unlink(path) }
        scriptPath = nil
    }

    private func enter(_ phase: Phase) {
        guard phase != self.phase else { return }
        self.phase = phase
        handlers.phase()
    }

    // MARK: what it says

    private func told(_ message: BusMessage, by owner: String, _ reply: BusReply) -> Bool {
        guard message.sender == owner, message.interface == Self.interface else { return false }
        do throws(BusError) {
            switch message.member {
            case "Changed":
                reply.send(.values([]))
                try heard(message, from: 0)
            case "Answered":
                let number = UInt64(try message[0, as: String.self])
                let pointer = ScriptState.pointer(
                    try message[1, as: String.self], atMicroseconds: kymo_monotonic_microseconds())
                try heard(message, from: 2)
                answered(number, pointer.flatMap { state?.isInWindow($0) == true ? $0 : nil }, reply)
            default: return false
            }
        } catch {
            lack("\(error)")
        }
        return true
    }

    private func heard(_ message: BusMessage, from first: Int) throws(BusError) {
        state = try ScriptState(message, from: first)
        // KWin has read it.
        removeFile()
        enter(.usable)
        tell()
    }

    private func tell() {
        guard phase == .usable, let state else { return }
        let report = state.report(atMicroseconds: kymo_monotonic_microseconds(), numbersFrom: generation << 32)
        var last = lastReport
        last?.timeMicroseconds = report.timeMicroseconds
        if last != report {
            if last?.window != report.window { lastPlace = nil }
            lastReport = report
            handlers.focus(report)
        }
        guard let place = state.place, place != lastPlace else { return }
        lastPlace = place
        handlers.place(
            WindowPlaceReport(timeMicroseconds: report.timeMicroseconds, window: report.window, place: place))
    }

    /// Tells the state again, whole: a new service knows nothing.
    public func repeatReport() {
        lastReport = nil
        tell()
    }

    // MARK: watermarks

    /// KWin turns its loop twice between the question and the answer, which brings the state with it: as good as two round
    /// trips, since the first turn meets every key stamped before the question, and the second brings what that one decided.
    public func confirm(probe id: UInt64) {
        guard phase == .usable else { return }
        questions.wishes.probes.append(id)
        askNext()
    }

    /// Asks where the pointer is; answered once.
    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        guard phase == .usable else { return answer(nil) }
        questions.wishes.pointers.append(answer)
        askNext()
    }

    private func askNext() { if questions.ask() { wait(Self.timeoutMicroseconds) } }

    private func answered(_ number: UInt64?, _ pointer: PointerWord?, _ reply: BusReply) {
        if let question = questions.answered(number, reply) {
            let now = kymo_monotonic_microseconds()
            for answer in question.wishes.pointers { answer(pointer) }
            for id in question.wishes.probes {
                handlers.watermark(
                    Watermark(
                        probe: id, sentMicroseconds: question.sentMicroseconds, answeredMicroseconds: now,
                        checkedMicroseconds: now))
            }
        }
        if questions.wishes.isEmpty { wait(Self.restMicroseconds) } else { askNext() }
    }

    private func wait(_ microseconds: UInt64) { dueMicroseconds = kymo_monotonic_microseconds() + microseconds }

    private func actIfDue() -> UInt64? {
        guard let due = dueMicroseconds, kymo_monotonic_microseconds() >= due else { return dueMicroseconds }
        dueMicroseconds = nil
        if questions.scriptWaits {
            askNext()
        } else if phase == .usable {
            again()
        } else {
            lack("KWin does not run the script")
        }
        // The bus has work, of which its own preparation has not heard.
        return 0
    }
}
