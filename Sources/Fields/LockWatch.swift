import AgentProtocol
import Bus
import CLinuxShim

/// Lock screens that say so on the session's bus: some tell logind late, and some never.
public final class LockWatch {
    /// Name and interface are the same; the path is each desktop's own, and does not matter.
    static let names = [
        "org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver",
        "org.xfce.ScreenSaver",
    ]

    private let send: (AgentMessage) -> Void
    private var subscriptions: [BusSubscription] = []

    public init(send: @escaping (AgentMessage) -> Void) { self.send = send }

    /// Hears them from now on. What was locked before says so when it is unlocked; logind knows it until then.
    public func start(on session: Bus) throws(BusError) {
        subscriptions.removeAll()
        for name in Self.names {
            subscriptions.append(
                try session.subscribe(sender: name, interface: name, member: "ActiveChanged") { [weak self] message in
                    guard let isLocked = try? message[0, as: Bool.self] else { return }
                    self?.send(
                        .lock(LockReport(timeMicroseconds: kymo_monotonic_microseconds(), isLocked: isLocked)))
                })
        }
    }

    public func stop() { subscriptions.removeAll() }
}
