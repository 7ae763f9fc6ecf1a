import CLibudev
import Glibc

/// What is unplugged while no device is open. libinput sees nothing then, and when devices are opened again it only finds
/// what is there: a device that was replaced meanwhile, under the same name, would be taken for the one before.
///
/// udev's messages wait in the monitor's socket until they are asked for: what is plugged while nothing may be recorded
/// wakes nobody, and nobody needs to know of it sooner.
final class HotplugWatch {
    /// Some 2,000 messages.
    private static let bufferBytes: Int32 = 1 << 20

    private let monitor: OpaquePointer

    /// From now on. Nil: udev has none to give.
    init?(_ udev: OpaquePointer) {
        guard let monitor = udev_monitor_new_from_netlink(udev, "udev") else { return nil }
        self.monitor = monitor
        // Root alone may have more than the system's limit. What does not fit is lost, and a removal that nobody saw is not
        // recorded: which devices there are is found by looking, not here.
        udev_monitor_set_receive_buffer_size(monitor, Self.bufferBytes)
        guard udev_monitor_filter_add_match_subsystem_devtype(monitor, "input", nil) >= 0,
            udev_monitor_enable_receiving(monitor) >= 0
        else {
            udev_monitor_unref(monitor)
            return nil
        }
    }

    deinit { udev_monitor_unref(monitor) }

    /// The nodes (`event5`) that went since it began or was asked last.
    func unplugged() -> Set<String> {
        var names: Set<String> = []
        while let device = nextDevice() {
            if let action = udev_device_get_action(device), String(cString: action) == "remove",
                let name = udev_device_get_sysname(device)
            {
                names.insert(String(cString: name))
            }
            udev_device_unref(device)
        }
        return names
    }

    /// The kernel tells of what did not fit once, before what did.
    private func nextDevice() -> OpaquePointer? {
        errno = 0
        return udev_monitor_receive_device(monitor) ?? (errno == ENOBUFS ? udev_monitor_receive_device(monitor) : nil)
    }
}
