import CLinuxShim
import Events
import Policy
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// A journal of several people: each forgets their own, and nobody another's.
@Suite struct SubjectForgettingTests {
    private static let offset = kymo_read_clocks().realtimeOffset
    private static let ada = SegmentOrigin(subject: "ada", userID: 1000, session: "2")
    private static let bob = SegmentOrigin(subject: "bob", userID: 1001, session: "3")
    private let start = kymo_monotonic_microseconds()

    private func realtime(_ seconds: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        func at(_ second: UInt64) -> UInt64 { start &+ second * 1_000_000 &+ Self.offset }
        return at(seconds.lowerBound) &- 500_000...at(seconds.upperBound) &+ 500_000
    }

    private func write(_ seconds: ClosedRange<UInt64>, to journal: JournalWriter) {
        for second in seconds {
            let chunks = journal.statistics.chunks
            #expect(journal.append(move(start + second * 1_000_000)))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
    }

    private func forget(_ request: ForgetRequest, in journal: JournalWriter) throws -> ForgettingReport {
        let answer = Mutex<Result<ForgettingReport, JournalError>?>(nil)
        journal.forget(request) { result in answer.withLock { $0 = result } }
        #expect(eventually { answer.withLock { $0 } != nil })
        return try #require(answer.withLock { $0 }).get()
    }

    /// Ada until 9, Bob until 19, Ada until 29; who writes now is Ada.
    private func shared(_ scratch: Scratch) throws -> JournalWriter {
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: .nobody)
        for (origin, seconds) in [(Self.ada, 0...9), (Self.bob, 10...19), (Self.ada, 20...29 as ClosedRange<UInt64>)] {
            journal.rotate(origin: origin)
            write(seconds, to: journal)
        }
        return journal
    }

    private func seconds(_ scratch: Scratch) throws -> [UInt64] {
        let found = try readAll(scratch.path)
        #expect(found.damages == [])
        try SegmentVerification.verify(directory: scratch.path) {
            #expect([.ok, .active].contains($0.verdict), "\($0.damages)")
        }
        return found.events.compactMap {
            $0.event.payload.isInput ? ($0.event.timeMicroseconds - start) / 1_000_000 : nil
        }
    }

    private func notices(_ scratch: Scratch) throws -> [ForgettingNotice] {
        try readAll(scratch.path).events.compactMap {
            if case .forgetting(let notice) = $0.event.payload { notice } else { nil }
        }
    }

