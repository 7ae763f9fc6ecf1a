import CLibudev
import Glibc

/// What udev knows of a device node.
enum UdevDevice {
    static func release(_ device: OpaquePointer) { udev_device_unref(device) }

    /// `BUS_*`, from the parent input device's sysfs attribute.
    static func bus(_ device: OpaquePointer) -> UInt16 {
        guard let parent = udev_device_get_parent(device),
            let text = udev_device_get_sysattr_value(parent, "id/bustype")
        else { return 0 }
        return UInt16(String(cString: text), radix: 16) ?? 0
    }

    /// Whether a rule excludes the node that this descriptor is open on.
    static func isExcluded(_ udev: OpaquePointer, descriptor: Int32) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0,
            let device = udev_device_new_from_devnum(udev, CChar(UInt8(ascii: "c")), status.st_rdev)
        else {
            // Without udev's word on it nobody can say that it may be read.
            return true
        }
        defer { udev_device_unref(device) }
        guard let value = udev_device_get_property_value(device, "KYMOGRAPH_IGNORE") else { return false }
        return String(cString: value) != "0"
    }
}

/// The group of a device node, for a message.
func groupName(ofNode path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "input" }
    guard let group = getgrgid(status.st_gid) else { return "\(status.st_gid)" }
    return String(cString: group.pointee.gr_name)
}
