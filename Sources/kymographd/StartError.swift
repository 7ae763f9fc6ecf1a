import Glibc

/// Why the recorder cannot start: one sentence, what happened and what to do.
enum StartError: Error, CustomStringConvertible {
    case noEvents(errno: Int32)
    case noIdentity(path: String, errno: Int32)
    case socketTaken(path: String)
    case socket(path: String, errno: Int32)
    case passedSocket(path: String)
    case passedTwice(name: String)

    var description: String {
        switch self {
        case .noEvents(let code): "cannot make an event descriptor: \(String(cString: strerror(code)))"
        case .noIdentity(let path, let code):
            "cannot read \(path): \(String(cString: strerror(code))); a consent is given on one machine, and this one has "
                + "no name (systemd-machine-id-setup makes one)"
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
