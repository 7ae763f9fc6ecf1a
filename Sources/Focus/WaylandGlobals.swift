import AgentProtocol
import CWaylandClient

/// What a compositor announces and takes back, and what is bound of it.
final class WaylandGlobals {
    struct Handlers {
        /// There is a source of windows now.
        var sourceBegan: () -> Void
        var change: ((inout ToplevelState) -> Void) -> Void
        var group: (UInt32?) -> Void
        var keymap: (Keymap?) -> Void
    }

    private(set) var source: (any WindowSource)?
    private(set) var lock: LockNotifier?
    let outputs = WaylandOutputs()
    /// What something that is gone has said last holds no more. To be looked at where nobody is in a callback.
    private(set) var hasFinished = false

    private let registry: OpaquePointer?
    private let handlers: Handlers
    private var seat: WaylandSeat?
    private var offers = SourceOffers()
    /// What the source stands on.
    private var sourceGlobals: SourceGlobals?
    // It must outlive the proxy that points at it.
    private let listener = UnsafeMutablePointer<wl_registry_listener>.allocate(capacity: 1)

    init(display: OpaquePointer, handlers: Handlers) {
        self.handlers = handlers
        registry = wl_display_get_registry(display)
        listener.initialize(
            to: wl_registry_listener(
                global: { data, _, name, interface, version in
                    WaylandGlobals.from(data).announced(name, String(event: interface), version)
                }, global_remove: { data, _, name in WaylandGlobals.from(data).removed(name) }))
        wl_registry_add_listener(registry, listener, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> WaylandGlobals {
        Unmanaged<WaylandGlobals>.fromOpaque(data!).takeUnretainedValue()
    }

    /// Before the connection is closed: that frees no proxy, and one that outlives it points into freed memory.
    func releaseAll() {
        source = nil
        seat = nil
        lock = nil
        outputs.releaseAll()
        if let registry { wl_registry_destroy(registry) }
    }

    deinit { listener.deallocate() }

    private func announced(_ name: UInt32, _ interface: String, _ version: UInt32) {
        if source == nil, let (kind, globals) = offers.announced(name, interface, version) {
            source = kind.init(
                registry: registry, globals: globals,
                listener: WindowListener(
                    change: handlers.change, group: handlers.group, finished: { [unowned self] in hasFinished = true }))
            sourceGlobals = globals
            handlers.sourceBegan()
        } else if interface == "wl_seat", seat == nil {
            seat = WaylandSeat(registry: registry, name: name, version: version, keymapChanged: handlers.keymap)
        } else if interface == LockNotifier.interface, lock == nil {
            lock = LockNotifier(registry: registry, name: name)
        } else {
            outputs.global(registry, name, interface, version)
        }
    }

    private func removed(_ name: UInt32) {
        if let globals = sourceGlobals, name == globals.number || name == globals.companion { hasFinished = true }
        offers.removed(name)
        if name == seat?.name {
            seat = nil
            handlers.keymap(nil)
        }
        if name == lock?.name { hasFinished = true }
        if let output = outputs.removed(name) { handlers.change { $0.outputRemoved(output) } }
    }
}
