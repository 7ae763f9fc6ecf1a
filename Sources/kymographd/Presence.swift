import Bus
import EventLoop
import Logging
import Policy
import Sessions

/// Who is at the seat, and whether their input may be recorded now: what logind, the agent and the consents on file say,
/// brought together. Tells whenever the answer has changed.
final class Presence {
    private var systemBus: SystemBus!
    private var login: LoginMonitor?
    private let consent: (SeatSession) -> ConsentState
    private let changed: () -> Void
    private(set) var permission = Permission()
    private var isBusLossKnown = false

    /// - Parameters:
    ///   - consent: what is on file of a person's consent. Asked when another session has the seat.
    ///   - changed: called from the loop, after any change; what has changed is for the caller to see.
    init(
        seat: String, loop: EventLoop, consent: @escaping (SeatSession) -> ConsentState, changed: @escaping () -> Void
    ) {
        self.consent = consent
        self.changed = changed
        systemBus = SystemBus(
            loop: loop, connected: { [unowned self] bus throws(BusError) in try follow(bus, seat: seat) },
            lost: { [unowned self] in lost($0) })
    }

    var verdict: Permission.Verdict { permission.verdict }
    var isOpen: Bool { verdict.closure == nil }

    /// The user whose agent is believed.
    var presentUserID: UInt32? { permission.presentSession?.userID }

    /// Changes what is known.
    func update(_ body: (inout Permission) -> Void) {
        var next = permission
        body(&next)
        guard next != permission else { return }
        permission = next
        changed()
    }

    /// What is on file has changed.
    func askForConsent() {
        update { permission in
            permission.consent = permission.presentSession.map(consent) ?? .missing("nobody is there to ask")
        }
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
            permission.seat = state.seat
            permission.isSuspending = state.isSuspending
            permission.consent = permission.presentSession.map(consent) ?? .missing("nobody is there to ask")
        }
    }

    private func lost(_ error: BusError) {
        login = nil
        if !isBusLossKnown { log(.warning, "\(error); nothing is recorded until logind answers") }
        isBusLossKnown = true
        update { $0.seat = .unknown("\(error)") }
    }
}
