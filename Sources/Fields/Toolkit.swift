import Glibc

/// How far behind a key an app's word on its focus may be.
enum Toolkit: Sendable, Equatable {
    /// One loop in one process reads keys, moves the focus and answers questions: where it has answered, it has met the keys
    /// that were there before the turn of its loop in which it did.
    case direct
    /// Keys are handed to another process, which says later what became of them: whoever answers may not know yet, and
    /// nothing orders the two. Nor is anything known of toolkits that are not named here.
    case relayed

    /// As `org.a11y.atspi.Application.ToolkitName` has it: GTK 3 and GTK 4, Qt. Gecko, Chromium (Electron too),
    /// WebKitGTK and Java's bridge are not among them.
    init(name: String) {
        self = ["gtk", "GTK", "Qt"].contains(name) ? .direct : .relayed
    }
}

/// Engines that a toolkit's app may have in it, whose fields are another process's whatever the app says that it is.
enum Engines {
    /// As the names of the libraries begin.
    private static let libraries = [
        "libQt5WebEngineCore", "libQt6WebEngineCore", "libQt5WebKit", "libwebkit2gtk", "libwebkitgtk", "libcef.so",
        "libxul.so",
    ]

    /// Whether one is loaded; also where nobody can tell.
    static func areLoaded(in process: Int32) -> Bool {
        let descriptor = open("/proc/\(process)/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = part.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { return true }
            guard count > 0 else { break }
            text += part[..<count]
        }
        return areNamed(in: text)
    }

    /// - Parameter maps: as `/proc/PID/maps` has them (proc(5)).
    static func areNamed(in maps: [UInt8]) -> Bool {
        maps.split(separator: UInt8(ascii: "\n")).contains { line in
            guard let slash = line.lastIndex(of: UInt8(ascii: "/")) else { return false }
            let name = line[line.index(after: slash)...]
            return libraries.contains { name.starts(with: $0.utf8) }
        }
    }
}
