import AgentProtocol
import CLinuxShim
import Events
import Glibc

/// A socket of a compositor's own, beside Wayland's. What it says the protocols do not tell an unfocused client. Everything
/// here is extra: focus reports never wait for it.
public protocol CompositorSocket: AnyObject {
    /// For people.
    static var owner: String { get }
    /// Whether it says which of several layouts is active, and when that changes.
    static var tellsLayouts: Bool { get }
    /// Asks which window has the focus; `focused` brings the answer to the last question, never an earlier one. While windows
    /// settle the answer has no place.
    func askFocused()
    /// Asks what every keyboard types by; `layout` brings the answer.
    func askLayout()
    /// Asks where the pointer is; answered once. Nil: nobody says, or it is not over the window that has the focus.
    func askPointer(_ answer: @escaping (PointerWord?) -> Void)
    /// Windows may have other places now.
    func somethingMoved()
    /// CLOCK_MONOTONIC, µs: when `actIfDue` has something to do.
    var deadlineMicroseconds: UInt64? { get }
    func actIfDue(nowMicroseconds now: UInt64)
    /// Nothing is told any more.
    func end()
}

public struct CompositorSocketHandlers {
    public var focused: (FocusedWindow) -> Void
    /// It may have another place now, and windows have come to rest: time to ask.
    public var moved: () -> Void
    /// Nil: keyboards disagree.
    public var layout: (ActiveLayout?) -> Void
    /// The person's settings for the pointers that the compositor reads, whenever any input has changed.
    public var settings: ([DeviceChoice]) -> Void
    /// It is closed, or says what cannot be understood.
    public var lost: () -> Void
    public init(
        focused: @escaping (FocusedWindow) -> Void, moved: @escaping () -> Void,
        layout: @escaping (ActiveLayout?) -> Void, settings: @escaping ([DeviceChoice]) -> Void,
        lost: @escaping () -> Void
    ) {
        self.focused = focused
        self.moved = moved
        self.layout = layout
        self.settings = settings
        self.lost = lost
    }
}

/// Until when windows are not taken to be at rest. A compositor tells an event first and arranges its windows then, and a
/// window that was given another size takes it when its app has drawn: what is asked before is true for a moment.
///
/// One question follows whatever happens in a row: a client that opens windows in a hurry does not have the compositor
/// describe them all each time.
struct Settling {
    private static let restMicroseconds: UInt64 = 150_000
    private(set) var deadlineMicroseconds: UInt64?

    var isOver: Bool { deadlineMicroseconds == nil }

    mutating func begin() { deadlineMicroseconds = kymo_monotonic_microseconds() + Self.restMicroseconds }

    /// True once, when windows have come to rest.
    mutating func ends(nowMicroseconds now: UInt64) -> Bool {
        guard let deadline = deadlineMicroseconds, now >= deadline else { return false }
        deadlineMicroseconds = nil
        return true
    }
}

extension Sequence where Element == ActiveLayout? {
    /// What all of them type by. Those that disagree leave open which layout the next key meets.
    var common: ActiveLayout? {
        let layouts = Set(compactMap(\.self))
        return layouts.count == 1 ? layouts.first : nil
    }
}

/// A connection to a socket; nil: nobody listens, or another process than `process` does, as the kernel knows it.
func connected(to path: String, of process: Int32) -> Int32? {
    let descriptor = kymo_unix_connect(path, 0)
    guard descriptor >= 0 else { return nil }
    var user: uid_t = 0
    var owner: pid_t = 0
    guard kymo_peer_credentials(descriptor, &user, &owner) == 0, owner == process else {
        close(descriptor)
        return nil
    }
    return descriptor
}

/// Appends what is there. True: more may come; false: the other end is closed; nil: an error, or more than `limit`.
func readAvailable(_ descriptor: Int32, into received: inout [UInt8], limit: Int) -> Bool? {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EINTR { continue }
        if count < 0 { return errno == EAGAIN ? true : nil }
        if count == 0 { return false }
        guard received.count + count <= limit else { return nil }
        received += buffer.prefix(count)
    }
}

/// What lies in a directory, by name; nothing where there is none.
func fileNames(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
