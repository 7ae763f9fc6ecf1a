import CLinuxShim
import Glibc

/// A bound AF_UNIX socket, and its name in the file system for as long as it lives.
final class ListeningSocket {
    let descriptor: Int32
    private let path: String

    /// - Parameter isSequenced: SOCK_SEQPACKET (one message a packet) rather than SOCK_STREAM.
    /// - Throws: `socketTaken` when somebody answers there; a name that nobody answers on is a leftover and replaced.
    init(path: String, isSequenced: Bool) throws(StartError) {
        self.path = path
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
        unlink(path)
        close(descriptor)
    }

    /// The next connection, non-blocking, or nil.
    func accept() -> Int32? {
        let connection = kymo_unix_accept(descriptor)
        return connection >= 0 ? connection : nil
    }
}
