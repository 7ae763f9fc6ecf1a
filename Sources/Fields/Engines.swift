/// Engines that a toolkit's app may have in it, whose fields are another process's whatever the app says that it is.
enum Engines {
    /// As the names of the libraries begin.
    private static let libraries = [
        "libQt5WebEngineCore", "libQt6WebEngineCore", "libQt5WebKit", "libwebkit2gtk", "libwebkitgtk", "libcef.so",
        "libxul.so",
    ]
    /// As Chromium's threads are called, also where it is told to be one process (`--single-process`).
    private static let threads = "Chrome_"

    /// What there is to decide by.
    enum Evidence: Equatable {
        /// `/proc/PID/maps`: the kernel shows them to whoever could trace the process.
        case libraries
        /// The app has privileges that this process has not: pam_systemd, from 254 on, gives whoever is at the seat
        /// CAP_WAKE_ALARM, and services of the user's manager have nothing. What the kernel shows everybody decides: an
        /// engine has processes of its own, or threads.
        case processes
    }

    /// Whether one is, or may be, in that app; also where nobody can tell.
    static func look(in process: Int32) -> (areLoaded: Bool, by: Evidence) {
        if let maps = ProcessFile.read(process, "maps") { return (areNamed(in: maps), .libraries) }
        return (mayBeBelow(process), .processes)
    }

    /// - Parameter maps: as `/proc/PID/maps` has them (proc(5)).
    static func areNamed(in maps: [UInt8]) -> Bool {
        maps.split(separator: UInt8(ascii: "\n")).contains { line in
            guard let slash = line.lastIndex(of: UInt8(ascii: "/")) else { return false }
            let name = line[line.index(after: slash)...]
            return libraries.contains { name.starts(with: $0.utf8) }
        }
    }

    /// Whether the app has threads or processes that may be an engine's, as far as everybody may see.
    ///
    /// Any process that it has started counts, but for one with a terminal of its own: that is a terminal's shell. In a
    /// sandbox (a user namespace that is not ours) an engine's processes are started by somebody else on the app's behalf,
    /// as Flatpak's portal does: nothing can be told there.
    static func mayBeBelow(_ process: Int32) -> Bool {
        guard let users = ProcessFile.read(process, "uid_map"), users == ProcessFile.read("self", "uid_map"),
            let app = ProcessStatus(of: process)
        else { return true }
        // A thread that ends leaves what it has started to another, which may have been looked at before: once more then.
        for _ in 0..<3 {
            if let found = look(atThreadsOf: process, app) { return found }
        }
        return true
    }

    /// Nil: a thread, or the app, has ended meanwhile. A kernel without `children` (CONFIG_PROC_CHILDREN) looks the same.
    private static func look(atThreadsOf process: Int32, _ app: ProcessStatus) -> Bool? {
        guard let tasks = ProcessFile.tasks(of: process) else { return nil }
        for task in tasks {
            guard let name = ProcessFile.read(process, "task/\(task)/comm"),
                let children = ProcessFile.read(process, "task/\(task)/children")
            else { return nil }
            if name.starts(with: threads.utf8) { return true }
            if ProcessFile.numbers(in: children).contains(where: { isSuspect($0, below: app) }) { return true }
        }
        return false
    }

    private static func isSuspect(_ child: Int32, below app: ProcessStatus) -> Bool {
        guard let status = ProcessStatus(of: child), !status.isDead else { return false }
        return status.terminal == 0 || status.terminal == app.terminal
    }
}
