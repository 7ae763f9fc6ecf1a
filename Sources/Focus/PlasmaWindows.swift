import CPlasmaWindowManagement
import CWaylandClient
import Events

/// org_kde_plasma_window_management, of KWin: each event is a change of its own, once `initial_state` has ended the
/// description of a new window. KWin tells it to programs alone whose `.desktop` file asks for it
/// (`X-KDE-Wayland-Interfaces`).
final class PlasmaWindows: WindowSource {
    static let name = "plasma-window-management"
    static let interface = "org_kde_plasma_window_management"
    /// With it windows have names that are not used again. KWin offers it since Plasma 5.22.
    static let leastVersion: UInt32 = 13
    static let tellsProcesses = true

    private let manager: OpaquePointer
    private let listener: WindowListener
    /// Windows that are known, and whether they have told their initial state.
    private var windows: [OpaquePointer: Bool] = [:]
    // They must outlive the proxies that point at them.
    private let managerListener = UnsafeMutablePointer<org_kde_plasma_window_management_listener>.allocate(capacity: 1)
    private let windowListener = UnsafeMutablePointer<org_kde_plasma_window_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, globals: SourceGlobals, listener: WindowListener) {
        self.listener = listener
        // Not a later version: it would tell of what is described nowhere here.
        manager = OpaquePointer(
            wl_registry_bind(registry, globals.number, kymo_plasma_window_management_interface(), Self.leastVersion))
        managerListener.initialize(
            to: org_kde_plasma_window_management_listener(
                show_desktop_changed: { _, _, _ in }, window: { _, _, _ in }, stacking_order_changed: { _, _, _ in },
                stacking_order_uuid_changed: { _, _, _ in },
                window_with_uuid: { data, _, _, uuid in PlasmaWindows.from(data).announced(uuid) }))
        initializeWindowListener()
        org_kde_plasma_window_management_add_listener(manager, managerListener, opaque)
    }

    deinit {
        for window in windows.keys { org_kde_plasma_window_destroy(window) }
        org_kde_plasma_window_management_destroy(manager)
        managerListener.deallocate()
        windowListener.deallocate()
    }

    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ data: UnsafeMutableRawPointer?) -> PlasmaWindows {
        Unmanaged<PlasmaWindows>.fromOpaque(data!).takeUnretainedValue()
    }

    private func initializeWindowListener() {
        windowListener.initialize(
            to: org_kde_plasma_window_listener(
                title_changed: { data, window, title in
                    let title = String(event: title)
                    PlasmaWindows.from(data).tell(window!) { $0.title(window!, title) }
                },
                app_id_changed: { data, window, appID in
                    let appID = String(event: appID)
                    PlasmaWindows.from(data).tell(window!) { $0.appID(window!, appID) }
                },
                state_changed: { data, window, flags in
                    let isActive = flags & ORG_KDE_PLASMA_WINDOW_MANAGEMENT_STATE_ACTIVE.rawValue != 0
                    PlasmaWindows.from(data).tell(window!) { $0.activated(window!, isActive) }
                },
                virtual_desktop_changed: { _, _, _ in }, themed_icon_name_changed: { _, _, _ in },
                unmapped: { data, window in PlasmaWindows.from(data).unmapped(window!) },
                initial_state: { data, window in PlasmaWindows.from(data).described(window!) },
                parent_window: { _, _, _ in },
                geometry: { data, window, x, y, width, height in
                    let place = WindowPlace(x: x, y: y, width: width, height: height)
                    PlasmaWindows.from(data).tell(window!) { $0.placed(window!, place) }
                }, icon_changed: { _, _ in },
                pid_changed: { data, window, processID in
                    let processID = Int32(truncatingIfNeeded: processID)
                    PlasmaWindows.from(data).tell(window!) { $0.process(window!, processID) }
                },
                virtual_desktop_entered: { _, _, _ in }, virtual_desktop_left: { _, _, _ in },
                application_menu: { _, _, _, _ in }))
    }

    private func announced(_ uuid: UnsafePointer<CChar>?) {
        guard let uuid, let window = org_kde_plasma_window_management_get_window_by_uuid(manager, uuid) else { return }
        windows[window] = false
        listener.change { $0.opened(window) }
        org_kde_plasma_window_add_listener(window, windowListener, opaque)
    }

    private func tell(_ window: OpaquePointer, _ body: (inout ToplevelState) -> Void) {
        let isDescribed = windows[window] == true
        listener.change {
            body(&$0)
            if isDescribed { $0.done(window) }
        }
    }

    private func described(_ window: OpaquePointer) {
        windows[window] = true
        listener.change { $0.done(window) }
    }

    private func unmapped(_ window: OpaquePointer) {
        windows[window] = nil
        listener.change { $0.closed(window) }
        org_kde_plasma_window_destroy(window)
    }
}
