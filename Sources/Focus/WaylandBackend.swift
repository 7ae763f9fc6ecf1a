import AgentProtocol
import CLinuxShim
import CWaylandClient
import CWlrForeignToplevel
import Events
import Glibc

/// Why there is no compositor to ask.
public enum FocusError: Error, Sendable, Equatable, CustomStringConvertible {
    case noDisplay(name: String)
    case missingGlobal(compositor: String)
    case disconnected

    public var description: String {
        switch self {
        case .noDisplay(let name): "no Wayland compositor answers on \(name)"
        case .missingGlobal(let compositor):
            "\(compositor) does not offer zwlr_foreign_toplevel_manager_v1; the focus stays unknown and no keys are "
                + "recorded on this desktop"
        case .disconnected: "the compositor closed the connection"
        }
    }
}

/// Focus by zwlr_foreign_toplevel_manager_v1, for the wlroots family: one window is activated, or none.
///
/// Owns the connection. What is reported carries the time at which the bytes were read: not earlier than the change,
/// and later keys certainly met it.
public final class WaylandBackend {
    public static let name = "wlr-foreign-toplevel"

    public struct Handlers {
        public var focus: (FocusReport) -> Void
        public var keymap: (Keymap?) -> Void
        public var watermark: (Watermark) -> Void
        public init(
            focus: @escaping (FocusReport) -> Void, keymap: @escaping (Keymap?) -> Void,
            watermark: @escaping (Watermark) -> Void
        ) {
            self.focus = focus
            self.keymap = keymap
            self.watermark = watermark
        }
    }

    private struct Probe {
        var id: UInt64
        var sentMicroseconds: UInt64
        /// Round trips still to come.
        var remaining: Int
    }

    private let display: OpaquePointer
    private var registry: OpaquePointer?
    private var manager: OpaquePointer?
    private var seat: OpaquePointer?
    private var keyboard: OpaquePointer?
    private let handlers: Handlers
    private let listeners = Listeners()
    private var state = ToplevelState()
    private var probe: Probe?
    private var readMicroseconds: UInt64 = 0
    private var lastReport: FocusReport?
    /// Pid of the focused window, when somebody else knows it.
    private var processID: (appID: String, title: String, pid: Int32)?

    /// The compositor's process, by kernel credentials.
    public private(set) var compositorPID: Int32 = 0

    /// Connects and asks for the initial state.
    public init(displayName: String?, handlers: Handlers) throws(FocusError) {
        guard let display = wl_display_connect(displayName) else {
            throw .noDisplay(name: displayName ?? "WAYLAND_DISPLAY")
        }
        self.display = display
        self.handlers = handlers
        var user: uid_t = 0
        var process: pid_t = 0
        if kymo_peer_credentials(wl_display_get_fd(display), &user, &process) == 0 { compositorPID = process }
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        registry = wl_display_get_registry(display)
        wl_registry_add_listener(registry, listeners.registry, opaque)
        // The first round trip brings the globals, the second what they say at once.
        for _ in 0..<2 where wl_display_roundtrip(display) < 0 { throw .disconnected }
        guard manager != nil else { throw .missingGlobal(compositor: compositorName) }
        readMicroseconds = kymo_monotonic_microseconds()
        report()
    }

    deinit {
        // Proxies die with the connection; their listeners live until then.
        wl_display_disconnect(display)
    }

    public var fileDescriptor: Int32 { wl_display_get_fd(display) }

