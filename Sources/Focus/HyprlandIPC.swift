import AgentProtocol
import CLinuxShim
import EventLoop
import Events
import FoundationEssentials
import Glibc

/// Hyprland's own sockets: one tells events, a line each; the other answers one question per connection. Process and place
/// of the focused window, where the pointer is, the active layout.
///
/// Source: the project's wiki, "IPC" and "Using hyprctl"; seen with 0.55.
public final class HyprlandIPC: CompositorSocket {
    public static let owner = "Hyprland"
    public static let tellsLayouts = true
    /// Windows may be somewhere else. Of a size that was changed by a binding or the mouse there is no event.
    private static let movingEvents: Set<String> = [
        "openwindow", "closewindow", "movewindow", "changefloatingmode", "fullscreen", "workspace", "moveworkspace",
        "monitoradded", "monitorremoved", "togglegroup", "moveintogroup", "moveoutofgroup", "pin", "minimized",
        "configreloaded",
    ]
    private static let layoutEvents: Set<String> = ["activelayout", "configreloaded"]
    /// A compositor that hangs is asked no more.
    private static let questionLimit = 8
    private static let lineLimit = 64 << 10

    private let directory: String
    private let compositorPID: Int32
    private let loop: EventLoop
    private let handlers: CompositorSocketHandlers
    private let events: CompositorStream
    private var questions: [ObjectIdentifier: HyprlandQuestion] = [:]
    /// Answers to earlier questions are not wanted.
    private var lastFocused: UInt64 = 0
    private var settling = Settling()

    /// The sockets of the Hyprland that runs as `compositorPID`, by the kernel's word; nil if that is no Hyprland.
    public init?(
        compositorPID: Int32, runtimeDirectory: String, loop: EventLoop, handlers: CompositorSocketHandlers
    ) {
        guard let (directory, events) = Self.find(compositorPID, in: runtimeDirectory + "/hypr") else { return nil }
        self.directory = directory
        self.events = CompositorStream(events, loop: loop, limit: Self.lineLimit, front: Self.front)
        self.compositorPID = compositorPID
        self.loop = loop
        self.handlers = handlers
        guard self.events.begin(take: { [weak self] in self?.take($0) }, lost: handlers.lost) else { return nil }
        askLayout()
    }

    public func end() {
        events.end()
        for question in questions.values { question.end() }
        questions.removeAll()
    }

    /// One directory for each that has run since the boot.
    private static func find(_ process: Int32, in directory: String) -> (directory: String, events: Int32)? {
        for name in fileNames(in: directory) {
            let path = "\(directory)/\(name)"
            if let events = connected(to: "\(path)/.socket2.sock", of: process) { return (path, events) }
        }
        return nil
    }

    // MARK: events

    private static func front(_ received: ArraySlice<UInt8>) -> CompositorStream.Front {
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { return .incomplete }
        return .message(length: end + 1 - received.startIndex)
    }

    /// What the event says of windows is not read: only that something has changed.
    private func take(_ line: ArraySlice<UInt8>) {
        let event = String(decoding: line.prefix { $0 != UInt8(ascii: ">") }, as: UTF8.self)
        if Self.movingEvents.contains(event) { somethingMoved() }
        if Self.layoutEvents.contains(event) { askLayout() }
    }

    // MARK: questions

    public func askFocused() {
        lastFocused += 1
        let asked = lastFocused
        ask("j/activewindow") { [weak self] answer in
            guard let self, asked == lastFocused,
                let window = try? JSONDecoder().decode(HyprlandWindow.self, from: answer), window.pid > 0
            else { return }
            handlers.focused(
                FocusedWindow(
                    appID: window.isX11 ? nil : window.class, processID: window.pid,
                    place: settling.isOver ? window.place : nil))
        }
        // A keyboard that was plugged in is told by no event.
        askLayout()
    }

    public func askLayout() {
        ask("j/devices") { [weak self] answer in
            guard let devices = HyprlandDevices(answer) else { return }
            self?.handlers.layout(devices.keyboards.map(\.layout).common)
        }
    }

    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        let isAsked = ask(HyprlandPointer.request) { data in
            let time = kymo_monotonic_microseconds()
            answer(HyprlandPointer(data)?.word(atMicroseconds: time))
        } failed: {
            answer(nil)
        }
        if !isAsked { answer(nil) }
    }

    public func somethingMoved() { settling.begin() }

    public var deadlineMicroseconds: UInt64? { settling.deadlineMicroseconds }

    public func actIfDue(nowMicroseconds now: UInt64) { if settling.ends(nowMicroseconds: now) { handlers.moved() } }

    @discardableResult private func ask(
        _ request: String, answered: @escaping (Data) -> Void, failed: @escaping () -> Void = {}
    ) -> Bool {
        guard questions.count < Self.questionLimit,
            let socket = connected(to: "\(directory)/.socket.sock", of: compositorPID)
        else { return false }
        let question = HyprlandQuestion(socket, loop: loop)
        let key = ObjectIdentifier(question)
        questions[key] = question
        let isOut = question.ask(request) { [weak self] answer in
            self?.questions[key] = nil
            if let answer { answered(answer) } else { failed() }
        }
        if !isOut { questions[key] = nil }
        return isOut
    }
}
