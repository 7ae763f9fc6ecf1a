import Glibc

/// Whose input this is, until consent says so.
struct Subject {
    let name: String
    let userID: uid_t

    /// - Throws: `noSuchUser`, `subjectIsRoot`.
    init(named name: String) throws(StartError) {
        guard let entry = getpwnam(name) else { throw .noSuchUser(name) }
        guard entry.pointee.pw_uid != 0 else { throw .subjectIsRoot }
        self.name = name
        userID = entry.pointee.pw_uid
    }
}
