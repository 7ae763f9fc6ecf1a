import Bus
import Policy

/// Follows, by logind's signals, who has a seat. One connection's: when the bus is lost, so is what this knew, and a new
/// one is made with the new connection.
///
/// What a signal closes takes effect with the signal; what it would open is asked for first, so that nothing opens on
/// half a picture.
public final class LoginMonitor {
    /// logind answers from memory; longer than this it hangs.
    private static let timeoutMicroseconds: UInt64 = 5_000_000
    private static let service = "org.freedesktop.login1"
    private static let manager = "/org/freedesktop/login1"
    private static let managerInterface = "org.freedesktop.login1.Manager"
    private static let seatInterface = "org.freedesktop.login1.Seat"
    private static let sessionInterface = "org.freedesktop.login1.Session"
    private static let propertiesInterface = "org.freedesktop.DBus.Properties"

    /// What is known now.
    public struct State: Sendable, Equatable {
        public var seat = SeatState.unknown("logind was not asked yet")
        public var isSuspending = false
    }

    private let bus: Bus
    private let seat: String
    private let changed: (State) -> Void
    private let failed: (BusError) -> Void
    private var subscriptions: [BusSubscription] = []
    private var seatSubscription: BusSubscription?
    private var session: (id: String, path: String, subscription: BusSubscription)?
    /// Grows whenever what is being asked has become old: answers to older questions are not listened to.
    private var generation = 0
    public private(set) var state = State()

    /// - Parameters:
    ///   - changed: called from the loop with every change, and with what is found first.
    ///   - failed: logind does not answer, or not as it should. The caller is to make a new connection after a while.
    public init(
        bus: Bus, seat: String, changed: @escaping (State) -> Void, failed: @escaping (BusError) -> Void
    ) throws(BusError) {
        self.bus = bus
        self.seat = seat
        self.changed = changed
        self.failed = failed
        subscriptions.append(
            try bus.subscribe(
                sender: Self.service, path: Self.manager, interface: Self.managerInterface, member: "PrepareForSleep"
            ) { [weak self] in self?.prepareForSleep($0) })
        for member in ["SeatNew", "SeatRemoved"] {
            subscriptions.append(
                try bus.subscribe(
                    sender: Self.service, path: Self.manager, interface: Self.managerInterface, member: member,
                    firstArgument: seat
                ) { [weak self] _ in self?.ask() })
        }
        subscriptions.append(
            try bus.ownerOfName(Self.service) { [weak self] owner in
                if owner == nil {
                    self?.forget("logind is not running")
                } else {
                    self?.ask()
                }
            })
    }

    private func publish(_ seat: SeatState) {
        guard state.seat != seat else { return }
        state.seat = seat
        changed(state)
    }

    private func setSuspending(_ isSuspending: Bool) {
        guard state.isSuspending != isSuspending else { return }
        state.isSuspending = isSuspending
        changed(state)
    }

    /// Nothing is known any more, and no answer that is out is listened to.
    private func forget(_ why: String) {
        generation += 1
        seatSubscription = nil
        session = nil
        publish(.unknown(why))
    }

    private func fail(_ error: BusError) {
        forget("\(error)")
        failed(error)
    }

    /// The answer, unless what was asked has become old; a failure is one of logind's.
    private func current<T>(_ body: @escaping (T) -> Void) -> (Result<T, BusError>) -> Void {
        let asked = generation
        return { [weak self] answer in
            guard let self, asked == generation else { return }
            switch answer {
            case .success(let value): body(value)
            case .failure(let error): fail(error)
            }
        }
    }

    // MARK: the seat

    private func ask() {
        generation += 1
        seatSubscription = nil
        bus.property(
            Self.service, path: Self.manager, interface: Self.managerInterface, name: "PreparingForSleep",
            as: Bool.self, timeoutMicroseconds: Self.timeoutMicroseconds,
            reply: current { [weak self] in self?.setSuspending($0) })
        let found = current { [weak self] (path: String) in self?.follow(seat: path) }
        let asked = generation
        bus.call(
            Self.service, path: Self.manager, interface: Self.managerInterface, member: "GetSeat",
            arguments: [.string(seat)], timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, asked == generation else { return }
            if case .failure(.remote("org.freedesktop.login1.NoSuchSeat", _, _)) = answer {
                return forget("logind knows no seat \(seat)")
            }
            found(answer.flatMap { message in Result { () throws(BusError) in try message[0, as: String.self] } })
        }
    }

