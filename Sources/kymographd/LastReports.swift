import AgentProtocol
import Events

/// The last of what the agent has told, of each kind: it tells a state once, and devices may be opened long after.
struct LastReports {
    private var layout: LayoutReport?
    private var outputs: OutputsReport?
    private var settings: SettingsReport?
    private var focus: FocusReport?
    private var field: FieldReport?
    private var place: WindowPlaceReport?

    mutating func keep(_ message: AgentMessage) {
        switch message {
        case .layout(let report): layout = report
        case .outputs(let report): outputs = report
        case .settings(let report): settings = report
        case .focus(let report):
            focus = report
            // It was another window's.
            if field?.window != report.window { field = nil }
            if place?.window != report.window { place = nil }
        case .field(let report): field = report
        case .windowPlace(let report): place = report
        default: break
        }
    }

    /// In the order in which the gate wants them.
    func messages(asOfMicroseconds now: UInt64) -> [AgentMessage] {
        var messages: [AgentMessage] = []
        if let layout { messages.append(.layout(layout)) }
        if let outputs { messages.append(.outputs(outputs)) }
        if let settings { messages.append(.settings(settings)) }
        if var focus {
            focus.timeMicroseconds = now
            messages.append(.focus(focus))
            // Looks at terminals that are long past prove nothing about what comes.
            if var field, field.window == focus.window {
                field.timeMicroseconds = now
                field.samples = []
                messages.append(.field(field))
            }
            if var place, place.window == focus.window {
                place.timeMicroseconds = now
                messages.append(.windowPlace(place))
            }
        }
        return messages
    }
}
