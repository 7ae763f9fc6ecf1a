import AgentProtocol
import CLinuxShim
import EventLoop
import Events
import Glibc
import Logging

/// The socket on which the session's agent reports: at most one agent, believed for its kernel credentials alone.
final class AgentPort {
    /// What the recorder does with what the agent says.
    struct Handlers {
        var connected: () -> Void
        var lost: () -> Void
        var message: (AgentMessage) -> Void
    }

    private let loop: EventLoop
    private let listener: ListeningSocket
    /// The uid that is believed now; nil: nobody.
    private let trustedUserID: () -> uid_t?
    private let handlers: Handlers
    /// logind's id of the session whose agent this is.
    private var trustedSession: String?
    private var connection: Int32?
    private var hasGreeted = false
    private var received = [UInt8](repeating: 0, count: maximumMessageBytes + 1)
    private var outgoing: [UInt8] = []
    private(set) var backend = ""
    private(set) var compositor = ""

    init(
        path: String, passed: Int32?, loop: EventLoop, trustedUserID: @escaping () -> uid_t?, handlers: Handlers
    ) throws {
        self.loop = loop
        self.trustedUserID = trustedUserID
        self.handlers = handlers
        listener = try ListeningSocket(path: path, isSequenced: true, passed: passed)
        try loop.add(listener.descriptor) { [unowned self] in accept() }
    }

    var isConnected: Bool { connection != nil && hasGreeted }

    func send(_ message: DaemonMessage) {
        guard let connection else { return }
        send(message, to: connection)
    }

    /// The session on the seat may have changed: the agent of another one is dropped, whoever its user is.
    func reconsider(session: String?) {
        defer { trustedSession = session }
        guard let connection else { return }
        guard session == trustedSession else {
            return drop(.notice, "agent disconnected: its session has left the seat")
        }
        var user: uid_t = 0
        var process: pid_t = 0
        guard kymo_peer_credentials(connection, &user, &process) == 0, user == trustedUserID() else {
            return drop(.notice, "agent disconnected: its user no longer owns the seat")
        }
    }

    private func accept() {
        while let candidate = listener.accept() {
            var user: uid_t = 0
            var process: pid_t = 0
            guard kymo_peer_credentials(candidate, &user, &process) == 0 else {
                close(candidate)
                continue
            }
            guard let trusted = trustedUserID(), user == trusted else {
                log(.warning, "refused uid \(user) (pid \(process)): not the subject in the seat's active session")
                refuse(candidate, "only the subject in the seat's active session is believed")
                continue
            }
            guard connection == nil else {
                log(.warning, "refused pid \(process): an agent of this session is connected already")
                refuse(candidate, "an agent of this session is connected already")
                continue
            }
            do {
                try loop.add(candidate) { [unowned self] in receive() }
            } catch {
                log(.error, "\(error)")
                close(candidate)
                continue
            }
            connection = candidate
            hasGreeted = false
        }
    }

    private func refuse(_ candidate: Int32, _ reason: String) {
        send(.refused(reason: reason), to: candidate)
        // Closed with a hello unread, the connection would be reset, and the peer would learn that before the reason.
        shutdown(candidate, Int32(SHUT_RDWR))
        while received.withUnsafeMutableBytes({ recv(candidate, $0.baseAddress, $0.count, 0) }) > 0 {}
        close(candidate)
    }

    private func send(_ message: DaemonMessage, to descriptor: Int32) {
        outgoing.removeAll(keepingCapacity: true)
        message.encode(into: &outgoing)
        let sent = outgoing.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // An agent that does not read is no better than none; keys stay unconfirmed, and it may recover.
        // One that is refused, and does not wait to hear it, is nobody's agent.
        if sent < 0, errno != EAGAIN, descriptor == connection { drop() }
    }

    private func receive() {
        // An agent that never stops talking must not keep the devices waiting: the rest is for the loop's next turn.
        for _ in 0..<64 {
            guard let descriptor = connection else { return }
            let count = received.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else { return drop() }
            do {
                try take(Int(count))
            } catch {
                return drop(.warning, "agent connection closed: \(error)")
            }
        }
    }

    private func take(_ count: Int) throws {
        let message = try received.withUnsafeBytes { bytes in
            try AgentMessage(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
        if case .hello(let hello) = message {
            backend = hello.backend
            compositor = hello.compositor
            hasGreeted = true
            log(.info, "agent connected (backend \(backend), compositor \(compositor))")
            send(.welcome(version: protocolVersion))
            return handlers.connected()
        }
        guard hasGreeted else { throw ProtocolError.notGreeted }
        // What the agent uses now: the greeting may have come before its compositor.
        if case .backendState(let state) = message { backend = state.backend }
        handlers.message(message)
    }

    /// - Parameter reason: in place of the line that an agent's own leave is worth.
    private func drop(_ level: LogLevel = .notice, _ reason: String? = nil) {
        guard let descriptor = connection else { return }
        loop.remove(descriptor)
        close(descriptor)
        connection = nil
        if hasGreeted { handlers.lost() }
        if let line = reason ?? (hasGreeted ? "agent disconnected" : nil) {
            log(level, hasGreeted ? "\(line); no keys are written until it is back" : line)
        }
        hasGreeted = false
    }
}