    @Test func aSpanGoesOfTheOneWhoAsks() throws {
        let scratch = try Scratch()
        let journal = try shared(scratch)
        let report = try forget(ForgetRequest(.span(realtime(5...25)), userID: 1000), in: journal)
        #expect(try seconds(scratch) == Array(0...4) + Array(10...19) + Array(26...29))
        #expect(report.segments == 2 && report.chunks >= 11 && report.records >= 11 && report.files == 0)
        let span = try #require(report.span)
        #expect(
            span.lowerBound >= realtime(5...5).lowerBound &- 1_000_000
                && span.upperBound <= realtime(25...26).upperBound)
        #expect(try notices(scratch) == [ForgettingNotice(isEverything: false)])
        journal.stop()
        #expect(try seconds(scratch) == Array(0...4) + Array(10...19) + Array(26...29))
    }

    /// What was recorded between a request that could not be carried out and the next start went too.
    @Test(arguments: [nil, 1000 as UInt32])
    func everythingThatIsForgottenLaterTakesNothingYounger(user: UInt32?) throws {
        let scratch = try Scratch()
        let isBroken = Atomic(false)
        let files = FaultyFiles { operation, _ in
            operation == .unlink && isBroken.load(ordering: .relaxed) ? .readOnlyFileSystem : nil
        }
        do {
            let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: Self.ada, files: files)
            write(0...9, to: journal)
            journal.rotate()
            write(10...19, to: journal)
            isBroken.store(true, ordering: .relaxed)
            #expect(throws: JournalError.self) {
                _ = try forget(ForgetRequest(.everything, userID: user), in: journal)
            }
            write(20...24, to: journal)
            journal.rotate()
            write(25...29, to: journal)
            journal.stop()
        }
        #expect(scratch.files.contains(ForgetIntent.fileName))
        try JournalWriter(directory: scratch.path, options: quick(), origin: Self.ada).stop()
        #expect(!scratch.files.contains(ForgetIntent.fileName))
        #expect(try seconds(scratch) == Array(20...29))
        #expect(try notices(scratch) == [ForgettingNotice(isEverything: true)])
    }

    /// What lies in front of another's goes as files; what lies behind leaves tombstones, for the chain.
    @Test func everythingOfOneIsNothingOfAnother() throws {
        let scratch = try Scratch()
        let journal = try shared(scratch)
        let report = try forget(ForgetRequest(.everything, userID: 1000), in: journal)
        #expect(try seconds(scratch) == Array(10...19))
        // Nobody's first one, Ada's first one.
        #expect(report.files == 2 && report.segments == 2 && report.records >= 20)
        #expect(try notices(scratch) == [ForgettingNotice(isEverything: false)])
        let bytes = try scratch.files.filter { $0.hasSuffix(".lz4") }.map { try scratch.read($0).count }
        #expect(bytes.count == 3)
        journal.stop()
        #expect(try seconds(scratch) == Array(10...19))
    }

    @Test func whoHasNothingThereChangesNothing() throws {
        let scratch = try Scratch()
        let journal = try shared(scratch)
        let files = scratch.files
        let report = try forget(ForgetRequest(.everything, userID: 1002), in: journal)
        #expect(report == ForgettingReport())
        #expect(scratch.files == files, "not even another segment was begun")
        #expect(try seconds(scratch) == Array(0...29))
        journal.stop()
    }

    @Test func theOneWhoIsAloneLeavesNoFile() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: .nobody)
        journal.rotate(origin: Self.ada)
        write(0...9, to: journal)
        _ = try forget(ForgetRequest(.everything, userID: 1000), in: journal)
        #expect(try seconds(scratch) == [])
        #expect(try notices(scratch) == [ForgettingNotice(isEverything: true)])
        #expect(scratch.files.filter { $0.hasSuffix(".lz4") }.count == 1)
        journal.stop()
    }

    /// Where nobody can tell whose it is, it is nobody's to erase; between one's own it is.
    @Test func whatCannotBeReadGoesOnlyBetweenOnesOwn() throws {
        // Bob's, between two of Ada's, would go: what nobody can read is no loss to him, and may be hers.
        for (place, isTheirs) in [(2, true), (3, false), (4, true)] {
            let scratch = try Scratch()
            let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: Self.ada)
            for (origin, seconds) in [
                (Self.ada, 0...1), (Self.ada, 2...3), (Self.bob, 4...5), (Self.ada, 6...7 as ClosedRange<UInt64>),
            ] {
                write(seconds, to: journal)
                journal.rotate(origin: origin)
            }
            journal.stop()
            // Segments 1 and 2 are Ada's, 3 Ada's, 4 Bob's, 5 Ada's.
            let name = "kymograph-000000000\(place).lz4"
            try scratch.write(name, [1, 2, 3])
            try scratch.write("kymograph-000000000\(place).torn", [4])
            var run = Forgetting(
                ForgetRequest(.span(0...(.max)), userID: 1000), in: scratch.path, files: SystemFiles())
            while try run.step(open: nil) {}
            #expect(scratch.files.contains(name) == !isTheirs, "\(place)")
            #expect(scratch.files.contains("kymograph-000000000\(place).torn") == !isTheirs, "\(place)")
            #expect(run.report.leftFiles == (isTheirs ? 0 : 2), "\(place)")
        }
    }

    @Test func tornPiecesOfAnotherStay() throws {
        let scratch = try Scratch()
        let journal = try shared(scratch)
        for number in 2...4 { try scratch.write("kymograph-000000000\(number).torn", [1]) }
        let report = try forget(ForgetRequest(.everything, userID: 1000), in: journal)
        #expect(scratch.files.filter { $0.hasSuffix(".torn") } == ["kymograph-0000000003.torn"])
        #expect(report.leftFiles == 1)
        journal.stop()
    }

    @Test func whoseItIsSurvivesACrash() throws {
        let scratch = try Scratch()
        try shared(scratch).stop()
        let request = ForgetRequest(.everything, userID: 1000)
        try ForgetIntent(requests: [request]).save(in: scratch.path, files: SystemFiles())
        #expect(try ForgetIntent.load(in: scratch.path, files: SystemFiles()).requests == [request])
        let again = try JournalWriter(directory: scratch.path, options: quick(), origin: .nobody)
        #expect(eventually { !scratch.files.contains(ForgetIntent.fileName) })
        again.stop()
        #expect(try seconds(scratch) == Array(10...19))
    }
}
