import EventLoop
import FoundationEssentials

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

    private let stream: CompositorStream
    private let handlers: CompositorSocketHandlers
    private var questionCount = 0

    /// The socket of the Wayfire that runs as `compositorPID`, by the kernel's word; nil if there is none.
    public init?(
        compositorPID: Int32, runtimeDirectory: String, loop: EventLoop, handlers: CompositorSocketHandlers
    ) {
        // 0.9 has it in the directory of everybody's, later ones in the session's.
        guard let descriptor = Self.find(compositorPID, in: runtimeDirectory) ?? Self.find(compositorPID, in: "/tmp")
        else { return nil }
        stream = CompositorStream(descriptor, loop: loop, limit: Self.messageLimit, front: Self.front)
        self.handlers = handlers
        guard stream.begin(take: { [weak self] in self?.take($0) }, lost: handlers.lost) else { return nil }
    }

    public func end() { stream.end() }

    private static func find(_ process: Int32, in directory: String) -> Int32? {
        for name in fileNames(in: directory) where name.hasPrefix("wayfire-") && name.hasSuffix(".socket") {
            if let descriptor = connected(to: "\(directory)/\(name)", of: process) { return descriptor }
        }
        return nil
    }

    private static func front(_ received: ArraySlice<UInt8>) -> CompositorStream.Front {
        guard received.count >= headerBytes else { return .incomplete }
        return .message(length: headerBytes + Int(received.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
    }

    public func askFocused() {
        let length = withUnsafeBytes(of: UInt32(Self.question.utf8.count), Array.init)
        if stream.send(length + Self.question.utf8) { questionCount += 1 }
    }

    private func take(_ message: ArraySlice<UInt8>) {
        questionCount -= 1
        // What has the keyboard may be a panel or a locker: no window.
        let answer = Data(message.dropFirst(Self.headerBytes))
        guard questionCount == 0, let view = (try? JSONDecoder().decode(Answer.self, from: answer))?.info,
            view.role == "toplevel", view.pid > 0
        else { return }
        handlers.focused(FocusedWindow(appID: view.appID, processID: view.pid, place: nil))
    }
}
