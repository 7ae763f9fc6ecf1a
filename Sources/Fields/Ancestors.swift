import Glibc

/// The processes that a process comes from.
enum Ancestors {
    /// A chain longer than this is followed no further.
    private static let limit = 64

    /// Without itself and without the first process of all, which everything comes from.
    static func of(_ process: Int32) -> Set<Int32> {
        var found: Set<Int32> = []
        var next = parent(of: process)
        while let process = next, process > 1, found.count < limit, found.insert(process).inserted {
            next = parent(of: process)
        }
        return found
    }

    private static func parent(of process: Int32) -> Int32? {
        guard process > 0 else { return nil }
        let descriptor = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 512)
        let count = text.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        // The name may have brackets and blanks in it: it ends at the last bracket. State and parent follow.
        guard count > 0, let end = text[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[end..<count].split(separator: UInt8(ascii: " "))
        return fields.count > 2 ? Int32(String(decoding: fields[2], as: UTF8.self)) : nil
    }
}