    private func follow(seat path: String) {
        do throws(BusError) {
            seatSubscription = try bus.subscribe(
                sender: Self.service, path: path, interface: Self.propertiesInterface, member: "PropertiesChanged",
                firstArgument: Self.seatInterface
            ) { [weak self] in self?.seatChanged(path, $0) }
        } catch {
            return fail(error)
        }
        askForActiveSession(path)
    }

    private func askForActiveSession(_ path: String) {
        bus.property(
            Self.service, path: path, interface: Self.seatInterface, name: "ActiveSession", as: [String].self,
            timeoutMicroseconds: Self.timeoutMicroseconds,
            reply: current { [weak self] in self?.activeSession($0) })
    }

    private func seatChanged(_ path: String, _ message: BusMessage) {
        guard let change = PropertiesChange(message) else { return }
        if let active: [String] = change.changed["ActiveSession"]?.read() {
            activeSession(active)
        } else if change.invalidated.contains("ActiveSession") {
            askForActiveSession(path)
        }
    }

    // MARK: the session that has it

    /// - Parameter active: id and object path; the id is empty when nobody's session is active.
    private func activeSession(_ active: [String]) {
        guard active.count == 2, !active[0].isEmpty else {
            session = nil
            return publish(.empty)
        }
        if session?.path != active[1] {
            // From here on it is another's turn, whoever that is.
            session = nil
            publish(.empty)
            do throws(BusError) {
                let subscription = try bus.subscribe(
                    sender: Self.service, path: active[1], interface: Self.propertiesInterface,
                    member: "PropertiesChanged", firstArgument: Self.sessionInterface
                ) { [weak self] in self?.sessionChanged($0) }
                session = (active[0], active[1], subscription)
            } catch {
                return fail(error)
            }
        }
        askForSession()
    }

    private func askForSession() {
        guard let session else { return }
        bus.properties(
            Self.service, path: session.path, interface: Self.sessionInterface,
            timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            // It may be another's turn by now.
            guard let self, self.session?.path == session.path else { return }
            switch answer {
            case .success(let properties):
                guard let found = SeatSession(properties) else {
                    return publish(.unknown("logind does not tell what session \(session.id) is"))
                }
                publish(.session(found))
            case .failure(.remote(let name, _, _)) where name.hasSuffix(".UnknownObject"):
                // It ended while it was being asked for; who is next comes as a signal.
                publish(.empty)
            case .failure(let error): fail(error)
            }
        }
    }

    private func sessionChanged(_ message: BusMessage) {
        guard let change = PropertiesChange(message) else { return }
        if case .session(var known) = state.seat {
            if change.changed["Active"]?.read() == false { known.isActive = false }
            if change.changed["LockedHint"]?.read() == true { known.isLocked = true }
            publish(.session(known))
        }
        askForSession()
    }

    private func prepareForSleep(_ message: BusMessage) {
        // What does not say that it is over is a beginning.
        let isBeginning = (try? message[0, as: Bool.self]) ?? true
        setSuspending(isBeginning)
        // What happened meanwhile may have been told to nobody.
        if !isBeginning { ask() }
    }
}

/// org.freedesktop.DBus.Properties.PropertiesChanged.
private struct PropertiesChange {
    let changed: [String: BusValue]
    let invalidated: [String]

    init?(_ message: BusMessage) {
        guard let changed = try? message[1, as: [String: BusValue].self],
            let invalidated = try? message[2, as: [String].self]
        else { return nil }
        self.changed = changed
        self.invalidated = invalidated
    }
}

extension SeatSession {
    /// Nil where anything that decides is missing.
    fileprivate init?(_ properties: [String: BusValue]) {
        guard let id: String = properties["Id"]?.read(), let name: String = properties["Name"]?.read(),
            let user: [BusValue] = properties["User"]?.read(), let userID: UInt32 = user.first?.read(),
            let sessionClass: String = properties["Class"]?.read(), let type: String = properties["Type"]?.read(),
            let isActive: Bool = properties["Active"]?.read(),
            let state: String = properties["State"]?.read(), let isLocked: Bool = properties["LockedHint"]?.read(),
            let isRemote: Bool = properties["Remote"]?.read()
        else { return nil }
        self.init(
            id: id, subject: name, userID: userID, sessionClass: sessionClass, type: type,
            // Active: it has the seat. State: and it is not ending. One that is "opening" has it too: its scope is still
            // being started, and that it has become "active" is told by no signal.
            isActive: isActive && state != "closing", isLocked: isLocked, isRemote: isRemote)
    }
}
