import Bus
import Glibc

/// Whether the person behind a process is who the kernel says: polkit asks for the password of that very user.
/// data/org.kymograph.policy describes the actions: `auth_self`, always.
final class Polkit {
    enum Action: String {
        case grant = "org.kymograph.consent.grant"
        case read = "org.kymograph.mine.read"
    }

    /// As long as somebody may look for their password.
    private static let timeoutMicroseconds: UInt64 = 300_000_000
    private static let allowUserInteraction: UInt32 = 1
    private static let service = "org.freedesktop.PolicyKit1"
    private static let path = "/org/freedesktop/PolicyKit1/Authority"
    private static let interface = "org.freedesktop.PolicyKit1.Authority"

    private let bus: () -> Bus?
    /// Questions that are out: who waits for each.
    private var asked: [String: (userID: uid_t, reply: (String?) -> Void)] = [:]
    private var number = 0

    init(bus: @escaping () -> Bus?) { self.bus = bus }

    /// - Parameter reply: called once, from the loop. Nil: yes; else why not, for people.
    func authenticate(_ exchange: ControlExchange, for action: Action, reply: @escaping (String?) -> Void) {
        guard let bus = bus() else {
            return reply("the system bus cannot be reached, so that nobody can be authenticated")
        }
        let peer = exchange.peer
        guard !asked.values.contains(where: { $0.userID == peer.userID }) else {
            return reply("you are being asked for your password already")
        }
        number += 1
        let id = "kymograph-\(number)"
        asked[id] = (peer.userID, reply)
        exchange.abandoned = { [weak self] in self?.cancel(id) }
        bus.call(
            Self.service, path: Self.path, interface: Self.interface, member: "CheckAuthorization",
            arguments: [
                .structure([.string("unix-process"), .properties(Self.subject(peer))]), .string(action.rawValue),
                .strings([]), .uint32(Self.allowUserInteraction), .string(id),
            ], timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, let waiting = asked.removeValue(forKey: id) else { return }
            waiting.reply(Self.refusal(answer))
        }
    }

    /// The bus is lost: answers that are out will never come.
    func busLost() {
        let all = asked.values
        asked.removeAll()
        for waiting in all { waiting.reply("the system bus was lost, so that nobody can be authenticated") }
    }

    private func cancel(_ id: String) {
        guard asked.removeValue(forKey: id) != nil else { return }
        bus()?.call(
            Self.service, path: Self.path, interface: Self.interface, member: "CancelCheckAuthorization",
            arguments: [.string(id)]
        ) { _ in }
    }

    private static func subject(_ peer: ControlExchange.Peer) -> [(String, BusValue)] {
        [
            ("pid", .uint32(UInt32(bitPattern: peer.processID))),
            // 0: polkit looks it up itself. /proc shows us nobody else's processes.
            ("start-time", .uint64(0)),
            // The kernel's word at the time of connecting: a process that has taken the number since is this user's too,
            // or is not believed.
            ("uid", .int32(Int32(bitPattern: peer.userID))),
        ]
    }

    private static func refusal(_ answer: Result<BusMessage, BusError>) -> String? {
        switch answer {
        case .failure(let error) where error.isServiceUnknown:
            return "polkit is not there, so that nobody can be authenticated; install polkitd"
        case .failure(let error) where error.isTimeout: return "polkit did not answer; try again"
        case .failure(.remote(_, let message, _)):
            return "polkit cannot authenticate you: \(message); "
                + "is org.kymograph.policy in /usr/share/polkit-1/actions?"
        case .failure(let error): return "polkit cannot authenticate you: \(error)"
        case .success(let message):
            guard case .structure(let fields)? = message.arguments.first, let isAuthorized: Bool = fields.first?.read()
            else { return "polkit's answer is not understood" }
            return isAuthorized ? nil : "you were not authenticated"
        }
    }
}
