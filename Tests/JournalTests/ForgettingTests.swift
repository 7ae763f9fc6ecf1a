import CLinuxShim
import Events
import Glibc
import Policy
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// A journal of several segments, an event in each chunk, and what stays of it when some is forgotten.
@Suite struct ForgettingTests {
    /// CLOCK_MONOTONIC at which the test's events happen, and what to add for CLOCK_REALTIME.
    private static let offset = kymo_read_clocks().realtimeOffset
    private let start = kymo_monotonic_microseconds()

    private func at(_ second: UInt64) -> UInt64 { start + second * 1_000_000 }
    /// With half a second to both sides: a segment's pair of clocks is not this one to the microsecond.
    private func realtime(_ seconds: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        at(seconds.lowerBound) &+ Self.offset &- 500_000...at(seconds.upperBound) &+ Self.offset &+ 500_000
    }

    private func focus(_ id: FocusID, _ app: String, at second: UInt64) -> Event {
        Event(
            timeMicroseconds: at(second), focus: id,
            payload: .focus(
                FocusDescription(
                    id: id, state: .window, appID: app, title: "secret of \(app) \(id)", titleForm: .full,
                    source: "test")))
    }
    private func key(_ code: UInt16, at second: UInt64, focus: FocusID, marks: Marks = []) -> Event {
        Event(
            timeMicroseconds: at(second), device: 1, focus: focus, marks: marks,
            payload: .key(Key(code: code, press: .pressed)))
    }

    private func options() -> JournalOptions {
        var options = quick()
        options.segmentBytes = 2000
        return options
    }

