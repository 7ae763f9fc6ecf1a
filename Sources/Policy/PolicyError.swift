import Glibc

/// What can go wrong before the gate can work.
public enum PolicyError: Error, Sendable, Equatable, CustomStringConvertible {
    case holdBackMemory(bytes: Int, errno: Int32)
    case holdBackLock(bytes: Int, errno: Int32)

    public var description: String {
        switch self {
        case .holdBackMemory(let bytes, let code):
            "cannot map \(bytes) bytes for events that wait for the gate: \(String(cString: strerror(code)))"
        case .holdBackLock(let bytes, let code):
            "cannot lock \(bytes) bytes for events that wait for the gate (\(String(cString: strerror(code)))); "
                + "raise the limit of locked memory (LimitMEMLOCK= in the unit, ulimit -l in a shell)"
        }
    }
}
