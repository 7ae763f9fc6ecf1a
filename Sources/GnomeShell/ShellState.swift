import AgentProtocol
import Bus
import Events

/// What the extension says of the keyboard: one answer, whole.
struct ShellState: Equatable {
    /// CLOCK_MONOTONIC, µs, by the shell: since when it is known to be so. The shell met no key in between.
    var sinceMicroseconds: UInt64
    /// The shell's number of the window, which it uses once; 0: no window has the keyboard, the shell itself does.
    var window: UInt32
    var processID: Int32
    var appID: String
    var title: String
    /// It came through Xwayland.
    var isX11: Bool
    var purpose: ContentPurpose
    /// Nil: not known.
    var group: UInt32?
    /// Empty: not known.
    var output: String

    /// - Throws: where it is not what the interface says.
    init(_ message: BusMessage) throws(BusError) {
        guard case .structure(let fields)? = message.arguments.first, fields.count == 9,
            let since = fields[0].read(as: UInt64.self), let window = fields[1].read(as: UInt32.self),
            let process = fields[2].read(as: Int32.self), let appID = fields[3].read(as: String.self),
            let title = fields[4].read(as: String.self), let isX11 = fields[5].read(as: Bool.self),
            case .byte(let number) = fields[6], let purpose = ContentPurpose(rawValue: number),
            let group = fields[7].read(as: Int32.self), let output = fields[8].read(as: String.self)
        else {
            throw .unexpectedType(
                expected: "(tuissbyis)", actual: message.arguments.first?.signature ?? "", index: 0,
                message: "the extension's state")
        }
        sinceMicroseconds = since
        self.window = window
        processID = max(process, 0)
        self.appID = appID
        self.title = title
        self.isX11 = isX11
        self.purpose = purpose
        self.group = UInt32(exactly: group)
        self.output = output
    }

    /// - Parameter now: when it was received.
    /// - Parameter number: the agent's of the window.
    func report(atMicroseconds now: UInt64, number: UInt64) -> FocusReport {
        let time = min(sinceMicroseconds, now)
        guard window != 0 else { return FocusReport(timeMicroseconds: time, state: .none, source: GnomeShell.name) }
        return FocusReport(
            timeMicroseconds: time, state: .window, window: number, processID: processID,
            appID: appID.cut(toBytes: StringLimit.appID), title: title.cut(toBytes: StringLimit.title),
            isTitleTruncated: title.utf8.count > StringLimit.title, output: output.cut(toBytes: StringLimit.output),
            source: isX11 ? "\(GnomeShell.name)/xwayland" : GnomeShell.name)
    }
}
