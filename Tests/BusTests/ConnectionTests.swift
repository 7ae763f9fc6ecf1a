import EventLoop
import PrivateBus
import Testing

@testable import Bus

@Suite struct ConnectionTests {
    @Test func aBusThatDiesIsToldOnceAndItsCallsFail() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let silent = try Peer(daemon.address)
        try silent.own("org.example.Silent")
        var answers: [Result<BusMessage, BusError>] = []
        client.bus.call("org.example.Silent", path: "/a", interface: "a.b", member: "C") { answers.append($0) }
        _ = try client.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        daemon.kill()
        try client.turn { !client.losses.isEmpty }
        #expect(answers.count == 1)
        guard case .failure = answers.first else {
            Issue.record("a dead bus answered")
            return
        }
        #expect(!client.bus.isOpen)
        for _ in 0..<5 { client.loop.turn(untilMicroseconds: 0) }
        #expect(client.losses.count == 1)
        #expect(throws: BusError.self) {
            _ = try client.bus.subscribe(sender: nil, interface: "a.b", member: "C") { _ in }
        }
    }

    @Test func aBusThatIsNotThereIsAnErrorAtOnce() throws {
        let loop = try EventLoop()
        #expect(throws: BusError.noConnection(errno: 2)) {
            _ = try Bus(.address("unix:path=/nonexistent/bus"), loop: loop) { _ in }
        }
    }

    @Test func aClosedBusCallsNobody() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let other = try Peer(daemon.address)
        var answers = 0
        client.bus.call(
            "org.freedesktop.DBus", path: "/", interface: "org.freedesktop.DBus", member: "GetId"
        ) { _ in answers += 1 }
        client.bus.call("no name", path: "/", interface: "a.b", member: "C") { _ in answers += 1 }
        client.bus.close()
        _ = try other.ask("org.freedesktop.DBus", "org.freedesktop.DBus/GetId").get()
        for _ in 0..<5 { client.loop.turn(untilMicroseconds: 0) }
        #expect(answers == 0 && client.losses.isEmpty)
    }

    @Test func closingInsideAnAnswerIsTheEnd() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        var answers = 0
        for _ in 0..<3 {
            client.bus.call(
                "org.freedesktop.DBus", path: "/", interface: "org.freedesktop.DBus", member: "GetId"
            ) { _ in
                answers += 1
                client.bus.close()
            }
        }
        try client.turn { answers > 0 }
        for _ in 0..<5 { client.loop.turn(untilMicroseconds: 0) }
        #expect(answers == 1 && client.losses.isEmpty)
    }

    /// A bus that listens but never says a word: nothing waits for it.
    @Test func aBusThatHangsHoldsNobodyUp() throws {
        let daemon = try PrivateBus()
        let hanging = try HangingSocket()
        let loop = try EventLoop()
        var losses = 0
        let bus = try Bus(.address("unix:path=\(hanging.path)"), loop: loop) { _ in losses += 1 }
        var answers = 0
        bus.call("a.b", path: "/", interface: "a.b", member: "C") { _ in answers += 1 }
        let subscription = try bus.subscribe(sender: "a.b", interface: "a.b", member: "C") { _ in }
        for _ in 0..<10 { loop.turn(untilMicroseconds: 0) }
        #expect(bus.isOpen && answers == 0 && losses == 0)
        // What else is on the loop goes on.
        var name: BusMessage?
        let live = try Bus(.address(daemon.address), loop: loop) { _ in }
        live.call("org.freedesktop.DBus", path: "/", interface: "org.freedesktop.DBus", member: "GetId") {
            name = try? $0.get()
        }
        while name == nil { loop.turn(untilMicroseconds: nil) }
        withExtendedLifetime((subscription, hanging)) {}
    }
}
