import CLinuxShim
import EventLoop
import PrivateBus
import Testing

@testable import Bus

@Suite struct CallTests {
    @Test func valuesOfEveryTypeComeBackAsTheyWere() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        try server.own("org.example.Echo")
        let object = try server.bus.export(path: "/org/example") { .values($0.arguments) }
        let values: [BusValue] = [
            .byte(255), .bool(true), .bool(false), .int16(-7), .uint16(65535), .int32(.min), .uint32(.max),
            .int64(.min), .uint64(.max), .double(-0.5), .string("grüß \u{1F600}"), .objectPath("/a/b"),
            .signature("a{sv}"), .array(element: "s", [.string(""), .string("b")]), .array(element: "(su)", []),
            .structure([.string("x"), .structure([.byte(1), .variant(.string("v"))])]),
            .properties([("A", .uint32(1)), ("B", .array(element: "i", [.int32(-1)]))]),
            .strings([("k", "v")]), .variant(.variant(.bool(true))),
        ]
        let answer = try client.ask("org.example.Echo", "org.example/Echo", values, with: server).get()
        #expect(answer.arguments == values)
        #expect(answer.sender.hasPrefix(":"))
        withExtendedLifetime(object) {}
    }

    @Test func readingSaysWhatWasExpectedAndWhatWasThere() throws {
        let message = BusMessage(
            sender: ":1.1", path: "/", interface: "a.b", member: "C",
            arguments: [.variant(.string("text")), .properties([("A", .uint32(3))]), .array(element: "s", [])])
        #expect(try message[0, as: String.self] == "text")
        #expect(try message[1, as: [String: UInt32].self] == ["A": 3])
        #expect(try message[2, as: [String].self] == [])
        #expect(
            throws: BusError.unexpectedType(expected: "UInt32", actual: "v", index: 0, message: "a.b.C")
        ) { try message[0, as: UInt32.self] }
        #expect(throws: BusError.unexpectedType(expected: "String", actual: "", index: 3, message: "a.b.C")) {
            try message[3, as: String.self]
        }
        // Nothing is converted: a signed number is no unsigned one.
        #expect(BusValue.int32(1).read(as: UInt32.self) == nil)
        #expect(BusValue.properties([("A", .uint32(3)), ("B", .string(""))]).read(as: [String: UInt32].self) == nil)
    }

    @Test func aNameNobodyOwnsIsToldApartFromAnError() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        try server.own("org.example.Angry")
        let object = try server.bus.export(path: "/org/example") { call in
            call.member == "Fail" ? .error(name: "org.example.Error.No", message: "no, \(call.member)") : nil
        }
        guard case .failure(let nobody) = try client.ask("org.example.Nobody", "org.example/Fail") else {
            Issue.record("nobody answered")
            return
        }
        #expect(nobody.isServiceUnknown && !nobody.isTimeout)
        let angry = try client.ask("org.example.Angry", "org.example/Fail", with: server)
        #expect(
            angry
                == .failure(
                    .remote(
                        name: "org.example.Error.No", message: "no, Fail",
                        call: "org.example.Fail of org.example.Angry")))
        guard
            case .failure(.remote(let unknown, _, _)) = try client.ask(
                "org.example.Angry", "org.example/Else", with: server)
        else {
            Issue.record("an unknown method was answered")
            return
        }
        #expect(unknown == "org.freedesktop.DBus.Error.UnknownMethod")
        withExtendedLifetime(object) {}
    }

    @Test func aPeerThatNeverAnswersEndsTheCallAfterItsTime() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let silent = try Peer(daemon.address)
        try silent.own("org.example.Silent")
        let start = kymo_monotonic_microseconds()
        guard
            case .failure(let error) = try client.ask(
                "org.example.Silent", "org.example/Ask", timeoutMicroseconds: 50_000)
        else {
            Issue.record("there was an answer")
            return
        }
        #expect(error.isTimeout)
        #expect(kymo_monotonic_microseconds() - start >= 50_000)
    }

    @Test func whatCannotBeSentFailsFromTheLoop() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let cases: [[BusValue]] = [
            [.string("a\0b")], [.objectPath("no path")], [.array(element: "s", [.uint32(1)])], [.signature("((")],
        ]
        for arguments in cases {
            guard case .failure(.invalid) = try client.ask("org.example.A", "org.example/B", arguments) else {
                Issue.record("\(arguments) was sent")
                return
            }
        }
        guard case .failure(.invalid) = try client.ask("no name", "org.example/B") else {
            Issue.record("a name that is none was called")
            return
        }
        var isReturned = false
        client.bus.call("no name", path: "/", interface: "a.b", member: "C") { _ in #expect(isReturned) }
        isReturned = true
        client.loop.turn(untilMicroseconds: 0)
    }

    @Test func moreThanAnybodyMeansIsRefused() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        try server.own("org.example.Large")
        let bytes = BusValue.array(element: "y", (0..<70_000).map { .byte(UInt8(truncatingIfNeeded: $0)) })
        let deep = (0..<20).reduce(BusValue.bool(true)) { value, _ in .variant(value) }
        let object = try server.bus.export(path: "/org/example") { .values([$0.member == "Deep" ? deep : bytes]) }
        for member in ["Deep", "Wide"] {
            let answer = try client.ask("org.example.Large", "org.example/\(member)", with: server)
            #expect(answer == .failure(.tooLarge(message: "the reply")), "\(member)")
        }
        withExtendedLifetime(object) {}
    }

    @Test func propertiesComeTyped() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        try server.own("org.example.Session")
        let object = try server.bus.export(path: "/org/example") { call in
            switch call.member {
            case "Get": .values([.variant(.structure([.uint32(7), .objectPath("/user")]))])
            case "GetAll": .values([.properties([("Active", .bool(true)), ("Class", .string("user"))])])
            default: nil
            }
        }
        var all: [String: BusValue]?
        var one: [BusValue]?
        var wrong: Result<UInt32, BusError>?
        client.bus.properties("org.example.Session", path: "/org/example", interface: "org.example.S") {
            all = try? $0.get()
        }
        client.bus.property(
            "org.example.Session", path: "/org/example", interface: "org.example.S", name: "User",
            as: [BusValue].self
        ) { one = try? $0.get() }
        client.bus.property(
            "org.example.Session", path: "/org/example", interface: "org.example.S", name: "User", as: UInt32.self
        ) { wrong = $0 }
        try client.turn(with: server) { wrong != nil }
        #expect(all?["Active"]?.read() == true && all?["Class"]?.read() == "user")
        #expect(one == [.uint32(7), .objectPath("/user")])
        guard case .failure(.unexpectedType) = wrong else {
            Issue.record("a structure was read as a number")
            return
        }
        withExtendedLifetime(object) {}
    }

    @Test func anAnswerMayComeLaterAndCountsOnce() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        let server = try Peer(daemon.address)
        try server.own("org.example.Patient")
        var replies: [BusReply] = []
        let object = try server.bus.export(path: "/org/example") { message, reply in
            if message.member == "Ask" { replies.append(reply) }
            return message.member == "Ask"
        }
        var answers: [BusMessage?] = []
        for member in ["Ask", "Ask", "Other"] {
            client.bus.call("org.example.Patient", path: "/org/example", interface: "org.example", member: member) {
                answers.append(try? $0.get())
            }
        }
        try client.turn(with: server) { answers.count == 1 && replies.count == 2 }
        #expect(answers == [nil], "what it does not know is answered at once")
        for text in ["second", "third"] { replies[1].send(.values([.string(text)])) }
        replies[0].send(.values([.string("first")]))
        try client.turn(with: server) { answers.count == 3 }
        #expect(answers.compactMap { $0?.arguments.first } == [.string("second"), .string("first")])
        // To somebody who is gone.
        server.bus.close()
        replies[1].send(.values([]))
        withExtendedLifetime(object) {}
    }

    @Test func theNameOfAConnectionIsTheOneThatOthersSee() throws {
        let daemon = try PrivateBus()
        let client = try Peer(daemon.address)
        #expect(client.bus.uniqueName == nil, "the bus has not answered yet")
        let server = try Peer(daemon.address)
        try server.own("org.example.Self")
        let object = try server.bus.export(path: "/org/example") { .values([.string($0.sender)]) }
        let seen = try client.ask("org.example.Self", "org.example/Who", with: server).get()
        #expect(seen.arguments == [.string(try #require(client.bus.uniqueName))])
        withExtendedLifetime(object) {}
    }
}
