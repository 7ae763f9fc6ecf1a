import CLinuxShim
import Glibc
import JournalAccess

/// A command that reads a journal, and can be run by kymograph-reader where this user may not read the directory.
protocol ReadsJournal {
    var journal: JournalArguments { get }
}

extension JournalArguments {
    static let systemJournal = "/var/lib/kymograph/journal"

    /// Whether it is the system's journal, and closed to this user. Any other directory is the business of the one who
    /// names it.
    var isClosed: Bool {
        guard journal == Self.systemJournal else { return false }
        // Tried, since access(2) knows nothing of the capability by which kymograph-reader's own kymo may.
        let descriptor = open(journal, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 { close(descriptor) }
        return descriptor < 0 && errno == EACCES
    }
}

/// Has this very command line run by kymograph-reader, which writes to the same standard output and error.
///
/// When this process goes, so does the one that runs for it: the service sees the connection close.
enum ReaderService {
    /// - Returns: the exit code of the `kymo` that ran.
    static func run(_ arguments: [String], socket: String = ReadingRequest.socket) throws -> Int32 {
        let connection = kymo_unix_connect(socket, 1)
        guard connection >= 0 else { throw fail(unreachable(socket, errno)) }
        defer { close(connection) }
        guard let packet = ReadingRequest(arguments: arguments, isColored: StandardOutput.isColored).bytes else {
            throw fail("the arguments are too long: at most \(ReadingRequest.limit) bytes")
        }
        // One who is refused at once may be hung up on before the packet: the answer is there all the same.
        let isSent = kymo_send_descriptors(connection, packet, packet.count, [STDOUT_FILENO, STDERR_FILENO], 2) == 0
        let code = errno
        var buffer = [UInt8](repeating: 0, count: 4096)
        // The connection is non-blocking, and what is asked for may take as long as a tail -f.
        while kymo_wait_readable(connection, -1) != 1 {}
        let count = recv(connection, &buffer, buffer.count, 0)
        switch count > 0 ? ReadingReply(buffer[..<count]) : nil {
        case .finished(let code): return Int32(code)
        case .refused(let reason): throw fail(reason)
        case nil where !isSent:
            throw fail("kymograph-reader does not take the question: \(String(cString: strerror(code)))")
        case nil: throw fail("kymograph-reader has given up; journalctl --unit='kymograph-reader@*' tells why")
        }
    }

    private static func unreachable(_ socket: String, _ code: Int32) -> String {
        code == EACCES
            ? "the journal is closed to you: members of the group kymograph-readers may read it, and each time is on "
                + "record (an administrator adds you with: usermod --append --groups kymograph-readers NAME; then log in "
                + "anew); what was recorded of yourself is yours to read: kymo mine"
            : "the journal is closed to you, and kymograph-reader, which reads it for members of the group "
                + "kymograph-readers, does not answer on \(socket) (\(String(cString: strerror(code)))); "
                + "systemctl start kymograph-reader.socket"
    }
}
