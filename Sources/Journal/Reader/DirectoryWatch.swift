import CLinuxShim
import Glibc
import SystemPackage

/// What happens to the files of one directory, by inotify: nothing is ever asked on a timer.
final class DirectoryWatch {
    struct Changes: OptionSet {
        let rawValue: UInt8
        /// Some file was written to.
        static let content = Changes(rawValue: 1)
        /// Files were made, renamed or deleted.
        static let names = Changes(rawValue: 2)
    }

    /// Readable when something has changed since the last `drain`.
    let descriptor: Int32
    private var events = [UInt64](repeating: 0, count: 4096 / 8)

    init(_ directory: FilePath) throws(Errno) {
        descriptor = kymo_watch_directory(directory.string)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    /// Everything that was reported until now; never waits.
    func drain() -> Changes {
        var changes: Changes = []
        while true {
            let count = events.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return changes }
            events.withUnsafeBytes { changes.formUnion(Self.changes(UnsafeRawBufferPointer(rebasing: $0[..<count]))) }
        }
    }

    /// struct inotify_event: i32 watch, u32 mask, u32 cookie, u32 length of the name behind it.
    private static func changes(_ bytes: UnsafeRawBufferPointer) -> Changes {
        var changes: Changes = []
        var cursor = ByteCursor(bytes)
        while cursor.slice(4) != nil, let mask: UInt32 = cursor.integer(), cursor.slice(4) != nil,
            let length: UInt32 = cursor.integer(), cursor.slice(Int(length)) != nil
        {
            // Anything else counts as names: also an overflow of the queue, and the end of the directory itself.
            changes.formUnion(mask & UInt32(IN_MODIFY) == 0 ? .names : .content)
        }
        return changes
    }

    /// Sleeps until there is something to drain, or so many microseconds have passed (-1: for ever).
    func wait(microseconds: Int64 = -1) { _ = kymo_wait_readable(descriptor, microseconds) }
}
