import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// A recorder's life as the journal sees it: start, the account of the one before, events in bursts, clean stop.
/// Keeps what it was told to write, which is what tests compare with.
final class Life {
    private(set) var written: [UInt64: Event] = [:]
    private var lastMicroseconds: UInt64 = 0
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed) }

    static var options: JournalOptions {
        var options = quick()
        // Several chunks to a sync, several syncs to a segment, and retention at work.
        options.chunkMicroseconds = 300
        options.syncMicroseconds = 6000
        options.segmentBytes = 2500
        options.retainBytes = 9000
        return options
    }

    /// Strictly ascending, so that a time names an event.
    private func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        lastMicroseconds = max(lastMicroseconds + 1, UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000)
        return lastMicroseconds
    }

    private func event() -> Event {
        let event = move(now(), .random(in: -99...99, using: &random), .random(in: -99...99, using: &random))
        written[event.timeMicroseconds] = event
        return event
    }

    /// - Returns: what the start found.
    @discardableResult
    func run(
        in scratch: Scratch, files: any FileOperations, bursts: Int, options: JournalOptions = Life.options,
        recorded: RecordedDisk? = nil, _ body: (JournalWriter) throws -> Void = { _ in }
    ) throws -> RecoveryReport? {
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        defer { journal.stop() }
        if let report = journal.recovery {
            let loss = Loss(
                reason: .crash, startMicroseconds: report.isSameBoot ? report.lastMicroseconds : 0,
                endMicroseconds: now(), count: nil)
            #expect(journal.append(PermittedEvent(loss: loss).event))
        }
        for _ in 0..<bursts {
            let before = journal.statistics
            for _ in 0..<Int.random(in: 1...12, using: &random) { #expect(journal.append(event())) }
            // A chunk that the disk would not take shows nowhere: then it is only the pause that separates the bursts.
            var pauses = 0
            while journal.statistics == before, pauses < 20 {
                usleep(200)
                pauses += 1
            }
            recorded?.note(.claim(journal.statistics.durableSequence))
        }
        try body(journal)
        return journal.recovery
    }
}

/// Whether there is time: set KYMO_THOROUGH.
let thorough = getenv("KYMO_THOROUGH") != nil
