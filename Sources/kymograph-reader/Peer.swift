import CLinuxShim
import Glibc
import JournalAccess

/// The process at the other end, as the kernel tells it.
struct Peer {
    let userID: uid_t
    let processID: pid_t
    let name: String
    let role: Role

    static let readers = "kymograph-readers"
    /// Until there is consent, this file says who is recorded (kymographd.service).
    private static let subjectFile = "/etc/kymograph/subject"

    /// Nil: the kernel does not tell who it is.
    init?(of socket: Int32) {
        var user: uid_t = 0
        var process: pid_t = 0
        guard kymo_peer_credentials(socket, &user, &process) == 0 else { return nil }
        userID = user
        processID = process
        let entry = getpwuid(user)
        let known = entry.map { (String(cString: $0.pointee.pw_name), $0.pointee.pw_gid) }
        name = known?.0 ?? "?"
        role = Role(
            userID: user, isReader: known.map { Self.isMember(of: Self.readers, user: $0.0, group: $0.1) } ?? false,
            isSubject: known.map { $0.0 == Self.subject } ?? false)
    }

    /// By the user database as it is now, not by the groups that the process was given at login: who is taken out of the
    /// group cannot read from then on.
    private static func isMember(of name: String, user: String, group: gid_t) -> Bool {
        guard let wanted = getgrnam(name)?.pointee.gr_gid else { return false }
        var count: Int32 = 64
        while true {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let capacity = count
            if getgrouplist(user, group, &groups, &count) >= 0 { return groups.prefix(Int(count)).contains(wanted) }
            // It has told how many there are.
            guard count > capacity else { return false }
        }
    }

    private static var subject: String? {
        guard let file = fopen(subjectFile, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix("KYMOGRAPH_SUBJECT=") { return String(text.dropFirst("KYMOGRAPH_SUBJECT=".count)) }
        }
        return nil
    }
}
