import Glibc

/// Why a bus cannot be used, or a call has no answer.
public enum BusError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The bus cannot be reached: at the start, or from now on.
    case noConnection(errno: Int32)
    /// A message cannot be made or sent (`what`): a name that is none, a value that does not fit its signature.
    case invalid(what: String, errno: Int32)
    /// A message that was received does not decode: it carries a file descriptor, or is damaged.
    case malformed(message: String, errno: Int32)
    /// The peer's answer, or the bus's own: `org.freedesktop.DBus.Error.…`. A call without an answer in time ends as
    /// `Error.NoReply` (`isTimeout`).
    case remote(name: String, message: String, call: String)
    /// An argument is missing or of another type.
    case unexpectedType(expected: String, actual: String, index: Int, message: String)
    /// More values, or deeper ones, than any message that is meant for us has.
    case tooLarge(message: String)

    /// Whether nobody owns the name that was called, and nobody can be started who would.
    public var isServiceUnknown: Bool {
        guard case .remote(let name, _, _) = self else { return false }
        return name == "org.freedesktop.DBus.Error.ServiceUnknown"
            || name == "org.freedesktop.DBus.Error.NameHasNoOwner"
    }

    /// Whether there was no answer: in time, or because the peer or the connection went away before it.
    public var isTimeout: Bool {
        guard case .remote(let name, _, _) = self else { return false }
        return name == "org.freedesktop.DBus.Error.NoReply"
    }

    public var description: String {
        switch self {
        case .noConnection(let code): "cannot reach the bus: \(String(cString: strerror(code)))"
        case .invalid(let what, let code): "cannot send \(what): \(String(cString: strerror(code)))"
        case .malformed(let message, let code): "cannot read \(message): \(String(cString: strerror(code)))"
        case .remote(let name, let message, let call):
            "\(call) failed: \(message.isEmpty ? name : "\(message) (\(name))")"
        case .unexpectedType(let expected, let actual, let index, let message):
            "\(message): argument \(index) is of type \"\(actual)\", expected \(expected)"
        case .tooLarge(let message): "\(message) is larger than anything expected"
        }
    }
}
