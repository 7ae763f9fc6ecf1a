import AgentProtocol
import CLinuxShim
import EventLoop
import Events
import FoundationEssentials
import Glibc

/// The socket of Wayfire's plugins `ipc` and `ipc-rules`, where the person has them: the process of the focused window.
///
/// Places it tells from the corner of the workspace, and of a change of the layout it says nothing: neither is asked.
/// A length of 32 bits and JSON, both ways; answers come in the order of the questions. Source: those plugins; seen with 0.9.
public final class WayfireIPC: CompositorSocket {
    public static let owner = "Wayfire"
    public static let tellsLayouts = false
    private static let headerBytes = 4
    private static let messageLimit = 1 << 20
    private static let question = #"{"method": "window-rules/get-focused-view", "data": {}}"#

    private struct Answer: Decodable {
        var info: View?

        struct View: Decodable {
            var pid: Int32
            var role: String
            var appID: String
            enum CodingKeys: String, CodingKey {
                case pid, role
                case appID = "app-id"
            }
        }
    }

    private let descriptor: Int32
    private let loop: EventLoop
    private let handlers: CompositorSocketHandlers
    private var received: [UInt8] = []
    private var questionCount = 0

    /// The socket of the Wayfire that runs as `compositorPID`, by the kernel's word; nil if there is none.
    public init?(
        compositorPID: Int32, runtimeDirectory: String, loop: EventLoop, handlers: CompositorSocketHandlers
    ) {
        // 0.9 has it in the directory of everybody's, later ones in the session's.
        guard let descriptor = Self.find(compositorPID, in: runtimeDirectory) ?? Self.find(compositorPID, in: "/tmp")
        else { return nil }
        self.descriptor = descriptor
        self.loop = loop
        self.handlers = handlers
        do {
            try loop.add(descriptor) { [weak self] in
                guard let self else { return }
                if !dispatch() { self.handlers.lost() }
            }
        } catch {
            return nil
        }
    }

    deinit { close(descriptor) }

    public func end() { loop.remove(descriptor) }

    private static func find(_ process: Int32, in directory: String) -> Int32? {
        for name in fileNames(in: directory) where name.hasPrefix("wayfire-") && name.hasSuffix(".socket") {
            if let descriptor = connected(to: "\(directory)/\(name)", of: process) { return descriptor }
        }
        return nil
    }

    public func askFocused() {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: UInt32(Self.question.utf8.count)) { bytes += $0 }
        bytes += Self.question.utf8
        // If it does not go out, its answer just does not come.
        if send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count { questionCount += 1 }
    }

    public func askLayout() {}
    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) { answer(nil) }
    public func somethingMoved() {}
    public var deadlineMicroseconds: UInt64? { nil }
    public func actIfDue(nowMicroseconds now: UInt64) {}

    /// False: it is gone, or says what cannot be understood.
    private func dispatch() -> Bool {
        guard readAvailable(descriptor, into: &received, limit: Self.messageLimit) == true else { return false }
        while received.count >= Self.headerBytes {
            let length = received.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
            guard length <= Self.messageLimit else { return false }
            let end = Self.headerBytes + length
            guard received.count >= end else { break }
            take(Data(received[Self.headerBytes..<end]))
            received.removeFirst(end)
        }
        return true
    }

    private func take(_ answer: Data) {
        questionCount -= 1
        // What has the keyboard may be a panel or a locker: no window.
        guard questionCount == 0, let view = (try? JSONDecoder().decode(Answer.self, from: answer))?.info,
            view.role == "toplevel", view.pid > 0
        else { return }
        handlers.focused(FocusedWindow(appID: view.appID, processID: view.pid, place: nil))
    }
}
