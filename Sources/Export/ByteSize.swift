/// Sizes as people write and read them. K, M, G, T are powers of 1024, as the journal's settings and journalctl have them.
public enum ByteSize {
    private static let units: [(letter: Character, shift: UInt64)] = [("K", 10), ("M", 20), ("G", 30), ("T", 40)]

    /// `512M`, `2G`, `1.5G`, `800000`; nil if it is none. A `B` or `iB` behind the letter changes nothing.
    public static func parse(_ text: String) -> UInt64? {
        var rest = text[...]
        for suffix in ["iB", "B"] where rest.hasSuffix(suffix) {
            rest = rest.dropLast(suffix.count)
            break
        }
        var shift: UInt64 = 0
        if let last = rest.last, let unit = units.first(where: { $0.letter.lowercased() == last.lowercased() }) {
            shift = unit.shift
            rest = rest.dropLast()
        }
        guard let first = rest.first, first.isASCII, first.isNumber, rest.allSatisfy({ $0.isNumber || $0 == "." }),
            let number = Double(rest), shift == 0 || number < 1_048_576
        else { return nil }
        return UInt64(exactly: (number * Double(UInt64(1) << shift)).rounded())
    }

    /// `812 B`, `5.3 KiB`, `1.2 GiB`.
    public static func text(_ bytes: UInt64) -> String {
        guard let unit = units.last(where: { bytes >> $0.shift > 0 }) else { return "\(bytes) B" }
        return short(Double(bytes) / Double(UInt64(1) << unit.shift)) + " \(unit.letter)iB"
    }
}

/// `1 record`, `2 records`.
public func counted(_ count: UInt64, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
}
