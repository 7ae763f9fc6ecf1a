import CWaylandClient

/// Listener structs, which must outlive the proxies that point at them. Callbacks find their backend by user data.
final class Listeners {
    let callback = UnsafeMutablePointer<wl_callback_listener>.allocate(capacity: 1)

    init() {
        callback.initialize(
            to: wl_callback_listener(done: { data, callback, _ in
                Unmanaged<WaylandBackend>.fromOpaque(data!).takeUnretainedValue().answered(callback)
            }))
    }

    deinit { callback.deallocate() }
}

extension String {
    /// A string argument of an event; empty where there is none.
    init(event text: UnsafePointer<CChar>?) { self = text.map { String(cString: $0) } ?? "" }
}
