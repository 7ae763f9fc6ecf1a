import CLinuxShim
import Glibc

/// The process at the other end, as the kernel told it at the moment of connecting.
struct Peer {
    static let readers = "kymograph-readers"

    let userID: uid_t
    let processID: pid_t
    /// "?": the user has no name.
    let name: String
    /// Root, who needs nobody, and members of the group.
    let mayReadEverything: Bool

    /// Nil: the kernel does not tell who it is.
    init?(of socket: Int32) {
        var user: uid_t = 0
        var process: pid_t = 0
        guard kymo_peer_credentials(socket, &user, &process) == 0 else { return nil }
        userID = user
        processID = process
        let entry = getpwuid(user).map { (String(cString: $0.pointee.pw_name), $0.pointee.pw_gid) }
        name = entry?.0 ?? "?"
        mayReadEverything = user == 0 || entry.map { Self.isMember(user: $0.0, group: $0.1) } ?? false
    }

    /// By the user database as it is now. The socket's mode goes by the groups that the process was given at login: who
    /// was taken out of the group since must not read, either.
    private static func isMember(user: String, group: gid_t) -> Bool {
        guard let wanted = getgrnam(readers)?.pointee.gr_gid else { return false }
        var count: Int32 = 64
        while true {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let capacity = count
            if getgrouplist(user, group, &groups, &count) >= 0 { return groups.prefix(Int(count)).contains(wanted) }
            // It has told how many there are.
            guard count > capacity else { return false }
        }
    }
}
