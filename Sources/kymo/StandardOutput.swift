import ArgumentParser
import CLinuxShim
import Glibc

/// Lines through a buffer to a descriptor: standard output, or a file of one's own. Whoever reads standard output may go
/// away: that ends the command, and is success.
struct StandardOutput {
    private static let limit = 64 << 10
    /// Lines wait at most so long while others follow.
    private static let patienceMicroseconds: UInt64 = 100_000
    private let descriptor: Int32
    private let name: String
    private var buffer: [UInt8] = []
    private var flushedMicroseconds: UInt64 = 0

    init(descriptor: Int32 = STDOUT_FILENO, name: String = "standard output") {
        self.descriptor = descriptor
        self.name = name
    }

    /// Whether a person looks on.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// https://no-color.org: any value but the empty one means no.
    static var isColored: Bool {
        guard isTerminal else { return false }
        if let wish = getenv("NO_COLOR"), wish.pointee != 0 { return false }
        return getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    mutating func print(_ line: String) throws {
        buffer += line.utf8
        buffer.append(UInt8(ascii: "\n"))
        try flushIfDue()
    }

    /// Lines that end with their own newline.
    mutating func print(bytes: [UInt8]) throws {
        buffer += bytes
        try flushIfDue()
    }

    /// The first line goes out at once, and the search for the next may take long.
    private mutating func flushIfDue() throws {
        if buffer.count >= Self.limit || kymo_monotonic_microseconds() > flushedMicroseconds + Self.patienceMicroseconds
        {
            try flush()
        }
    }

    mutating func flush() throws {
        flushedMicroseconds = kymo_monotonic_microseconds()
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count >= 0 {
                    written += count
                } else if errno == EPIPE {
                    throw ExitCode.success
                } else if errno != EINTR {
                    throw fail("cannot write to \(name): \(String(cString: strerror(errno)))")
                }
            }
        }
    }
}
