import CSystemd
import Glibc

/// The sockets on which systemd listens for this service (`sd_listen_fds`), each by the `FileDescriptorName=` of its
/// unit. None when nobody passed any: the recorder then listens itself.
///
/// A connection that comes while the recorder is being restarted waits in such a socket, where otherwise it is refused.
struct PassedSockets {
    private let descriptors: [String: Int32]

    /// Takes them out of the environment, so that nothing this process may start mistakes them for its own.
    /// - Throws: `passedTwice`.
    init() throws(StartError) {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0, let names else {
            descriptors = [:]
            return
        }
        var found: [String: Int32] = [:]
        var repeated: String?
        for index in 0..<Int(count) {
            guard let text = names[index] else { continue }
            let name = String(cString: text)
            free(text)
            if found.updateValue(3 + Int32(index), forKey: name) != nil { repeated = name }
        }
        free(names)
        if let repeated { throw .passedTwice(name: repeated) }
        descriptors = found
    }

    subscript(name: String) -> Int32? { descriptors[name] }
}
