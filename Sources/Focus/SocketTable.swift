/// The texts by which the kernel tells of sockets (proc(5), proc_pid_fdinfo(5)).
enum SocketTable {
    private static let space = UInt8(ascii: " ")
    // Of a line of /proc/net/unix: "Num: RefCount Protocol Flags Type St Inode Path".
    private static let state = 5, inode = 6
    private static let isConnected: [UInt8] = Array("03".utf8)
    private static let isConnecting: [UInt8] = Array("02".utf8)

    /// The connections at the end that is bound to a path, in /proc/net/unix.
    ///
    /// - Parameter pathSuffix: a space, and the path.
    static func connections(in text: [UInt8], pathSuffix: [UInt8]) -> Connections {
        var found = Connections()
        for line in text.split(separator: UInt8(ascii: "\n")) where line.ends(with: pathSuffix) {
            let fields = line.split(separator: space, maxSplits: inode + 1)
            guard fields.count > inode, let number = UInt64(String(decoding: fields[inode], as: UTF8.self)) else {
                continue
            }
            // A socket has no inode before it is accepted.
            if fields[state].elementsEqual(isConnected), number != 0 {
                found.accepted.insert(number)
            } else if fields[state].elementsEqual(isConnecting) {
                found.waiting += 1
            }
        }
        return found
    }

    /// Inodes of what an epoll descriptor waits for: "tfd: 7 events: 19 data: … pos:0 ino:1b2c sdev:8" each.
    static func inodes(inWaits text: [UInt8]) -> [UInt64] {
        text.split(whereSeparator: { $0 == space || $0 == UInt8(ascii: "\n") }).compactMap { word in
            guard word.starts(with: "ino:".utf8) else { return nil }
            return UInt64(String(decoding: word.dropFirst(4), as: UTF8.self), radix: 16)
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
