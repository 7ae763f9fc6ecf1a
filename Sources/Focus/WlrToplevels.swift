import CWaylandClient
import CWlrForeignToplevel

/// zwlr_foreign_toplevel_manager_v1, of the wlroots family: states of a window change together, with `done`.
final class WlrToplevels: WindowSource {
    static let name = "wlr-foreign-toplevel"
    static let interface = "zwlr_foreign_toplevel_manager_v1"
    static let leastVersion: UInt32 = 1
    static let tellsProcesses = false

    /// labwc does not, and of the others nobody knows.
    static func tellsLaunchers(compositor: String) -> Bool { compositor == "sway" }

    private let manager: OpaquePointer
    private let listener: WindowListener
    private var handles: Set<OpaquePointer> = []
    // They must outlive the proxies that point at them.
    private let managerListener = UnsafeMutablePointer<zwlr_foreign_toplevel_manager_v1_listener>.allocate(capacity: 1)
    private let handleListener = UnsafeMutablePointer<zwlr_foreign_toplevel_handle_v1_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, globals: SourceGlobals, listener: WindowListener) {
        self.listener = listener
        manager = OpaquePointer(
            wl_registry_bind(registry, globals.number, kymo_toplevel_manager_interface(), min(globals.version, 3)))
        managerListener.initialize(
            to: zwlr_foreign_toplevel_manager_v1_listener(
                toplevel: { data, _, handle in if let handle { WlrToplevels.from(data).opened(handle) } },
                finished: { data, _ in WlrToplevels.from(data).listener.finished() }))
        initializeHandleListener()
        zwlr_foreign_toplevel_manager_v1_add_listener(manager, managerListener, opaque)
    }

    deinit {
        for handle in handles { zwlr_foreign_toplevel_handle_v1_destroy(handle) }
        zwlr_foreign_toplevel_manager_v1_destroy(manager)
        managerListener.deallocate()
        handleListener.deallocate()
    }

    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ data: UnsafeMutableRawPointer?) -> WlrToplevels {
        Unmanaged<WlrToplevels>.fromOpaque(data!).takeUnretainedValue()
    }

    private func initializeHandleListener() {
        handleListener.initialize(
            to: zwlr_foreign_toplevel_handle_v1_listener(
                title: { data, handle, title in
                    let title = String(event: title)
                    WlrToplevels.from(data).listener.change { $0.title(handle!, title) }
                },
                app_id: { data, handle, appID in
                    let appID = String(event: appID)
                    WlrToplevels.from(data).listener.change { $0.appID(handle!, appID) }
                },
                output_enter: { data, handle, output in
                    WlrToplevels.from(data).listener.change { $0.entered(handle!, output: output) }
                },
                output_leave: { data, handle, output in
                    WlrToplevels.from(data).listener.change { $0.left(handle!, output: output) }
                },
                state: { data, handle, array in
                    let isActivated = kymo_array_holds(
                        array, ZWLR_FOREIGN_TOPLEVEL_HANDLE_V1_STATE_ACTIVATED.rawValue)
                    WlrToplevels.from(data).listener.change { $0.activated(handle!, isActivated) }
                },
                done: { data, handle in WlrToplevels.from(data).listener.change { $0.done(handle!) } },
                closed: { data, handle in WlrToplevels.from(data).closed(handle!) }, parent: { _, _, _ in }))
    }

    private func opened(_ handle: OpaquePointer) {
        handles.insert(handle)
        listener.change { $0.opened(handle) }
        zwlr_foreign_toplevel_handle_v1_add_listener(handle, handleListener, opaque)
    }

    private func closed(_ handle: OpaquePointer) {
        handles.remove(handle)
        listener.change { $0.closed(handle) }
        zwlr_foreign_toplevel_handle_v1_destroy(handle)
    }
}
