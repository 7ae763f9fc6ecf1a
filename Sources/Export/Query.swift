import Events
import Journal
import Policy

/// Which records are wanted. Everything that is set must hold.
public struct Query: Sendable, Equatable {
    /// A device by the recorder's number, or by a part of its name or its sysname, whatever the case.
    public enum DeviceChoice: Sendable, Equatable {
        case number(DeviceID)
        case name(String)
    }

    /// CLOCK_REALTIME, µs since 1970: from the first on, up to and without the second.
    public var sinceMicroseconds: Int64?
    public var untilMicroseconds: Int64?
    public var apps: [AppGlob] = []
    public var names: Set<RecordName>?
    public var device: DeviceChoice?
    /// Accounts of what is not there are selected whatever kinds are asked for: for data that leaves the journal.
    public var keepsAccounts = false

    public init() {}

    /// Accounts of what is not there (losses, suppressions, damage) concern every app and device: a query by those shows
    /// them, so that what is missing is never mistaken for what did not happen. A query by kind shows the kinds that were
    /// asked for.
    public func selects(_ item: JournalItem, _ context: EventContext) -> Bool {
        switch item {
        case .segment, .context: false
        case .damage: selects(.damage)
        case .forgotten: selects(.forgotten)
        case .event(let stored): selects(stored.event, context)
        }
    }

    private func selects(_ name: RecordName) -> Bool {
        names?.contains(name) ?? true || keepsAccounts && name.isAccount
    }

    private func selects(_ event: Event, _ context: EventContext) -> Bool {
        guard selects(event.payload.recordName) else { return false }
        if sinceMicroseconds != nil || untilMicroseconds != nil {
            let time = context.realtimeMicroseconds(event.timeMicroseconds)
            if let since = sinceMicroseconds, time < since { return false }
            if let until = untilMicroseconds, time >= until { return false }
        }
        if event.payload.recordName.isAccount { return true }
        return selectsApp(event, context) && selectsDevice(event, context)
    }

    private func selectsApp(_ event: Event, _ context: EventContext) -> Bool {
        if apps.isEmpty { return true }
        guard let app = context.appID(event.focus), !app.isEmpty else { return false }
        return apps.contains { $0.matches(app) }
    }

    private func selectsDevice(_ event: Event, _ context: EventContext) -> Bool {
        switch device {
        case nil: return true
        case .number(let number): return event.device == number
        case .name(let part):
            guard let device = context.device(event.device) else { return false }
            return device.sysname == part || device.name.lowercased().contains(part.lowercased())
        }
    }

    /// Whether nothing after this item can be wanted. A clock that was set back may let this end too early by as much.
    public func isBeyond(_ item: JournalItem, _ context: EventContext) -> Bool {
        // Records are in the order of decisions; an account of a span may be stamped a little earlier or later.
        isBeyond(item, context, by: Int64(JournalReader.orderSlackMicroseconds))
    }

    /// Whether this is the first item that is not wanted any more.
    public func isAtEnd(_ item: JournalItem, _ context: EventContext) -> Bool { isBeyond(item, context, by: -1) }

    private func isBeyond(_ item: JournalItem, _ context: EventContext, by slack: Int64) -> Bool {
        guard let until = untilMicroseconds, case .event(let stored) = item, !stored.event.marks.contains(.snapshot)
        else { return false }
        return context.realtimeMicroseconds(stored.event.timeMicroseconds) - slack > until
    }
}
