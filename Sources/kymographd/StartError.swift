import Glibc

/// Why the recorder cannot start: one sentence, what happened and what to do.
enum StartError: Error, CustomStringConvertible {
    case noSuchUser(String)
    case subjectIsRoot
    case socketTaken(path: String)
    case socket(path: String, errno: Int32)
    case passedSocket(path: String)
    case passedTwice(name: String)

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
        case .passedSocket(let path):
            "the socket unit does not listen on \(path), as the configuration says; set the same path in both "
                + "(systemctl edit kymograph.socket)"
        case .passedTwice(let name):
            "systemd passed two sockets named \(name); FileDescriptorName= must differ in the socket units"
        }
    }
}
