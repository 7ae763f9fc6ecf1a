import Bus
import EventLoop
import Policy
import PrivateBus
import Testing

@testable import Sessions

/// A monitor on a private bus, and everything that it has said.
private final class Watcher {
    let peer: Peer
    private(set) var told: [LoginMonitor.State] = []
    private(set) var failures: [BusError] = []
    private var monitor: LoginMonitor?

    init(_ address: String) throws {
        peer = try Peer(address)
        monitor = try LoginMonitor(
            bus: peer.bus, seat: "seat0", changed: { [unowned self] in told.append($0) },
            failed: { [unowned self] in failures.append($0) })
    }

    var seat: SeatState? { told.last?.seat }

    func turn(_ login: MockLogin, until isSo: () -> Bool) throws { try peer.turn(with: login.peer, until: isSo) }
}

@Suite struct LoginMonitorTests {
    private func seated(
        _ properties: [String: BusValue] = [:]
    ) throws -> (MockLogin, Watcher) {
        let daemon = try PrivateBus()
        let login = try MockLogin(daemon.address)
        login.daemon = daemon
        try login.add("2", 1000, "ada", properties: properties)
        try login.activate("2")
        let watcher = try Watcher(daemon.address)
        try watcher.turn(login) { watcher.seat.map { if case .session = $0 { true } else { false } } ?? false }
        return (login, watcher)
    }

    private static let ada = SeatSession(id: "2", subject: "ada", userID: 1000)

    @Test func findsWhoIsThere() throws {
        let (_, watcher) = try seated()
        #expect(watcher.seat == .session(Self.ada))
        #expect(watcher.told.last?.isSuspending == false)
    }

    @Test func tellsWhatKindOfSessionItIs() throws {
        let (_, greeter) = try seated(["Class": .string("greeter"), "Remote": .bool(true)])
        guard case .session(let session)? = greeter.seat else {
            Issue.record("no session")
            return
        }
        #expect(session.sessionClass == "greeter" && session.isRemote)
    }

    @Test func aLockClosesWithItsSignalAndOpensWithAnAnswer() throws {
        let (login, watcher) = try seated()
        let asked = login.asked.count
        try login.change("2", ["LockedHint": .bool(true)])
        try watcher.turn(login) { watcher.seat != .session(Self.ada) }
        guard case .session(let session)? = watcher.seat else {
            Issue.record("no session")
            return
        }
        #expect(session.isLocked)
        #expect(login.asked.count == asked, "the signal alone has closed it")
        try login.change("2", ["LockedHint": .bool(false)])
        try watcher.turn(login) { watcher.seat == .session(Self.ada) }
        #expect(login.asked.count > asked)
    }

    /// A signal that says that the session is unlocked does not outweigh what logind says when it is asked.
    @Test func unlockingIsBelievedOfTheAnswerAlone() throws {
        let (login, watcher) = try seated(["LockedHint": .bool(true)])
        let asked = login.asked.count
        try login.peer.bus.emit(
            path: "/org/freedesktop/login1/session/_32", interface: "org.freedesktop.DBus.Properties",
            member: "PropertiesChanged",
            arguments: [
                .string("org.freedesktop.login1.Session"), .properties([("LockedHint", .bool(false))]),
                .array(element: "s", []),
            ])
        try watcher.turn(login) { login.asked.count > asked }
        for _ in 0..<20 { try watcher.turn(login) { true } }
        guard case .session(let session)? = watcher.seat else {
            Issue.record("no session")
            return
        }
        #expect(session.isLocked)
    }

    @Test func aSwitchOfUsersHasNobodyInBetween() throws {
        let (login, watcher) = try seated()
        try login.add("3", 1001, "bob")
        let before = watcher.told.count
        try login.activate("3")
        let bob = SeatSession(id: "3", subject: "bob", userID: 1001)
        try watcher.turn(login) { watcher.seat == .session(bob) }
        let seats = watcher.told[before...].map(\.seat)
        #expect(!seats.contains(.session(Self.ada)))
        #expect(seats.dropLast().contains(.empty))
        // The session that left is not heard any more.
        try login.change("2", ["LockedHint": .bool(true)])
        try login.change("3", ["LockedHint": .bool(true)])
        let count = watcher.told.count
        try watcher.turn(login) { watcher.told.count > count }
        guard case .session(let session)? = watcher.seat else {
            Issue.record("no session")
            return
        }
        #expect(session.id == "3" && session.isLocked)
    }

    @Test func aVirtualTerminalWithoutASessionIsEmpty() throws {
        let (login, watcher) = try seated()
        try login.activate("")
        try watcher.turn(login) { watcher.seat == .empty }
        try login.activate("2")
        try watcher.turn(login) { watcher.seat == .session(Self.ada) }
    }

