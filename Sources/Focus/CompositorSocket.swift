import AgentProtocol
import CLinuxShim
import Events

/// A socket of a compositor's own, beside Wayland's. What it says the protocols do not tell an unfocused client. Everything
/// here is extra: focus reports never wait for it. A compositor need not know more than the process of the focused window;
/// of the rest it then says nothing, and nil of the pointer.
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

extension CompositorSocket {
    public func askLayout() {}
    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) { answer(nil) }
    public func somethingMoved() {}
    public var deadlineMicroseconds: UInt64? { nil }
    public func actIfDue(nowMicroseconds now: UInt64) {}
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
