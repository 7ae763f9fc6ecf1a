import Events
import Journal

/// What a record refers to by number (device, focus), as far as the journal has told it up to here, and by the clocks
/// of its segment.
public struct EventContext: Sendable {
    /// Events refer to the last few focuses only; older ones are forgotten, so that a year of journal fits in memory.
    private static let focusLimit = 4096

    public private(set) var devices: [DeviceID: DeviceDescription] = [:]
    private var focuses: [FocusID: FocusDescription] = [:]
    private var realtimeOffset: Int64 = 0
    private var segment: (number: UInt64, id: Identifier)?
    /// The place of the last record that was read, shown or not; nil before the first.
    public private(set) var cursor: Cursor?
    /// Nothing was read yet but the state that the first segment opens with.
    public private(set) var isOpening = false

    public init() {}

    /// To be called with every item, before it is shown.
    public mutating func follow(_ item: JournalItem) {
        switch item {
        case .segment(let header):
            isOpening = segment == nil
            realtimeOffset = Int64(bitPattern: header.realtimeMicroseconds &- header.monotonicMicroseconds)
            segment = (header.number, header.segmentID)
        case .context(let stored):
            isOpening = false
            follow(stored.event)
        case .event(let stored):
            isOpening = isOpening && stored.event.marks.contains(.snapshot)
            follow(stored.event)
        // What is missing in front of a segment may have told of another start, which gives all numbers anew.
        case .damage(let damage): if damage.offset == 0 { forgetNumbers() }
        case .forgotten: break
        }
    }

    private mutating func follow(_ event: Event) {
        switch event.payload {
        case .deviceAdded(let device): devices[event.device] = device
        case .focus(let focus):
            if focuses.count >= Self.focusLimit { focuses = focuses.filter { $0.key > focus.id - min(focus.id, 64) } }
            focuses[focus.id] = focus
        // Numbers begin anew with each start of the recorder.
        case .recorder(let state) where state.isRunning && !event.marks.contains(.snapshot): forgetNumbers()
        default: break
        }
    }

    private mutating func forgetNumbers() {
        devices.removeAll()
        focuses.removeAll()
    }

    /// After an item was shown: a removal still needs the name of what it removes.
    public mutating func settle(_ item: JournalItem) {
        switch item {
        case .context(let stored), .event(let stored):
            if case .deviceRemoved = stored.event.payload { devices[stored.event.device] = nil }
        default: break
        }
        cursor = place(of: item) ?? cursor
    }

    /// The cursor that names an item, or the end of what it tells of; nil if it has none.
    public func place(of item: JournalItem) -> Cursor? {
        func place(_ sequence: UInt64, in number: UInt64) -> Cursor? {
            segment.flatMap { $0.number == number ? Cursor(segmentID: $0.id, sequence: sequence) : nil }
        }
        switch item {
        case .event(let stored): return place(stored.sequence, in: stored.segment)
        case .forgotten(let span): return place(span.sequences.upperBound - 1, in: span.segment)
        case .damage(let damage):
            // What is missing in front of a segment has no segment of its own to be named by.
            guard let missing = damage.missing, !missing.isEmpty else { return nil }
            return place(missing.upperBound - 1, in: damage.segment)
        case .segment, .context: return nil
        }
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
