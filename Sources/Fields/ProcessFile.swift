import Glibc

/// Files below `/proc/PID` (proc(5)).
enum ProcessFile {
    /// Nil: it is not there, or not for us.
    static func read(_ process: some CustomStringConvertible, _ name: String) -> [UInt8]? {
        let descriptor = open("/proc/\(process)/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = part.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { return nil }
            guard count > 0 else { return text }
            text += part[..<count]
        }
    }

    /// Its threads; nil: it is gone.
    static func tasks(of process: Int32) -> [Int32]? {
        guard let directory = opendir("/proc/\(process)/task") else { return nil }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { found.append(number) }
        }
        return found
    }

    static func numbers(in text: [UInt8]) -> [Int32] {
        text.split(separator: UInt8(ascii: " ")).compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
    }
}
