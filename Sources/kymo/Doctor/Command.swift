import Glibc

/// Another program's standard output: systemd's and logind's own tools know best what they think, and are there wherever
/// the units are. Arguments are ours, never anybody's input.
///
/// - Returns: nil if the program is not there, or fails.
func output(of command: String) -> String? {
    guard let stream = popen("\(command) 2>/dev/null", "re") else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer.prefix(count) }
    return pclose(stream) == 0 ? String(decoding: bytes, as: UTF8.self) : nil
}

/// `Name=value` lines, as `systemctl show` and `loginctl show-session` print them.
func properties(of command: String) -> [String: String] {
    var found: [String: String] = [:]
    for line in (output(of: command) ?? "").split(separator: "\n") {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
    }
    return found
}
