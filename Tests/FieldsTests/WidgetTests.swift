import Bus
import CLinuxShim
import Events
import PrivateBus
import Testing

@testable import Fields

/// One widget on a bus, which answers as the test wants it, and a question about it.
private final class Stage {
    let bus: PrivateBus
    let app: Peer
    let agent: Peer
    private var objects: [BusSubscription] = []
    private let name: String
    private let path = "/org/a11y/atspi/accessible/3"

    init() throws {
        bus = try PrivateBus()
        app = try Peer(bus.address)
        agent = try Peer(bus.address)
        name = "org.example.App"
        try app.own(name)
    }

    /// - Parameters:
    ///   - answers: by member; nil: an error.
    func play(_ answers: @escaping (String) -> BusAnswer?) throws {
        for path in [path, "/org/a11y/atspi/accessible/root"] {
            objects.append(
                try app.bus.export(path: path) { message in
                    let isApp = path.hasSuffix("root")
                    return answers(message.member == "Get" ? (isApp ? "application" : "name") : message.member)
                })
        }
    }

    /// What comes of it, and after how long, µs.
    func ask(within microseconds: UInt64, isHanging: Bool = false) throws -> (ClickAnswer, UInt64) {
        var found: ClickAnswer?
        let began = kymo_monotonic_microseconds()
        WidgetQuestion(AccessibleObject(app: name, path: path), on: agent.bus, within: microseconds) {
            #expect(found == nil)
            found = $0
        }
        if isHanging { try agent.turn { found != nil } } else { try agent.turn(with: app) { found != nil } }
        return (found!, kymo_monotonic_microseconds() - began)
    }
}

private func button(
    role: BusValue = .uint32(43), name: BusValue = .variant(.string("Save")),
    extents: BusValue = .structure([.int32(1), .int32(-2), .int32(30), .int32(40)])
) -> (String) -> BusAnswer? {
    { member in
        switch member {
        case "GetRole": .values([role])
        case "GetExtents": .values([extents])
        case "name": .values([name])
        case "application": .values([.variant(.string("Editor"))])
        default: nil
        }
    }
}

private let place = WidgetBounds(x: 1, y: -2, width: 30, height: 40)

@Suite struct WidgetTests {
    private static func widget(_ name: String = "Save", bounds: WidgetBounds? = place, role: UInt16 = 43) -> ClickAnswer
    {
        .widget(
            Widget(
                role: role, name: name, nameForm: name.isEmpty ? .off : .full, application: "Editor", bounds: bounds))
    }

    private static var cases: [(String, (String) -> BusAnswer?, ClickAnswer)] {
        [
            ("all there", button(), widget()),
            ("no label", button(name: .variant(.string(""))), widget("")),
            ("a label that is none", button(name: .variant(.int32(4))), widget("")),
            (
                "not shown", button(extents: .structure([.int32(.min), .int32(.min), .int32(-1), .int32(-1)])),
                widget(bounds: nil)
            ),
            ("a place that is none", button(extents: .string("here")), widget(bounds: nil)),
            ("a role that is none", button(role: .string("button")), .nothing),
            ("a role beyond all", button(role: .uint32(.max)), .nothing),
            ("a password's field", button(role: .uint32(40)), .password),
            ("errors alone", { _ in nil }, .nothing),
        ]
    }

    @Test func whatAnAppSaysOfAWidget() throws {
        for (name, answers, expected) in Self.cases {
            let stage = try Stage()
            try stage.play(answers)
            #expect(try stage.ask(within: 5_000_000).0 == expected, "\(name)")
        }
    }

    @Test func anAppThatLiesWithAHugeLabel() throws {
        let stage = try Stage()
        try stage.play(button(name: .variant(.string(String(repeating: "é", count: 1 << 19)))))
        guard case .widget(let widget) = try stage.ask(within: 5_000_000).0 else {
            Issue.record("no widget")
            return
        }
        #expect(widget.name == String(repeating: "é", count: 128) && widget.nameForm == .truncated)
    }

    @Test func anAppThatHangsGivesNoAnswerInTime() throws {
        let stage = try Stage()
        try stage.play(button())
        let (answer, microseconds) = try stage.ask(within: 100_000, isHanging: true)
        #expect(answer == .nothing)
        // That it is far less than the bus's own 25 s the stage sees to.
        #expect(microseconds >= 100_000)
    }
}
