import Events

/// The session that has the seat now, as logind says; nobody else is asked.
public struct SeatSession: Sendable, Equatable {
    /// logind's id: `2`, `c1`.
    public var id: String
    /// The login name of its user.
    public var subject: String
    public var userID: UInt32
    /// `user`, `greeter`, `lock-screen`, … (sd_session_get_class(3)).
    public var sessionClass: String
    /// `wayland`, `x11`, `tty`, … (sd_session_get_type(3)).
    public var type: String
    public var isActive: Bool
    /// LockedHint: what the session itself has told logind.
    public var isLocked: Bool
    public var isRemote: Bool
    public init(
        id: String, subject: String, userID: UInt32, sessionClass: String = "user", type: String = "wayland",
        isActive: Bool = true, isLocked: Bool = false, isRemote: Bool = false
    ) {
        self.id = id
        self.subject = subject
        self.userID = userID
        self.sessionClass = sessionClass
        self.type = type
        self.isActive = isActive
        self.isLocked = isLocked
        self.isRemote = isRemote
    }
}

/// Who has the seat.
public enum SeatState: Sendable, Equatable {
    /// logind is not there, or does not answer, or is being asked.
    case unknown(String)
    case empty
    case session(SeatSession)
}

/// What is on file of the subject's consent.
public enum ConsentState: Sendable, Equatable {
    /// None that holds for the policy in force; why, for people.
    case missing(String)
    /// The receipt's id.
    case given(String)
}

/// Why no device may be open.
public enum Closure: Sendable, Equatable {
    case starting
    case sessionUnknown(String)
    case nobody
    case notActive(SeatSession)
    case notAPerson(SeatSession)
    case textConsole(SeatSession)
    case remote(SeatSession)
    case suspended
    case locked(SeatSession)
    case noConsent(SeatSession, String)
    case paused(SeatSession)
    case noIndicator(SeatSession)

    /// As it stands in the journal.
    public var reason: SuppressionReason {
        switch self {
        case .nobody, .notActive, .notAPerson, .textConsole, .remote: .inactive
        case .starting, .sessionUnknown: .sessionUnknown
        case .suspended: .suspended
        case .locked: .locked
        case .noConsent: .noConsent
        case .paused: .paused
        case .noIndicator: .noIndicator
        }
    }
}

extension Closure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .starting: "starting"
        case .sessionUnknown(let why): "nobody knows who is at the seat: \(why)"
        case .nobody: "nobody has an active session on the seat"
        case .notActive(let session): "the session of \(session.subject) is not active"
        case .notAPerson(let session): "the seat shows no person's session (class \(session.sessionClass))"
        case .textConsole(let session):
            "the session of \(session.subject) has no windows (type \(session.type)): nobody can tell what is typed into"
        case .remote(let session): "the session of \(session.subject) is remote"
        case .suspended: "the machine goes to sleep"
        case .locked(let session): "the session of \(session.subject) is locked"
        case .noConsent(let session, let why): "no consent of \(session.subject): \(why)"
        case .paused(let session): "\(session.subject) has paused the recording"
        case .noIndicator(let session): "the indicator is not shown to \(session.subject)"
        }
    }
}

/// Everything that decides whether devices may be open, and the decision. Pure: whoever learns of a change says so and
/// asks again.
///
/// Fail closed: everything begins as unknown, and each condition must be known to be fulfilled.
public struct Permission: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        case open(SeatSession, receipt: String)
        case closed(Closure)

        public var closure: Closure? {
            if case .closed(let closure) = self { closure } else { nil }
        }
    }

    public var seat = SeatState.unknown("starting") {
        didSet {
            guard seat.sessionID != oldValue.sessionID else { return }
            // All of it was of another session.
            isLockReported = false
            isIndicatorShown = false
        }
    }
    /// logind's PrepareForSleep.
    public var isSuspending = false
    /// The session's own word on its lock (org.freedesktop.ScreenSaver), which may come before logind's. It closes; it
    /// opens nothing that logind calls locked.
    public var isLockReported = false
    public var consent = ConsentState.missing("not asked yet")
    public var isPaused = false
    public var isIndicatorShown = false

    public init() {}

    /// The session whose user is believed, asked for consent and shown the indicator: a person's, local and active.
    public var presentSession: SeatSession? {
        guard case .session(let session) = seat, session.isActive, !session.isRemote, session.isAPersons,
            session.isGraphical
        else {
            return nil
        }
        return session
    }

    public var verdict: Verdict {
        let session: SeatSession
        switch seat {
        case .unknown(let why): return .closed(.sessionUnknown(why))
        case .empty: return .closed(.nobody)
        case .session(let found): session = found
        }
        guard session.isAPersons else { return .closed(.notAPerson(session)) }
        guard session.isGraphical else { return .closed(.textConsole(session)) }
        guard !session.isRemote else { return .closed(.remote(session)) }
        guard session.isActive else { return .closed(.notActive(session)) }
        guard !isSuspending else { return .closed(.suspended) }
        guard !session.isLocked, !isLockReported else { return .closed(.locked(session)) }
        guard case .given(let receipt) = consent else {
            if case .missing(let why) = consent { return .closed(.noConsent(session, why)) }
            return .closed(.starting)
        }
        guard !isPaused else { return .closed(.paused(session)) }
        guard isIndicatorShown else { return .closed(.noIndicator(session)) }
        return .open(session, receipt: receipt)
    }
}

extension SeatSession {
    /// Root is nobody's person: what is done as root is not one human's own.
    fileprivate var isAPersons: Bool { sessionClass == "user" && userID != 0 }

    /// The agent and its indicator may be of the same user's other session, as a service of the user's manager is of all:
    /// at a text console, what it says of windows would be taken for what is typed there.
    fileprivate var isGraphical: Bool { type == "wayland" || type == "x11" }
}

extension SeatState {
    fileprivate var sessionID: String? {
        if case .session(let session) = self { session.id } else { nil }
    }
}
