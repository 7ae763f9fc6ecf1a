import Synchronization
import SystemPackage

/// Figures that the journal's thread keeps and any thread may read.
final class WriterCounters: Sendable {
    let events = Atomic<UInt64>(0)
    let chunks = Atomic<UInt64>(0)
    let bytes = Atomic<UInt64>(0)
    let syncs = Atomic<UInt64>(0)
    let durableSequence = Atomic<UInt64>(0)
    let deletedSegments = Atomic<UInt64>(0)
    let shedEvents = Atomic<UInt64>(0)
    let failures = Atomic<UInt64>(0)
    private let lastFailure = Atomic<Int32>(0)

    func note(_ error: Errno) {
        lastFailure.store(error.rawValue, ordering: .relaxed)
        failures.add(1, ordering: .relaxed)
    }

    var statistics: JournalStatistics {
        JournalStatistics(
            events: events.load(ordering: .relaxed), chunks: chunks.load(ordering: .relaxed),
            bytes: bytes.load(ordering: .relaxed), syncs: syncs.load(ordering: .relaxed),
            durableSequence: durableSequence.load(ordering: .acquiring),
            deletedSegments: deletedSegments.load(ordering: .relaxed),
            shedEvents: shedEvents.load(ordering: .relaxed),
            writeFailures: failures.load(ordering: .relaxed),
            lastFailure: Errno(rawValue: lastFailure.load(ordering: .relaxed)))
    }
}
