import CLinuxShim
import Glibc
import SystemPackage

/// The recorder that writes a journal, as another process sees it.
public struct RecorderProcess: Sendable {
    public let processID: Int32
    private let directory: FilePath

    /// The process that holds the directory's lock. Nil: there is none, or it lives in a namespace that cannot be seen.
    ///
    /// The kernel's list of locks tells. Asking with flock would take the lock for a moment, and a recorder that starts
    /// in that moment would be refused.
    public init?(of directory: FilePath) {
        var status = stat()
        guard stat(directory.appending("lock").string, &status) == 0,
            let holder = Self.holder(ofInode: UInt64(status.st_ino), in: Self.contents(of: "/proc/locks"))
        else { return nil }
        processID = holder
        self.directory = directory
    }

    /// From lines such as `1: FLOCK  ADVISORY  WRITE 2398 fe:00:16220739 0 EOF`. The device is not compared: btrfs and
    /// overlays tell two for one file.
    static func holder(ofInode inode: UInt64, in locks: String) -> Int32? {
        for line in locks.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE",
                let number = words[5].split(separator: ":").last, UInt64(number) == inode
            else { continue }
            return Int32(words[4])
        }
        return nil
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }

    /// Has it close the segment that it writes, and waits until it has.
    /// - Returns: the segment that is written from now on.
    public func rotate(patienceMicroseconds: UInt64 = 10_000_000) throws(RotationError) -> SegmentName {
        do throws(Errno) {
            let watch = try DirectoryWatch(directory)
            let before = active
            try signal()
            let deadline = kymo_monotonic_microseconds() + patienceMicroseconds
            while true {
                _ = watch.drain()
                // No segment is written while the disk takes none: then there is nothing to close either.
                if let now = active, now != before { return now }
                let now = kymo_monotonic_microseconds()
                guard now < deadline else { throw Errno.timedOut }
                watch.wait(microseconds: Int64(deadline - now))
            }
        } catch {
            switch error {
            case .timedOut: throw .noAnswer(processID)
            case .notPermitted: throw .notPermitted(processID)
            case .noSuchProcess: throw .noRecorder
            default: throw .system(error)
            }
        }
    }

    private var active: SegmentName? { (try? SegmentName.list(in: directory))?.last { $0.isActive } }

    private func signal() throws(Errno) {
        let descriptor = kymo_process_descriptor(processID)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        // Its number may have become another's since: only now that the descriptor holds it does the list prove anything.
        guard RecorderProcess(of: directory)?.processID == processID else { throw Errno.noSuchProcess }
        guard kymo_process_signal(descriptor, SIGUSR1) == 0 else { throw Errno(rawValue: errno) }
    }
}

/// Why a segment was not closed.
public enum RotationError: Error, Sendable, Equatable, CustomStringConvertible {
    case noRecorder
    case notPermitted(Int32)
    case noAnswer(Int32)
    case system(Errno)

    public var description: String {
        switch self {
        case .noRecorder: "no recorder writes this journal: there is no open segment to close"
        case .notPermitted(let process):
            "process \(process) writes this journal, and may not be told by this user; ask as root"
        case .noAnswer(let process):
            "process \(process) was told and has not begun a new segment; is it stopped, or the disk full? "
                + "kymo status tells"
        case .system(let errno): "cannot tell the recorder: \(errno.description.lowercased())"
        }
    }
}
