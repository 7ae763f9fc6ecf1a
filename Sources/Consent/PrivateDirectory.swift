import Glibc

/// Why the state of consents cannot be read or written. Then there is no consent.
public enum ConsentError: Error, Sendable, Equatable, CustomStringConvertible {
    case file(path: String, doing: String, errno: Int32)
    /// A symbolic link, a directory, another user's, or one that others may change.
    case notPrivate(path: String, what: String)
    case tooLong(path: String, limit: Int)
    case badKey(path: String)
    case badTitleKey(path: String)

    public var description: String {
        switch self {
        case .file(let path, let doing, let code): "cannot \(doing) \(path): \(String(cString: strerror(code)))"
        case .notPrivate(let path, let what):
            "\(path) is not used: \(what); it must be a regular file of the recorder's user that nobody else may change"
        case .tooLong(let path, let limit): "\(path) has more than \(limit) bytes"
        case .badKey(let path):
            "\(path) holds no Ed25519 key; every consent given on this host ends with it. Move it away to begin anew"
        case .badTitleKey(let path): "\(path) is no key for titles; remove it, and a new one is made"
        }
    }
}

/// A directory whose files are this user's alone, written whole or not at all.
struct PrivateDirectory: Sendable {
    let path: String

    /// Makes it if it is missing, 0700.
    init(_ path: String) throws(ConsentError) {
        self.path = path
        if mkdir(path, 0o700) < 0, errno != EEXIST { throw .file(path: path, doing: "make", errno: errno) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .file(path: path, doing: "look at", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notPrivate(path: path, what: "it is no directory") }
        guard status.st_uid == geteuid() else { throw .notPrivate(path: path, what: "it is another user's") }
        guard status.st_mode & 0o077 == 0 else { throw .notPrivate(path: path, what: "others may look into it") }
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    /// Nil if there is no such file.
    func read(_ name: String) throws(ConsentError) -> [UInt8]? {
        let path = path(of: name)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP { throw .notPrivate(path: path, what: "it is a symbolic link") }
            throw .file(path: path, doing: "read", errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .notPrivate(path: path, what: "it is no regular file")
        }
        guard status.st_uid == geteuid() else { throw .notPrivate(path: path, what: "it is another user's") }
        guard status.st_mode & 0o077 == 0 else { throw .notPrivate(path: path, what: "others may read or change it") }
        guard status.st_size <= SignedText.sizeLimit else { throw .tooLong(path: path, limit: SignedText.sizeLimit) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
            guard got > 0 else { throw .file(path: path, doing: "read", errno: got < 0 ? errno : EIO) }
            count += got
        }
        return bytes
    }

    /// Durable when it returns: a consent that was withdrawn stays so after a power cut.
    func write(_ name: String, _ bytes: [UInt8]) throws(ConsentError) {
        let path = path(of: name)
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .file(path: temporary, doing: "make", errno: errno) }
        var written = 0
        while written < bytes.count {
            let got = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            guard got > 0 else {
                let code = errno
                close(descriptor)
                unlink(temporary)
                throw .file(path: temporary, doing: "write", errno: code)
            }
            written += got
        }
        let isDurable = fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isDurable else {
            unlink(temporary)
            throw .file(path: temporary, doing: "write", errno: code)
        }
        guard rename(temporary, path) == 0 else { throw .file(path: path, doing: "write", errno: errno) }
        try settle()
    }

    func remove(_ name: String) throws(ConsentError) {
        guard unlink(path(of: name)) == 0 || errno == ENOENT else {
            throw .file(path: path(of: name), doing: "remove", errno: errno)
        }
        try settle()
    }

    /// As `remove`, but zeros come over the bytes first: a name that is gone leaves them where they are.
    func destroy(_ name: String, byteCount: Int) throws(ConsentError) {
        let path = path(of: name)
        let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor >= 0 {
            defer { close(descriptor) }
            let zeros = [UInt8](repeating: 0, count: byteCount)
            guard zeros.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == byteCount,
                fsync(descriptor) == 0
            else { throw .file(path: path, doing: "destroy", errno: errno) }
        } else if errno != ENOENT {
            throw .file(path: path, doing: "destroy", errno: errno)
        }
        try remove(name)
    }

    private func settle() throws(ConsentError) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .file(path: path, doing: "open", errno: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .file(path: path, doing: "write", errno: errno) }
    }
}
