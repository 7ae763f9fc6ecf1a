import AgentProtocol
import CWaylandClient

/// What the compositor announces, and takes back.
extension WaylandBackend {
    func global(_ name: UInt32, _ interface: String, _ version: UInt32) {
        if source == nil, let (kind, globals) = offers.announced(name, interface, version) {
            source = kind.init(
                registry: registry, globals: globals,
                listener: WindowListener(
                    change: { [unowned self] in $0(&state) }, group: handlers.group,
                    finished: { [unowned self] in hasFinished = true }))
            sourceGlobals = globals
            if phase == .lacking { greet() }
        } else if interface == "wl_seat", seat == nil {
            seat = WaylandSeat(
                registry: registry, name: name, version: version, keymapChanged: handlers.keymap)
        } else if interface == LockNotifier.interface, lock == nil {
            lock = LockNotifier(registry: registry, name: name)
        } else {
            outputs.global(registry, name, interface, version)
        }
    }

    func globalRemoved(_ name: UInt32) {
        // To be thrown where nobody is in a callback.
        if let globals = sourceGlobals, name == globals.number || name == globals.companion { hasFinished = true }
        offers.removed(name)
        if name == seat?.name {
            seat = nil
            handlers.keymap(nil)
        }
        if name == lock?.name { hasFinished = true }
        if let output = outputs.removed(name) { state.outputRemoved(output) }
    }
}
