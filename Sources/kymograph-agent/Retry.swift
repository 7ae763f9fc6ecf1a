import CLinuxShim
import EventLoop
import Glibc

/// When to try again to connect to a socket: soon after it appears in its directory, else less and less often.
///
/// The directory is watched only while nothing is connected: others write there too, and at rest nobody wakes up.
final class Retry {
    private static let shortestMicroseconds: UInt64 = 1_000_000
    private static let longestMicroseconds: UInt64 = 8_000_000
    /// A socket's file is there a moment before anybody listens on it.
    private static let settlingMicroseconds: UInt64 = 50_000

    private let loop: EventLoop
    private let directory: String?
    private let isConcerned: (String) -> Bool
    private var watch: Int32 = -1
    private var delayMicroseconds = Retry.shortestMicroseconds
    private var dueMicroseconds: UInt64? = 0

    /// CLOCK_MONOTONIC, µs; nil while there is nothing to retry, or nothing but the directory tells when.
    var deadlineMicroseconds: UInt64? { dueMicroseconds == .max ? nil : dueMicroseconds }

    /// `isConcerned` tells whether a file of that name in the directory may be the socket.
    init(loop: EventLoop, directory: String?, isConcerned: @escaping (String) -> Bool) {
        self.loop = loop
        self.directory = directory
        self.isConcerned = isConcerned
    }

    var isDue: Bool { deadlineMicroseconds.map { kymo_monotonic_microseconds() >= $0 } ?? false }

    /// It did not work, or works no more.
    func later() {
        dueMicroseconds = kymo_monotonic_microseconds() + delayMicroseconds
        delayMicroseconds = min(delayMicroseconds * 2, Self.longestMicroseconds)
        watchDirectory()
    }

    /// It is not there, and no time is better than another: only when the directory stirs.
    func whenStirred() {
        dueMicroseconds = .max
        watchDirectory()
    }

    private func watchDirectory() {
        guard watch < 0, let directory else { return }
        let descriptor = kymo_watch_directory(directory)
        // A directory that is not there yet cannot be watched; the deadline remains.
        guard descriptor >= 0 else { return }
        do {
            try loop.add(descriptor) { [unowned self] in stirred() }
            watch = descriptor
        } catch {
            close(descriptor)
        }
    }

    /// Connected: nothing to wait for.
    func pause() {
        dueMicroseconds = nil
        guard watch >= 0 else { return }
        loop.remove(watch)
        close(watch)
        watch = -1
    }

    /// It is of use, too: the next trouble is a new one.
    func succeeded() {
        pause()
        delayMicroseconds = Self.shortestMicroseconds
    }

    private func stirred() {
        var isStirred = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(watch, &buffer, buffer.count), count > 0 {
            let names = buffer.withUnsafeBytes { watchedNames(in: $0[..<count]) }
            isStirred = isStirred || names.contains(where: isConcerned)
        }
        guard isStirred, let deadline = dueMicroseconds else { return }
        dueMicroseconds = min(deadline, kymo_monotonic_microseconds() + Self.settlingMicroseconds)
    }
}
