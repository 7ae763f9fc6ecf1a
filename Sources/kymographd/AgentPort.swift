import AgentProtocol
import Bus
import CLinuxShim
import EventLoop
import Events
import Glibc
import Logging

/// The socket on which the session's agent reports: at most one agent, believed for its kernel credentials alone, and for
/// what logind says of its process: the agent of another session of the same user would tell of other windows.
final class AgentPort {
    /// What the recorder does with what the agent says.
    struct Handlers {
        var connected: () -> Void
        var lost: () -> Void
        var message: (AgentMessage) -> Void
    }

    /// Which session a process is of, by logind's word; `success(nil)`: of none, as the services of a user's own manager
    /// are, which is one for all sessions of that user.
    typealias SessionLookup = (pid_t, @escaping (Result<String?, BusError>) -> Void) -> Void

    /// One of whom logind is asked.
    private struct Candidate {
        let socket: Int32
        let userID: uid_t
        let processID: pid_t
        /// pidfd: tells whether the number still means that process.
        let process: Int32
    }
    private static let candidateLimit = 4

    private let loop: EventLoop
    private let listener: ListeningSocket
    private let sessionOf: SessionLookup
    private var candidates: [Int: Candidate] = [:]
    private var nextCandidate = 0
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
    /// Why it is that one, or none; for people.
    private(set) var backendReason = ""
    private(set) var compositor = ""

    init(
        path: String, passed: Int32?, loop: EventLoop, trustedUserID: @escaping () -> uid_t?,
        sessionOf: @escaping SessionLookup, handlers: Handlers
    ) throws {
        self.loop = loop
        self.sessionOf = sessionOf
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
            guard connection == nil, candidates.count < Self.candidateLimit else {
                refuseAnother(candidate, process)
                continue
            }
            identify(
                Candidate(
                    socket: candidate, userID: user, processID: process, process: kymo_process_descriptor(process)))
        }
    }

    private func refuseAnother(_ socket: Int32, _ process: pid_t) {
        log(.warning, "refused pid \(process): an agent of this session is connected already")
        refuse(socket, "an agent of this session is connected already")
    }

    private func identify(_ candidate: Candidate) {
        nextCandidate += 1
        let number = nextCandidate
        candidates[number] = candidate
        sessionOf(candidate.processID) { [weak self] answer in
            guard let self, candidates.removeValue(forKey: number) != nil else { return }
            // A number that another process has by now says nothing of who connected.
            let isAlive = candidate.process >= 0 && kymo_wait_readable(candidate.process, 0) != 1
            if candidate.process >= 0 { close(candidate.process) }
            guard isAlive else {
                log(.warning, "refused pid \(candidate.processID): that process is gone, or nobody can tell")
                close(candidate.socket)
                return
            }
            judge(candidate, answer)
        }
    }

    /// Nobody answers any more: agents connect again by themselves.
    func busLost() {
        for candidate in candidates.values {
            if candidate.process >= 0 { close(candidate.process) }
            close(candidate.socket)
        }
        candidates.removeAll()
    }

    private func judge(_ candidate: Candidate, _ answer: Result<String?, BusError>) {
        let process = candidate.processID
        switch answer {
        case .failure(let error):
            log(.warning, "refused pid \(process): nobody knows which session it is of: \(error)")
            return refuse(candidate.socket, "logind does not tell which session you are of")
        case .success(let session?) where session != trustedSession:
            log(.warning, "refused pid \(process): it is of session \(session), which does not have the seat")
            return refuse(candidate.socket, "your session does not have the seat")
        case .success: break
        }
        // It may be another's turn by now.
        guard candidate.userID == trustedUserID() else {
            return refuse(candidate.socket, "only the subject in the seat's active session is believed")
        }
        guard connection == nil else { return refuseAnother(candidate.socket, process) }
        do {
            try loop.add(candidate.socket) { [unowned self] in receive() }
        } catch {
            log(.error, "\(error)")
            close(candidate.socket)
            return
        }
        connection = candidate.socket
        hasGreeted = false
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
        if case .backendState(let state) = message {
            backend = state.backend
            backendReason = state.reason
        }
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