    /// Each event in a chunk of its own.
    private func write(_ events: [Event], to journal: JournalWriter) {
        for event in events {
            let chunks = journal.statistics.chunks
            #expect(journal.append(event))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
    }

    private func journal(
        in scratch: Scratch, files: any FileOperations = SystemFiles(), options: JournalOptions? = nil
    ) throws -> JournalWriter {
        try JournalWriter(directory: scratch.path, options: options ?? self.options(), origin: origin, files: files)
    }

    /// A minute of two apps: foot until 20, firefox until 40, foot again.
    private var minute: [Event] {
        [focus(1, "foot", at: 0)] + (1...19).map { key(UInt16($0), at: $0, focus: 1) }
            + [focus(2, "firefox", at: 20)] + (21...39).map { key(UInt16($0), at: $0, focus: 2) }
            + [focus(3, "foot", at: 40)] + (41...59).map { key(UInt16($0), at: $0, focus: 3) }
    }

    private func seconds(_ events: [StoredEvent]) -> [UInt64] {
        events.compactMap {
            switch $0.event.payload {
            case .key, .focus: ($0.event.timeMicroseconds - start) / 1_000_000
            default: nil
            }
        }
    }

    private func expectWhole(_ scratch: Scratch, forgotten: Bool = true) throws {
        var records: UInt64 = 0
        try SegmentVerification.verify(directory: scratch.path) {
            #expect($0.verdict == .ok, "\($0.damages)")
            records += $0.forgotten
        }
        #expect((records > 0) == forgotten)
    }

    /// All that lies in the directory, as it lies there.
    private func bytes(_ scratch: Scratch) throws -> [UInt8] {
        while true {
            do {
                return try scratch.files.flatMap { try scratch.read($0) }
            } catch Errno.noSuchFileOrDirectory {
                // The journal's thread goes on: what was listed has another name by now.
            }
        }
    }

    /// Everything that any chunk, torn piece or temporary file still says, snapshots too.
    private func texts(_ scratch: Scratch) throws -> Set<String> {
        var found: Set<String> = []
        let reader = try JournalReader(directory: scratch.path)
        while let item = try reader.next() {
            if case .event(let stored) = item, case .focus(let focus) = stored.event.payload {
                found.insert(focus.title)
            }
        }
        return found
    }

    private func forget(_ request: ForgetRequest, in journal: JournalWriter) throws -> ForgettingReport {
        let answer = Mutex<Result<ForgettingReport, JournalError>?>(nil)
        journal.forget(request) { result in answer.withLock { $0 = result } }
        #expect(eventually { answer.withLock { $0 } != nil })
        return try #require(answer.withLock { $0 }).get()
    }

    // MARK: what goes and what stays

    @Test func aSpanGoesAndTheRestStays() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write(minute, to: journal)
        #expect(try bytes(scratch).contains(sequence: Array("secret of foot 3".utf8)))
        let report = try forget(.span(realtime(25...44)), in: journal)
        #expect(try !bytes(scratch).contains(sequence: Array("secret of foot 3".utf8)))
        write([key(60, at: 60, focus: 3)], to: journal)
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.damages == [])
        #expect(seconds(found.events) == Array(0...24) + Array(45...60))
        // Focus 3 began in the span: no checkpoint behind it repeats its title.
        #expect(try texts(scratch) == ["secret of foot 1", "secret of firefox 2"])
        #expect(report.records >= 20)
        #expect(
            found.events.filter { $0.event.payload == .forgetting(ForgettingNotice(isEverything: false)) }.count == 1)
        #expect(!scratch.files.contains { $0.contains("forget") || $0.contains("rewrite") })
        try expectWhole(scratch)
    }

    /// They are checkpoints of what goes, so that they go as well, with what else is in their chunks.
    @Test func noCheckpointRepeatsAFocusOfThatTime() throws {
        let scratch = try Scratch()
        var options = quick()
        options.checkpointBytes = 800
        let journal = try journal(in: scratch, options: options)
        write(minute, to: journal)
        _ = try forget(.span(realtime(35...41)), in: journal)
        journal.stop()
        #expect(try texts(scratch) == ["secret of foot 1", "secret of firefox 2"])
        let left = seconds(try readAll(scratch.path).events)
        #expect(left.filter { $0 < 42 } == Array(0...34))
        #expect((1...6).contains(18 - left.filter { $0 > 41 }.count), "only those in checkpoints go")
        try expectWhole(scratch)
    }

    @Test func anAppGoesWhereItHadTheKeyboard() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write(minute, to: journal)
        _ = try forget(.span(realtime(10...50), app: AppGlob("fire*")), in: journal)
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(seconds(found.events) == Array(0...19) + Array(40...59))
        #expect(try texts(scratch) == ["secret of foot 1", "secret of foot 3"])
        try expectWhole(scratch)
    }

    @Test func aFocusThatIsStillInForceIsNotRepeatedByTheNextSegment() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write([focus(1, "foot", at: 0), focus(2, "firefox", at: 20)], to: journal)
        _ = try forget(.span(realtime(10...50), app: AppGlob("firefox")), in: journal)
        write((51...90).map { key(UInt16($0), at: $0, focus: 2) }, to: journal)
        journal.stop()
        #expect(try texts(scratch) == ["secret of foot 1"])
        #expect(seconds(try readAll(scratch.path).events) == [0] + Array(51...90))
    }

    /// A key next to a change of focus may belong to either.
    @Test func anUncertainKeyGoesWithItsNeighbour() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write(
            [
                focus(1, "foot", at: 0), key(1, at: 1, focus: 1), key(2, at: 2, focus: 1, marks: .uncertain),
                focus(2, "firefox", at: 3), key(4, at: 4, focus: 2, marks: .uncertain), focus(3, "foot", at: 5),
                key(6, at: 6, focus: 3, marks: .uncertain), key(7, at: 7, focus: 3),
            ], to: journal)
        _ = try forget(.span(realtime(0...9), app: AppGlob("firefox")), in: journal)
        journal.stop()
        #expect(seconds(try readAll(scratch.path).events) == [0, 1, 5, 7])
    }

    /// What the app's own record tells may have been forgotten before.
    @Test func aKeyOfAnUnknownAppGoesWithAnyApp() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write([key(1, at: 1, focus: 9), key(2, at: 2, focus: 0), focus(10, "foot", at: 3)], to: journal)
        _ = try forget(.span(realtime(0...9), app: AppGlob("firefox")), in: journal)
        journal.stop()
        #expect(seconds(try readAll(scratch.path).events) == [2, 3])
    }

    @Test func everythingIsNoFileAtAll() throws {
        let scratch = try Scratch()
        try scratch.write("kymograph-0000000001.torn", [1, 2, 3])
        let journal = try journal(in: scratch)
        write(minute, to: journal)
        let report = try forget(.everything, in: journal)
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.damages == [])
        #expect(found.events.map(\.event.payload) == [.forgetting(ForgettingNotice(isEverything: true))])
        #expect(report.files > 2)
        #expect(scratch.files.filter { $0 != "lock" }.count == 1)
        try expectWhole(scratch, forgotten: false)
    }

    @Test func nothingOfThatTimeChangesNothing() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write(minute, to: journal)
        journal.rotate()
        #expect(eventually { scratch.files.contains("kymograph-0000000001.lz4") })
        let before = try scratch.read("kymograph-0000000001.lz4")
        let report = try forget(.span(1...2), in: journal)
        #expect(report == ForgettingReport())
        journal.stop()
        #expect(try scratch.read("kymograph-0000000001.lz4") == before)
        #expect(seconds(try readAll(scratch.path).events) == Array(0...59))
    }

    @Test func requestsAreCarriedOutInTheirOrderEvenAtTheStop() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write(minute, to: journal)
        let answers = Atomic<Int>(0)
        for seconds: ClosedRange<UInt64> in [0...9, 30...39, 50...59] {
            journal.forget(.span(realtime(seconds))) { if case .success = $0 { answers.add(1, ordering: .relaxed) } }
        }
        journal.stop()
        #expect(answers.load(ordering: .relaxed) == 3)
        #expect(seconds(try readAll(scratch.path).events) == Array(10...29) + Array(40...49))
        try expectWhole(scratch)
    }

    // MARK: what cannot be read

    @Test func tornPiecesOfThatTimeGo() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        write(minute, to: journal)
        let names = try SegmentName.list(in: scratch.path)
        #expect(names.count > 2)
        for name in names { try scratch.write(name.tornName(1), [1, 2, 3]) }
        try scratch.write(names[0].tornName(2), [4])
        // All segments of the test began within its moments, in which this lies.
        _ = try forget(.span(realtime(0...59)), in: journal)
        journal.stop()
        #expect(!scratch.files.contains { $0.hasSuffix(".torn") })
        let other = try Scratch()
        let again = try self.journal(in: other)
        try other.write("kymograph-0000000001.torn", [1, 2, 3])
        _ = try forget(.span(1...2), in: again)
        again.stop()
        #expect(other.files.contains("kymograph-0000000001.torn"))
    }

    @Test func damageThatMayHideSomethingOfThatTimeGoes() throws {
        for (isMeant, seconds): (Bool, ClosedRange<UInt64>) in [(true, 2...20), (false, 25...30)] {
            let scratch = try Scratch()
            var roomy = options()
            roomy.segmentBytes = 1 << 20
            let first = try JournalWriter(directory: scratch.path, options: roomy, origin: origin)
            write(minute, to: first)
            first.stop()
            let name = "kymograph-0000000001.lz4"
            var bytes = try scratch.read(name)
            let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: 1, isActive: false))
            var offsets: [Int] = []
            while case .chunk(_, let offset, _) = reader.next(isFinal: true, wants: { _ in true }) {
                offsets.append(Int(offset))
            }
            // The eleventh chunk, of second 9: its header and its payload.
            for place in offsets[10]..<offsets[11] { bytes[place] = 0xA5 }
            try scratch.write(name, bytes)
            try Forgetting.all(.span(realtime(seconds)), in: scratch.path)
            let hasRubbish = try scratch.read(name).contains(sequence: [UInt8](repeating: 0xA5, count: 40))
            #expect(hasRubbish == !isMeant)
            let found = try readAll(scratch.path)
            // The gap is told of either way.
            #expect(found.damages.count == 1)
            #expect(found.damages.first?.missing?.count == 1)
            #expect(self.seconds(found.events) == (0...59).filter { $0 != 9 && !seconds.contains($0) })
        }
    }

    @Test func aSegmentThatNobodyCanReadGoesIfItMayBeOfThatTime() throws {
        for isMeant in [true, false] {
            let scratch = try Scratch()
            let first = try JournalWriter(directory: scratch.path, options: options(), origin: origin)
            write(minute, to: first)
            first.stop()
            try scratch.write("kymograph-0000000002.lz4", [1, 2, 3])
            try Forgetting.all(.span(isMeant ? realtime(0...59) : 1...2), in: scratch.path)
            #expect(scratch.files.contains("kymograph-0000000002.lz4") == !isMeant)
        }
    }

    /// The disk failed a segment, which stays under its active name until the next start.
    @Test func aSegmentThatWasGivenUpIsForgottenInToo() throws {
        let scratch = try Scratch()
        let isBroken = Atomic<Bool>(false)
        let files = FaultyFiles { operation, _ in
            operation == .sync && isBroken.load(ordering: .acquiring) ? Errno.ioError : nil
        }
        do {
            let journal = try journal(in: scratch, files: files)
            write([key(1, at: 1, focus: 0), key(2, at: 2, focus: 0)], to: journal)
            // Synced, so that what fails is the sync of the third, in the same segment.
            #expect(eventually { journal.statistics.durableSequence >= 3 })
            isBroken.store(true, ordering: .releasing)
            write([key(3, at: 3, focus: 0)], to: journal)
            #expect(eventually { journal.statistics.writeFailures > 0 })
            isBroken.store(false, ordering: .releasing)
            write([key(4, at: 4, focus: 0)], to: journal)
            _ = try forget(.span(realtime(2...3)), in: journal)
            #expect(scratch.files.contains("kymograph-0000000001.active.lz4"))
            journal.stop()
            #expect(seconds(try readAll(scratch.path).events) == [1, 4])
        }
        let again = try self.journal(in: scratch)
        again.stop()
        #expect(seconds(try readAll(scratch.path).events) == [1, 4])
        try expectWhole(scratch)
    }

    // MARK: crashes and errors

    private struct PowerCut: Error {}

    /// Everything that a run did, up to some operation; then the next start. At each of them.
    @Test func aCrashAtAnyOperationIsMadeGoodByTheNextStart() throws {
        for request in [
            ForgetRequest.span(realtime(10...30)), .span(realtime(0...59), app: AppGlob("foot")), .everything,
        ] {
            let whole = try Scratch()
            let first = try JournalWriter(directory: whole.path, options: options(), origin: origin)
            write(minute, to: first)
            first.stop()
            var cuts = 0
            var unfinished = 0
            while true {
                let scratch = try whole.copy()
                let files = DyingFiles(after: cuts)
                do {
                    let journal = try JournalWriter(
                        directory: scratch.path, options: options(), origin: origin, files: files)
                    journal.forget(request) { _ in }
                    journal.stop()
                } catch {
                    #expect(!files.isAlive)
                }
                let isAlive = files.isAlive
                // The lock goes with the process.
                let isPending = scratch.files.contains(ForgetIntent.fileName)
                unfinished += isPending && !isAlive ? 1 : 0
                let after = isPending || isAlive
                do {
                    let again = try JournalWriter(directory: scratch.path, options: options(), origin: origin)
                    again.stop()
                }
                let found = try readAll(scratch.path)
                if after { try expectForgotten(request, in: scratch, found.events) }
                #expect(found.damages == [], "\(cuts)")
                #expect(!scratch.files.contains { $0.contains("forget") || $0.contains("rewrite") })
                try SegmentVerification.verify(directory: scratch.path) {
                    #expect($0.verdict == .ok, "\(cuts): \($0.damages)")
                }
                if isAlive { break }
                cuts += 1
            }
            #expect(unfinished > 5)
            print(
                "forgetting \(request == .everything ? "everything" : "a span"): cut at \(cuts) operations, "
                    + "\(unfinished) times with a request to make good")
        }
    }

    private func expectForgotten(_ request: ForgetRequest, in scratch: Scratch, _ events: [StoredEvent]) throws {
        let expected: [UInt64]
        switch request.extent {
        case .everything: expected = []
        case .span(_, nil): expected = Array(0...9) + Array(31...59)
        case .span: expected = Array(20...39)
        }
        #expect(seconds(events) == expected)
        #expect(
            events.contains {
                $0.event.payload == .forgetting(ForgettingNotice(isEverything: request == .everything))
            })
    }

    @Test func aFailureIsToldAndMadeGood() throws {
        let scratch = try Scratch()
        let isFull = Atomic<Bool>(false)
        let files = FaultyFiles { operation, _ in
            operation == .rename && isFull.load(ordering: .acquiring) ? Errno.noSpace : nil
        }
        let journal = try journal(in: scratch, files: files)
        write(minute, to: journal)
        isFull.store(true, ordering: .releasing)
        #expect(throws: JournalError.self) { _ = try forget(.span(realtime(0...9)), in: journal) }
        #expect(seconds(try readAll(scratch.path).events) == Array(0...59), "not even noted: nothing is done")
        isFull.store(false, ordering: .releasing)
        journal.stop()
        #expect(!scratch.files.contains(ForgetIntent.fileName))
    }

    @Test func aRequestThatCannotBeReadIsNoRequestToIgnore() throws {
        let scratch = try Scratch()
        try scratch.write(ForgetIntent.fileName, [1, 2, 3])
        let path = scratch.path.appending(ForgetIntent.fileName).string
        #expect(throws: JournalError.unreadableIntent(path: path)) { _ = try journal(in: scratch) }
    }

    @Test func requestsSurviveTheirFile() throws {
        var requests: [ForgetRequest] = [
            .everything, .span(0...(.max), app: nil), .span(5...5, app: AppGlob("org.é*")),
            ForgetRequest(.everything, userID: 1000), ForgetRequest(.span(5...6, app: AppGlob("*")), userID: .max),
        ]
        requests += requests.map {
            var bounded = $0
            bounded.lastSegment = 7
            return bounded
        }
        var buffer = ByteBuffer(capacity: 64)
        defer { buffer.deallocate() }
        ForgetIntent(requests: requests).write(to: &buffer)
        #expect(ForgetIntent(buffer.bytes)?.requests == requests)
        let bytes = Array(buffer.bytes)
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            damaged.withUnsafeBytes { #expect(ForgetIntent($0) == nil, "bit \(bit)") }
        }
    }
}

