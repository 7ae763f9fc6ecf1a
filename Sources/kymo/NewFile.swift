import Glibc
import SystemPackage

/// A file that appears under its name when all of it is there and durable, or not at all: it is written beside it as
/// `NAME.part` first. What is exported is as private as the journal, so that only its owner may read it.
final class NewFile {
    let descriptor: Int32
    private let path: String
    private let replaces: Bool
    private var part: String { path + ".part" }
    private var isPublished = false

    /// - Parameter replaces: whether a file that is there already may go.
    init(_ path: String, replaces: Bool) throws {
        self.path = path
        self.replaces = replaces
        if !replaces, access(path, F_OK) == 0 { throw Self.occupied(path) }
        // A run that was killed leaves a part behind, which the next one takes over; two at once may not.
        let opened = open(path + ".part", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw Self.failure("create", path + ".part") }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0, ftruncate(opened, 0) == 0 else {
            close(opened)
            throw fail("\(path).part is being written by another command")
        }
        // Last, so that `deinit` takes nothing away that is another's.
        descriptor = opened
    }

    deinit {
        if !isPublished { unlink(part) }
        close(descriptor)
    }

    /// Gives the file its name. Everything must have been written.
    func publish() throws {
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", part) }
        if replaces {
            guard rename(part, path) == 0 else { throw Self.failure("rename", part) }
        } else {
            // Unlike rename, it does not replace what came in between.
            guard link(part, path) == 0 else {
                throw errno == EEXIST ? Self.occupied(path) : Self.failure("name", path)
            }
            unlink(part)
        }
        isPublished = true
        syncDirectory()
    }

    /// The name itself is durable as well. A file system that cannot do that has given what it can.
    private func syncDirectory() {
        let directory = open(
            FilePath(path).removingLastComponent().string.nonEmpty ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func occupied(_ path: String) -> Error {
        fail("\(path) exists already; name another file, or replace it with --replace")
    }

    private static func failure(_ what: String, _ path: String) -> Error {
        fail("cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
