import Events

/// The bytes of one flat JSON object (RFC 8259), in the order in which fields are put.
struct JSONObject {
    private var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(320)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func put(_ name: StaticString, _ value: some FixedWidthInteger) {
        begin(name)
        append(value.description)
    }

    mutating func put(_ name: String, _ value: some FixedWidthInteger) {
        separate()
        append(quoted: name)
        bytes.append(UInt8(ascii: ":"))
        append(value.description)
    }

    /// Exact: 256ths have at most eight decimals.
    mutating func put(_ name: StaticString, _ value: Fixed8) {
        begin(name)
        append(value.raw & 0xFF == 0 ? (value.raw >> 8).description : value.value.description)
    }

    mutating func put(_ name: StaticString, _ value: Bool) {
        begin(name)
        append(value ? "true" : "false")
    }

    mutating func put(_ name: StaticString, _ value: String) {
        begin(name)
        append(quoted: value)
    }

    mutating func put(_ name: StaticString, _ values: [String]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(quoted: value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func putNull(_ name: StaticString) {
        begin(name)
        append("null")
    }

    func finish(into line: inout [UInt8]) {
        line += bytes
        line.append(UInt8(ascii: "}"))
    }

    private mutating func separate() { if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) } }

    private mutating func begin(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes += $0 }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ text: String) { bytes += text.utf8 }

    /// JSON lines are often looked at in a terminal, so what `visible` shows as `\u{…}` is escaped here as well.
    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\t": append("\\t")
            default:
                if scalar.isTreacherous {
                    let digits = String(scalar.value, radix: 16)
                    append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
                } else {
                    bytes += UTF8.encode(scalar)!
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