    /// The compositor's program, as the kernel names it.
    public var compositorName: String {
        let descriptor = open("/proc/\(compositorPID)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "the compositor" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)).prefix { $0 >= 0x20 }, as: UTF8.self)
    }

    /// Reads what is there and reports what it means.
    public func dispatch() throws(FocusError) {
        while wl_display_prepare_read(display) != 0 { wl_display_dispatch_pending(display) }
        guard wl_display_read_events(display) == 0 else { throw .disconnected }
        readMicroseconds = kymo_monotonic_microseconds()
        guard wl_display_dispatch_pending(display) >= 0 else { throw .disconnected }
        report()
        try flush()
    }

    private func flush() throws(FocusError) {
        // EAGAIN: the compositor is slow to read; the rest goes with the next flush.
        if wl_display_flush(display) < 0, errno != EAGAIN { throw .disconnected }
    }

    /// Tells the state again, whole: a new service knows nothing.
    public func repeatReport() {
        lastReport = nil
        report()
    }

    /// The pid of a window, found by another way; takes effect while that window has the focus.
    public func noteProcess(appID: String, title: String, pid: Int32) {
        processID = (appID, title, pid)
        report()
    }

    // MARK: watermarks

    /// Two round trips, then a watermark. With the first answer the compositor has ended the turn of its loop in which
    /// it met every key stamped before the request; the second brings what that turn decided.
    public func confirm(probe id: UInt64) throws(FocusError) {
        // One at a time is asked; a second one replaces the first, whose answer nobody wants any more.
        probe = Probe(id: id, sentMicroseconds: kymo_monotonic_microseconds(), remaining: 2)
        sync()
        try flush()
    }

    private func sync() {
        let callback = wl_display_sync(display)
        wl_callback_add_listener(callback, listeners.callback, Unmanaged.passUnretained(self).toOpaque())
    }

    func answered() {
        guard var current = probe else { return }
        current.remaining -= 1
        guard current.remaining == 0 else {
            probe = current
            sync()
            return
        }
        probe = nil
        // What was read before this answer must be known before the watermark.
        report()
        handlers.watermark(
            Watermark(
                probe: current.id, sentMicroseconds: current.sentMicroseconds, answeredMicroseconds: readMicroseconds))
    }

    // MARK: focus

    private func report() {
        var report = FocusReport(timeMicroseconds: readMicroseconds, state: .none, source: Self.name)
        if let window = state.focused {
            report.state = .window
            report.window = window.number
            report.appID = window.appID.cut(toBytes: StringLimit.appID)
            report.title = window.title.cut(toBytes: StringLimit.title)
            report.isTitleTruncated = window.title.utf8.count > StringLimit.title
            if let known = processID, known.appID == window.appID, known.title == window.title {
                report.processID = known.pid
            }
        }
        if var last = lastReport {
            last.timeMicroseconds = report.timeMicroseconds
            if last == report { return }
        }
        lastReport = report
        handlers.focus(report)
    }

    // MARK: what the compositor says

    func global(_ name: UInt32, _ interface: String, _ version: UInt32) {
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        if interface == "zwlr_foreign_toplevel_manager_v1", manager == nil {
            manager = OpaquePointer(
                wl_registry_bind(registry, name, kymo_toplevel_manager_interface(), min(version, 3)))
            zwlr_foreign_toplevel_manager_v1_add_listener(manager, listeners.manager, opaque)
        } else if interface == "wl_seat", seat == nil {
            seat = OpaquePointer(wl_registry_bind(registry, name, kymo_seat_interface(), min(version, 5)))
            wl_seat_add_listener(seat, listeners.seat, opaque)
        }
    }

    func opened(_ handle: OpaquePointer) {
        state.opened(handle)
        zwlr_foreign_toplevel_handle_v1_add_listener(
            handle, listeners.handle, Unmanaged.passUnretained(self).toOpaque())
    }

    func update(_ change: (inout ToplevelState) -> Void) { change(&state) }

    func closed(_ handle: OpaquePointer) {
        state.closed(handle)
        zwlr_foreign_toplevel_handle_v1_destroy(handle)
    }

    func capabilities(_ bits: UInt32) {
        let hasKeyboard = bits & WL_SEAT_CAPABILITY_KEYBOARD.rawValue != 0
        if hasKeyboard, keyboard == nil {
            keyboard = wl_seat_get_keyboard(seat)
            wl_keyboard_add_listener(keyboard, listeners.keyboard, Unmanaged.passUnretained(self).toOpaque())
        } else if !hasKeyboard, let old = keyboard {
            wl_keyboard_release(old)
            keyboard = nil
            handlers.keymap(nil)
        }
    }

    /// Takes the descriptor over. A keymap of more than a megabyte is none.
    func keymap(format: UInt32, descriptor: Int32, size: UInt32) {
        defer { close(descriptor) }
        guard format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1.rawValue, size > 0, size <= 1 << 20,
            let region = mmap(nil, Int(size), PROT_READ, MAP_PRIVATE, descriptor, 0), region != MAP_FAILED
        else { return handlers.keymap(nil) }
        defer { munmap(region, Int(size)) }
        let bytes = UnsafeRawBufferPointer(start: region, count: Int(size)).prefix { $0 != 0 }
        handlers.keymap(Keymap(text: String(decoding: bytes, as: UTF8.self)))
    }
}
