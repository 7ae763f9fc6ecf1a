import Glibc
import JournalAccess

/// The list of accesses. The service alone can write it; it is shown to root, readers and those who are recorded.
struct AccessLog {
    private let path: String

    /// Where the unit's LogsDirectory= is.
    init() {
        let directory = getenv("LOGS_DIRECTORY").map { String(cString: $0) } ?? "/var/log/kymograph"
        path = directory + "/access.log"
    }

    /// On the disk when it returns. One write, so that lines of two connections cannot mix.
    /// - Returns: false: it is not there, and nothing may be read.
    func append(_ line: LogLine) -> Bool {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(line.text(time: Self.stamp(line.realtimeMicroseconds)).utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count && fdatasync(descriptor) == 0
    }

    /// - Returns: false: there is none, or the other side takes it no more.
    func copy(to output: Int32) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 }
            var done = 0
            while done < count {
                let written = buffer.withUnsafeBytes { write(output, $0.baseAddress! + done, count - done) }
                guard written > 0 else { return false }
                done += written
            }
        }
    }

    /// RFC 3339, UTC, with milliseconds.
    private static func stamp(_ microseconds: UInt64) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func filled(_ number: some BinaryInteger, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let day = "\(filled(parts.tm_year + 1900, 4))-\(filled(parts.tm_mon + 1, 2))-\(filled(parts.tm_mday, 2))"
        let time = "\(filled(parts.tm_hour, 2)):\(filled(parts.tm_min, 2)):\(filled(parts.tm_sec, 2))"
        return "\(day)T\(time).\(filled(microseconds / 1000 % 1000, 3))Z"
    }
}
