import CLinuxShim
import Crypto
import FoundationEssentials
import Glibc

/// The key with which one subject's titles are hashed. It never leaves the recorder's directory; once it is destroyed,
/// nobody can tell any more which title a hash in the journal is of, not even by trying titles.
struct TitleKey {
    private static let byteCount = 32
    private let key: SymmetricKey

    /// Reads it, or makes it where there is none.
    /// - Throws: `titleKey`, also for a file that others can read or that has another size: it is no secret then.
    init(directory: String, userID: uid_t) throws(StartError) {
        let path = Self.path(directory, userID)
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw .titleKey(path: directory, errno: errno) }
        let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if made >= 0 {
            defer { close(made) }
            try Self.fill(made, path, directory)
        } else if errno != EEXIST {
            throw .titleKey(path: path, errno: errno)
        }
        key = try Self.read(path)
    }

    private static func path(_ directory: String, _ userID: uid_t) -> String { "\(directory)/titles-\(userID).key" }

    private static func fill(_ descriptor: Int32, _ path: String, _ directory: String) throws(StartError) {
        var generator = SystemRandomNumberGenerator()
        var bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        defer { bytes.withUnsafeMutableBytes { wipe($0) } }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == byteCount, fsync(descriptor) == 0 else {
            let code = errno
            unlink(path)
            throw .titleKey(path: path, errno: code)
        }
        let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent >= 0 {
            fsync(parent)
            close(parent)
        }
    }

    private static func read(_ path: String) throws(StartError) -> SymmetricKey {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw .titleKey(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0, status.st_size == byteCount
        else { throw .titleKey(path: path, errno: EPERM) }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        defer { bytes.withUnsafeMutableBytes { wipe($0) } }
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count == byteCount else { throw .titleKey(path: path, errno: EIO) }
        return SymmetricKey(data: bytes)
    }

    /// The first 16 bytes of the title's HMAC-SHA-256, in hexadecimal: half of it tells titles apart just as well.
    func hash(_ title: String) -> String {
        let digest = HMAC<SHA256>.authenticationCode(for: Array(title.utf8), using: key)
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for byte in digest.prefix(16) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Destroys a subject's key: hashes that were written with it are nobody's any more. A recorder that runs has its own
    /// copy, and must be restarted. What a copy-on-write file system or worn flash still holds of it is not reached.
    static func destroy(directory: String, userID: uid_t) throws(StartError) {
        let path = path(directory, userID)
        let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor >= 0 {
            let zeros = [UInt8](repeating: 0, count: byteCount)
            _ = zeros.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            fsync(descriptor)
            close(descriptor)
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw .titleKey(path: path, errno: errno) }
    }

    /// Zeroes bytes in a way that no compiler leaves out.
    private static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
    }
}
