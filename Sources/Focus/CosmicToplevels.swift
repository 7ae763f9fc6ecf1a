import CCosmicToplevel
import CWaylandClient

/// zcosmic_toplevel_info_v1, of COSMIC, since version 2: windows are those of ext_foreign_toplevel_list_v1, which tells what
/// they are called, and for each of them an object is asked for that tells its state. States change together, with the
/// info's own `done`.
final class CosmicToplevels: WindowSource {
    static let name = "cosmic-toplevel-info"
    static let interface = "zcosmic_toplevel_info_v1"
    static let leastVersion: UInt32 = 2
    static let companion: String? = "ext_foreign_toplevel_list_v1"
    static let tellsProcesses = false

    private let info: OpaquePointer
    private let list: OpaquePointer
    private let listener: WindowListener
    /// Windows by their handles on the list, with the objects that tell their states; and the way back.
    private var states: [OpaquePointer: OpaquePointer] = [:]
    private var windows: [OpaquePointer: OpaquePointer] = [:]
    /// What has changed since the last `done`.
    private var changed: Set<OpaquePointer> = []
    // They must outlive the proxies that point at them.
    private let infoListener = UnsafeMutablePointer<zcosmic_toplevel_info_v1_listener>.allocate(capacity: 1)
    private let stateListener = UnsafeMutablePointer<zcosmic_toplevel_handle_v1_listener>.allocate(capacity: 1)
    private let listListener = UnsafeMutablePointer<ext_foreign_toplevel_list_v1_listener>.allocate(capacity: 1)
    private let windowListener = UnsafeMutablePointer<ext_foreign_toplevel_handle_v1_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, globals: SourceGlobals, listener: WindowListener) {
        self.listener = listener
        // Not later versions: they would tell of what is described nowhere here.
        info = OpaquePointer(
            wl_registry_bind(registry, globals.number, kymo_cosmic_info_interface(), Self.leastVersion))
        list = OpaquePointer(wl_registry_bind(registry, globals.companion ?? 0, kymo_toplevel_list_interface(), 1))
        initializeListeners()
        initializeStateListener()
        zcosmic_toplevel_info_v1_add_listener(info, infoListener, opaque)
        ext_foreign_toplevel_list_v1_add_listener(list, listListener, opaque)
    }

    deinit {
        for state in states.values { zcosmic_toplevel_handle_v1_destroy(state) }
        for window in states.keys { ext_foreign_toplevel_handle_v1_destroy(window) }
        ext_foreign_toplevel_list_v1_destroy(list)
        // It has no destructor request.
        zcosmic_toplevel_info_v1_destroy(info)
        infoListener.deallocate()
        stateListener.deallocate()
        listListener.deallocate()
        windowListener.deallocate()
    }

    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ data: UnsafeMutableRawPointer?) -> CosmicToplevels {
        Unmanaged<CosmicToplevels>.fromOpaque(data!).takeUnretainedValue()
    }

    private func initializeListeners() {
        infoListener.initialize(
            to: zcosmic_toplevel_info_v1_listener(
                toplevel: { _, _, _ in }, finished: { data, _ in CosmicToplevels.from(data).listener.finished() },
                done: { data, _ in CosmicToplevels.from(data).settled() }))
        listListener.initialize(
            to: ext_foreign_toplevel_list_v1_listener(
                toplevel: { data, _, window in if let window { CosmicToplevels.from(data).opened(window) } },
                finished: { data, _ in CosmicToplevels.from(data).listener.finished() }))
        windowListener.initialize(
            to: ext_foreign_toplevel_handle_v1_listener(
                closed: { data, window in CosmicToplevels.from(data).closed(window!) },
                done: { data, window in CosmicToplevels.from(data).listener.change { $0.done(window!) } },
                title: { data, window, title in
                    let title = String(event: title)
                    CosmicToplevels.from(data).listener.change { $0.title(window!, title) }
                },
                app_id: { data, window, appID in
                    let appID = String(event: appID)
                    CosmicToplevels.from(data).listener.change { $0.appID(window!, appID) }
                }, identifier: { _, _, _ in }))
    }

    private func initializeStateListener() {
        stateListener.initialize(
            to: zcosmic_toplevel_handle_v1_listener(
                closed: { _, _ in }, done: { _, _ in }, title: { _, _, _ in }, app_id: { _, _, _ in },
                output_enter: { data, state, output in
                    CosmicToplevels.from(data).tell(state!) { $0.entered($1, output: output) }
                },
                output_leave: { data, state, output in
                    CosmicToplevels.from(data).tell(state!) { $0.left($1, output: output) }
                }, workspace_enter: { _, _, _ in }, workspace_leave: { _, _, _ in },
                state: { data, state, states in
                    let isActivated = kymo_cosmic_activated(states)
                    CosmicToplevels.from(data).tell(state!) { $0.activated($1, isActivated) }
                }, geometry: { _, _, _, _, _, _, _ in }))
    }

    private func opened(_ window: OpaquePointer) {
        listener.change { $0.opened(window) }
        ext_foreign_toplevel_handle_v1_add_listener(window, windowListener, opaque)
        guard let state = zcosmic_toplevel_info_v1_get_cosmic_toplevel(info, window) else { return }
        states[window] = state
        windows[state] = window
        zcosmic_toplevel_handle_v1_add_listener(state, stateListener, opaque)
    }

    private func tell(_ state: OpaquePointer, _ body: (inout ToplevelState, OpaquePointer) -> Void) {
        guard let window = windows[state] else { return }
        changed.insert(window)
        listener.change { body(&$0, window) }
    }

    private func settled() {
        let settled = changed
        changed.removeAll()
        listener.change { for window in settled { $0.done(window) } }
    }

    private func closed(_ window: OpaquePointer) {
        listener.change { $0.closed(window) }
        changed.remove(window)
        // What stands on a handle goes before it.
        if let state = states.removeValue(forKey: window) {
            windows[state] = nil
            zcosmic_toplevel_handle_v1_destroy(state)
        }
        ext_foreign_toplevel_handle_v1_destroy(window)
    }
}