/// The real disk up to some operation; from then on the process is as good as dead: nothing changes any more.
private final class DyingFiles: FileOperations {
    private let system = SystemFiles()
    private let left: Atomic<Int>

    init(after operations: Int) { left = Atomic(operations) }

    var isAlive: Bool { left.load(ordering: .relaxed) > 0 }

    private func live() throws(Errno) {
        if left.subtract(1, ordering: .relaxed).oldValue <= 0 { throw Errno.ioError }
    }

    func create(_ path: FilePath) throws(Errno) -> Int32 { try live(); return try system.create(path) }
    func open(_ path: FilePath) throws(Errno) -> Int32 { try live(); return try system.open(path) }
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try live()
        return try system.write(descriptor, bytes)
    }
    func sync(_ descriptor: Int32) throws(Errno) { try live(); try system.sync(descriptor) }
    func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) {
        try live()
        try system.truncate(descriptor, to: length)
    }
    func rename(_ from: FilePath, to target: FilePath) throws(Errno) { try live(); try system.rename(from, to: target) }
    func unlink(_ path: FilePath) throws(Errno) { try live(); try system.unlink(path) }
    func close(_ descriptor: Int32) { system.close(descriptor) }
    func syncDirectory(_ path: FilePath) throws(Errno) { try live(); try system.syncDirectory(path) }
}

extension Forgetting {
    /// Without a recorder.
    fileprivate static func all(_ request: ForgetRequest, in directory: FilePath) throws {
        var run = Forgetting(request, in: directory, files: SystemFiles())
        while try run.step(open: nil) {}
    }
}

extension Scratch {
    /// Without the lock.
    fileprivate func copy() throws -> Scratch {
        let other = try Scratch()
        for name in files where name != "lock" { try other.write(name, read(name)) }
        return other
    }
}

extension [UInt8] {
    fileprivate func contains(sequence other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        return (0...count - other.count).contains { self[$0..<$0 + other.count].elementsEqual(other) }
    }
}
