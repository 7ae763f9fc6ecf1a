import Bus
import Focus

/// The active layout from KWin, which has one keymap for all keyboards (org.kde.KeyboardLayouts on the session's bus).
final class PlasmaLayouts {
    private static let service = "org.kde.keyboard"
    private static let path = "/Layouts"
    private static let interface = "org.kde.KeyboardLayouts"

    private let bus: Bus
    /// Nil: asked, and not answered yet.
    private let told: (ActiveLayout?) -> Void
    /// Nobody has that name, on this bus or any more.
    private let absent: () -> Void
    private var subscriptions: [BusSubscription] = []
    private var questions = 0

    init(bus: Bus, told: @escaping (ActiveLayout?) -> Void, absent: @escaping () -> Void) throws(BusError) {
        self.bus = bus
        self.told = told
        self.absent = absent
        for member in ["layoutChanged", "layoutListChanged"] {
            subscriptions.append(
                try bus.subscribe(sender: Self.service, path: Self.path, interface: Self.interface, member: member) {
                    [weak self] _ in self?.ask()
                })
        }
        subscriptions.append(
            try bus.ownerOfName(Self.service) { [weak self] owner in
                if owner == nil { absent() } else { self?.ask() }
            })
    }

    /// The signals say what it is, too; the answer to a question is the same for a change and for the beginning.
    private func ask() {
        questions += 1
        let question = questions
        bus.call(Self.service, path: Self.path, interface: Self.interface, member: "getLayout") {
            [weak self] answer in
            guard let self, question == questions else { return }
            let group = try? answer.get()[0, as: UInt32.self]
            told(group.map { ActiveLayout(group: $0) })
        }
    }
}
