/// A place in a journal that survives rotation: a record, by its number and the segment that has it.
///
/// The number alone would do within one journal; the segment's id tells another journal, and a number that was given anew
/// because what first had it did not survive a power cut.
public struct Cursor: Sendable, Hashable, LosslessStringConvertible {
    public var segmentID: Identifier
    public var sequence: UInt64

    public init(segmentID: Identifier, sequence: UInt64) {
        self.segmentID = segmentID
        self.sequence = sequence
    }

    /// `SEGMENTID:SEQUENCE`: thirty-two hexadecimal digits, a colon, a decimal number from 1.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 32, let id = Identifier(hexadecimal: parts[0].utf8),
            !parts[1].isEmpty, parts[1].allSatisfy({ $0.isASCII && $0.isNumber }),
            let sequence = UInt64(parts[1]), sequence > 0, sequence < FormatLimit.numbers
        else { return nil }
        self.init(segmentID: id, sequence: sequence)
    }

    public var description: String { "\(segmentID):\(sequence)" }
}

/// Why a journal has no such place.
public enum CursorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Older than everything that is left. The oldest record there is; nil: the journal is empty.
    case gone(Cursor, oldest: Cursor?)
    /// The segment is there and ends before: what was written after `last` did not survive a power cut.
    case notKept(Cursor, last: Cursor)
    /// No segment here has that id.
    case foreign(Cursor)

    public var description: String {
        switch self {
        case .gone(let cursor, nil): "cursor \(cursor) is gone: the journal is empty"
        case .gone(let cursor, let oldest?):
            "cursor \(cursor) is gone: the oldest record that is left is \(oldest); begin there with --cursor \(oldest)"
        case .notKept(let cursor, let last):
            "cursor \(cursor) names a record that a power cut took: its segment ends at \(last); "
                + "go on with --after-cursor \(last)"
        case .foreign(let cursor):
            "cursor \(cursor) is of another journal, or its segment's header is damaged (kymo verify tells)"
        }
    }
}
