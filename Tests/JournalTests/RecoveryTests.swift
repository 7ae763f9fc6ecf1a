import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct RecoveryTests {
    /// One sealed segment of a clean run, to which tests add what a crash leaves.
    private func sealed() throws -> (scratch: Scratch, next: UInt64) {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        for time in 0..<100 { #expect(journal.append(move(UInt64(time)))) }
        journal.stop()
        let last = try #require(try readAll(scratch.path).events.last)
        return (scratch, last.sequence + 1)
    }

    private func sequences(_ scratch: Scratch) throws -> [UInt64] {
        let reader = try JournalReader(directory: scratch.path)
        var sequences: [UInt64] = []
        while let item = try reader.next() { if case .event(let event) = item { sequences.append(event.sequence) } }
        return sequences
    }

    /// Killed between creating a segment and writing its header: numbers must not begin anew.
    @Test(arguments: [0, 4, 15, 40]) func aSegmentWithoutAHeaderIsACrashAndNumbersGoOn(length: Int) throws {
        let (scratch, _) = try sealed()
        let bytes = try scratch.read("kymograph-0000000001.lz4")
        try scratch.write("kymograph-0000000002.active.lz4", bytes.prefix(length))
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        let report = try #require(journal.recovery)
        journal.stop()
        #expect(report.segment == 2)
        #expect(report.isSameBoot)
        #expect(report.tornBytes == UInt64(length))
        let found = try sequences(scratch)
        #expect(found == Array(1...UInt64(found.count)))
        #expect(scratch.files.contains("kymograph-0000000002.torn"))
    }

    /// A recovery that was itself cut short has left its copy of the tail.
    @Test func aTornFileThatIsThereAlreadyStopsNobody() throws {
        let (scratch, _) = try sealed()
        let bytes = try scratch.read("kymograph-0000000001.lz4")
        let other = try Scratch()
        try other.write("kymograph-0000000001.active.lz4", bytes.dropLast(50))
        try other.write("kymograph-0000000001.torn", [1, 2, 3])
        let journal = try JournalWriter(directory: other.path, options: quick(), origin: origin)
        journal.stop()
        #expect(try other.read("kymograph-0000000001.torn") == [1, 2, 3])
        #expect(other.files.contains("kymograph-0000000001.2.torn"))
        #expect(try readAll(other.path).damages == [])
    }

    /// The power went after the seal, and before the file's shortening was on the disk.
    @Test func whatStandsBehindTheSealOfAnOpenSegmentIsPutAside() throws {
        let (scratch, _) = try sealed()
        let bytes = try scratch.read("kymograph-0000000001.lz4")
        let other = try Scratch()
        try other.write("kymograph-0000000001.active.lz4", bytes + [1, 2, 3])
        let journal = try JournalWriter(directory: other.path, options: quick(), origin: origin)
        #expect(journal.recovery?.tornBytes == 3)
        journal.stop()
        #expect(try other.read("kymograph-0000000001.lz4") == bytes)
        #expect(try other.read("kymograph-0000000001.torn") == [1, 2, 3])
        try SegmentVerification.verify(directory: other.path) { #expect($0.verdict == .ok, "\($0.damages)") }
    }

    /// Found by the power cuts: where directory syncs failed until the power went, segments that were given up as soon as they
    /// had a header came back. Each was sealed, and the next one with events followed another segment than the one before it.
    @Test func segmentsWithoutARecordThatComeBackBreakNoChain() throws {
        let scratch = try Scratch()
        let isBroken = Atomic(false)
        // What is deleted stays, as if it had come back.
        let files = FaultyFiles { operation, _ in
            isBroken.load(ordering: .relaxed) && (operation == .syncDirectory || operation == .unlink) ? .ioError : nil
        }
        do {
            let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
            #expect(journal.append(move(1)))
            #expect(eventually { journal.statistics.chunks == 1 })
            isBroken.store(true, ordering: .relaxed)
            journal.rotate()
            var time: UInt64 = 1
            // The fifth says that the three before it were given up wholly: a file that was only just made may yet become whole
            // when the fault ends, and did once on a busy machine.
            while files.count(.create) < 5 {
                time += 1
                let tried = files.count(.create)
                #expect(journal.append(move(time)))
                #expect(eventually { files.count(.create) > tried })
            }
            isBroken.store(false, ordering: .relaxed)
            #expect(journal.append(move(1000)))
            journal.stop()
        }
        // The last ones are whole again; those between have a header and nothing else.
        #expect(scratch.files.filter { $0.contains("active") }.count >= 3)
        let next = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        next.stop()
        try SegmentVerification.verify(directory: scratch.path) { #expect($0.verdict == .ok, "\($0.damages)") }
        #expect(try readAll(scratch.path).damages == [])
        let names = try SegmentName.list(in: scratch.path)
        #expect(names.count < files.count(.create))
        #expect(scratch.files.filter { $0.hasSuffix(".torn") }.count >= 3)
        // All that has a record still hangs on the chain: one that is taken out is missed.
        let middle = names[names.count - 2]
        try scratch.remove(middle.fileName)
        #expect(try readAll(scratch.path).damages.contains { !($0.missing?.isEmpty ?? true) })
        var verdicts: [SegmentVerification.Verdict] = []
        try SegmentVerification.verify(directory: scratch.path) { verdicts.append($0.verdict) }
        #expect(verdicts.last == .damaged)
    }

    @Test func aNewerVersionsSegmentIsLeftAlone() throws {
        let (scratch, next) = try sealed()
        var bytes = try scratch.read("kymograph-0000000001.lz4")
        // The major version, behind the empty frame, the frame's prefix and the magic.
        bytes[15 + 8 + 8] = 2
        try scratch.write("kymograph-0000000002.active.lz4", bytes)
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        #expect(journal.recovery?.segment == 2)
        journal.stop()
        #expect(try scratch.read("kymograph-0000000002.active.lz4") == bytes)
        #expect(try readAll(scratch.path).events.allSatisfy { $0.segment != 2 })
        #expect(try sequences(scratch).last.map { $0 >= next } == true)
    }

    /// So that no active file means a clean stop, whenever the power goes.
    @Test func untilTheStopThereIsAlwaysAnActiveSegment() throws {
        let scratch = try Scratch()
        let path = scratch.path
        let missing = Atomic<Int>(0)
        let seen = Mutex<(isStarted: Bool, isStopping: Bool)>((false, false))
        let files = FaultyFiles { operation, _ in
            let state = seen.withLock { $0 }
            guard state.isStarted, !state.isStopping else { return nil }
            let names = try? SegmentName.list(in: path)
            if names?.contains(where: \.isActive) != true { missing.add(1, ordering: .relaxed) }
            return nil
        }
        var options = quick()
        options.segmentBytes = 900
        let journal = try JournalWriter(directory: path, options: options, origin: origin, files: files)
        seen.withLock { $0.isStarted = true }
        var time: UInt64 = 0
        while scratch.files.filter({ $0.hasSuffix(".lz4") }).count < 5 {
            time += 1
            _ = journal.append(move(time, .random(in: -99...99)))
        }
        seen.withLock { $0.isStopping = true }
        journal.stop()
        #expect(missing.load(ordering: .relaxed) == 0)
        #expect(!scratch.files.contains { $0.contains("active") })
    }

    @Test func aSegmentIsClosedForItsAgeToo() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentSeconds = 0
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        for time in 0..<3 {
            let chunks = journal.statistics.chunks
            #expect(journal.append(move(UInt64(time))))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        journal.stop()
        #expect(scratch.files.filter { $0.hasSuffix(".lz4") }.count >= 3)
        #expect(try readAll(scratch.path).events.motions == [0, 1, 2])
    }

    @Test func rotationKeepsTheJournalWithinItsSize() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 2000
        options.retainBytes = 6000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        var time: UInt64 = 0
        while !scratch.files.contains("kymograph-0000000012.active.lz4") {
            // What waits must fit into a part of a segment: of a longer one all the others would be too many.
            guard time < journal.statistics.events + 100 else {
                sched_yield()
                continue
            }
            if journal.append(move(time + 1, .random(in: -99...99), .random(in: -99...99))) { time += 1 }
        }
        journal.stop()
        let kept = time
        let names = scratch.files.filter { $0.hasSuffix(".lz4") }
        #expect(!names.contains("kymograph-0000000001.lz4"))
        // What is left is the newest, without a hole.
        let found = try readAll(scratch.path)
        #expect(found.damages == [])
        let motions = found.events.motions
        try #require(motions.count > 1)
        #expect(motions.last == kept)
        #expect(motions == Array(motions[0]...kept))
    }
}

@Suite struct HostileDirectoryTests {
    @Test(arguments: [
        "kymograph-0000000000.lz4", "kymograph-18446744073709551615.lz4", "kymograph-9223372036854775808.active.lz4",
        "kymograph-99999999999999999999999.lz4", "kymograph-000000001.lz4", "kymograph-0000000001.torn",
        "kymograph-0000000001.lz4.gz", "kymograph-٠٠٠٠٠٠٠٠٠٠١.lz4",
    ]) func otherFilesAreNoSegments(name: String) throws {
        let scratch = try Scratch()
        try scratch.write(name, [1, 2, 3])
        #expect(try SegmentName.list(in: scratch.path) == [])
        for start in [JournalReader.Start.oldest, .last(3), .since(5), .end] {
            #expect(try readAll(scratch.path, start: start).damages == [])
        }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        journal.stop()
        #expect(scratch.files.contains("kymograph-0000000001.lz4"))
    }

    /// Checksums are no secret: whoever writes the file can make them good.
    @Test func numbersAtTheEndOfTheirRangeAreNoCrash() throws {
        for first: UInt64 in [.max, .max - 3, 1 << 63] {
            let id = Identifier(high: 1, low: 2)
            var buffer = ByteBuffer(capacity: 4096)
            defer { buffer.deallocate() }
            LZ4Compressor().compress(UnsafeRawBufferPointer(start: nil, count: 0), into: &buffer)
            SegmentHeader(
                segmentID: id, number: 1, machineID: id, bootID: id, firstSequence: 1, monotonicMicroseconds: 0,
                realtimeMicroseconds: 0, userID: 1, subject: "ada"
            ).write(to: &buffer)
            ChunkHeader(
                segmentID: id, firstSequence: first, count: 8000, payloadBytes: 4, storedBytes: 4, flags: 0,
                firstMicroseconds: first, lastMicroseconds: first, lostEvents: first, unknownLosses: 0
            ).write(to: &buffer)
            buffer.put(UInt32(0))
            Seal(segmentID: id, nextSequence: first, finalHash: .zero, entries: []).write(to: &buffer)
            let scratch = try Scratch()
            try scratch.write("kymograph-0000000001.lz4", buffer.bytes)
            let found = try readAll(scratch.path)
            #expect(found.events == [])
            #expect(found.damages.count == 1)
            let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
            journal.stop()
        }
    }

    @Test func aMissingSegmentIsReportedByItsNumbers() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 900
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        var time: UInt64 = 0
        while !scratch.files.contains("kymograph-0000000003.lz4") {
            time += 1
            _ = journal.append(move(time, .random(in: -99...99)))
        }
        journal.stop()
        let numbers = try readAll(scratch.path).events.filter { $0.segment == 2 }.map(\.sequence)
        unlink(scratch.path.appending("kymograph-0000000002.lz4").string)
        let missing = try readAll(scratch.path).damages.compactMap(\.missing)
        #expect(missing.count == 1)
        let last = try #require(numbers.last)
        #expect(missing.first?.contains(last) == true)
        #expect(missing.first?.contains(last + 1) == false)
    }
}
