/// Finds the line on which a key stands: the TOML library tells the place of syntax errors only.
///
/// Knows as much of TOML as it takes for that: table headers, keys at the beginning of a line, comments, and strings
/// of several lines, in which nothing is a key.
struct LineLocator {
    private struct Place: Hashable {
        /// `journal`, `rule#2` (the third [[rule]]), or "" at the top.
        var table: String
        var key: String
    }
    private var lines: [Place: Int] = [:]

    init(_ text: String) {
        var table = ""
        var counts: [String: Int] = [:]
        var openQuotes: String?
        for (index, line) in text.lines.enumerated() {
            if let quotes = openQuotes {
                if line.contains(quotes) { openQuotes = nil }
                continue
            }
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            if trimmed.hasPrefix("[[") {
                let name = Self.name(trimmed.dropFirst(2))
                table = "\(name)#\(counts[name, default: 0])"
                counts[name, default: 0] += 1
                lines[Place(table: table, key: "")] = index + 1
            } else if trimmed.hasPrefix("[") {
                table = Self.name(trimmed.dropFirst())
                lines[Place(table: table, key: "")] = index + 1
            } else if let equals = trimmed.firstIndex(of: "="), !trimmed.hasPrefix("#") {
                add(Self.name(trimmed[..<equals]), table: table, line: index + 1)
                openQuotes = Self.opensString(trimmed[equals...])
            }
        }
    }

    /// A dotted key belongs to the table it names.
    private mutating func add(_ key: String, table: String, line: Int) {
        let parts = key.split(separator: ".").map(String.init)
        lines[Place(table: table, key: parts.first ?? key)] = line
        if parts.count == 2, table.isEmpty { lines[Place(table: parts[0], key: parts[1])] = line }
    }

    private static func name(_ text: some StringProtocol) -> String {
        String(text.prefix { $0 != "]" && $0 != "=" }.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" })
    }

    private static func opensString(_ value: some StringProtocol) -> String? {
        for quotes in ["\"\"\"", "'''"] {
            let parts = value.split(separator: quotes, omittingEmptySubsequences: false)
            if parts.count % 2 == 0 { return quotes }
        }
        return nil
    }

    /// From 1; the table's own line where the key is not found.
    func line(table: String, key: String) -> Int? {
        lines[Place(table: table, key: key)] ?? lines[Place(table: table, key: "")]
    }
}

extension String {
    /// A line of a file from elsewhere ends with both characters, which are one to Swift.
    var lines: [Substring] { split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" } }
}
