import CWaylandClient

/// The protocol by which a compositor tells of its windows: an object on the connection that turns events into changes
/// of the `ToplevelState`. It dies before the connection does.
protocol WindowSource: AnyObject {
    /// As it is called in records and messages.
    static var name: String { get }
    /// The global it stands on (wl_registry.global).
    static var interface: String { get }
    /// The lowest version that says all that is needed.
    static var leastVersion: UInt32 { get }
    /// Whether it says which process a window is of.
    static var tellsProcesses: Bool { get }

    /// Binds the global.
    init(registry: OpaquePointer?, global: UInt32, version: UInt32, listener: WindowListener)

    /// Asks for what is not told by itself. Called before each round trip, which brings it.
    func refresh()
}

extension WindowSource {
    /// Most protocols tell everything by themselves.
    func refresh() {}
}

/// What a source tells, and to whom.
struct WindowListener {
    var change: ((inout ToplevelState) -> Void) -> Void
    /// Not even the last word holds any more.
    var finished: () -> Void
}

/// All that are known. No compositor is known to offer two of them; of one that does, the first it announces is taken.
var windowSources: [any WindowSource.Type] { [WlrToplevels.self, PlasmaWindows.self, WestonModule.self] }
