import Bus
import EventLoop
import Glibc
import Logging
import Policy
import Sessions

/// Who is at the seat, and whether their input may be recorded now: what logind, the agent and the consents on file say,
/// brought together. Tells whenever the answer has changed.
final class Presence {
    private var systemBus: SystemBus!
    private var login: LoginMonitor?
    private let standing: (SeatSession) -> (consent: ConsentState, isPaused: Bool)
    private let changed: () -> Void
    private let busLost: () -> Void
    private(set) var permission = Permission()
    private var isBusLossKnown = false

    /// - Parameters:
    ///   - standing: what is on file of a person. Asked when another session has the seat, while nothing is open.
    ///   - changed: called from the loop, after any change; what has changed is for the caller to see.
    ///   - busLost: calls that were out on `bus` are never answered.
    init(
        seat: String, loop: EventLoop,
        standing: @escaping (SeatSession) -> (consent: ConsentState, isPaused: Bool), changed: @escaping () -> Void,
        busLost: @escaping () -> Void
    ) {
        self.standing = standing
        self.changed = changed
        self.busLost = busLost
        systemBus = SystemBus(
            loop: loop, connected: { [unowned self] bus throws(BusError) in try follow(bus, seat: seat) },
            lost: { [unowned self] in lost($0) })
    }

    var verdict: Permission.Verdict { permission.verdict }

    /// The user whose agent is believed.
    var presentUserID: UInt32? { permission.presentSession?.userID }

    /// The system bus; nil while it cannot be reached.
    var bus: Bus? { systemBus.bus }

    /// Which session a process is of; nil: none.
    func session(ofProcess process: Int32, reply: @escaping (Result<String?, BusError>) -> Void) {
        guard let bus else { return reply(.failure(.noConnection(errno: ENOTCONN))) }
        bus.loginSession(ofProcess: process, reply: reply)
    }

    /// Changes what is known.
    func update(_ body: (inout Permission) -> Void) {
        var next = permission
        body(&next)
        guard next != permission else { return }
        permission = next
        changed()
    }

    /// What is on file has changed.
    func askAgain() { update { ask(&$0) } }

    private func ask(_ permission: inout Permission) {
        guard let session = permission.presentSession else {
            permission.consent = .missing("nobody is there to ask")
            permission.isPaused = false
            return
        }
        (permission.consent, permission.isPaused) = standing(session)
    }

    private func follow(_ bus: Bus, seat: String) throws(BusError) {
        login = try LoginMonitor(
            bus: bus, seat: seat, changed: { [unowned self] in take($0) },
            failed: { [unowned self] in systemBus.abandon($0) })
    }

    private func take(_ state: LoginMonitor.State) {
        if case .session = state.seat {
            systemBus.works()
            isBusLossKnown = false
        }
        update { permission in
            let before = permission.presentSession
            permission.seat = state.seat
            permission.isSuspending = state.isSuspending
            // Only another's turn is a reason to look at the disk: a lock must close at once.
            let now = permission.presentSession
            guard now?.id != before?.id || now?.userID != before?.userID || now?.subject != before?.subject else {
                return
            }
            ask(&permission)
        }
    }

    private func lost(_ error: BusError) {
        login = nil
        if !isBusLossKnown { log(.warning, "\(error); nothing is recorded until logind answers") }
        isBusLossKnown = true
        update {
            $0.seat = .unknown("\(error)")
            ask(&$0)
        }
        busLost()
    }
}
