import Events

/// One line of the list of accesses: who, as what, and what was asked for. Written before anything is read.
public struct LogLine: Sendable {
    public var realtimeMicroseconds: UInt64
    public var userID: UInt32
    public var userName: String
    public var processID: Int32
    public var role: Role
    public var arguments: [String]
    public var isGranted: Bool

    public init(
        realtimeMicroseconds: UInt64, userID: UInt32, userName: String, processID: Int32, role: Role,
        arguments: [String], isGranted: Bool
    ) {
        self.realtimeMicroseconds = realtimeMicroseconds
        self.userID = userID
        self.userName = userName
        self.processID = processID
        self.role = role
        self.arguments = arguments
        self.isGranted = isGranted
    }

    /// With its newline; nothing in it can make a second line, or be taken for another field.
    public func text(time: String) -> String {
        let words = arguments.map(Self.quoted).joined(separator: " ")
        return "\(time) uid=\(userID) user=\(Self.quoted(userName)) pid=\(processID) role=\(role.rawValue) "
            + "\(isGranted ? "granted" : "refused") kymo \(words)\n"
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.,:/@%+*?=".utf8.contains(byte)
            }
        }
        return isPlain ? text : "'" + text.visible.replacing("'", with: "'\\''") + "'"
    }
}
