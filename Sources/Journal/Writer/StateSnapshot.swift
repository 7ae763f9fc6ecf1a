import Events
import Policy

/// The records that a segment must repeat at its start, so that it can be read when older ones are gone.
struct StateSnapshot {
    private var recorder: PermittedEvent?
    private var consent: PermittedEvent?
    private var session: PermittedEvent?
    private var layout: PermittedEvent?
    private var focus: PermittedEvent?
    private var devices: [PermittedEvent] = []
    /// Of devices that are there, each the latest.
    private var settings: [PermittedEvent] = []
    private var outputs: [PermittedEvent] = []

    mutating func follow(_ permitted: PermittedEvent) {
        switch permitted.event.payload {
        case .recorder: recorder = permitted
        case .consent: consent = permitted
        case .session(let description):
            session = permitted
            // Closed, not removed: they come again, with new numbers, when the session is active again.
            guard !description.isActive else { break }
            devices.removeAll()
            settings.removeAll()
            outputs.removeAll()
        case .layout: layout = permitted
        case .focus: focus = permitted
        case .deviceAdded: devices.append(permitted)
        case .deviceRemoved:
            devices.removeAll { $0.event.device == permitted.event.device }
            settings.removeAll { $0.event.device == permitted.event.device }
        case .settings:
            settings.removeAll { $0.event.device == permitted.event.device }
            settings.append(permitted)
        case .output(let notice):
            outputs.removeAll { $0.outputNumber == notice.number }
            if notice.isConnected { outputs.append(permitted) }
        default: break
        }
    }

    /// Keeps what is the machine's, and nothing of what a person did there.
    mutating func forgetSession() {
        consent = nil
        session = nil
        layout = nil
        focus = nil
        settings.removeAll()
        outputs.removeAll()
    }

    /// Does not repeat a focus that is to be forgotten. What happens in its window from now on is of an unknown app, until
    /// the focus changes.
    mutating func forget(_ request: ForgetRequest, realtimeOffsetMicroseconds offset: UInt64) {
        guard let focus, case .focus(let description) = focus.event.payload else { return }
        switch request.extent {
        case .everything: self.focus = nil
        case .span(let span, let app):
            guard span.contains(focus.event.timeMicroseconds &+ offset), app?.matches(description.appID) ?? true
            else { return }
            self.focus = nil
        }
    }

    /// In the order in which a reader wants them.
    var records: [PermittedEvent] {
        let first = [recorder, consent, session].compactMap(\.self)
        return (first + devices + settings + outputs + [layout, focus].compactMap(\.self)).map { $0.asSnapshot() }
    }
}

extension PermittedEvent {
    /// Nil: it is of something else.
    fileprivate var outputNumber: UInt32? {
        guard case .output(let notice) = event.payload else { return nil }
        return notice.number
    }
}
