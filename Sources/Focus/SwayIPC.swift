import CLinuxShim
import FoundationEssentials
import Glibc

/// sway's own socket (i3-ipc): the pid of the focused window, and the active layout, which the Wayland protocols do
/// not tell an unfocused client. Everything here is extra: focus reports never wait for it.
public final class SwayIPC {
    public struct Handlers {
        public var window: (_ appID: String, _ title: String, _ pid: Int32) -> Void
        /// Nil: keyboards disagree.
        public var layout: (_ group: UInt32?) -> Void
        public init(
            window: @escaping (String, String, Int32) -> Void, layout: @escaping (UInt32?) -> Void
        ) {
            self.window = window
            self.layout = layout
        }
    }

    private struct Container: Decodable {
        var app_id: String?
        var name: String?
        var pid: Int32?
    }
    private struct WindowEvent: Decodable {
        var change: String
        var container: Container
    }
    private struct Input: Decodable {
        var identifier: String?
        var type: String?
        var xkb_active_layout_index: Int?
    }
    private struct InputEvent: Decodable { var input: Input }

    /// i3-ipc: "i3-ipc", length, type; then JSON.
    private static let headerBytes = 14
    private static let messageLimit = 4 << 20
    private static let subscribe: UInt32 = 2
    private static let getInputs: UInt32 = 100
    private static let windowEvent: UInt32 = 0x8000_0003
    private static let inputEvent: UInt32 = 0x8000_0015

    public let descriptor: Int32
    private let handlers: Handlers
    private var received: [UInt8] = []
    private var groups: [String: UInt32] = [:]

    /// The socket of the sway that runs as `compositorPID`; nil if that is no sway.
    public init?(compositorPID: Int32, runtimeDirectory: String, handlers: Handlers) {
        let path = "\(runtimeDirectory)/sway-ipc.\(getuid()).\(compositorPID).sock"
        descriptor = kymo_unix_connect(path, 0)
        self.handlers = handlers
        guard descriptor >= 0 else { return nil }
        send(Self.subscribe, "[\"window\",\"input\"]")
        send(Self.getInputs, "")
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func send(_ type: UInt32, _ text: String) {
        var bytes = Array("i3-ipc".utf8)
        for word in [UInt32(text.utf8.count), type] { withUnsafeBytes(of: word) { bytes += $0 } }
        bytes += text.utf8
        // Two short requests into an empty socket; if they do not go out, the answers just do not come.
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Reads what is there. False: sway is gone, or says what cannot be understood.
    public func dispatch() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN { break }
            guard count > 0, received.count + count <= Self.messageLimit else { return false }
            received += buffer.prefix(count)
        }
        while received.count >= Self.headerBytes {
            guard received.starts(with: "i3-ipc".utf8) else { return false }
            let (length, type) = received.withUnsafeBytes {
                (
                    $0.loadUnaligned(fromByteOffset: 6, as: UInt32.self),
                    $0.loadUnaligned(fromByteOffset: 10, as: UInt32.self)
                )
            }
            guard length <= Self.messageLimit else { return false }
            let end = Self.headerBytes + Int(length)
            guard received.count >= end else { break }
            take(type, Data(received[Self.headerBytes..<end]))
            received.removeFirst(end)
        }
        return true
    }

    private func take(_ type: UInt32, _ body: Data) {
        let decoder = JSONDecoder()
        switch type {
        case Self.windowEvent:
            guard let event = try? decoder.decode(WindowEvent.self, from: body),
                event.change == "focus" || event.change == "title", let pid = event.container.pid
            else { return }
            handlers.window(event.container.app_id ?? "", event.container.name ?? "", pid)
        case Self.inputEvent:
            guard let event = try? decoder.decode(InputEvent.self, from: body) else { return }
            layout([event.input])
        case Self.getInputs:
            guard let inputs = try? decoder.decode([Input].self, from: body) else { return }
            layout(inputs)
        default: break
        }
    }

    private func layout(_ inputs: [Input]) {
        for input in inputs where input.type == "keyboard" {
            guard let group = input.xkb_active_layout_index.flatMap({ UInt32(exactly: $0) }) else { continue }
            groups[input.identifier ?? ""] = group
        }
        // Keyboards of one seat that disagree leave open which layout the next key meets.
        let distinct = Set(groups.values)
        handlers.layout(distinct.count == 1 ? distinct.first : nil)
    }
}
