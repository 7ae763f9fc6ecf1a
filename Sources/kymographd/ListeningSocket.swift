import CLinuxShim
import CSystemd
import Glibc

/// A bound AF_UNIX socket, and its name in the file system for as long as it lives.
final class ListeningSocket {
    let descriptor: Int32
    private let path: String
    /// Of a socket that systemd passed, the name is systemd's.
    private let ownsName: Bool

    /// The socket that was passed, or else one of our own.
    /// - Throws: `passedSocket` when systemd listens elsewhere, or otherwise, than the configuration says; and what the
    ///   other initialiser throws.
    convenience init(path: String, isSequenced: Bool, passed: Int32?) throws(StartError) {
        if let passed {
            try self.init(path: path, isSequenced: isSequenced, adopting: passed)
        } else {
            try self.init(path: path, isSequenced: isSequenced)
        }
    }

    private init(path: String, isSequenced: Bool, adopting passed: Int32) throws(StartError) {
        let kind = Int32((isSequenced ? SOCK_SEQPACKET : SOCK_STREAM).rawValue)
        guard sd_is_socket_unix(passed, kind, 1, path, 0) > 0, kymo_unix_set_nonblocking(passed) == 0 else {
            throw .passedSocket(path: path)
        }
        self.path = path
        descriptor = passed
        ownsName = false
    }

    /// - Parameter isSequenced: SOCK_SEQPACKET (one message a packet) rather than SOCK_STREAM.
    /// - Throws: `socketTaken` when somebody answers there; a name that nobody answers on is a leftover and replaced.
    init(path: String, isSequenced: Bool) throws(StartError) {
        self.path = path
        ownsName = true
        let kind: Int32 = isSequenced ? 1 : 0
        var socket = kymo_unix_listen(path, kind, 8)
        if socket < 0, errno == EADDRINUSE {
            for otherKind: Int32 in [0, 1] {
                let probe = kymo_unix_connect(path, otherKind)
                // EPROTOTYPE: somebody listens there with the other type; EAGAIN: listens, but is busy.
                let isTaken = probe >= 0 || errno == EAGAIN
                if probe >= 0 { close(probe) }
                if isTaken { throw .socketTaken(path: path) }
            }
            unlink(path)
            socket = kymo_unix_listen(path, kind, 8)
        }
        guard socket >= 0 else { throw .socket(path: path, errno: errno) }
        descriptor = socket
        // Anybody may connect: who is believed is decided by kernel credentials, not by the mode.
        chmod(path, 0o666)
    }

    deinit {
        if ownsName { unlink(path) }
        close(descriptor)
    }

    /// The next connection, non-blocking, or nil.
    func accept() -> Int32? {
        let connection = kymo_unix_accept(descriptor)
        return connection >= 0 ? connection : nil
    }
}
