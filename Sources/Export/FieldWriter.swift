import Events

/// What a record's fields are written into, whatever the format: each field has a name that is the same in all of them.
/// A field that does not apply is not put.
protocol FieldWriter {
    mutating func put(_ name: StaticString, _ value: some FixedWidthInteger)
    mutating func put(_ name: StaticString, _ value: Fixed8)
    mutating func put(_ name: StaticString, _ value: Bool)
    mutating func put(_ name: StaticString, _ value: String)
    mutating func put(_ name: StaticString, _ values: [String])
    /// A number that nobody can know.
    mutating func putNull(_ name: StaticString)
}

extension Fixed8 {
    /// Exact: 256ths have at most eight decimals.
    var decimal: String { raw & 0xFF == 0 ? (raw >> 8).description : value.description }
}

extension Unicode.Scalar {
    /// As JSON escapes it; nil where it may stand as it is. JSON and CSV lines are often looked at in a terminal, so what
    /// `visible` shows as `\u{…}` is escaped in both.
    var escape: String? {
        switch self {
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case _ where isTreacherous:
            let digits = String(value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: return nil
        }
    }
}
