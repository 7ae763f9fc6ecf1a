import AgentProtocol
import Bus
import Events

/// What the extension says of where the window is that has the keyboard.
struct ShellPlace {
    /// CLOCK_MONOTONIC, µs, by the shell: since when it is known to be so.
    var sinceMicroseconds: UInt64
    /// The shell's number of the window, as in `ShellState`.
    var window: UInt32
    var place: WindowPlace

    /// Nil: it is not what the interface says.
    init?(_ message: BusMessage) {
        guard case .structure(let fields)? = message.arguments.first, fields.count == 6,
            let since = fields[0].read(as: UInt64.self), let window = fields[1].read(as: UInt32.self),
            let x = fields[2].read(as: Int32.self), let y = fields[3].read(as: Int32.self),
            let width = fields[4].read(as: UInt32.self), let height = fields[5].read(as: UInt32.self)
        else { return nil }
        sinceMicroseconds = since
        self.window = window
        place = WindowPlace(x: x, y: y, width: width, height: height)
    }
}

extension PointerWord {
    /// What the extension says of where the pointer is; nil: not in the window that has the keyboard, or it is not what the
    /// interface says.
    /// - Parameter now: when it was received.
    init?(_ message: BusMessage, atMicroseconds now: UInt64) {
        guard case .structure(let fields)? = message.arguments.first, fields.count == 4,
            case .bool(true) = fields[0], let looked = fields[1].read(as: UInt64.self),
            let x = fields[2].read(as: Int32.self), let y = fields[3].read(as: Int32.self)
        else { return nil }
        self.init(
            timeMicroseconds: min(looked, now), frame: .desktop, x: Fixed8(Double(x)), y: Fixed8(Double(y)))
    }
}
