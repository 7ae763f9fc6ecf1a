import Events
import Glibc

/// Severities of syslog, as sd-daemon(3) numbers them.
public enum LogLevel: Int, Sendable, Comparable {
    case error = 3, warning = 4, notice = 5, info = 6, debug = 7
    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }

    fileprivate var word: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .notice, .info, .debug: ""
        }
    }
}

/// Where lines go, decided once: set before any thread is started, constant after.
private struct Destination {
    var program = ""
    /// systemd connects stderr to its journal and says so; then lines carry `<N>`.
    var hasPriorities = false
}

nonisolated(unsafe) private var destination = Destination()

/// Names the program in every line. Call once, first thing in `main`.
public func openLog(program: String) {
    destination = Destination(program: program, hasPriorities: getenv("JOURNAL_STREAM") != nil)
}

/// Writes one line to stderr. Lower case, what happened, what to do. Control characters in it are made visible, since
/// parts of it may come from a device or a window.
public func log(_ level: LogLevel, _ message: String) {
    var line = destination.hasPriorities ? "<\(level.rawValue)>" : "\(destination.program): "
    if !destination.hasPriorities, !level.word.isEmpty { line += "\(level.word): " }
    line += message.visible + "\n"
    line.withUTF8 { bytes in
        // A log that cannot be written has nobody to tell.
        _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
}
