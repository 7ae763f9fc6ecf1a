import SystemPackage

/// A segment file's name: `kymograph-0000000042.lz4`, or `….active.lz4` while it is written.
public struct SegmentName: Sendable, Hashable, Comparable {
    public var number: UInt64
    public var isActive: Bool

    public init(number: UInt64, isActive: Bool) {
        self.number = number
        self.isActive = isActive
    }

    /// Nil for any other file. Takes bytes: a journal may have ten thousand names, and each query lists them.
    init?(_ name: some Collection<UInt8>) {
        guard let (number, suffix) = Self.split(name) else { return nil }
        if suffix.elementsEqual(".lz4".utf8) {
            self.init(number: number, isActive: false)
        } else if suffix.elementsEqual(".active.lz4".utf8) {
            self.init(number: number, isActive: true)
        } else {
            return nil
        }
    }

    init?(_ name: String) { self.init(name.utf8) }

    /// `kymograph-`, at least ten digits, and the rest.
    private static func split<Name: Collection<UInt8>>(_ name: Name) -> (number: UInt64, suffix: Name.SubSequence)? {
        let prefix = "kymograph-".utf8
        guard name.starts(with: prefix) else { return nil }
        var rest = name.dropFirst(prefix.count)
        var number: UInt64 = 0
        var digits = 0
        while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            // The number before and the one after must exist as well.
            guard number < FormatLimit.numbers / 10 else { return nil }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
            digits += 1
            rest = rest.dropFirst()
        }
        return digits >= 10 && number > 0 ? (number, rest) : nil
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
    public static func list(
        in directory: FilePath, files: any FileOperations = SystemFiles()
    ) throws(JournalError) -> [SegmentName] {
        var names: [SegmentName] = []
        try JournalFile.eachName(in: directory, files: files) { bytes in
            if let name = SegmentName(bytes) { names.append(name) }
        }
        return names.sorted()
    }
}
