import CWaylandClient
import CWlrForeignToplevel

/// Listener structs, which must outlive the proxies that point at them. Callbacks find their backend by user data.
final class Listeners {
    let registry = UnsafeMutablePointer<wl_registry_listener>.allocate(capacity: 1)
    let callback = UnsafeMutablePointer<wl_callback_listener>.allocate(capacity: 1)
    let manager = UnsafeMutablePointer<zwlr_foreign_toplevel_manager_v1_listener>.allocate(capacity: 1)
    let handle = UnsafeMutablePointer<zwlr_foreign_toplevel_handle_v1_listener>.allocate(capacity: 1)

    static func backend(_ data: UnsafeMutableRawPointer?) -> WaylandBackend {
        Unmanaged<WaylandBackend>.fromOpaque(data!).takeUnretainedValue()
    }

    static func text(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }

    init() {
        registry.initialize(
            to: wl_registry_listener(
                global: { data, _, name, interface, version in
                    Listeners.backend(data).global(name, Listeners.text(interface), version)
                }, global_remove: { data, _, name in Listeners.backend(data).globalRemoved(name) }))
        callback.initialize(
            to: wl_callback_listener(done: { data, callback, _ in
                Listeners.backend(data).answered(callback)
            }))
        manager.initialize(
            to: zwlr_foreign_toplevel_manager_v1_listener(
                toplevel: { data, _, handle in if let handle { Listeners.backend(data).opened(handle) } },
                finished: { data, _ in Listeners.backend(data).finished() }))
        handle.initialize(
            to: zwlr_foreign_toplevel_handle_v1_listener(
                title: { data, handle, title in
                    let title = Listeners.text(title)
                    Listeners.backend(data).update { $0.title(handle!, title) }
                },
                app_id: { data, handle, appID in
                    let appID = Listeners.text(appID)
                    Listeners.backend(data).update { $0.appID(handle!, appID) }
                },
                output_enter: { data, handle, output in
                    Listeners.backend(data).update { $0.entered(handle!, output: output) }
                },
                output_leave: { data, handle, output in
                    Listeners.backend(data).update { $0.left(handle!, output: output) }
                },
                state: { data, handle, array in
                    // An array of 32-bit values; wl_array_for_each is a macro.
                    let words = UnsafeBufferPointer(
                        start: array?.pointee.data?.assumingMemoryBound(to: UInt32.self),
                        count: (array?.pointee.size ?? 0) / 4)
                    let isActivated = words.contains(ZWLR_FOREIGN_TOPLEVEL_HANDLE_V1_STATE_ACTIVATED.rawValue)
                    Listeners.backend(data).update { $0.activated(handle!, isActivated) }
                },
                done: { data, handle in Listeners.backend(data).update { $0.done(handle!) } },
                closed: { data, handle in Listeners.backend(data).closed(handle!) }, parent: { _, _, _ in }))
    }

    deinit {
        registry.deallocate()
        callback.deallocate()
        manager.deallocate()
        handle.deallocate()
    }
}
