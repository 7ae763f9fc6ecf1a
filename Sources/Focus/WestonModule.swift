import CKymographWeston
import CWaylandClient

/// kymograph_weston_v1, of our own module in Weston (`weston/`): it tells of the window that has the keyboard, and of no
/// other. Each event is a change of its own.
final class WestonModule: WindowSource {
    static let name = "weston-module"
    static let interface = "kymograph_weston_v1"
    static let leastVersion: UInt32 = 2
    static let tellsProcesses = true

    private let module: OpaquePointer
    private let listener: WindowListener
    /// Windows that were named and are not closed yet.
    private var known: Set<OpaquePointer> = []
    private var owner: OpaquePointer?
    // It must outlive the proxy that points at it.
    private let moduleListener = UnsafeMutablePointer<kymograph_weston_v1_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, globals: SourceGlobals, listener: WindowListener) {
        self.listener = listener
        module = OpaquePointer(wl_registry_bind(registry, globals.number, kymo_weston_interface(), Self.leastVersion))
        moduleListener.initialize(
            to: kymograph_weston_v1_listener(
                window: { data, _, id, processID, appID, title in
                    WestonModule.from(data).named(id, processID, String(event: appID), String(event: title))
                }, keyboard: { data, _, id in WestonModule.from(data).moved(to: id) },
                closed: { data, _, id in WestonModule.from(data).closed(id) }, press: { _, _, _, _, _, _, _ in },
                place: { _, _, _, _, _, _, _ in },
                group: { data, _, group in
                    WestonModule.from(data).listener.group(group < 0 ? nil : UInt32(group))
                }))
        kymograph_weston_v1_add_listener(module, moduleListener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        kymograph_weston_v1_destroy(module)
        moduleListener.deallocate()
    }

    /// What a window is called may have changed since, and its module tells it when asked.
    func refresh() { kymograph_weston_v1_refresh(module) }

    private static func from(_ data: UnsafeMutableRawPointer?) -> WestonModule {
        Unmanaged<WestonModule>.fromOpaque(data!).takeUnretainedValue()
    }

    /// Windows are numbers here and proxies elsewhere; `ToplevelState` tells them apart and looks into none.
    private static func handle(_ id: UInt32) -> OpaquePointer? { OpaquePointer(bitPattern: UInt(id)) }

    private func named(_ id: UInt32, _ processID: Int32, _ appID: String, _ title: String) {
        guard let window = Self.handle(id) else { return }
        let isNew = known.insert(window).inserted
        listener.change {
            if isNew { $0.opened(window) }
            $0.appID(window, appID)
            $0.title(window, title)
            $0.process(window, processID)
            $0.done(window)
        }
    }

    private func moved(to id: UInt32) {
        let before = owner
        owner = Self.handle(id)
        let now = owner
        listener.change {
            for (window, isActivated) in [(before, false), (now, true)] {
                guard let window else { continue }
                $0.activated(window, isActivated)
                $0.done(window)
            }
        }
    }

    private func closed(_ id: UInt32) {
        guard let window = Self.handle(id) else { return }
        known.remove(window)
        if owner == window { owner = nil }
        listener.change { $0.closed(window) }
    }
}
