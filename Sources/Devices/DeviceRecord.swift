import CLibinput
import CLinuxShim
import Events

/// What is kept of one open device; libinput's device points at it, so that an event finds it without a table.
final class DeviceRecord {
    let id: DeviceID
    let sysname: String
    /// libinput's; it is there as long as this is in `InputSource.devices`.
    let handle: OpaquePointer
    let description: DeviceDescription
    /// As the journal knows them; nil: nobody has ever told of them.
    var settings: SettingsNotice?
    var lastMicroseconds: UInt64 = 0
    var drop = DropSpan()
    let buffer: KernelBuffer
    /// Entries of it that the running dispatch has taken out, as far as events tell.
    var entriesTaken = 0
    /// Which dispatch that was.
    var dispatch: UInt64 = 0

    init(id: DeviceID, handle: OpaquePointer, description: DeviceDescription, buffer: KernelBuffer) {
        self.id = id
        self.handle = handle
        self.description = description
        sysname = description.sysname
        self.buffer = buffer
    }
}

extension DeviceDescription {
    init(_ device: OpaquePointer) {
        var capabilities: Capabilities = []
        let known: [(libinput_device_capability, Capabilities)] = [
            (LIBINPUT_DEVICE_CAP_KEYBOARD, .keyboard), (LIBINPUT_DEVICE_CAP_POINTER, .pointer),
            (LIBINPUT_DEVICE_CAP_TOUCH, .touch), (LIBINPUT_DEVICE_CAP_TABLET_TOOL, .tabletTool),
            (LIBINPUT_DEVICE_CAP_TABLET_PAD, .tabletPad), (LIBINPUT_DEVICE_CAP_GESTURE, .gesture),
            (LIBINPUT_DEVICE_CAP_SWITCH, .switch),
        ]
        for (capability, flag) in known where libinput_device_has_capability(device, capability) != 0 {
            capabilities.insert(flag)
        }
        var width = 0.0
        var height = 0.0
        let hasSize = libinput_device_get_size(device, &width, &height) == 0
        let seat = libinput_seat_get_physical_name(libinput_device_get_seat(device))
        self.init(
            name: Self.bounded(libinput_device_get_name(device)),
            sysname: Self.bounded(libinput_device_get_sysname(device)), seat: Self.bounded(seat),
            vendor: UInt16(truncatingIfNeeded: libinput_device_get_id_vendor(device)),
            product: UInt16(truncatingIfNeeded: libinput_device_get_id_product(device)),
            bus: Self.bus(device), capabilities: capabilities,
            widthMicrometres: hasSize ? UInt32(clamping: Int64(width * 1000)) : 0,
            heightMicrometres: hasSize ? UInt32(clamping: Int64(height * 1000)) : 0,
            // Of the others somebody has to tell.
            isConfigurationKnown: capabilities.isDisjoint(with: [.pointer, .touch]))
    }

    /// At most 256 bytes of valid UTF-8, whatever the device says.
    private static func bounded(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "" }
        var result = ""
        for scalar in String(cString: text).unicodeScalars {
            guard result.utf8.count + String(scalar).utf8.count <= 256 else { break }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// libinput tells it only since 1.26; udev always does.
    private static func bus(_ device: OpaquePointer) -> UInt16 {
        guard let udev = libinput_device_get_udev_device(device) else { return 0 }
        defer { UdevDevice.release(udev) }
        return UdevDevice.bus(udev)
    }
}
