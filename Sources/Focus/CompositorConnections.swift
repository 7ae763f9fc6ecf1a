import Glibc

/// Who is connected to a compositor, as proc(5) tells anybody: sockets at its end have the path on which it listens.
///
/// That is in a table of all sockets of the machine. Where the compositor's own list of what it waits for may be read (same user, no
/// capabilities), the table is read only when that list is another one: some 50 µs for 60 clients, not a millisecond.
final class CompositorConnections {
    private let pathSuffix: [UInt8]
    private let process: Int32
    /// What the compositor waits for: /proc/PID/fdinfo of its epoll descriptor. Negative: not to be had.
    private var waits: Int32 = -1
    private var hasSearchedWaits = false
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var lastWaits: [UInt8] = []
    private var last: Connections?

    /// - Parameters:
    ///   - socket: connected to the compositor.
    ///   - process: the compositor's.
    init(socket: Int32, process: Int32) {
        pathSuffix = [UInt8(ascii: " ")] + Self.peerPath(of: socket)
        self.process = process
    }

    deinit { if waits >= 0 { close(waits) } }

    /// - Parameter isFresh: also if the compositor waits for what it waited for before.
    /// - Returns: nil if they cannot be seen.
    func look(isFresh: Bool) -> Connections? {
        let isSame = sameWaits()
        if isSame, !isFresh, last != nil { return last }
        last = readTable()
        if !hasSearchedWaits, let last {
            hasSearchedWaits = true
            findWaits(last)
            // Who came in between is in that list already.
            self.last = readTable()
        }
        return self.last
    }

    /// Whether the compositor waits for the same descriptors of the same files as at the last call.
    private func sameWaits() -> Bool {
        guard waits >= 0 else { return false }
        let count = pread(waits, &buffer, buffer.count, 0)
        // What does not fit is not compared.
        guard count > 0, count < buffer.count else {
            close(waits)
            waits = -1
            return false
        }
        if lastWaits.count == count, memcmp(buffer, lastWaits, count) == 0 { return true }
        lastWaits = Array(buffer[..<count])
        return false
    }

    /// The epoll descriptor by which the compositor waits for clients.
    private func findWaits(_ connections: Connections) {
        guard let directory = opendir("/proc/\(process)/fd") else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var target = [CChar](repeating: 0, count: 64)
            guard readlinkat(dirfd(directory), name, &target, target.count - 1) > 0,
                strcmp(target, "anon_inode:[eventpoll]") == 0
            else { continue }
            waits = open("/proc/\(process)/fdinfo/\(name)", O_RDONLY | O_CLOEXEC)
            _ = sameWaits()
            guard waits >= 0 else { continue }
            if SocketTable.inodes(inWaits: lastWaits).contains(where: connections.accepted.contains) { return }
            close(waits)
            waits = -1
        }
    }

    private func readTable() -> Connections? {
        let descriptor = open("/proc/net/unix", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        let found = SocketTable.connections(in: text, pathSuffix: pathSuffix)
        // This process is connected: a table without anybody is not that of the compositor.
        return found.accepted.isEmpty ? nil : found
    }

    /// What the other end of a socket is bound to.
    private static func peerPath(of socket: Int32) -> [UInt8] {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket, $0, &length) }
        }
        guard result == 0 else { return [] }
        return withUnsafeBytes(of: &address.sun_path) { Array($0.prefix { $0 != 0 }) }
    }
}
