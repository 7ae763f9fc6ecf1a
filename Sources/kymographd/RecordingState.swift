import AgentProtocol
import Policy

extension RecordingState {
    /// What the indicator is to show for a verdict. While it is itself all that is missing, it is to show what will be
    /// true as soon as it is shown.
    init(_ verdict: Permission.Verdict) {
        switch verdict {
        case .open: self.init(phase: .recording, text: "")
        case .closed(.noIndicator): self.init(phase: .recording, text: "")
        case .closed(.paused(let session)): self.init(phase: .paused, text: "\(Closure.paused(session))")
        case .closed(let closure): self.init(phase: .off, text: "\(closure)")
        }
    }
}
