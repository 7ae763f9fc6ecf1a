import Glibc

/// What the session says of itself to its programs.
enum Surroundings {
    static var runtimeDirectory: String? { variable("XDG_RUNTIME_DIR") }

    /// Where programs keep the person's settings (XDG base directories).
    static var configurationDirectory: String? {
        variable("XDG_CONFIG_HOME") ?? variable("HOME").map { $0 + "/.config" }
    }

    /// WAYLAND_DISPLAY, else the one socket that there is; among several nobody can choose.
    static var displayName: String? {
        if let name = variable("WAYLAND_DISPLAY") { return name }
        guard let directory = runtimeDirectory, let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let digits = name.dropFirst("wayland-".count)
            if name.hasPrefix("wayland-"), !digits.isEmpty, digits.allSatisfy(\.isNumber) { found.append(name) }
        }
        return found.count == 1 ? found[0] : nil
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
