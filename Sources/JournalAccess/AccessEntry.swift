import Events
import Glibc

/// One access to what was recorded: who, as what, and what was asked for.
public struct AccessEntry: Sendable {
    /// The right by which somebody reads.
    public enum Role: String, Sendable {
        /// A member of the group `kymograph-readers`: everybody's recordings.
        case reader
        /// A person who is recorded here: their own.
        case subject
    }

    /// CLOCK_REALTIME.
    public var realtimeMicroseconds: UInt64
    public var role: Role
    /// By the kernel's word, as is the process.
    public var userID: UInt32
    public var processID: Int32
    /// As the user database has it; shown, never compared.
    public var userName: String
    /// The words of the command, without the program's name.
    public var request: [String]
    /// How many are handed out; nil: nobody can say beforehand, since what comes is followed.
    public var records: UInt64?

    public init(
        realtimeMicroseconds: UInt64, role: Role, userID: UInt32, processID: Int32, userName: String, request: [String],
        records: UInt64? = nil
    ) {
        self.realtimeMicroseconds = realtimeMicroseconds
        self.role = role
        self.userID = userID
        self.processID = processID
        self.userName = userName
        self.request = request
        self.records = records
    }

    /// A line, with its newline. Whatever was asked for, it makes no second line and no other field: what a caller may
    /// choose stands behind everything that is the kernel's or ours.
    var line: String {
        let words = request.map(Self.quoted).joined(separator: " ")
        return "\(Self.stamp(realtimeMicroseconds)) \(Self.beginning(role))uid=\(userID) pid=\(processID) "
            + "user=\(Self.quoted(userName))\(records.map { " records=\($0)" } ?? "") kymo \(words)\n"
    }

    private static func beginning(_ role: Role) -> String { "role=\(role.rawValue) " }

    /// Whether a line tells of an access to the recordings of this person: a reader's is to everybody's.
    static func concerns(_ line: Substring, userID: UInt32) -> Bool {
        let fields = line.drop { $0 != " " }.dropFirst()
        return fields.hasPrefix(beginning(.reader)) || fields.hasPrefix("\(beginning(.subject))uid=\(userID) ")
    }

    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_.,:/@%+*?=".utf8.contains(byte)
                }
            }
        // Not replacing(_:with:), which would link the engine of regular expressions into kymograph-reader.
        let quoted = text.visible.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        return isPlain ? text : "'\(quoted)'"
    }

    /// RFC 3339, UTC, with milliseconds.
    private static func stamp(_ microseconds: UInt64) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func filled(_ number: some BinaryInteger, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let day = "\(filled(parts.tm_year + 1900, 4))-\(filled(parts.tm_mon + 1, 2))-\(filled(parts.tm_mday, 2))"
        let time = "\(filled(parts.tm_hour, 2)):\(filled(parts.tm_min, 2)):\(filled(parts.tm_sec, 2))"
        return "\(day)T\(time).\(filled(microseconds / 1000 % 1000, 3))Z"
    }
}