    @Test func aSessionThatEndsIsNobodys() throws {
        let (login, watcher) = try seated()
        try login.change("2", ["State": .string("closing")], told: [])
        try login.remove("2")
        try watcher.turn(login) { watcher.seat == .empty }
    }

    /// logind calls a session "opening" until its scope has started, and tells nobody when it has: one that was asked about
    /// too early was once never recorded.
    @Test(arguments: [("opening", true), ("active", true), ("closing", false)])
    func whatALoginsStateMeans(_ state: String, isActive: Bool) throws {
        let (login, watcher) = try seated()
        try login.change("2", ["State": .string(state), "LockedHint": .bool(true)], told: ["LockedHint"])
        var expected = Self.ada
        expected.isActive = isActive
        expected.isLocked = true
        try watcher.turn(login) { watcher.seat == .session(expected) && login.asked.count > 1 }
    }

    @Test func sleepIsToldAndAfterItEverythingIsAskedAgain() throws {
        let (login, watcher) = try seated()
        try login.prepareForSleep(true)
        try watcher.turn(login) { watcher.told.last?.isSuspending == true }
        // Somebody locks the session while nobody listens.
        try login.change("2", ["LockedHint": .bool(true)], told: [])
        try login.prepareForSleep(false)
        try watcher.turn(login) {
            if case .session(let session)? = watcher.seat { session.isLocked } else { false }
        }
        #expect(watcher.told.last?.isSuspending == false)
    }

    @Test func aForgedSignalChangesNothing() throws {
        let (login, watcher) = try seated(["LockedHint": .bool(true)])
        let forger = try MockLogin(try #require(login.daemon).address, owns: false)
        try forger.add("2", 1000, "ada")
        let count = watcher.told.count
        try forger.change("2", ["LockedHint": .bool(false)])
        try forger.activate("2")
        try forger.prepareForSleep(false)
        _ = try forger.peer.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        let asked = login.asked.count
        try login.change("2", ["LockedHint": .bool(true)])
        try watcher.turn(login) { login.asked.count > asked }
        #expect(login.asked.count == asked + 1)
        #expect(watcher.told.count == count)
    }

    @Test func withoutLogindNothingIsKnownAndItsReturnIsNoticed() throws {
        let daemon = try PrivateBus()
        let login = try MockLogin(daemon.address, owns: false)
        let watcher = try Watcher(daemon.address)
        try watcher.turn(login) { watcher.seat == .unknown("logind is not running") }
        try login.add("2", 1000, "ada")
        try login.activate("2")
        try login.peer.own("org.freedesktop.login1")
        try watcher.turn(login) { watcher.seat == .session(Self.ada) }
        try login.peer.disown("org.freedesktop.login1")
        try watcher.turn(login) { watcher.seat == .unknown("logind is not running") }
        #expect(watcher.failures.isEmpty)
    }

    @Test func aSeatThatComesLaterIsFollowed() throws {
        let daemon = try PrivateBus()
        let login = try MockLogin(daemon.address)
        login.hasSeat = false
        try login.add("2", 1000, "ada")
        let watcher = try Watcher(daemon.address)
        try watcher.turn(login) { watcher.seat == .unknown("logind knows no seat seat0") }
        try login.activate("2")
        try login.tellOfSeat()
        try watcher.turn(login) { watcher.seat == .session(Self.ada) }
    }

    /// Whatever decides must be told: a logind that leaves something out is not understood.
    @Test(arguments: ["Class", "Type", "Active", "State", "LockedHint", "Remote", "User", "Name", "Id"])
    func whatIsMissingIsUnknown(_ missing: String) throws {
        let daemon = try PrivateBus()
        let login = try MockLogin(daemon.address)
        try login.add("2", 1000, "ada", properties: [missing: .double(1)])
        try login.activate("2")
        if ["Active", "State"].contains(missing) { try login.change("2", [missing: .double(1)], told: []) }
        let watcher = try Watcher(daemon.address)
        try watcher.turn(login) {
            if case .unknown(let why)? = watcher.seat { why.contains("does not tell") } else { false }
        }
    }

    @Test func aBusThatComesBackIsUsedAgain() throws {
        let first = try PrivateBus()
        let loop = try EventLoop()
        var connections = 0
        var losses: [BusError] = []
        let bus = SystemBus(
            .address(first.address), loop: loop, connected: { _ in connections += 1 }, lost: { losses.append($0) })
        while connections == 0 { loop.turn(untilMicroseconds: nil) }
        first.kill()
        while losses.isEmpty { loop.turn(untilMicroseconds: nil) }
        #expect(bus.bus == nil)
        // Nobody listens there; it is tried again, later and later.
        while losses.count < 2 { loop.turn(untilMicroseconds: nil) }
        #expect(connections == 1)
    }
}
