/// Why the gate wrote nothing. Raw values are part of the journal's format.
public enum SuppressionReason: UInt8, Sendable, Hashable, CaseIterable {
    /// No agent, or an agent that lost its compositor: nobody knows who owns the keyboard.
    case focusUnknown = 0
    /// The agent did not confirm the focus within the hold-back's deadline.
    case unconfirmed = 1
    /// The rule for the app is `off`.
    case rule = 2
    /// A source says that no window has the focus (launcher, lock screen, empty workspace).
    case noWindow = 3
    /// Recording was not permitted at all (no active session of the subject on the seat).
    case inactive = 4
    /// The recorder stopped while events were waiting for a decision.
    case stopping = 5
}

public enum SpanPhase: UInt8, Sendable, Hashable, CaseIterable { case begin = 0, end = 1 }

/// A span in which the gate wrote no keys (or nothing at all): begin and end are records of their own,
/// so that a crash loses neither. Counts stand in the end record.
public struct Suppression: Sendable, Hashable {
    public var reason: SuppressionReason
    public var phase: SpanPhase
    /// CLOCK_MONOTONIC, µs: the first event suppressed.
    public var startMicroseconds: UInt64
    /// The last event suppressed; equals the start in a begin record.
    public var endMicroseconds: UInt64
    /// Presses of keys not written. 0 in a begin record.
    public var keys: UInt64
    /// Pointer, touch, gesture, tablet events not written.
    public var others: UInt64
    public init(
        reason: SuppressionReason, phase: SpanPhase, startMicroseconds: UInt64, endMicroseconds: UInt64,
        keys: UInt64 = 0, others: UInt64 = 0
    ) {
        self.reason = reason
        self.phase = phase
        self.startMicroseconds = startMicroseconds
        self.endMicroseconds = endMicroseconds
        self.keys = keys
        self.others = others
    }
}

/// Why events are missing. Raw values are part of the journal's format.
public enum LossReason: UInt8, Sendable, Hashable, CaseIterable {
    /// The kernel dropped reports of this device (SYN_DROPPED): the recorder was late, or stopped.
    case kernelBuffer = 0
    /// The ring between the input thread and the journal was full.
    case ringFull = 1
    /// The hold-back was full.
    case holdBackFull = 2
    /// The recorder ended without saying so; what happened until its next start was not seen.
    case crash = 3
    /// Bytes at the end of a segment that do not make a whole chunk (put aside on recovery).
    case tornTail = 4
    /// The journal could not be written.
    case journalWrite = 5
}

/// Events known to be missing, at the place where they are missing.
public struct Loss: Sendable, Hashable {
    public var reason: LossReason
    /// CLOCK_MONOTONIC, µs. The missing events lie in start…end.
    public var startMicroseconds: UInt64
    public var endMicroseconds: UInt64
    /// `nil`: nobody can know.
    public var count: UInt64?
    /// Text for the engineer: device sysname, file name. At most 256 bytes.
    public var detail: String
    public init(
        reason: LossReason, startMicroseconds: UInt64, endMicroseconds: UInt64, count: UInt64?, detail: String = ""
    ) {
        self.reason = reason
        self.startMicroseconds = startMicroseconds
        self.endMicroseconds = endMicroseconds
        self.count = count
        self.detail = detail
    }
}

/// Something was removed from the journal because somebody asked for it: that it was, not what. Where chunks were removed,
/// tombstones keep their sequence numbers.
public struct ForgettingNotice: Sendable, Hashable {
    /// All that there was, files and all, so that nothing else tells of it.
    public var isEverything: Bool
    public init(isEverything: Bool) { self.isEverything = isEverything }
}
