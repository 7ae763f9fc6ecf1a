/// What is wrong with a packet. The connection it came on is closed.
public enum ProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    case truncated(field: String, expected: Int, actual: Int)
    case tooLong(field: String, limit: Int, actual: Int)
    case notUTF8(field: String)
    case badValue(field: String, actual: UInt64)
    case trailingBytes(count: Int)
    case packetTooLong(limit: Int, actual: Int)
    case unknownMessage(UInt8)
    case unknownVersion(expected: UInt16, actual: UInt16)
    case notGreeted

    public var description: String {
        switch self {
        case .truncated(let field, let expected, let actual):
            "message ends inside \(field): \(expected) bytes expected, \(actual) left"
        case .tooLong(let field, let limit, let actual): "\(field) has \(actual) bytes, at most \(limit) are allowed"
        case .notUTF8(let field): "\(field) is not valid UTF-8"
        case .badValue(let field, let actual): "\(field) has the unknown value \(actual)"
        case .trailingBytes(let count): "message has \(count) bytes too many"
        case .packetTooLong(let limit, let actual):
            "message has at least \(actual) bytes, at most \(limit) are allowed"
        case .unknownMessage(let type): "message type \(type) is unknown"
        case .unknownVersion(let expected, let actual):
            "protocol version \(actual) is not spoken here (\(expected) is); install agent and service of one release"
        case .notGreeted: "the first message must be hello"
        }
    }
}
