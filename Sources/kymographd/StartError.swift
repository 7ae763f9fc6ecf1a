import Glibc

/// Why the recorder cannot start: one sentence, what happened and what to do.
enum StartError: Error, CustomStringConvertible {
    case noSuchUser(String)
    case subjectIsRoot
    case socketTaken(path: String)
    case socket(path: String, errno: Int32)
    case memory(errno: Int32)
    /// EPERM: it is there, and not as the recorder made it.
    case titleKey(path: String, errno: Int32)

    var description: String {
        switch self {
        case .noSuchUser(let name): "there is no user \(name); --subject takes the login name of the person recorded"
        case .subjectIsRoot: "root cannot be the subject; --subject takes the login name of the person recorded"
        case .socketTaken(let path):
            "another process already listens on \(path); stop it (systemctl status kymographd), or set another path "
                + "in the configuration"
        case .socket(let path, let code):
            "cannot listen on \(path): \(String(cString: strerror(code))); the directory must exist and be writable "
                + "by the recorder (RuntimeDirectory= in the unit)"
        case .memory(let code):
            "cannot keep others from looking into this process's memory: \(String(cString: strerror(code)))"
        case .titleKey(let path, EPERM):
            "\(path) is not a key of the recorder's own (its file, 32 bytes, mode 0600); remove it, and a new one is made"
        case .titleKey(let path, let code):
            "cannot use the key for titles, \(path): \(String(cString: strerror(code))); its directory must be writable by "
                + "the recorder (StateDirectory= in the unit)"
        }
    }
}
