import AgentProtocol
import CLinuxShim
import Devices
import Events
import Logging
import Policy

/// What the session's agent says, and where it goes.
extension Recorder {
    func take(_ message: AgentMessage) {
        let now = kymo_monotonic_microseconds()
        reports.keep(message)
        switch message {
        case .focus, .layout, .field, .watermark, .outputs, .settings, .focusMet, .clickMet,
            .windowPlace, .pointerPlace:
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
        case .focusMet(let met):
            gate.focusMet(met.widget, window: met.window, atMicroseconds: min(met.timeMicroseconds, now))
        case .clickMet(let met):
            if !gate.clickMet(met.answer, number: met.number) {
                log(.notice, "the agent told of a click that it was not asked of; ignored")
            }
        case .windowPlace(let report):
            gate.windowPlaced(
                report.place, window: report.window, sinceMicroseconds: min(report.timeMicroseconds, now))
        case .pointerPlace(let report):
            let isAnswer = gate.pointerPlaced(
                report.word.map { ($0.frame, $0.x, $0.y) },
                atMicroseconds: min(report.word?.timeMicroseconds ?? now, now), number: report.number)
            if !isAnswer { log(.notice, "the agent told of a press that it was not asked of; ignored") }
        default: break
        }
    }

    /// Of whose widgets the agent is to tell: it is told whenever that changes.
    func tellInteractionWindow() {
        let window = gate.interactionWindow
        guard window != toldInteractionWindow, agent.isConnected else { return }
        toldInteractionWindow = window
        agent.send(.interactions(window: window))
    }

    /// Of a press is asked at once: the pointer moves on, and what an app says of it may be there before the agent is asked.
    func askOfPress(_ event: borrowing Event) {
        guard case .button(let button) = event.payload, button.press == .pressed else { return }
        if let number = gate.pressed(atMicroseconds: event.timeMicroseconds) { agent.send(.press(number: number)) }
        if let number = gate.clicked(atMicroseconds: event.timeMicroseconds) { agent.send(.click(number: number)) }
    }

    func agentConnected() {
        reports = LastReports()
        toldInteractionWindow = 0
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
