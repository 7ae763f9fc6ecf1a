import Glibc

/// This machine and this boot, as the files of the system tell them.
struct Host {
    let machineID: String
    let bootID: String

    /// - Throws: a machine without an identity can give no receipt that is its own.
    init() throws(StartError) {
        machineID = try Self.line(of: "/etc/machine-id")
        bootID = try Self.line(of: "/proc/sys/kernel/random/boot_id")
    }

    private static func line(of path: String) throws(StartError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .noIdentity(path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard !text.isEmpty else { throw .noIdentity(path: path, errno: ENODATA) }
        return text
    }
}
