import Bus

/// What apps say when a widget is used: pressed, checked, selected, unfolded. They say it only while somebody asks for it, so
/// this is there only while interactions are wanted.
final class WidgetUse {
    /// States (AtspiStateType) that a press changes, and whether also losing one tells of a use.
    private static let states: [(name: String, countsBothWays: Bool)] = [
        ("armed", false), ("pressed", false), ("selected", false), ("checked", true), ("expanded", true),
    ]
    private static let registry = "org.a11y.atspi.Registry"

    private let bus: Bus
    private var subscriptions: [BusSubscription] = []

    init(on bus: Bus, heard: @escaping (AccessibleObject) -> Void) throws(BusError) {
        self.bus = bus
        for (name, countsBothWays) in Self.states {
            subscriptions.append(
                try bus.subscribe(
                    sender: nil, interface: "org.a11y.atspi.Event.Object", member: "StateChanged", firstArgument: name
                ) { message in
                    guard let value = try? message[1, as: Int32.self], countsBothWays || value != 0 else { return }
                    heard(AccessibleObject(app: message.sender, path: message.path))
                })
            tellRegistry("RegisterEvent", name, [.array(element: "s", []), .string("")])
        }
    }

    deinit {
        for (name, _) in Self.states { tellRegistry("DeregisterEvent", name, []) }
    }

    /// A registry that does not answer leaves apps silent: then clicks have no answers, which is written.
    private func tellRegistry(_ member: String, _ state: String, _ more: [BusValue]) {
        bus.call(
            Self.registry, path: "/org/a11y/atspi/registry", interface: Self.registry, member: member,
            arguments: [.string("object:state-changed:\(state)")] + more
        ) { _ in }
    }
}
