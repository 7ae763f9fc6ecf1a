import CLinuxShim
import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// Each call on the disk fails in turn while something is being forgotten, with each error, once or for good. Whatever
/// happens: nothing goes before the request is durable, what was told to be gone is gone, what could not be done is done at
/// the stop or by the next start, and all else stays.
@Suite struct ForgettingErrorTests {
    /// `open` and `truncate` are not among them: forgetting reads the old file and writes a new one.
    private static let operations: [FaultyFiles.Operation] = [
        .create, .write, .sync, .rename, .unlink, .syncDirectory, .openForReading, .read, .list,
    ]
    static let cases = ErrorTests.cases.filter { operations.contains($0.operation) }

    private static let secret = "secret of the span"
    private static let start: UInt64 = 10_000_000

    /// Three closed segments of ten events, each in a chunk of its own, a second apart and some minutes ago; and a torn
    /// piece of the second one. What is to be forgotten begins in the second and goes on to now.
    private static func begun() throws -> WrittenJournal {
        let journal = try WrittenJournal()
        journal.realtimeOffset = kymo_realtime_microseconds() - 300_000_000 - start
        var time = start
        for number in 0..<3 {
            try journal.open(at: time)
            for _ in 0..<10 {
                time += 1_000_000
                try journal.chunk([move(time)])
            }
            if number == 1 { try journal.chunk([titled(time + 1)]) }
        }
        try journal.seal()
        try journal.scratch.write("kymograph-0000000002.torn", secret.utf8)
        return journal
    }

    private static func titled(_ time: UInt64) -> Event {
        Event(
            timeMicroseconds: time, focus: 7,
            payload: .focus(
                FocusDescription(
                    id: 7, state: .window, appID: "foot", title: secret, titleForm: .full, source: "test")))
    }

    private struct Counts {
        var faults = 0
        var refused = 0
        var failed = 0
        var atStart = 0
        var told = 0
    }

    /// What a run of the recorder left. A start that finds a crash says so in a loss of its own.
    private struct Run {
        var scratch: Scratch
        var steps: [RecordedDisk.Step]
        var answer: Result<ForgettingReport, JournalError>
        /// Times of motions that were asked to be forgotten, and of the others.
        var asked: Set<UInt64>
        var kept: Set<UInt64>
    }

