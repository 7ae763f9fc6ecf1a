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
    /// Devices were closed: nobody whose input may be recorded had the active session on the seat.
    case inactive = 4
    /// The recorder stopped while events were waiting for a decision.
    case stopping = 5
    /// Devices were closed: logind could not be asked who is there.
    case sessionUnknown = 6
    /// Devices were closed: the session was locked.
    case locked = 7
    /// Devices were closed: the machine was about to sleep, or slept.
    case suspended = 8
    /// Devices were closed: there was no valid receipt of the subject's consent to the policy in force.
    case noConsent = 9
    /// Devices were closed: the subject had paused the recording.
    case paused = 10
    /// Devices were closed: the subject could not see that recording was on.
    case noIndicator = 11
    /// A password's field had the keyboard.
    case password = 16
    /// A terminal had the focus, and not every look at the subject's terminals around the key was clean: one reads lines
    /// without echo, or nobody looked closely enough.
    case terminal = 17
    /// The app is registered with accessibility and does not say which field has the keyboard; or nobody has asked.
    case accessibility = 18
    /// The app is on the deny list.
    case denied = 19
    /// A browser's private window.
    case privateWindow = 20

    /// Whether no device was open at all. Then nobody knows what was withheld: such a span has no counts.
    public var isClosed: Bool {
        switch self {
        case .inactive, .sessionUnknown, .locked, .suspended, .noConsent, .paused, .noIndicator: true
        case .focusUnknown, .unconfirmed, .rule, .noWindow, .stopping, .password, .terminal, .accessibility, .denied,
            .privateWindow:
            false
        }
    }

    /// What was withheld may be a secret, of which not even the length is written: such a span has no counts, and bounds
    /// that are rounded outwards to `Suppression.secretGridMicroseconds`.
    public var mayBeSecret: Bool {
        switch self {
        // On some desktops that no window has the focus is all that tells of a lock screen.
        case .noWindow: true
        case .password, .terminal, .accessibility, .denied, .privateWindow: true
        case .focusUnknown, .unconfirmed, .rule, .stopping: false
        // No device was open: there is no count to hide, and no key that a bound could tell of.
        case .inactive, .sessionUnknown, .locked, .suspended, .noConsent, .paused, .noIndicator: false
        }
    }
}

public enum SpanPhase: UInt8, Sendable, Hashable, CaseIterable { case begin = 0, end = 1 }

/// A span in which the gate wrote no keys (or nothing at all): begin and end are records of their own,
/// so that a crash loses neither. Counts stand in the end record.
public struct Suppression: Sendable, Hashable {
    /// Bounds of spans that may hold a secret are multiples of this, so that a length tells nothing.
    public static let secretGridMicroseconds: UInt64 = 1_000_000

    public var reason: SuppressionReason
    public var phase: SpanPhase
    /// CLOCK_MONOTONIC, µs: the first event suppressed.
    public var startMicroseconds: UInt64
    /// The last event suppressed, or the moment when devices could be opened; equals the start in a begin record.
    public var endMicroseconds: UInt64
    /// Presses of keys not written. 0 in a begin record, where `reason.isClosed`, and where it may be a secret's length.
    public var keys: UInt64
    /// Pointer, touch, gesture, tablet events not written. 0 where keys is.
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

/// The subject does not want to be recorded for a while, or wants it again.
public struct PauseNotice: Sendable, Hashable {
    /// False: the pause is over, by the subject's word or because its time has passed.
    public var isPaused: Bool
    /// Microseconds since 1970; 0: until resumed, and where a pause ends.
    public var endRealtimeMicroseconds: UInt64
    public init(isPaused: Bool, endRealtimeMicroseconds: UInt64 = 0) {
        self.isPaused = isPaused
        self.endRealtimeMicroseconds = endRealtimeMicroseconds
    }
}
