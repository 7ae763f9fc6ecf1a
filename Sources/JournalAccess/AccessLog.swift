import Events
import Glibc

/// The list of who has read what was recorded: a line for each access, on the disk before anything is read.
///
/// Two users write it and nobody else can: kymographd, whose file it is, and kymograph-reader, which may add to it and not
/// even read it (systemd/tmpfiles.conf gives it that). Readers cannot; root can do anything.
public struct AccessLog: Sendable {
    public static let systemPath = "/var/lib/kymograph/access.log"
    /// Bytes, from the end, that are looked through when somebody asks: some thousand accesses.
    static let lookBack = 1 << 19

    private let path: String

    public init(path: String = systemPath) { self.path = path }

    /// Durable when it returns. What cannot be written down must not be read.
    /// - Parameter creates: for the owner of the directory; the other writer would leave the owner out.
    public func append(_ entry: AccessEntry, creates: Bool = false) throws(AccessLogError) {
        let flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (creates ? O_CREAT : 0)
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw .init(path: path, doing: "open", errno: errno) }
        defer { close(descriptor) }
        // One at a time, so that a line that the disk takes in part can be taken back: the next would be glued to it.
        guard flock(descriptor, LOCK_EX) == 0 else { throw .init(path: path, doing: "lock", errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .init(path: path, doing: "use", errno: EINVAL)
        }
        let bytes = Array(entry.line.utf8)
        let written = write(descriptor, bytes, bytes.count)
        guard written == bytes.count else {
            let code = written < 0 ? errno : ENOSPC
            ftruncate(descriptor, status.st_size)
            throw .init(path: path, doing: "write", errno: code)
        }
        guard fdatasync(descriptor) == 0 else { throw .init(path: path, doing: "sync", errno: errno) }
    }

    /// The lines that tell of accesses to this person's recordings, oldest first, without their newlines. None where
    /// there is no list yet.
    /// - Parameter userID: nil: all lines, for root.
    public func lines(concerning userID: UInt32?) throws(AccessLogError) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw .init(path: path, doing: "open", errno: errno)
        }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        let begin = max(0, size - off_t(Self.lookBack))
        var bytes = [UInt8](repeating: 0, count: Int(size - begin))
        let count = pread(descriptor, &bytes, bytes.count, begin)
        guard count >= 0 else { throw .init(path: path, doing: "read", errno: errno) }
        // Where reading begins inside a line, that one is older than what is looked through.
        return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").dropFirst(begin > 0 ? 1 : 0)
            .filter { line in userID.map { AccessEntry.concerns(line, userID: $0) } ?? true }.map(String.init)
    }
}

/// Why the list cannot be written or read, and what to do.
public struct AccessLogError: Error, Equatable, CustomStringConvertible {
    public var path: String
    public var doing: String
    public var errno: Int32

    public var description: String {
        "cannot \(doing) the list of accesses, \(path): \(String(cString: strerror(errno))); "
            + "systemd-tmpfiles --create kymograph.conf makes it, df \(path) tells whether there is room"
    }
}
