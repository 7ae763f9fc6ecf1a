import AgentProtocol
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
    /// Another global without which it says nothing, at whatever version. Nil: it stands on its own.
    static var companion: String? { get }
    /// Whether it says which process a window is of.
    static var tellsProcesses: Bool { get }

    /// Whether no window is activated while something that is none has the keyboard, a launcher's menu say.
    static func tellsLaunchers(compositor: String) -> Bool

    /// Binds the globals.
    init(registry: OpaquePointer?, globals: SourceGlobals, listener: WindowListener)

    /// Asks for what is not told by itself. Called before each round trip, which brings it.
    func refresh()

    /// Asks where the pointer is. Answered once, in `WaylandBackend.dispatch` or at once; nil: it cannot be said.
    func askPointer(_ answer: @escaping (PointerWord?) -> Void)
}

extension WindowSource {
    static var companion: String? { nil }
    static func tellsLaunchers(compositor: String) -> Bool { true }

    /// Most protocols tell everything by themselves.
    func refresh() {}

    /// Most protocols tell nobody.
    func askPointer(_ answer: @escaping (PointerWord?) -> Void) { answer(nil) }
}

/// Where the registry has what a source stands on.
struct SourceGlobals: Equatable {
    var number: UInt32
    var version: UInt32
    /// The companion's number; nil: it needs none.
    var companion: UInt32?
}

/// What a source tells, and to whom.
struct WindowListener {
    var change: ((inout ToplevelState) -> Void) -> Void
    /// Which group of the seat's keymap is in force; nil: it cannot say. Of a source that knows.
    var group: (UInt32?) -> Void
    /// Not even the last word holds any more.
    var finished: () -> Void
}

/// All that are known. No compositor is known to offer two of them; of one that does, the first it announces is taken.
var windowSources: [any WindowSource.Type] {
    [WlrToplevels.self, PlasmaWindows.self, CosmicToplevels.self, WestonModule.self]
}

/// Globals that sources stand on, as the compositor announces them: in any order, and one source may need two.
struct SourceOffers {
    private var offers: [String: (number: UInt32, version: UInt32)] = [:]

    /// The source that can begin with this one, if any.
    mutating func announced(
        _ number: UInt32, _ interface: String, _ version: UInt32
    ) -> (kind: any WindowSource.Type, globals: SourceGlobals)? {
        let isOfUse = windowSources.contains { $0.interface == interface || $0.companion == interface }
        guard isOfUse else { return nil }
        offers[interface] = (number, version)
        for kind in windowSources {
            guard let main = offers[kind.interface], main.version >= kind.leastVersion else { continue }
            var globals = SourceGlobals(number: main.number, version: main.version)
            if let companion = kind.companion {
                guard let other = offers[companion] else { continue }
                globals.companion = other.number
            }
            return (kind, globals)
        }
        return nil
    }

    mutating func removed(_ number: UInt32) { offers = offers.filter { $0.value.number != number } }
}
