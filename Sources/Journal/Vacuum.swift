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
    /// Oldest first, with the times of their last records.
    private let segments: [(segment: ClosedSegment, lastRealtimeMicroseconds: UInt64)]
    /// Of all files of the journal, open ones included.
    public let totalBytes: UInt64

    public init(directory: FilePath) throws {
        self.directory = directory
        let (closed, total) = try ClosedSegment.list(in: directory)
        var ends: [UInt64: UInt64] = [:]
        // Pieces whose segment is gone: when they were cut off.
        for torn in try TornFile.list(directory: directory) { ends[torn.number] = torn.changedRealtimeMicroseconds }
        try SegmentSummary.list(directory: directory) { ends[$0.name.number] = $0.lastRealtimeMicroseconds }
        segments = closed.map { ($0, ends[$0.number] ?? 0) }
        totalBytes = total
    }

    /// What has to go, oldest first, until all files together have no more than so many bytes and the oldest is no older
    /// than that moment. Never one with an older one beside it, so that no hole is made.
    public func surplus(bytes: UInt64?, before realtime: UInt64?) -> [File] {
        var left = totalBytes
        let surplus = segments.prefix { segment, end in
            let isSurplus = bytes.map { left > $0 } ?? false
            let isOld = realtime.map { end < $0 } ?? false
            left -= segment.bytes
            return isSurplus || isOld
        }
        return surplus.flatMap { segment, end in
            segment.files.map { File(name: $0.name, bytes: $0.bytes, lastRealtimeMicroseconds: end) }
        }
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
        try JournalFile.list(in: directory).filter { $0.kind == .torn }.compactMap { file in
            var status = stat()
            guard stat(directory.appending(file.name).string, &status) == 0 else { return nil }
            return TornFile(
                name: file.name, number: file.number, bytes: UInt64(status.st_size),
                changedRealtimeMicroseconds: UInt64(max(status.st_mtim.tv_sec, 0)) * 1_000_000)
        }
    }
}
