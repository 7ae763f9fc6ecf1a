import SystemPackage

/// How a journal is kept. Defaults are what DESIGN promises: written within 250 ms, durable within 1.25 s.
public struct JournalOptions: Sendable, Equatable {
    /// A segment is sealed when it reaches this many bytes…
    public var segmentBytes: UInt64 = 64 << 20
    /// …or this age, counted from its first chunk.
    public var segmentSeconds: UInt64 = 24 * 3600
    /// Closed segments are deleted, oldest first, while all files together exceed this…
    public var retainBytes: UInt64 = 8 << 30
    /// …or while the oldest ended longer ago than this (nil: no limit)…
    public var retainMicroseconds: UInt64?
    /// …or while the file system has less room than this for others.
    public var keepFreeBytes: UInt64 = 0
    /// The next chunk repeats all state when this many bytes were written since one did.
    var checkpointBytes: UInt64 = 1 << 20
    /// A chunk is written this long after its first event reached the journal.
    public var chunkMicroseconds: UInt64 = 250_000
    /// Written bytes are synced at most this long after they were. Durable within a second is the promise, and the sync
    /// itself takes its time: 2 to 14 ms were seen.
    public var syncMicroseconds: UInt64 = 900_000
    /// How often the journal's age is looked at, if that is limited.
    var agingMicroseconds: UInt64 = 3_600_000_000
    /// How long to leave a disk alone that would take no new segment.
    var retryMicroseconds: UInt64 = 1_000_000
    public init() {}
}

/// What every segment says of where it comes from.
public struct SegmentOrigin: Sendable, Equatable {
    public var subject: String
    public var userID: UInt32
    /// logind's id of the subject's session; empty: not known.
    public var session: String
    /// Before anybody was recorded: no user has that id (user_namespaces(7) and chown(2) give it no meaning).
    public static let nobody = SegmentOrigin(subject: "", userID: .max)

    public init(subject: String, userID: UInt32, session: String = "") {
        self.subject = subject
        self.userID = userID
        self.session = session
    }
}

/// Figures since the start.
public struct JournalStatistics: Sendable, Equatable {
    public var events: UInt64
    public var chunks: UInt64
    public var bytes: UInt64
    /// fdatasync and fsync, of files and of the directory.
    public var syncs: UInt64
    /// Those that make chunks durable.
    public var timedSyncs: UInt64
    /// What they have taken together, µs.
    public var syncMicroseconds: UInt64
    /// The longest, µs.
    public var longestSyncMicroseconds: UInt64
    /// The last sequence number that is durable: it survives a power cut. 0: none is.
    public var durableSequence: UInt64
    /// By retention.
    public var deletedSegments: UInt64
    /// Events that the disk did not take; each is counted in a loss record as soon as one can be written.
    public var shedEvents: UInt64
    public var writeFailures: UInt64
    /// Why the last of them failed; 0 before the first.
    public var lastFailure: Errno
}

/// What the start found of a recorder that ended without sealing.
public struct RecoveryReport: Sendable, Equatable {
    public var segment: UInt64
    /// Of the last whole event; the segment's clock at its start if it has none.
    public var lastMicroseconds: UInt64
    /// Whether that time is on this boot's clock.
    public var isSameBoot: Bool
    /// Bytes that made no whole chunk, put aside in `kymograph-….torn`.
    public var tornBytes: UInt64
}
