import Bus
import Events

/// What the extension says of `org.gnome.desktop.peripherals`, which GNOME has by kind of device and not by device: `a(yaq)`,
/// of each kind the numbers of `DeviceSettings`.
enum ShellSettings {
    /// Nil: it is not what the interface says.
    static func choices(_ message: BusMessage) -> [DeviceChoice]? {
        guard case .array(_, let kinds)? = message.arguments.first, kinds.count <= 2 else { return nil }
        var choices: [DeviceChoice] = []
        for kind in kinds {
            guard case .structure(let fields) = kind, fields.count == 2, case .byte(let number) = fields[0],
                let selector = selector(number), case .array(_, let values) = fields[1]
            else { return nil }
            let numbers = values.compactMap { if case .uint16(let number) = $0 { number } else { nil } }
            guard numbers.count == values.count, let settings = DeviceSettings(numbers: numbers) else { return nil }
            choices.append(DeviceChoice(selector, settings))
        }
        return choices
    }

    private static func selector(_ number: UInt8) -> DeviceSelector? {
        switch number {
        case 0: .touchpads
        case 1: .mice
        default: nil
        }
    }
}
