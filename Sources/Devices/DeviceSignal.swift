import Events
import Glibc

/// What comes from the devices.
public enum DeviceSignal: Sendable {
    /// Input, a device that came or went, or reports the kernel dropped.
    case event(Event)
    /// Keys that were down when the device was opened; nobody saw them pressed.
    case keysDownAtOpen(DeviceID, [UInt16])
    case problem(DeviceProblem)
}

/// A device that is not read, and why.
public enum DeviceProblem: Sendable, Equatable, CustomStringConvertible {
    case permissionDenied(node: String, group: String)
    case openFailed(node: String, errno: Int32)
    /// A rule says so (`KYMOGRAPH_IGNORE`).
    case excluded(node: String)

    public var description: String {
        switch self {
        case .permissionDenied(let node, let group):
            "may not open \(node): it belongs to group \(group); run as kymographd.service, which has that group "
                + "(SupplementaryGroups=\(group)), or as root"
        case .openFailed(let node, let code): "cannot open \(node): \(String(cString: strerror(code)))"
        case .excluded(let node): "\(node) is left out (udev property KYMOGRAPH_IGNORE)"
        }
    }
}

/// Why no device can be read at all.
public enum DeviceError: Error, Sendable, Equatable, CustomStringConvertible {
    case noUdev
    case noContext
    case noSeat(String)

    public var description: String {
        switch self {
        case .noUdev: "cannot reach udev: is systemd-udevd running?"
        case .noContext: "libinput refused to start"
        case .noSeat(let seat): "libinput cannot use seat \(seat); loginctl list-seats shows which there are"
        }
    }
}
