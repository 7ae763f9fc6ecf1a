import AgentProtocol
import CLinuxShim
import Devices
import Logging
import Policy

/// What the session's agent says, and where it goes.
extension Recorder {
    func take(_ message: AgentMessage) {
        let now = kymo_monotonic_microseconds()
        reports.keep(message)
        switch message {
        case .focus, .layout, .field, .watermark, .outputs, .settings:
            // While nothing may be recorded it is nobody's business who has the focus.
            if verdict.closure == nil { hand(message, nowMicroseconds: now) }
        case .lock(let report):
            presence.update { $0.isLockReported = report.isLocked }
        case .indicator(let state):
            if !state.isShown { log(.notice, "the indicator is not shown: \(state.reason)") }
            presence.update { $0.isIndicatorShown = state.isShown }
        case .pauseRequest(let request): clicked(request)
        case .hello: break
        case .backendState(let state):
            log(.notice, "the agent's compositor is \(state.isUsable ? "usable" : "not usable"): \(state.reason)")
        }
    }

    func hand(_ message: AgentMessage, nowMicroseconds now: UInt64) {
        switch message {
        case .focus(let report):
            gate.focusChanged(report.focusDescription, receivedMicroseconds: min(report.timeMicroseconds, now))
        case .layout(let report):
            gate.layoutChanged(report.description, table: report.table, receivedMicroseconds: now)
        case .outputs(let report):
            gate.outputsChanged(
                report.outputs.map { ($0.number, $0.description) }, receivedMicroseconds: now)
        case .settings(let report):
            source.configure(report.choices, source: report.source) { take($0) }
        case .watermark(let mark):
            let isAnswer = gate.watermark(
                probe: mark.probe, sentMicroseconds: mark.sentMicroseconds,
                answeredMicroseconds: mark.answeredMicroseconds, checkedMicroseconds: mark.checkedMicroseconds,
                nowMicroseconds: now)
            if !isAnswer { log(.warning, "the agent confirmed what was not asked; ignored") }
        case .field(let report):
            gate.fieldChanged(
                report.field, window: report.window, samples: report.samples,
                sinceMicroseconds: min(report.timeMicroseconds, now), receivedMicroseconds: now)
        default: break
        }
    }

    func agentConnected() {
        reports = LastReports()
        // It says so as soon as it can be seen.
        presence.update {
            $0.isLockReported = false
            $0.isIndicatorShown = false
        }
        tellAgent()
        if verdict.closure == nil { gate.agentConnected(nowMicroseconds: kymo_monotonic_microseconds()) }
    }

    func agentLost() {
        reports = LastReports()
        // What it drew is gone with it.
        presence.update { $0.isIndicatorShown = false }
        gate.agentLost(nowMicroseconds: kymo_monotonic_microseconds())
    }
}
