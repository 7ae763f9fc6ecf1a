import ArgumentParser
import Glibc

/// Standard output through a buffer. Whoever reads it may go away: that ends the command, and is success.
struct StandardOutput {
    private static let limit = 64 << 10
    private var buffer: [UInt8] = []

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
        try flushIfFull()
    }

    /// Lines that end with their own newline.
    mutating func print(bytes: [UInt8]) throws {
        buffer += bytes
        try flushIfFull()
    }

    private mutating func flushIfFull() throws { if buffer.count >= Self.limit { try flush() } }

    mutating func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(STDOUT_FILENO, bytes.baseAddress! + written, bytes.count - written)
                if count >= 0 {
                    written += count
                } else if errno == EPIPE {
                    throw ExitCode.success
                } else if errno != EINTR {
                    throw fail("cannot write to standard output: \(String(cString: strerror(errno)))")
                }
            }
        }
    }
}
