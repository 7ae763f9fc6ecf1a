import CLinuxShim
import CWaylandClient
import Glibc

/// Why there is no compositor to talk to.
public enum WaylandError: Error, Sendable, Equatable, CustomStringConvertible {
    case noDisplay(name: String)
    case disconnected
    /// The compositor objected to a request on an object of that interface, and hung up.
    case refused(interface: String, code: UInt32)

    public var description: String {
        switch self {
        case .noDisplay(let name): "no Wayland compositor answers on \(name)"
        case .disconnected: "the compositor closed the connection"
        case .refused(let interface, let code): "the compositor refused a request on \(interface) (error \(code))"
        }
    }
}

/// A connection to a compositor, for a loop that waits for its descriptor. Nothing here waits.
///
/// Whoever makes proxies on it destroys them before it goes: disconnecting frees none.
public final class WaylandConnection {
    public let display: OpaquePointer
    /// The compositor's process, by kernel credentials; 0 if they cannot be had.
    public let compositorPID: Int32

    /// - Parameter displayName: a name in XDG_RUNTIME_DIR or a path; nil: what WAYLAND_DISPLAY says.
    public init(displayName: String?) throws(WaylandError) {
        guard let display = wl_display_connect(displayName) else {
            throw .noDisplay(name: displayName ?? "WAYLAND_DISPLAY")
        }
        self.display = display
        var user: uid_t = 0
        var process: pid_t = 0
        let isKnown = kymo_peer_credentials(wl_display_get_fd(display), &user, &process) == 0
        compositorPID = isKnown ? process : 0
    }

    deinit { wl_display_disconnect(display) }

    public var fileDescriptor: Int32 { wl_display_get_fd(display) }

    /// The compositor's program, as the kernel names it.
    public var compositorName: String {
        let descriptor = open("/proc/\(compositorPID)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "the compositor" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)).prefix { $0 >= 0x20 }, as: UTF8.self)
    }

    /// Takes what is there off the socket; `dispatch` calls the listeners.
    public func read() throws(WaylandError) {
        while wl_display_prepare_read(display) != 0 { try dispatch() }
        guard wl_display_read_events(display) == 0 else { throw trouble }
    }

    public func dispatch() throws(WaylandError) {
        guard wl_display_dispatch_pending(display) >= 0 else { throw trouble }
    }

    /// Sends what was asked. A compositor that is slow to read gets the rest with the next flush.
    public func flush() throws(WaylandError) {
        if wl_display_flush(display) < 0, errno != EAGAIN { throw trouble }
    }

    private var trouble: WaylandError {
        guard wl_display_get_error(display) == EPROTO else { return .disconnected }
        var interface: UnsafePointer<wl_interface>?
        var object: UInt32 = 0
        let code = wl_display_get_protocol_error(display, &interface, &object)
        return .refused(interface: interface.map { String(cString: $0.pointee.name) } ?? "an object", code: code)
    }
}
