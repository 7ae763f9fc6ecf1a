import CWaylandClient

/// Listener structs, which must outlive the proxies that point at them. Callbacks find their backend by user data.
final class Listeners {
    let registry = UnsafeMutablePointer<wl_registry_listener>.allocate(capacity: 1)
    let callback = UnsafeMutablePointer<wl_callback_listener>.allocate(capacity: 1)

    static func backend(_ data: UnsafeMutableRawPointer?) -> WaylandBackend {
        Unmanaged<WaylandBackend>.fromOpaque(data!).takeUnretainedValue()
    }

    init() {
        registry.initialize(
            to: wl_registry_listener(
                global: { data, _, name, interface, version in
                    Listeners.backend(data).global(name, String(event: interface), version)
                }, global_remove: { data, _, name in Listeners.backend(data).globalRemoved(name) }))
        callback.initialize(
            to: wl_callback_listener(done: { data, callback, _ in
                Listeners.backend(data).answered(callback)
            }))
    }

    deinit {
        registry.deallocate()
        callback.deallocate()
    }
}

extension String {
    /// A string argument of an event; empty where there is none.
    init(event text: UnsafePointer<CChar>?) { self = text.map { String(cString: $0) } ?? "" }
}
