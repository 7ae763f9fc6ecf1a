import EventLoop
import PrivateBus
import Testing

@testable import Bus

@Suite struct SignalTests {
    @Test func onlyTheOwnerOfTheNameIsHeard() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        let forger = try Peer(daemon.address)
        try server.own("org.example.Login")
        var heard: [BusMessage] = []
        var anybody: [BusMessage] = []
        let strict = try client.bus.subscribe(
            sender: "org.example.Login", interface: "org.example.S", member: "Lock"
        ) { heard.append($0) }
        let loose = try client.bus.subscribe(sender: nil, interface: "org.example.S", member: "Lock") {
            anybody.append($0)
        }
        // Its own name, for a signal sent to it alone, comes with the answer to its first call.
        let own = try client.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        #expect(own.sender == "org.freedesktop.DBus")
        var address: String?
        let object = try server.bus.export(path: "/org/example") {
            address = $0.sender
            return .values([])
        }
        _ = try client.ask("org.example.Login", "org.example/Hello", with: server).get()
        let target = address ?? ""
        try forger.bus.emit(
            path: "/org/example", interface: "org.example.S", member: "Lock", arguments: [.string("forged")],
            to: target)
        try client.turn(with: forger) { anybody.count == 1 }
        try server.bus.emit(
            path: "/org/example", interface: "org.example.S", member: "Lock", arguments: [.string("real")])
        try client.turn(with: server) { anybody.count == 2 }
        #expect(heard.map(\.arguments) == [[.string("real")]])
        #expect(anybody[0].sender != anybody[1].sender)
        withExtendedLifetime((strict, loose, object)) {}
    }

    @Test func theBusItselfCannotBeImpersonated() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        let forger = try Peer(daemon.address)
        try server.own("org.example.Login")
        var owners: [String?] = []
        let watch = try client.bus.ownerOfName("org.example.Login") { owners.append($0) }
        try client.turn { owners.count == 1 }
        var address: String?
        let object = try server.bus.export(path: "/org/example") {
            address = $0.sender
            return .values([])
        }
        _ = try client.ask("org.example.Login", "org.example/Hello", with: server).get()
        try forger.bus.emit(
            path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus", member: "NameOwnerChanged",
            arguments: [.string("org.example.Login"), .string(""), .string(":1.666")], to: address ?? "")
        // What comes behind the forged one on the same way has been taken, so it has too.
        try forger.own("org.example.Other")
        _ = try client.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        #expect(owners.count == 1)
        withExtendedLifetime((watch, object)) {}
    }

    @Test func aNameIsFollowedFromOwnerToOwner() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let first = try Peer(daemon.address)
        let second = try Peer(daemon.address)
        var owners: [String?] = []
        var heard: [BusValue] = []
        let watch = try client.bus.ownerOfName("org.example.Login") { owners.append($0) }
        let signals = try client.bus.subscribe(
            sender: "org.example.Login", interface: "org.example.S", member: "Lock"
        ) { heard += $0.arguments }
        try client.turn { owners.count == 1 }
        try first.own("org.example.Login")
        try client.turn { owners.count == 2 }
        try first.disown("org.example.Login")
        try client.turn { owners.count == 3 }
        try second.own("org.example.Login")
        try client.turn { owners.count == 4 }
        #expect(owners[0] == nil && owners[1] != nil && owners[2] == nil && owners[3] != nil)
        #expect(owners[1] != owners[3])
        // Who has lost the name is not heard any more.
        try first.bus.emit(path: "/a", interface: "org.example.S", member: "Lock", arguments: [.string("old")])
        _ = try first.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        try second.bus.emit(path: "/a", interface: "org.example.S", member: "Lock", arguments: [.string("new")])
        try client.turn(with: second) { !heard.isEmpty }
        #expect(heard == [.string("new")])
        // One that comes later is told what is known.
        var late: [String?] = []
        let again = try client.bus.ownerOfName("org.example.Login") { late.append($0) }
        #expect(late.isEmpty)
        try client.turn { late.count == 1 }
        #expect(late[0] == owners[3])
        withExtendedLifetime((watch, signals, again)) {}
    }

    @Test func pathMemberAndFirstArgumentNarrowAMatch() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        var narrow: [BusValue] = []
        var last = false
        let one = try client.bus.subscribe(
            sender: nil, path: "/b", interface: "org.example.S", member: "Lock", firstArgument: "yes"
        ) { narrow += $0.arguments }
        let two = try client.bus.subscribe(sender: nil, interface: "org.example.S", member: "Last") { _ in last = true }
        _ = try client.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        for (path, member, text) in [
            ("/a", "Lock", "yes"), ("/b", "Unlock", "yes"), ("/b", "Lock", "no"), ("/b", "Lock", "yes"),
        ] {
            try server.bus.emit(
                path: path, interface: "org.example.S", member: member, arguments: [.string(text), .string(path)])
        }
        try server.bus.emit(path: "/b", interface: "org.example.S", member: "Last")
        try client.turn(with: server) { last }
        #expect(narrow == [.string("yes"), .string("/b")])
        #expect(throws: BusError.self) {
            _ = try client.bus.subscribe(sender: nil, interface: "org.example.S", member: "a',eavesdrop='true") { _ in }
        }
        withExtendedLifetime((one, two)) {}
    }

    @Test func aSubscriptionThatIsGoneHearsNothing() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        var heard = 0
        var kept = 0
        var gone: BusSubscription? = try client.bus.subscribe(
            sender: nil, interface: "org.example.S", member: "Tick"
        ) { _ in heard += 1 }
        let other = try client.bus.subscribe(sender: nil, interface: "org.example.S", member: "Tick") { _ in kept += 1 }
        _ = try client.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        try server.bus.emit(path: "/a", interface: "org.example.S", member: "Tick")
        try client.turn(with: server) { kept == 1 }
        #expect(heard == 1)
        gone = nil
        try server.bus.emit(path: "/a", interface: "org.example.S", member: "Tick")
        try client.turn(with: server) { kept == 2 }
        #expect(heard == 1)
        withExtendedLifetime((gone, other)) {}
    }

    @Test func aFloodLeavesTheLoopItsTurns() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        var heard = 0
        let signals = try client.bus.subscribe(sender: nil, interface: "org.example.S", member: "Tick") { _ in
            heard += 1
        }
        _ = try client.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        for _ in 0..<1000 { try server.bus.emit(path: "/a", interface: "org.example.S", member: "Tick") }
        // When this is answered the bus has taken, and handed on, all that was sent before.
        _ = try server.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        var most = 0
        try client.turn {
            let before = heard
            client.loop.turn(untilMicroseconds: 0)
            most = max(most, heard - before)
            return heard == 1000
        }
        // Twice: before the wait, and for the descriptor behind it.
        #expect(most > 0 && most <= 128)
        withExtendedLifetime(signals) {}
    }
}
