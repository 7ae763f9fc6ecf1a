import Events

/// The bytes of one flat JSON object (RFC 8259), in the order in which fields are put.
struct JSONObject: FieldWriter {
    private var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(320)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func put(_ name: StaticString, _ value: some FixedWidthInteger) {
        begin(name)
        append(value.description)
    }

    mutating func put(_ name: StaticString, _ value: Fixed8) {
        begin(name)
        append(value.decimal)
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

    private mutating func begin(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes += $0 }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ text: String) { bytes += text.utf8 }

    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if scalar == "\"" {
                append("\\\"")
            } else if let escape = scalar.escape {
                append(escape)
            } else {
                bytes += UTF8.encode(scalar)!
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
