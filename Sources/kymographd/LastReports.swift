import AgentProtocol
import Events

/// The last of what the agent has told, of each kind: it tells a state once, and devices may be opened long after.
struct LastReports {
    private var layout: LayoutReport?
    private var focus: FocusReport?

    mutating func keep(_ message: AgentMessage) {
        switch message {
        case .layout(let report): layout = report
        case .focus(let report): focus = report
        default: break
        }
    }

    /// In the order in which the gate wants them.
    func messages(asOfMicroseconds now: UInt64) -> [AgentMessage] {
        var messages: [AgentMessage] = []
        if let layout { messages.append(.layout(layout)) }
        if var focus {
            focus.timeMicroseconds = now
            messages.append(.focus(focus))
        }
        return messages
    }
}
