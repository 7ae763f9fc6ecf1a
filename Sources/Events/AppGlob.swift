/// A pattern over app ids: `*` any run of characters, `?` any one, everything else itself, case and all.
public struct AppGlob: Sendable, Equatable {
    public static let lengthLimit = 256
    public let pattern: String
    private let scalars: [Unicode.Scalar]

    /// Nil when empty or longer than `lengthLimit` bytes.
    public init?(_ pattern: String) {
        guard !pattern.isEmpty, pattern.utf8.count <= Self.lengthLimit else { return nil }
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    /// Whether it has enough of a name in it: three letters or digits. `*`, `*.*` or `org.*` do not name an app…
    /// the last names a vendor domain at most, and `full` for it would be a switch for nearly everything.
    public var namesAnApp: Bool {
        let words = pattern.split { $0 == "." || $0 == "*" || $0 == "?" || $0 == "-" || $0 == "_" }
        let generic: Set<Substring> = ["org", "com", "net", "io", "de", "app", "dev", "github", "gitlab"]
        return words.contains { $0.count >= 2 && !generic.contains($0) }
    }

    /// Linear in the text for each `*`: goes back to the last star only.
    public func matches(_ text: String) -> Bool {
        let text = Array(text.unicodeScalars)
        var p = 0
        var t = 0
        var star = -1
        var mark = 0
        while t < text.count {
            if p < scalars.count, scalars[p] == "*" {
                star = p
                mark = t
                p += 1
            } else if p < scalars.count, scalars[p] == "?" || scalars[p] == text[t] {
                p += 1
                t += 1
            } else if star >= 0 {
                p = star + 1
                mark += 1
                t = mark
            } else {
                return false
            }
        }
        while p < scalars.count, scalars[p] == "*" { p += 1 }
        return p == scalars.count
    }
}
