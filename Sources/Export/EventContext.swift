import Events
import Journal

/// What a record refers to by number (device, focus) or by clock, as far as the journal has told it up to here.
public struct EventContext: Sendable {
    /// Events refer to the last few focuses only; older ones are forgotten, so that a year of journal fits in memory.
    private static let focusLimit = 4096

    public private(set) var devices: [DeviceID: DeviceDescription] = [:]
    private var focuses: [FocusID: FocusDescription] = [:]
    private var realtimeOffset: Int64 = 0

    public init() {}

    /// To be called with every item, before it is shown.
    public mutating func follow(_ item: JournalItem) {
        switch item {
        case .segment(let header):
            setClock(realtime: header.realtimeMicroseconds, monotonic: header.monotonicMicroseconds)
        case .context(let stored), .event(let stored): follow(stored.event)
        case .damage, .forgotten: break
        }
    }

    private mutating func follow(_ event: Event) {
        switch event.payload {
        case .deviceAdded(let device): devices[event.device] = device
        case .focus(let focus):
            if focuses.count >= Self.focusLimit { focuses = focuses.filter { $0.key > focus.id - min(focus.id, 64) } }
            focuses[focus.id] = focus
        case .clock(let pair):
            setClock(realtime: pair.realtimeMicroseconds, monotonic: event.timeMicroseconds)
        // Numbers begin anew with each start of the recorder.
        case .recorder(let state) where state.isRunning && !event.marks.contains(.snapshot):
            devices.removeAll()
            focuses.removeAll()
        default: break
        }
    }

    /// After a record was shown: a removal still needs the name of what it removes.
    public mutating func settle(_ item: JournalItem) {
        switch item {
        case .context(let stored), .event(let stored):
            if case .deviceRemoved = stored.event.payload { devices[stored.event.device] = nil }
        default: break
        }
    }

    private mutating func setClock(realtime: UInt64, monotonic: UInt64) {
        realtimeOffset = Int64(bitPattern: realtime &- monotonic)
    }

    /// CLOCK_REALTIME, µs since 1970, of a CLOCK_MONOTONIC time of the part that is read now.
    public func realtimeMicroseconds(_ timeMicroseconds: UInt64) -> Int64 {
        Int64(bitPattern: timeMicroseconds) &+ realtimeOffset
    }

    public func device(_ id: DeviceID) -> DeviceDescription? { devices[id] }

    /// The app that had the focus; nil where unknown or no window, empty where the policy withholds it.
    public func appID(_ focus: FocusID) -> String? {
        focuses[focus].flatMap { $0.state == .window ? $0.appID : nil }
    }
}
