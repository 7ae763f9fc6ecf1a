import CLinuxShim
import Events
import FoundationEssentials
import Glibc

/// sway's own socket (i3-ipc): process and place of the focused window, the active layout and the person's settings for
/// pointers, which the Wayland protocols do not tell an unfocused client. Everything here is extra: focus reports never wait for it.
public final class SwayIPC {
    public struct Handlers {
        /// The answer to `askFocused`: what had the focus when sway answered.
        public var focused: (FocusedWindow) -> Void
        /// It may have another place now, and windows have come to rest: time to ask.
        public var moved: () -> Void
        /// Nil: keyboards disagree.
        public var layout: (ActiveLayout?) -> Void
        /// The person's settings for the pointers that sway reads, whenever any input has changed.
        public var settings: ([DeviceChoice]) -> Void
        public init(
            focused: @escaping (FocusedWindow) -> Void, moved: @escaping () -> Void,
            layout: @escaping (ActiveLayout?) -> Void, settings: @escaping ([DeviceChoice]) -> Void
        ) {
            self.focused = focused
            self.moved = moved
            self.layout = layout
            self.settings = settings
        }
    }

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

    public let descriptor: Int32
    private let handlers: Handlers
    private var received: [UInt8] = []
    private var questionCount = 0
    /// Until when windows are not taken to be at rest. sway tells an event first and arranges its windows then, and a window
    /// that was given another size takes it when its app has drawn: what is asked before is true for a moment.
    private var restMicroseconds: UInt64?
    private static let settlingMicroseconds: UInt64 = 150_000

    /// The socket of the sway that runs as `compositorPID`; nil if that is no sway.
    public init?(compositorPID: Int32, runtimeDirectory: String, handlers: Handlers) {
        let path = "\(runtimeDirectory)/sway-ipc.\(getuid()).\(compositorPID).sock"
        descriptor = kymo_unix_connect(path, 0)
        self.handlers = handlers
        guard descriptor >= 0 else { return nil }
        send(Self.subscribe, "[\"input\"]")
        // A binding is whatever the person has made it, say a window's being larger: what the event tells of keys is not read.
        send(Self.subscribe, "[\"window\", \"workspace\", \"binding\"]")
        askLayout()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Asks which window has the focus; `Handlers.focused` brings the answer to the last question, never an earlier one.
    /// While windows settle the answer has no place.
    public func askFocused() { if send(Self.getTree, "") { questionCount += 1 } }

    /// Windows may have other places now. A client that opens windows in a hurry does not have sway print its tree for each.
    public func somethingMoved() { restMicroseconds = kymo_monotonic_microseconds() + Self.settlingMicroseconds }

    /// CLOCK_MONOTONIC, µs: when `actIfDue` has something to do.
    public var deadlineMicroseconds: UInt64? { restMicroseconds }

    public func actIfDue(nowMicroseconds now: UInt64) {
        guard let rest = restMicroseconds, now >= rest else { return }
        restMicroseconds = nil
        handlers.moved()
    }

    /// Asks what every keyboard types by; `Handlers.layout` brings the answer. sway tells changes by itself, but not that
    /// of a virtual keyboard which replaces its keymap.
    public func askLayout() { send(Self.getInputs, "") }

    @discardableResult private func send(_ type: UInt32, _ text: String) -> Bool {
        var bytes = Array("i3-ipc".utf8)
        for word in [UInt32(text.utf8.count), type] { withUnsafeBytes(of: word) { bytes += $0 } }
        bytes += text.utf8
        // Short requests, few at a time; if one does not go out, its answer just does not come.
        return bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } > 0
    }

    /// Reads what is there. False: sway is gone, or says what cannot be understood.
    public func dispatch() -> Bool {
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
            if restMicroseconds != nil { window.place = nil }
            handlers.focused(window)
        case Self.windowEvent, Self.workspaceEvent:
            if (try? decoder.decode(SwayChange.self, from: body))?.mayMove ?? true { somethingMoved() }
        case Self.bindingEvent: somethingMoved()
        case Self.inputEvent:
            // The event tells of one keyboard by a name that several may share: ask for all of them.
            askLayout()
        case Self.getInputs:
            let inputs = (try? decoder.decode([SwayInput].self, from: body)) ?? []
            handlers.layout(Self.commonLayout(of: inputs))
            handlers.settings(inputs.compactMap(\.choice))
        default: break
        }
    }

    /// Keyboards of one seat that disagree leave open which layout the next key meets.
    private static func commonLayout(of inputs: [SwayInput]) -> ActiveLayout? {
        var layouts: Set<ActiveLayout> = []
        for input in inputs where input.type == "keyboard" {
            guard let group = input.xkb_active_layout_index.flatMap({ UInt32(exactly: $0) }) else { continue }
            layouts.insert(ActiveLayout(group: group, name: input.xkb_active_layout_name ?? ""))
        }
        return layouts.count == 1 ? layouts.first : nil
    }
}
