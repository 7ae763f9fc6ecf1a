import Bus
import PrivateBus

/// Enough of logind, on a private bus: one seat, sessions that come and go.
final class MockLogin {
    let peer: Peer
    private var objects: [BusSubscription] = []
    private var sessions: [String: [String: BusValue]] = [:]
    private var active = ""
    private var isPreparing = false
    /// Questions are left without an answer.
    var isSilent = false
    /// GetAll on sessions that were asked for, in order.
    private(set) var asked: [String] = []
    var hasSeat = true
    /// Kept, so that it lives as long as the mock on it.
    var daemon: PrivateBus?

    init(_ address: String, owns: Bool = true) throws {
        peer = try Peer(address)
        objects.append(try peer.bus.export(path: "/org/freedesktop/login1") { [unowned self] in manager($0) })
        objects.append(try peer.bus.export(path: Self.seatPath) { [unowned self] in seat($0) })
        if owns { try peer.own("org.freedesktop.login1") }
    }

    static let seatPath = "/org/freedesktop/login1/seat/seat0"
    private static func path(_ id: String) -> String { "/org/freedesktop/login1/session/_3\(id)" }

    private func manager(_ call: BusMessage) -> BusAnswer? {
        switch call.member {
        case "GetSeat" where hasSeat: .values([.objectPath(Self.seatPath)])
        case "GetSeat": .error(name: "org.freedesktop.login1.NoSuchSeat", message: "no seat")
        case "Get": .values([.variant(.bool(isPreparing))])
        default: nil
        }
    }

    private var activeSession: BusValue {
        .structure([.string(active), .objectPath(active.isEmpty ? "/" : Self.path(active))])
    }

    private func seat(_ call: BusMessage) -> BusAnswer? {
        call.member == "Get" ? .values([.variant(activeSession)]) : nil
    }

    /// A session is there from now on.
    func add(_ id: String, _ user: UInt32, _ name: String, properties: [String: BusValue] = [:]) throws {
        var all: [String: BusValue] = [
            "Id": .string(id), "Name": .string(name), "User": .structure([.uint32(user), .objectPath("/u")]),
            "Class": .string("user"), "Type": .string("wayland"), "Active": .bool(false), "State": .string("online"),
            "LockedHint": .bool(false),
            "Remote": .bool(false),
        ]
        for (name, value) in properties { all[name] = value }
        sessions[id] = all
        objects.append(
            try peer.bus.export(path: Self.path(id)) { [unowned self] call in
                guard call.member == "GetAll", let found = sessions[id] else { return nil }
                asked.append(id)
                return .values([.properties(found.map { ($0.key, $0.value) })])
            })
    }

    /// Gives the seat to a session, as logind does: the old one is told first, then the seat, then the new one.
    func activate(_ id: String) throws {
        let old = active
        active = id
        if !old.isEmpty { try change(old, ["Active": .bool(false), "State": .string("online")], told: ["Active"]) }
        try tell(Self.seatPath, "org.freedesktop.login1.Seat", ["ActiveSession": activeSession])
        if !id.isEmpty { try change(id, ["Active": .bool(true), "State": .string("active")], told: ["Active"]) }
    }

    func change(_ id: String, _ values: [String: BusValue], told: [String]? = nil) throws {
        for (name, value) in values { sessions[id]?[name] = value }
        try tell(
            Self.path(id), "org.freedesktop.login1.Session", values.filter { told?.contains($0.key) ?? true })
    }

    func remove(_ id: String) throws {
        sessions[id] = nil
        if active == id {
            active = ""
            try tell(Self.seatPath, "org.freedesktop.login1.Seat", ["ActiveSession": activeSession])
        }
    }

    func prepareForSleep(_ isBeginning: Bool) throws {
        isPreparing = isBeginning
        try peer.bus.emit(
            path: "/org/freedesktop/login1", interface: "org.freedesktop.login1.Manager", member: "PrepareForSleep",
            arguments: [.bool(isBeginning)])
    }

    func tellOfSeat() throws {
        hasSeat = true
        try peer.bus.emit(
            path: "/org/freedesktop/login1", interface: "org.freedesktop.login1.Manager", member: "SeatNew",
            arguments: [.string("seat0"), .objectPath(Self.seatPath)])
    }

    private func tell(_ path: String, _ interface: String, _ changed: [String: BusValue]) throws {
        try peer.bus.emit(
            path: path, interface: "org.freedesktop.DBus.Properties", member: "PropertiesChanged",
            arguments: [
                .string(interface), .properties(changed.map { ($0.key, $0.value) }), .array(element: "s", []),
            ])
    }
}
