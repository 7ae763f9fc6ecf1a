import Glibc

/// Which process is at the other end of a connection: asked of the kernel (sock_diag(7)) and searched in /proc, some milliseconds long, so
/// only of connections that are new.
enum PeerProcess {
    // linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
    private static let netlinkSocketDiagnosis: Int32 = 4
    private static let byFamily: UInt16 = 20
    private static let request: UInt16 = 1
    private static let showsPeer: UInt32 = 4
    private static let peerAttribute: UInt16 = 2
    private static let headerBytes = 16

    /// Nil: the kernel does not say, or the process is somebody else's.
    static func connected(to inode: UInt64) -> Int32? { peer(of: inode).flatMap(owner(of:)) }

    /// - Parameters:
    ///   - inode: of the compositor's end of a connection.
    ///   - known: those of others.
    static func newcomer(_ inode: UInt64, known: Set<UInt64>) -> Newcomer {
        guard let process = connected(to: inode), let program = path("/proc/\(process)/exe") else { return Newcomer() }
        var family = [process]
        while let parent = parent(of: family[family.count - 1]), path("/proc/\(parent)/exe") == program {
            family.append(parent)
        }
        let ends = Set(known.compactMap(peer(of:)).map { "socket:[\($0)]" })
        let isOfKnown = family.contains { member in
            names(in: "/proc/\(member)/fd").contains { path("/proc/\(member)/fd/\($0)").map(ends.contains) == true }
        }
        return Newcomer(program: family.last, isOfKnown: isOfKnown)
    }

    /// proc_pid_stat(5): the second field behind the name, which ends with the last bracket.
    private static func parent(of process: Int32) -> Int32? {
        let descriptor = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &text, text.count)
        guard count > 0, let name = text[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(name + 1)..<count].split(separator: UInt8(ascii: " "))
        return fields.count > 1 ? Int32(String(decoding: fields[1], as: UTF8.self)) : nil
    }

    private static func peer(of inode: UInt64) -> UInt64? {
        let descriptor = socket(
            AF_NETLINK, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), netlinkSocketDiagnosis)
        guard descriptor >= 0, let number = UInt32(exactly: inode) else { return nil }
        defer { close(descriptor) }
        // nlmsghdr, unix_diag_req: any state, any cookie.
        var message: [UInt8] = []
        func put(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { message += $0 } }
        put(UInt32(40))
        put(byFamily)
        put(request)
        put(UInt64(0))
        put(UInt32(AF_UNIX))
        put(UInt32.max)
        put(number)
        put(showsPeer)
        put(UInt64.max)
        guard send(descriptor, message, message.count, 0) == message.count else { return nil }
        // The kernel has answered when the request was sent.
        var answer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return nil }
        return peer(inAnswer: Array(answer[..<count]))
    }

    /// nlmsghdr, unix_diag_msg, attributes.
    static func peer(inAnswer bytes: [UInt8]) -> UInt64? {
        bytes.withUnsafeBytes { bytes in
            func word<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T? {
                offset + MemoryLayout<T>.size <= bytes.count
                    ? bytes.loadUnaligned(fromByteOffset: offset, as: T.self) : nil
            }
            guard word(4, UInt16.self) == byFamily else { return nil }
            var offset = 2 * headerBytes
            while let length = word(offset, UInt16.self), length >= 4, let type = word(offset + 2, UInt16.self) {
                if type == peerAttribute { return word(offset + 4, UInt32.self).map(UInt64.init) }
                offset += (Int(length) + 3) / 4 * 4
            }
            return nil
        }
    }

    /// The newest process that has that socket: who has just connected is new more often than not.
    private static func owner(of inode: UInt64) -> Int32? {
        let target = "socket:[\(inode)]"
        let processes = names(in: "/proc").compactMap(Int32.init).sorted(by: >)
        return processes.first { process in
            let directory = "/proc/\(process)/fd"
            return names(in: directory).contains { path("\(directory)/\($0)") == target }
        }
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            found.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return found
    }

    /// What a link says.
    private static func path(_ link: String) -> String? {
        var text = [UInt8](repeating: 0, count: 1024)
        let count = text.withUnsafeMutableBytes {
            readlink(link, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return count > 0 && count < text.count ? String(decoding: text[..<count], as: UTF8.self) : nil
    }
}
