import SystemPackage

/// A segment file's name: `kymograph-0000000042.lz4`, or `….active.lz4` while it is written.
public struct SegmentName: Sendable, Hashable, Comparable {
    public var number: UInt64
    public var isActive: Bool

    public init(number: UInt64, isActive: Bool) {
        self.number = number
        self.isActive = isActive
    }

    /// Nil for any other file.
    init?(_ name: some StringProtocol) {
        let prefix = "kymograph-"
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        // The number before and the one after must exist as well.
        guard digits.count >= 10, let number = UInt64(digits), number > 0, number < FormatLimit.numbers else {
            return nil
        }
        switch rest.dropFirst(digits.count) {
        case ".lz4": self.init(number: number, isActive: false)
        case ".active.lz4": self.init(number: number, isActive: true)
        default: return nil
        }
    }

    private var stem: String {
        let digits = String(number)
        return "kymograph-" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }
    public var fileName: String { stem + (isActive ? ".active.lz4" : ".lz4") }
    /// Where recovery puts bytes that make no whole chunk; `attempt` counts from 1.
    func tornName(_ attempt: Int) -> String { stem + (attempt == 1 ? ".torn" : ".\(attempt).torn") }

    /// Where a segment is written anew without what was forgotten.
    var rewriteName: String { stem + ".rewrite" }

    public static func < (a: SegmentName, b: SegmentName) -> Bool { a.number < b.number }

    /// All segments of a directory, oldest first.
    public static func list(in directory: FilePath) throws(JournalError) -> [SegmentName] {
        try JournalFile.names(in: directory).compactMap { SegmentName($0) }.sorted()
    }
}
