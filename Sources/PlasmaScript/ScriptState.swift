import AgentProtocol
import Bus
import Events

/// What the script says of the window that has the keyboard: six texts, since QtDBus gives numbers of JavaScript whatever
/// type fits them.
struct ScriptState: Equatable {
    static let wordCount = 6

    /// The script's number of the window, which it uses once; 0: no window has the keyboard.
    var window: UInt32
    var appID: String
    var title: String
    var processID: Int32
    /// Empty: not known.
    var output: String
    /// Nil: of no window.
    var place: WindowPlace?

    /// - Parameter first: which of the arguments it begins with; it ends with the last.
    /// - Throws: where it is not what the script says.
    init(_ message: BusMessage, from first: Int) throws(BusError) {
        let words = message.arguments.dropFirst(first).compactMap { $0.read(as: String.self) }
        guard words.count == Self.wordCount, message.arguments.count == first + Self.wordCount,
            let window = UInt32(words[0]), let processID = Int32(words[3]),
            case let place = window == 0 ? nil : Self.place(words[5]), window == 0 || place != nil
        else {
            throw .unexpectedType(
                expected: "\(Self.wordCount) texts", actual: message.arguments.map(\.signature).joined(), index: first,
                message: "the script's state")
        }
        self.window = window
        appID = words[1]
        title = words[2]
        self.processID = max(processID, 0)
        output = words[4]
        self.place = place
    }

    private static func place(_ text: String) -> WindowPlace? {
        let words = text.split(separator: " ")
        guard words.count == 4, let x = Int32(words[0]), let y = Int32(words[1]), let width = UInt32(words[2]),
            let height = UInt32(words[3])
        else { return nil }
        return WindowPlace(x: x, y: y, width: width, height: height)
    }

    /// Where the pointer is, as the script says it with each answer.
    static func pointer(_ text: String, atMicroseconds now: UInt64) -> PointerWord? {
        let words = text.split(separator: " ")
        guard words.count == 2, let x = Double(words[0]), let y = Double(words[1]), x.isFinite, y.isFinite
        else { return nil }
        return PointerWord(timeMicroseconds: now, frame: .desktop, x: Fixed8(x), y: Fixed8(y))
    }

    /// Elsewhere the pointer is nobody's business: over a panel, another app, or a keyboard that is drawn on the screen.
    func isInWindow(_ word: PointerWord) -> Bool {
        guard let place else { return false }
        let x = word.x.value - Double(place.x), y = word.y.value - Double(place.y)
        return x >= 0 && y >= 0 && x < Double(place.width) && y < Double(place.height)
    }

    /// - Parameter base: what the script's numbers are added to, so that another script's do not come again.
    func report(atMicroseconds now: UInt64, numbersFrom base: UInt64) -> FocusReport {
        guard window != 0 else { return FocusReport(timeMicroseconds: now, state: .none, source: PlasmaScript.name) }
        return FocusReport(
            timeMicroseconds: now, state: .window, window: base + UInt64(window), processID: processID,
            appID: appID.cut(toBytes: StringLimit.appID), title: title.cut(toBytes: StringLimit.title),
            isTitleTruncated: title.utf8.count > StringLimit.title, output: output.cut(toBytes: StringLimit.output),
            source: PlasmaScript.name)
    }
}
