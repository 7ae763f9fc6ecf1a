import Events

/// An event that the gate has let through. Only this module can make one for input, and the journal takes nothing
/// else: skipping the gate does not compile.
public struct PermittedEvent: Sendable {
    public let event: Event

    /// The gate's word. Internal on purpose.
    init(permitted event: consuming Event) { self.event = event }

    /// Accounts of the recorder itself (losses, clock pairs, its own start and stop, devices, session, that something
    /// was forgotten, what the subject has decided about being recorded) say nothing of what a person did at the devices,
    /// so they need no gate. Nil for anything else.
    public init?(account event: Event) {
        switch event.payload {
        case .loss, .clock, .recorder, .session, .deviceAdded, .deviceRemoved, .suppression, .forgetting,
            .consent, .pause, .settings:
            self.event = event
        default: return nil
        }
    }

    /// A loss, stamped with its end, since nothing about it is known before.
    public init(loss: Loss, device: DeviceID = 0) {
        event = Event(timeMicroseconds: loss.endMicroseconds, device: device, payload: .loss(loss))
    }

    /// The same event as part of the state that opens a segment.
    public func asSnapshot() -> PermittedEvent {
        var copy = event
        copy.marks.insert(.snapshot)
        return PermittedEvent(permitted: copy)
    }
}
