import Bus

/// The tray item's menu, as com.canonical.dbusmenu carries it: flat, and never more than these lines.
///
/// Some trays open a menu on every click and know no other (GNOME's extension), so pausing has to be in it.
public final class TrayMenu {
    /// What a line of it asks for.
    public enum Choice: Sendable, Equatable {
        /// 0: until resumed.
        case pause(seconds: UInt32)
        case resume
    }

    private struct Line {
        var label: String
        var choice: Choice
        var isForPaused: Bool
    }

    static let path = "/StatusNotifierItem/Menu"
    private static let interface = "com.canonical.dbusmenu"
    private static let propertiesInterface = "org.freedesktop.DBus.Properties"
    /// A line's number is its place here, from 1; 0 is the menu itself.
    private static let lines = [
        Line(label: "Pause recording", choice: .pause(seconds: 0), isForPaused: false),
        Line(label: "Pause for 15 minutes", choice: .pause(seconds: 900), isForPaused: false),
        Line(label: "Pause for 1 hour", choice: .pause(seconds: 3600), isForPaused: false),
        Line(label: "Resume recording", choice: .resume, isForPaused: true),
    ]

    private let bus: Bus
    private let chosen: (Choice) -> Void
    private var object: BusSubscription?
    private var isPaused = false
    private var revision: UInt32 = 1

    init(bus: Bus, chosen: @escaping (Choice) -> Void) throws(BusError) {
        self.bus = bus
        self.chosen = chosen
        object = try bus.export(path: Self.path) { [weak self] in self?.answer($0) }
    }

    func show(isPaused: Bool) throws(BusError) {
        guard isPaused != self.isPaused else { return }
        self.isPaused = isPaused
        revision &+= 1
        try bus.emit(
            path: Self.path, interface: Self.interface, member: "LayoutUpdated",
            arguments: [.uint32(revision), .int32(0)])
    }

    private func answer(_ call: BusMessage) -> BusAnswer? {
        switch (call.interface, call.member) {
        case (Self.interface, "GetLayout"): .values([.uint32(revision), layout(of: number(call, 0))])
        case (Self.interface, "GetGroupProperties"):
            .values([.array(element: "(ia{sv})", wanted(call).map { .structure([.int32($0), properties(of: $0)]) })])
        case (Self.interface, "GetProperty"): property(call)
        case (Self.interface, "AboutToShow"): .values([.bool(false)])
        case (Self.interface, "AboutToShowGroup"):
            .values([.array(element: "i", []), .array(element: "i", [])])
        case (Self.interface, "Event"):
            happened(number(call, 0), (try? call[1, as: String.self]) ?? "")
        case (Self.interface, "EventGroup"): happened(in: call)
        case (Self.propertiesInterface, "Get"):
            Self.own.first { $0.0 == (try? call[1, as: String.self]) }.map { .values([.variant($0.1)]) }
        case (Self.propertiesInterface, "GetAll"): .values([.properties(Self.own)])
        default: nil
        }
    }

    private static let own: [(String, BusValue)] = [
        ("Version", .uint32(3)), ("TextDirection", .string("ltr")), ("Status", .string("normal")),
        ("IconThemePath", .array(element: "s", [])),
    ]

    private func number(_ call: BusMessage, _ index: Int) -> Int32 { (try? call[index, as: Int32.self]) ?? -1 }

    private func wanted(_ call: BusMessage) -> [Int32] {
        let asked = (try? call[0, as: [Int32].self]) ?? []
        return asked.isEmpty ? Array(0...Int32(Self.lines.count)) : asked
    }

    private func line(_ number: Int32) -> Line? {
        Self.lines.indices.contains(Int(number) - 1) ? Self.lines[Int(number) - 1] : nil
    }

    private func properties(of number: Int32) -> BusValue {
        guard let line = line(number) else { return .properties([("children-display", .string("submenu"))]) }
        return .properties([
            ("label", .string(line.label)), ("enabled", .bool(true)), ("visible", .bool(line.isForPaused == isPaused)),
        ])
    }

    private func property(_ call: BusMessage) -> BusAnswer? {
        guard case .array(_, let entries) = properties(of: number(call, 0)), let name = try? call[1, as: String.self]
        else { return nil }
        for case .entry(.string(name), let value) in entries { return .values([value]) }
        return .error(name: "org.freedesktop.DBus.Error.InvalidArgs", message: "no property \(name)")
    }

    private func layout(of number: Int32) -> BusValue {
        let children =
            number == 0 ? (1...Int32(Self.lines.count)).map { BusValue.variant(layout(of: $0)) } : []
        return .structure([.int32(number), properties(of: number), .array(element: "v", children)])
    }

    private func happened(_ number: Int32, _ event: String) -> BusAnswer {
        // Only what is shown can be chosen.
        if event == "clicked", let line = line(number), line.isForPaused == isPaused { chosen(line.choice) }
        return .values([])
    }

    private func happened(in call: BusMessage) -> BusAnswer {
        if case .array(_, let events)? = call.arguments.first {
            for case .structure(let fields) in events where fields.count >= 2 {
                if let number: Int32 = fields[0].read(), let event: String = fields[1].read() {
                    _ = happened(number, event)
                }
            }
        }
        return .values([.array(element: "i", [])])
    }
}
