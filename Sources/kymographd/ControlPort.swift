import CLinuxShim
import Consent
import EventLoop
import Glibc
import Logging

/// The socket on which people decide about themselves. Anybody may connect; every request is about the user whom the
/// kernel names, and about nobody else.
final class ControlPort {
    /// Of one user: nobody can keep another from pausing by taking all there are.
    static let userLimit = 4
    static let connectionLimit = 64

    private let loop: EventLoop
    private let listener: ListeningSocket
    private let answer: (ControlRequest, ControlExchange) -> Void
    private var exchanges: [Int32: ControlExchange] = [:]
    private var received = [UInt8](repeating: 0, count: ControlRequest.sizeLimit + 1)

    /// - Parameter answer: answers at once or later, with any number of parts and one end.
    init(path: String, loop: EventLoop, answer: @escaping (ControlRequest, ControlExchange) -> Void) throws {
        self.loop = loop
        self.answer = answer
        listener = try ListeningSocket(path: path, isSequenced: true)
        try loop.add(listener.descriptor) { [unowned self] in accept() }
    }

    private func accept() {
        while let candidate = listener.accept() {
            var user: uid_t = 0
            var process: pid_t = 0
            guard kymo_peer_credentials(candidate, &user, &process) == 0 else {
                close(candidate)
                continue
            }
            let exchange = ControlExchange(
                peer: ControlExchange.Peer(userID: user, processID: process), descriptor: candidate, loop: loop
            ) { [weak self] in self?.exchanges[candidate] = nil }
            do {
                try loop.add(candidate) { [weak self, weak exchange] in
                    if let exchange { self?.turn(exchange) }
                }
            } catch {
                log(.error, "\(error)")
                close(candidate)
                continue
            }
            exchanges[candidate] = exchange
            guard exchanges.count <= Self.connectionLimit,
                exchanges.values.count(where: { $0.peer.userID == user }) <= Self.userLimit
            else {
                exchange.refuse("too many questions of yours are open already; end one first")
                continue
            }
        }
    }

    /// Readable: a request, or the peer is gone. Writable: what waited can be sent.
    private func turn(_ exchange: ControlExchange) {
        exchange.flush()
        guard !exchange.isGone else { return }
        let count = received.withUnsafeMutableBytes { recv(exchange.descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        // One request a connection: whatever comes behind it ends it, as the end of file does.
        guard count > 0, !exchange.isAsked else { return exchange.drop() }
        exchange.isAsked = true
        guard count <= ControlRequest.sizeLimit, let text = String(validating: received[..<count], as: UTF8.self),
            let request = ControlRequest(text: text)
        else {
            return exchange.refuse(
                "kymographd does not know that request; install kymo and kymographd of one release")
        }
        answer(request, exchange)
    }
}

/// One connection, one request, one answer.
final class ControlExchange {
    /// Who asks, by the kernel's word at the time of connecting.
    struct Peer {
        let userID: uid_t
        let processID: pid_t
    }

    /// What may wait for a peer that does not read; a peer that lets more gather is given up.
    private static let waitingLimit = 4 << 20

    let peer: Peer
    let descriptor: Int32
    fileprivate var isAsked = false
    private let loop: EventLoop
    private let dropped: () -> Void
    private var waiting: [[UInt8]] = []
    private var waitingBytes = 0
    private var isEnded = false
    /// The peer hung up, or has its whole answer.
    private(set) var isGone = false
    /// Called once, if the peer hangs up before it was answered: what is done for it may be given up.
    var abandoned: (() -> Void)?

    fileprivate init(peer: Peer, descriptor: Int32, loop: EventLoop, dropped: @escaping () -> Void) {
        self.peer = peer
        self.descriptor = descriptor
        self.loop = loop
        self.dropped = dropped
    }

    func part(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            send(.part(Array(rest.prefix(ControlReply.partLimit))))
            rest = rest.dropFirst(ControlReply.partLimit)
        }
    }

    func progress(_ text: String) { send(.progress(text)) }

    func done(_ text: String = "") {
        part(Array(text.utf8))
        end(.done)
    }

    func refuse(_ why: String) { end(.refused(why)) }

    private func end(_ reply: ControlReply) {
        guard !isEnded else { return }
        abandoned = nil
        isEnded = true
        waiting.append(reply.bytes)
        flush()
    }

    private func send(_ reply: ControlReply) {
        guard !isEnded, !isGone else { return }
        waiting.append(reply.bytes)
        waitingBytes += reply.bytes.count
        guard waitingBytes <= Self.waitingLimit else { return drop() }
        flush()
    }

    fileprivate func flush() {
        guard !isGone else { return }
        while let packet = waiting.first {
            let sent = packet.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EAGAIN {
                guard (try? loop.wantsWriting(true, descriptor)) != nil else { return drop() }
                return
            }
            guard sent >= 0 else { return drop() }
            waiting.removeFirst()
            waitingBytes -= min(waitingBytes, packet.count)
        }
        if isEnded { drop() } else { try? loop.wantsWriting(false, descriptor) }
    }

    /// Leaves the socket to another thread until `takeBack`. Everything that was said before must have been sent.
    func lend() -> Int32 {
        loop.remove(descriptor)
        abandoned = nil
        return descriptor
    }

    /// The answer is out, or never will be.
    func takeBack() { drop() }

    fileprivate func drop() {
        guard !isGone else { return }
        isGone = true
        loop.remove(descriptor)
        // Closed with a request unread, the connection would be reset, and the peer would not get its answer.
        shutdown(descriptor, Int32(SHUT_WR))
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
        close(descriptor)
        let tell = abandoned
        abandoned = nil
        dropped()
        tell?()
    }
}
