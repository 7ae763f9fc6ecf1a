import CHyprlandLockNotify
import CWaylandClient

/// hyprland_lock_notifier_v1: whether a lock screen has the session. Hyprland leaves the window below it activated.
final class LockNotifier {
    static let interface = "hyprland_lock_notifier_v1"

    /// The registry's number for it.
    let name: UInt32
    private(set) var isLocked = false
    private let notifier: OpaquePointer
    private let notification: OpaquePointer
    // It must outlive the proxy that points at it.
    private let listener = UnsafeMutablePointer<hyprland_lock_notification_v1_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, name: UInt32) {
        self.name = name
        notifier = OpaquePointer(wl_registry_bind(registry, name, kymo_lock_notifier_interface(), 1))
        notification = hyprland_lock_notifier_v1_get_lock_notification(notifier)
        listener.initialize(
            to: hyprland_lock_notification_v1_listener(
                locked: { data, _ in LockNotifier.from(data).isLocked = true },
                unlocked: { data, _ in LockNotifier.from(data).isLocked = false }))
        hyprland_lock_notification_v1_add_listener(notification, listener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        hyprland_lock_notification_v1_destroy(notification)
        hyprland_lock_notifier_v1_destroy(notifier)
        listener.deallocate()
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> LockNotifier {
        Unmanaged<LockNotifier>.fromOpaque(data!).takeUnretainedValue()
    }
}
