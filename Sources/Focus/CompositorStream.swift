import CLinuxShim
import EventLoop
import Glibc

/// The agent's end of a compositor's own socket, in the loop: what comes is handed on message by message.
final class CompositorStream {
    /// What lies at the front of what has come.
    enum Front {
        /// So many bytes, which may not all be there yet.
        case message(length: Int)
        /// How long it is cannot be told yet.
        case incomplete
        /// Nothing of this protocol's.
        case unknown
    }

    private let descriptor: Int32
    private let loop: EventLoop
    private let limit: Int
    private let front: (ArraySlice<UInt8>) -> Front
    private var received: [UInt8] = []

    /// Takes the descriptor over.
    /// - Parameter limit: bytes; who sends a longer message is not understood.
    init(_ descriptor: Int32, loop: EventLoop, limit: Int, front: @escaping (ArraySlice<UInt8>) -> Front) {
        self.descriptor = descriptor
        self.loop = loop
        self.limit = limit
        self.front = front
    }

    deinit { close(descriptor) }

    /// - Parameters:
    ///   - take: one message, whole.
    ///   - lost: the other end is closed, or says what cannot be understood; after all that was whole before.
    /// - Returns: false: the loop does not take it.
    func begin(take: @escaping (ArraySlice<UInt8>) -> Void, lost: @escaping () -> Void) -> Bool {
        do {
            try loop.add(descriptor) { [weak self] in
                guard let self else { return }
                if !dispatch(take) { lost() }
            }
        } catch {
            return false
        }
        return true
    }

    /// Nothing is handed on any more.
    func end() { loop.remove(descriptor) }

    /// Requests are short, and few at a time: one that does not go out whole is not sent again, and has no answer.
    func send(_ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// One read for each turn of the loop: a compositor in a hurry keeps nothing else waiting.
    private func dispatch(_ take: (ArraySlice<UInt8>) -> Void) -> Bool {
        switch receive(from: descriptor, into: &received) {
        case .bytes: return handOn(take)
        case .nothing: return true
        case .end, .failure: return false
        }
    }

    private func handOn(_ take: (ArraySlice<UInt8>) -> Void) -> Bool {
        var handed = 0
        defer { received.removeFirst(handed) }
        while true {
            let rest = received.count - handed
            switch front(received[handed...]) {
            case .unknown: return false
            // The limit is that of one message: many may lie here after a compositor or the agent was stopped for a while.
            case .incomplete: return rest <= limit
            case .message(let length):
                guard length <= limit else { return false }
                guard rest >= length else { return true }
                take(received[handed..<handed + length])
                handed += length
            }
        }
    }
}

/// A connection to a socket; nil: nobody listens, or another process than `process` does, as the kernel knows it.
func connected(to path: String, of process: Int32) -> Int32? {
    let descriptor = kymo_unix_connect(path, 0)
    guard descriptor >= 0 else { return nil }
    var user: uid_t = 0
    var owner: pid_t = 0
    guard kymo_peer_credentials(descriptor, &user, &owner) == 0, owner == process else {
        close(descriptor)
        return nil
    }
    return descriptor
}

enum Received { case bytes, nothing, end, failure }

/// Appends what is there, 16 KiB at most, without waiting.
func receive(from descriptor: Int32, into received: inout [UInt8]) -> Received {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0 { return errno == EAGAIN || errno == EINTR ? .nothing : .failure }
    received += buffer.prefix(count)
    return count == 0 ? .end : .bytes
}

/// What lies in a directory, by name; nothing where there is none.
func fileNames(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
