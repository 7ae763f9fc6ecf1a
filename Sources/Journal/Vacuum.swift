import Glibc
import SystemPackage

/// Deletes the oldest closed files of a journal, as the recorder's own retention does, when somebody asks for it.
public struct Vacuum: Sendable {
    public struct File: Sendable, Equatable {
        public var name: String
        public var bytes: UInt64
        /// CLOCK_REALTIME of its last record, µs since 1970; of its last change where that is not known.
        public var lastRealtimeMicroseconds: UInt64
    }
    private let directory: FilePath
    /// Closed segments and what recovery put aside, oldest first.
    private let files: [File]
    /// Of all files of the journal, open ones included.
    public let totalBytes: UInt64

    public init(directory: FilePath) throws {
        self.directory = directory
        var closed: [(number: UInt64, file: File)] = []
        var total: UInt64 = 0
        try SegmentSummary.list(directory: directory) { segment in
            total += segment.bytes
            // One that a recorder left open is the next start's to close.
            guard !segment.name.isActive else { return }
            closed.append(
                (
                    segment.name.number,
                    File(
                        name: segment.name.fileName, bytes: segment.bytes,
                        lastRealtimeMicroseconds: segment.lastRealtimeMicroseconds)
                ))
        }
        for torn in try TornFile.list(directory: directory) {
            total += torn.bytes
            closed.append(
                (
                    torn.number,
                    File(
                        name: torn.name, bytes: torn.bytes, lastRealtimeMicroseconds: torn.changedRealtimeMicroseconds)
                ))
        }
        files = closed.sorted { ($0.number, $0.file.name) < ($1.number, $1.file.name) }.map(\.file)
        totalBytes = total
    }

    /// What has to go, oldest first, until all files together have no more than so many bytes and the oldest is no older
    /// than that moment. Never one with an older one beside it, so that no hole is made.
    public func surplus(bytes: UInt64?, before realtime: UInt64?) -> [File] {
        var left = totalBytes
        return Array(
            files.prefix { file in
                let isSurplus = bytes.map { left > $0 } ?? false
                let isOld = realtime.map { file.lastRealtimeMicroseconds < $0 } ?? false
                left -= file.bytes
                return isSurplus || isOld
            })
    }

    /// - Throws: `Errno`. A file that is gone already is no error.
    public func delete(_ file: File) throws {
        guard unlink(directory.appending(file.name).string) == 0 || errno == ENOENT else {
            throw Errno(rawValue: errno)
        }
    }

    /// Makes the deletions durable.
    public func finish() throws {
        do {
            try SystemFiles().syncDirectory(directory)
        } catch {
            throw JournalError.system(what: "sync", path: directory.string, errno: error)
        }
    }
}

/// Bytes that recovery put aside: no part of the journal, but of its size.
public struct TornFile: Sendable, Equatable {
    public var name: String
    /// Of the segment that they were cut off.
    public var number: UInt64
    public var bytes: UInt64
    public var changedRealtimeMicroseconds: UInt64

    public static func list(directory: FilePath) throws -> [TornFile] {
        guard let stream = opendir(directory.string) else {
            throw JournalError.system(what: "list", path: directory.string, errno: Errno(rawValue: errno))
        }
        defer { closedir(stream) }
        var files: [TornFile] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard let number = SegmentName.number(ofTorn: name), stat(directory.appending(name).string, &status) == 0
            else {
                continue
            }
            files.append(
                TornFile(
                    name: name, number: number, bytes: UInt64(status.st_size),
                    changedRealtimeMicroseconds: UInt64(max(status.st_mtim.tv_sec, 0)) * 1_000_000))
        }
        return files.sorted { ($0.number, $0.name) < ($1.number, $1.name) }
    }
}
