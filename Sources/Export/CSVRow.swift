import Events

/// One line of CSV: fields in any order in, cells in the order of the columns out.
struct CSVRow: FieldWriter {
    /// Cells as they are printed, one behind the other in the order in which they were put.
    private var bytes: [UInt8] = []
    private var cells = [Range<Int>?](repeating: nil, count: CSVFormat.columns.count)
    private var index = ColumnIndex()

    mutating func put(_ name: StaticString, _ value: some FixedWidthInteger) { put(name, plain: value.description) }
    mutating func put(_ name: StaticString, _ value: Fixed8) { put(name, plain: value.decimal) }
    mutating func put(_ name: StaticString, _ value: Bool) { put(name, plain: value ? "true" : "false") }
    mutating func put(_ name: StaticString, _ values: [String]) { put(name, plain: values.joined(separator: " ")) }
    mutating func putNull(_ name: StaticString) { put(name, plain: "") }

    /// Texts, ours as well as anybody's.
    mutating func put(_ name: StaticString, _ value: String) {
        let start = bytes.count
        let isQuoted = value.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
        if value.unicodeScalars.first?.beginsFormula == true { bytes.append(UInt8(ascii: "'")) }
        for scalar in value.unicodeScalars {
            if scalar == "\"" {
                bytes += "\"\"".utf8
            } else if let escape = scalar.escape {
                bytes += escape.utf8
            } else {
                bytes += UTF8.encode(scalar)!
            }
        }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
        set(name, from: start)
    }

    private mutating func put(_ name: StaticString, plain text: String) {
        let start = bytes.count
        bytes += text.utf8
        set(name, from: start)
    }

    private mutating func set(_ name: StaticString, from start: Int) { cells[index[name]] = start..<bytes.count }

    /// Appends the line and starts anew.
    mutating func finish(into line: inout [UInt8]) {
        for column in cells.indices {
            if column > 0 { line.append(UInt8(ascii: ",")) }
            if let cell = cells[column] { line += bytes[cell] }
            cells[column] = nil
        }
        line.append(UInt8(ascii: "\n"))
        bytes.removeAll(keepingCapacity: true)
    }
}

/// Where a field's column is. Names are literals, so that after the first time their address finds it.
private struct ColumnIndex {
    private var byAddress: [UnsafePointer<UInt8>: Int] = [:]

    subscript(name: StaticString) -> Int {
        mutating get {
            if let column = byAddress[name.utf8Start] { return column }
            guard let column = CSVFormat.columns.firstIndex(of: name.description) else {
                preconditionFailure("field \(name) has no column")
            }
            byAddress[name.utf8Start] = column
            return column
        }
    }
}

extension Unicode.Scalar {
    /// What a spreadsheet takes for a formula's first character (OWASP, "CSV Injection"), also in full width; and the
    /// apostrophe itself, so that taking one off always gives the text back. Tab, CR and LF are on OWASP's list too; they
    /// are escaped everywhere.
    fileprivate var beginsFormula: Bool {
        switch self {
        case "=", "+", "-", "@", "'": true
        case "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
        default: false
        }
    }
}
