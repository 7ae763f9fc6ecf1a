import EventLoop
import FoundationEssentials
import Glibc

/// sway's own socket (i3-ipc): process and place of the focused window, the active layout and the person's settings for
/// pointers.
public final class SwayIPC: CompositorSocket {
    public static let owner = "sway"
    public static let tellsLayouts = true

    /// i3-ipc: "i3-ipc", length, type; then JSON.
    private static let headerBytes = 14
    private static let lengthOffset = 6
    private static let typeOffset = 10
    private static let messageLimit = 4 << 20
    private static let subscribe: UInt32 = 2
    private static let getTree: UInt32 = 4
    private static let getInputs: UInt32 = 100
    private static let workspaceEvent: UInt32 = 0x8000_0000
    private static let windowEvent: UInt32 = 0x8000_0003
    private static let bindingEvent: UInt32 = 0x8000_0005
    private static let inputEvent: UInt32 = 0x8000_0015

    private let stream: CompositorStream
    private let handlers: CompositorSocketHandlers
    private var questionCount = 0
    private var settling = Settling()

    /// The socket of the sway that runs as `compositorPID`, by the kernel's word; nil if that is no sway.
    public init?(
        compositorPID: Int32, runtimeDirectory: String, loop: EventLoop, handlers: CompositorSocketHandlers
    ) {
        let path = "\(runtimeDirectory)/sway-ipc.\(getuid()).\(compositorPID).sock"
        guard let descriptor = connected(to: path, of: compositorPID) else { return nil }
        stream = CompositorStream(descriptor, loop: loop, limit: Self.messageLimit, front: Self.front)
        self.handlers = handlers
        guard stream.begin(take: { [weak self] in self?.take($0) }, lost: handlers.lost) else { return nil }
        send(Self.subscribe, "[\"input\"]")
        // A binding is whatever the person has made it, say a window's being larger: what the event tells of keys is not read.
        send(Self.subscribe, "[\"window\", \"workspace\", \"binding\"]")
        askLayout()
    }

    public func end() { stream.end() }

    public func askFocused() { if send(Self.getTree, "") { questionCount += 1 } }

    /// sway tells changes by itself, but not that of a virtual keyboard which replaces its keymap.
    public func askLayout() { send(Self.getInputs, "") }

    public func somethingMoved() { settling.begin() }

    public var deadlineMicroseconds: UInt64? { settling.deadlineMicroseconds }

    public func actIfDue(nowMicroseconds now: UInt64) { if settling.ends(nowMicroseconds: now) { handlers.moved() } }

    @discardableResult private func send(_ type: UInt32, _ text: String) -> Bool {
        var bytes = Array("i3-ipc".utf8)
        for word in [UInt32(text.utf8.count), type] { withUnsafeBytes(of: word) { bytes += $0 } }
        return stream.send(bytes + text.utf8)
    }

    private static func front(_ received: ArraySlice<UInt8>) -> CompositorStream.Front {
        guard received.count >= headerBytes else { return .incomplete }
        guard received.starts(with: "i3-ipc".utf8) else { return .unknown }
        return .message(length: headerBytes + Int(received.withUnsafeBytes { word($0, at: lengthOffset) }))
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    private func take(_ message: ArraySlice<UInt8>) {
        let type = message.withUnsafeBytes { Self.word($0, at: Self.typeOffset) }
        let body = Data(message.dropFirst(Self.headerBytes))
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
