import Glibc
import SystemPackage

/// A file of a journal's directory, by its name.
struct JournalFile: Sendable, Hashable {
    enum Kind: Sendable {
        case sealed, active
        /// What recovery cut off a segment's end.
        case torn
        /// A segment that is being written anew without what was forgotten; left behind by a recorder that was killed.
        case rewrite
    }
    var number: UInt64
    var kind: Kind
    var name: String

    /// Nil for any other file.
    init?(_ name: String) {
        if let segment = SegmentName(name) {
            self.init(number: segment.number, kind: segment.isActive ? .active : .sealed, name: name)
            return
        }
        for (ending, kind) in [(".torn", Kind.torn), (".rewrite", .rewrite)] where name.hasSuffix(ending) {
            // Several torn pieces of one segment are counted: `.2.torn`.
            var stem = name.dropLast(ending.count)
            if kind == .torn, let point = stem.lastIndex(of: "."),
                stem[stem.index(after: point)...].allSatisfy(\.isNumber)
            {
                stem = stem[..<point]
            }
            guard let segment = SegmentName(String(stem) + ".lz4") else { return nil }
            self.init(number: segment.number, kind: kind, name: name)
            return
        }
        return nil
    }

    private init(number: UInt64, kind: Kind, name: String) {
        self.number = number
        self.kind = kind
        self.name = name
    }

    /// All of a directory, by number.
    static func list(
        in directory: FilePath, files: any FileOperations = SystemFiles()
    ) throws(JournalError) -> [JournalFile] {
        try names(in: directory, files: files).compactMap(JournalFile.init)
            .sorted { ($0.number, $0.name) < ($1.number, $1.name) }
    }

    /// Every name in a directory.
    static func names(
        in directory: FilePath, files: any FileOperations = SystemFiles()
    ) throws(JournalError) -> [String] {
        var names: [String] = []
        try eachName(in: directory, files: files) { names.append(String(decoding: $0, as: UTF8.self)) }
        return names
    }

    /// Every name in a directory, as its bytes, which are gone after the call.
    static func eachName(
        in directory: FilePath, files: any FileOperations = SystemFiles(),
        _ body: (Slice<UnsafeRawBufferPointer>) -> Void
    ) throws(JournalError) {
        guard let stream = opendir(directory.string) else {
            switch errno {
            case ENOENT, ENOTDIR: throw .noDirectory(path: directory.string)
            case EACCES: throw .notReadable(path: directory.string)
            default: throw .system(what: "list", path: directory.string, errno: Errno(rawValue: errno))
            }
        }
        defer { closedir(stream) }
        do {
            while let entry = try files.nextName(stream) {
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in body(bytes.prefix { $0 != 0 }) }
            }
        } catch {
            // Half a list would be taken for the whole journal: numbers would begin anew.
            throw .system(what: "list", path: directory.string, errno: error)
        }
    }
}
