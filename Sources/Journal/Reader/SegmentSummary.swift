import Glibc
import SystemPackage

/// What a segment holds, as far as its ends tell: no more of it is read than its first and its last chunk.
public struct SegmentSummary: Sendable {
    public enum State: String, Sendable {
        case sealed
        /// A recorder writes it.
        case active
        /// A recorder left it open: it stopped without a word, or the disk failed it.
        case open
        /// Its name says sealed, and there is no seal.
        case unsealed
        case unreadable
    }
    public var name: SegmentName
    public var state: State
    public var bytes: UInt64
    /// Nil: unreadable.
    public var header: SegmentHeader?
    /// Why it is unreadable.
    public var problem = ""
    /// The number behind its last record.
    public var endSequence: UInt64 = 0
    /// CLOCK_REALTIME of the last record, µs since 1970.
    public var lastRealtimeMicroseconds: UInt64 = 0
    /// Events that its loss records count, and loss records that nobody could count.
    public var lostEvents: UInt64 = 0
    public var unknownLosses: UInt32 = 0
    /// Records that were forgotten.
    public var forgotten: UInt64 = 0

    public var records: UInt64 { header.map { endSequence - min($0.firstSequence, endSequence) } ?? 0 }

    /// All segments of a journal, oldest first.
    public static func list(directory: FilePath, _ body: (SegmentSummary) throws -> Void) throws {
        let names = try SegmentName.list(in: directory)
        let isWritten = RecorderProcess(of: directory) != nil
        for name in names {
            let state: State = name.isActive ? (isWritten && name == names.last ? .active : .open) : .sealed
            if let summary = SegmentSummary(name, in: directory, state) { try body(summary) }
        }
    }

    /// Nil: it is gone.
    private init?(_ name: SegmentName, in directory: FilePath, _ state: State) {
        let path = directory.appending(name.fileName).string
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.name = name
        self.state = state
        bytes = UInt64(status.st_size)
        lastRealtimeMicroseconds = UInt64(max(status.st_mtim.tv_sec, 0)) * 1_000_000
        do throws(SegmentError) {
            read(try SegmentReader(directory: directory, name: name))
        } catch {
            if case .gone = error { return nil }
            self.state = .unreadable
            problem = "\(error)"
        }
    }

    private mutating func read(_ reader: SegmentReader) {
        let header = reader.header
        let outline = reader.outline()
        self.header = header
        endSequence = outline.nextSequence
        forgotten = outline.forgotten
        (lostEvents, unknownLosses) = outline.losses
        if !outline.isSealed, state == .sealed { state = .unsealed }
        let last = max(outline.lastMicroseconds, header.monotonicMicroseconds)
        lastRealtimeMicroseconds = header.realtimeMicroseconds &+ (last - header.monotonicMicroseconds)
    }
}
