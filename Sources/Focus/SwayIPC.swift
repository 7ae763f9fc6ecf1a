import AgentProtocol
import CLinuxShim
import EventLoop
import Events
import FoundationEssentials
import Glibc

/// sway's own socket (i3-ipc): process and place of the focused window, the active layout and the person's settings for
/// pointers.
public final class SwayIPC: CompositorSocket {
    public static let owner = "sway"
    public static let tellsLayouts = true

    /// i3-ipc: "i3-ipc", length, type; then JSON.
    private static let headerBytes = 14
    private static let messageLimit = 4 << 20
    private static let subscribe: UInt32 = 2
    private static let getTree: UInt32 = 4
    private static let getInputs: UInt32 = 100
    private static let workspaceEvent: UInt32 = 0x8000_0000
    private static let windowEvent: UInt32 = 0x8000_0003
    private static let bindingEvent: UInt32 = 0x8000_0005
    private static let inputEvent: UInt32 = 0x8000_0015

    private let descriptor: Int32
    private let loop: EventLoop
    private let handlers: CompositorSocketHandlers
    private var received: [UInt8] = []
    private var questionCount = 0
    private var settling = Settling()

    /// The socket of the sway that runs as `compositorPID`; nil if that is no sway.
    public init?(
        compositorPID: Int32, runtimeDirectory: String, loop: EventLoop, handlers: CompositorSocketHandlers
    ) {
        let path = "\(runtimeDirectory)/sway-ipc.\(getuid()).\(compositorPID).sock"
        descriptor = kymo_unix_connect(path, 0)
        self.loop = loop
        self.handlers = handlers
        guard descriptor >= 0 else { return nil }
        do {
            try loop.add(descriptor) { [weak self] in
                guard let self else { return }
                if !dispatch() { self.handlers.lost() }
            }
        } catch {
            return nil
        }
        send(Self.subscribe, "[\"input\"]")
        // A binding is whatever the person has made it, say a window's being larger: what the event tells of keys is not read.
        send(Self.subscribe, "[\"window\", \"workspace\", \"binding\"]")
        askLayout()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    public func end() { loop.remove(descriptor) }

    public func askFocused() { if send(Self.getTree, "") { questionCount += 1 } }

    /// sway tells changes by itself, but not that of a virtual keyboard which replaces its keymap.
    public func askLayout() { send(Self.getInputs, "") }

    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) { answer(nil) }

    public func somethingMoved() { settling.begin() }

    public var deadlineMicroseconds: UInt64? { settling.deadlineMicroseconds }

    public func actIfDue(nowMicroseconds now: UInt64) { if settling.ends(nowMicroseconds: now) { handlers.moved() } }

    @discardableResult private func send(_ type: UInt32, _ text: String) -> Bool {
        var bytes = Array("i3-ipc".utf8)
        for word in [UInt32(text.utf8.count), type] { withUnsafeBytes(of: word) { bytes += $0 } }
        bytes += text.utf8
        // Short requests, few at a time; if one does not go out, its answer just does not come.
        return bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } > 0
    }

    /// Reads what is there. False: sway is gone, or says what cannot be understood.
    private func dispatch() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { break }
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
        case Self.getTree:
            questionCount -= 1
            guard questionCount == 0, var window = (try? decoder.decode(SwayTree.self, from: body))?.focusedWindow
            else { return }
            if !settling.isOver { window.place = nil }
            handlers.focused(window)
        case Self.windowEvent, Self.workspaceEvent:
            if (try? decoder.decode(SwayChange.self, from: body))?.mayMove ?? true { somethingMoved() }
        case Self.bindingEvent: somethingMoved()
        case Self.inputEvent:
            // The event tells of one keyboard by a name that several may share: ask for all of them.
            askLayout()
        case Self.getInputs:
            let inputs = (try? decoder.decode([SwayInput].self, from: body)) ?? []
            handlers.layout(inputs.map(\.layout).common)
            handlers.settings(inputs.compactMap(\.choice))
        default: break
        }
    }
}
