import CLibudev
import CLinuxShim
import Events
import Glibc

/// Opens device nodes for libinput, and keeps what is learnt of a node on that way until somebody takes it.
struct DeviceNodes {
    private let udev: OpaquePointer
    private var problems: [DeviceProblem] = []
    private var buffers: [String: KernelBuffer] = [:]
    private var keysDown: [String: [UInt16]] = [:]
    /// Keys that were down on devices that libinput closed by itself, for a setting, and opened again.
    private var reopened: [(DeviceID, [UInt16])] = []

    init(_ udev: OpaquePointer) { self.udev = udev }

    /// Read-only, whatever libinput asks for.
    /// - Returns: a descriptor, or a negative errno.
    mutating func open(_ node: String, known devices: [DeviceRecord]) -> Int32 {
        let descriptor = Glibc.open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            problems.append(
                code == EACCES || code == EPERM
                    ? .permissionDenied(node: node, group: groupName(ofNode: node))
                    : .openFailed(node: node, errno: code))
            return -code
        }
        guard !UdevDevice.isExcluded(udev, descriptor: descriptor) else {
            close(descriptor)
            problems.append(.excluded(node: node))
            return -EACCES
        }
        guard let sysname = node.split(separator: "/").last.map(String.init) else { return descriptor }
        buffers[sysname] = KernelBuffer(descriptor: descriptor)
        readKeysDown(descriptor, sysname: sysname, known: devices)
        return descriptor
    }

    private mutating func readKeysDown(_ descriptor: Int32, sysname: String, known devices: [DeviceRecord]) {
        var bits = [UInt8](repeating: 0, count: 96)
        guard kymo_evdev_keys_down(descriptor, &bits, bits.count) > 0 else { return }
        var codes: [UInt16] = []
        for (index, byte) in bits.enumerated() where byte != 0 {
            for bit in 0..<8 where byte >> bit & 1 == 1 { codes.append(UInt16(index * 8 + bit)) }
        }
        guard !codes.isEmpty else { return }
        if let device = devices.first(where: { $0.sysname == sysname }) {
            reopened.append((device.id, codes))
        } else {
            keysDown[sysname] = codes
        }
    }

    mutating func takeBuffer(of sysname: String) -> KernelBuffer { buffers.removeValue(forKey: sysname) ?? .smallest }

    /// Of a device that arrives; nil: none.
    mutating func takeKeysDown(on sysname: String) -> [UInt16]? { keysDown.removeValue(forKey: sysname) }

    mutating func takeProblem() -> DeviceProblem? { problems.popLast() }
    mutating func takeReopened() -> (DeviceID, [UInt16])? { reopened.popLast() }

    /// Devices are closed: what was wrong with them, or down on them, is of no use any more.
    mutating func forget() {
        problems.removeAll()
        reopened.removeAll()
    }
}