    /// - Returns: nil if the run had fewer such calls.
    private func run(_ fault: ErrorTests.Case, at index: Int, everything: Bool) throws -> Run? {
        let past = try Self.begun()
        let recorded = try RecordedDisk(past.scratch)
        let isForgetting = Atomic(false)
        let tries = Atomic(0)
        let files = FaultyFiles(over: recorded, failedWritesTake: fault.taken) { operation, _ in
            guard isForgetting.load(ordering: .acquiring), operation == fault.operation else { return nil }
            let count = tries.add(1, ordering: .relaxed).oldValue
            return count >= index && count - index < fault.duration.rawValue ? fault.error : nil
        }
        var options = quick()
        options.retainBytes = 1 << 30
        let journal = try JournalWriter(directory: past.directory, options: options, origin: origin, files: files)
        let now = kymo_monotonic_microseconds()
        for event in [move(now), Self.titled(now + 1), move(now + 2)] {
            let chunks = journal.statistics.chunks
            #expect(journal.append(event))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        isForgetting.store(true, ordering: .releasing)
        let answer = Mutex<Result<ForgettingReport, JournalError>?>(nil)
        let first = Self.start + 15_000_000
        let offset = kymo_read_clocks().realtimeOffset
        let request: ForgetRequest =
            everything ? .everything : .span(first + past.realtimeOffset - 500_000...now + 10 + offset + 1000)
        journal.forget(request) { result in answer.withLock { $0 = result } }
        #expect(eventually { answer.withLock { $0 != nil } })
        let told = try #require(answer.withLock { $0 })
        if case .success = told { #expect(try !Self.hasSecret(past.scratch), "said to be gone, and is there") }
        // Behind the span, and in a segment that nothing was forgotten of.
        #expect(eventually { kymo_monotonic_microseconds() > now + 5000 })
        let later = kymo_monotonic_microseconds()
        #expect(journal.append(move(later)))
        journal.stop()
        #expect(files.closedTwice.load(ordering: .relaxed) == 0)
        guard tries.load(ordering: .relaxed) > index else { return nil }
        let times = past.events.filter { if case .motion = $0.event.payload { true } else { false } }
            .map(\.event.timeMicroseconds)
        let asked = Set((times + [now, now + 2]).filter { everything || $0 >= first })
        var kept = Set(times).union([later]).subtracting(asked)
        // A disk that fails to the end takes no segment behind an erasure of everything: then what came later was never
        // written, and nothing is left that could tell of it. What was written must stay.
        if everything, case .failure = told, try !readAll(past.directory).events.motions.contains(later) {
            kept.remove(later)
        }
        return Run(scratch: past.scratch, steps: recorded.steps, answer: told, asked: asked, kept: kept)
    }

    private static func hasSecret(_ scratch: Scratch) throws -> Bool {
        try scratch.files.contains { try scratch.read($0).contains(sequence: Array(secret.utf8)) }
    }

    /// Whether anything of the journal was taken away before it was durable that it shall be.
    private func isIntentFirst(_ steps: [RecordedDisk.Step]) -> Bool {
        var intent: RecordedDisk.FileID?
        var isSynced = false
        var isNamed = false
        for step in steps {
            switch step {
            case .create(ForgetIntent.newFileName, let id): (intent, isSynced) = (id, false)
            case .sync(intent): isSynced = true
            case .rename(ForgetIntent.newFileName, to: ForgetIntent.fileName, _):
                if !isSynced { return false }
                isNamed = true
            case .syncDirectory: if isNamed { return true }
            case .rename(let from, to: _, _): if from.hasSuffix(".rewrite") { return false }
            case .unlink(let name, _):
                if SegmentName(name).map({ !$0.isActive }) ?? name.hasSuffix(".torn") { return false }
            default: break
            }
        }
        return true
    }

    private func judge(_ run: Run, counts: inout Counts) throws {
        #expect(isIntentFirst(run.steps))
        let isPending = run.scratch.files.contains(ForgetIntent.fileName)
        let isNoted: Bool
        switch run.answer {
        case .success:
            isNoted = true
            counts.told += 1
        case .failure(let error):
            if case .notNoted = error { isNoted = false } else { isNoted = true }
            counts.failed += isNoted ? 1 : 0
            counts.refused += isNoted ? 0 : 1
        }
        if isPending { counts.atStart += 1 }
        // The disk is good again.
        let next = try JournalWriter(directory: run.scratch.path, options: quick(), origin: origin)
        let hasCrashed = next.recovery != nil
        next.stop()
        let found = try readAll(run.scratch.path)
        let motions = Set(found.events.motions)
        #expect(found.damages == [])
        try SegmentVerification.verify(directory: run.scratch.path) {
            #expect($0.verdict == .ok, "\($0.name): \($0.damages)")
        }
        let leftovers = run.scratch.files.filter { $0.contains("forget") || $0.contains("rewrite") }
        #expect(leftovers == [])
        if isNoted || isPending {
            #expect(motions.isDisjoint(with: run.asked))
            #expect(try !Self.hasSecret(run.scratch))
            #expect(found.events.contains { if case .forgetting = $0.event.payload { true } else { false } })
        } else {
            // It was told that nothing is done.
            #expect(run.asked.isSubset(of: motions))
        }
        let silent = run.kept.subtracting(motions).filter { time in
            !found.events.losses.contains { $0.startMicroseconds <= time && time <= $0.endMicroseconds }
        }
        #expect(silent.isEmpty || hasCrashed, "more is gone than was asked for: \(silent.sorted())")
        counts.faults += 1
    }

    @Test(arguments: cases, [false, true]) func whateverFailsWhileForgetting(fault: ErrorTests.Case, everything: Bool)
        throws
    {
        var counts = Counts()
        var index = 0
        while let run = try run(fault, at: index, everything: everything) {
            try judge(run, counts: &counts)
            index += 1
        }
        #expect(counts.faults > 0, "such a call never happens")
        print(
            "forgetting \(everything ? "everything" : "a span"), \(fault): \(counts.faults) faults; \(counts.told) times "
                + "done at once, \(counts.refused) refused, \(counts.failed) told to have failed; \(counts.atStart) made "
                + "good by the next start; nothing else gone")
    }
}

extension [UInt8] {
    fileprivate func contains(sequence other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        return (0...count - other.count).contains { self[$0..<$0 + other.count].elementsEqual(other) }
    }
}
