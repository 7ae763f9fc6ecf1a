import SystemPackage

/// Why a journal cannot be opened: one sentence, what happened and what to do.
public enum JournalError: Error, Sendable, Equatable, CustomStringConvertible {
    case noDirectory(path: String)
    case notReadable(path: String)
    case notWritable(path: String, errno: Errno)
    case locked(lock: String, holder: String)
    case noIdentity(path: String)
    /// The list of what is still to be forgotten.
    case unreadableIntent(path: String)
    /// What is to be forgotten could not be made durable: it was not begun, and will not be tried again.
    case notNoted(path: String, errno: Errno)
    case thread(errno: Errno)
    /// There is no such place in it.
    case cursor(CursorError)
    /// The disk does not give bytes that are in a file.
    case unreadable(path: String, offset: UInt64, errno: Errno)
    case system(what: String, path: String, errno: Errno)

    init(reading path: FilePath, _ failure: ReadFailure) {
        self = .unreadable(path: path.string, offset: failure.offset, errno: failure.errno)
    }

    public var description: String {
        switch self {
        case .noDirectory(let path):
            "journal directory \(path) does not exist; create it for the recorder's user "
                + "(StateDirectory= in the unit does), or set [journal] directory"
        case .notReadable(let path):
            "journal directory \(path) may not be read by this user; ask as the recorder's user or root, "
                + "or name another with --journal"
        case .notWritable(let path, let errno):
            "cannot write in journal directory \(path): \(errno.description.lowercased()); free some space, or give "
                + "it to the recorder's user"
        case .locked(let lock, let holder):
            "another recorder writes this journal (lock \(lock) is held by process \(holder)); stop it first"
        case .noIdentity(let path): "cannot read \(path), which names this machine and boot in the journal"
        case .unreadableIntent(let path):
            "\(path) says what is still to be forgotten, and cannot be read; delete it, and forget again"
        case .notNoted(let path, let errno):
            "cannot note in \(path) what is to be forgotten: \(errno.description.lowercased()); nothing was forgotten"
        case .cursor(let error): error.description
        case .thread(let errno): "cannot start the journal's thread: \(errno.description.lowercased())"
        case .unreadable(let path, let offset, let errno):
            "cannot read \(path) at byte \(offset): \(errno.description.lowercased()); nothing in it was changed. Look at the "
                + "kernel's log: if the disk fails, copy the journal elsewhere; to record without that file, move it away"
        case .system(let what, let path, let errno): "cannot \(what) \(path): \(errno.description.lowercased())"
        }
    }
}
