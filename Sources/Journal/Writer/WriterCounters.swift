import Synchronization
import SystemPackage

/// Figures that the journal's thread keeps and any thread may read.
final class WriterCounters: Sendable {
    let events = Atomic<UInt64>(0)
    let chunks = Atomic<UInt64>(0)
    let bytes = Atomic<UInt64>(0)
    let syncs = Atomic<UInt64>(0)
    let timedSyncs = Atomic<UInt64>(0)
    let syncMicroseconds = Atomic<UInt64>(0)
    let longestSyncMicroseconds = Atomic<UInt64>(0)
    let durableSequence = Atomic<UInt64>(0)
    let deletedSegments = Atomic<UInt64>(0)
    let shedEvents = Atomic<UInt64>(0)
    let failures = Atomic<UInt64>(0)
    private let lastFailure = Atomic<Int32>(0)

    func note(_ error: Errno) {
        lastFailure.store(error.rawValue, ordering: .relaxed)
        failures.add(1, ordering: .relaxed)
    }

    /// A chunk's fdatasync has taken so long. Called by the journal's thread alone.
    func note(syncMicroseconds: UInt64) {
        timedSyncs.add(1, ordering: .relaxed)
        self.syncMicroseconds.add(syncMicroseconds, ordering: .relaxed)
        longestSyncMicroseconds.max(syncMicroseconds, ordering: .relaxed)
    }

    var statistics: JournalStatistics {
        JournalStatistics(
            events: events.load(ordering: .relaxed), chunks: chunks.load(ordering: .relaxed),
            bytes: bytes.load(ordering: .relaxed), syncs: syncs.load(ordering: .relaxed),
            timedSyncs: timedSyncs.load(ordering: .relaxed),
            syncMicroseconds: syncMicroseconds.load(ordering: .relaxed),
            longestSyncMicroseconds: longestSyncMicroseconds.load(ordering: .relaxed),
            durableSequence: durableSequence.load(ordering: .acquiring),
            deletedSegments: deletedSegments.load(ordering: .relaxed),
            shedEvents: shedEvents.load(ordering: .relaxed),
            writeFailures: failures.load(ordering: .relaxed),
            lastFailure: Errno(rawValue: lastFailure.load(ordering: .relaxed)))
    }
}
