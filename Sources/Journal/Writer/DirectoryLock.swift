import Glibc
import SystemPackage

/// The one writer a journal directory may have: an flock on the file `lock`, which names its holder.
final class DirectoryLock {
    private let descriptor: Int32

    init(directory: FilePath) throws(JournalError) {
        let path = directory.appending("lock")
        let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .noDirectory(path: directory.string)
            default: throw .notWritable(path: directory.string, errno: Errno(rawValue: errno))
            }
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.readHolder(descriptor)
            close(descriptor)
            throw .locked(lock: path.string, holder: holder)
        }
        self.descriptor = descriptor
        // For the message of the next one only; the lock itself is the kernel's.
        var holder = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = holder.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
    }

    deinit {
        // A child between fork and exec has the descriptor as well, and the lock is both's.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func readHolder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(count, 0)).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
