import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct WriterAndReaderTests {
    @Test func whatIsAppendedIsRead() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, origin: origin)
        let events = (0..<5000).map { move(UInt64($0) * 125) }
        for event in events { #expect(journal.append(event)) }
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.events.map(\.event) == events)
        #expect(found.damages == [])
        #expect(scratch.files == ["kymograph-0000000001.lz4", "lock"])
    }

    @Test func sequenceNumbersGoOnAcrossStarts() throws {
        let scratch = try Scratch()
        for start in 0..<3 {
            let journal = try JournalWriter(directory: scratch.path, origin: origin)
            #expect(journal.recovery == nil)
            #expect(journal.append(move(UInt64(start))))
            journal.stop()
        }
        let reader = try JournalReader(directory: scratch.path)
        var sequences: [UInt64] = []
        while let item = try reader.next() { if case .event(let event) = item { sequences.append(event.sequence) } }
        #expect(sequences == Array(1...UInt64(sequences.count)))
    }

    @Test func aSecondWriterIsRefusedByTheLocksName() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, origin: origin)
        defer { journal.stop() }
        let lock = scratch.path.appending("lock").string
        #expect(throws: JournalError.locked(lock: lock, holder: "\(getpid())")) {
            _ = try JournalWriter(directory: scratch.path, origin: origin)
        }
    }

    @Test func aMissingDirectoryIsNamed() throws {
        #expect(throws: JournalError.noDirectory(path: "/nonexistent/journal")) {
            _ = try JournalWriter(directory: "/nonexistent/journal", origin: origin)
        }
        #expect(throws: JournalError.noDirectory(path: "/nonexistent/journal")) {
            _ = try JournalReader(directory: "/nonexistent/journal")
        }
    }

    @Test func segmentsRotateBySizeAndCanBeReadAlone() throws {
        let scratch = try Scratch()
        var options = JournalOptions()
        options.segmentBytes = 2000
        options.chunkMicroseconds = 1000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        let device = Event(
            timeMicroseconds: 1, device: 1,
            payload: .deviceAdded(
                DeviceDescription(
                    name: "Mouse", sysname: "event1", seat: "seat0", vendor: 1, product: 2, capabilities: [.pointer])))
        #expect(journal.append(device))
        var sent: [Event] = [device]
        // As many as it takes: time decides where chunks end.
        while scratch.files.filter({ $0.hasSuffix(".lz4") }).count < 4 {
            let event = move(UInt64(sent.count) * 1000, .random(in: -90...90), .random(in: -90...90))
            if journal.append(event) { sent.append(event) }
        }
        journal.stop()
        #expect(try readAll(scratch.path).events.map(\.event) == sent)
        for name in scratch.files.filter({ $0.hasSuffix(".lz4") }).dropFirst() {
            let alone = try Scratch()
            try alone.write(name, scratch.read(name))
            let reader = try JournalReader(directory: alone.path)
            var snapshots: [Payload] = []
            while let item = try reader.next() {
                if case .event(let event) = item, event.event.marks.contains(.snapshot) {
                    snapshots.append(event.event.payload)
                }
            }
            #expect(snapshots.contains(device.payload), "\(name) repeats the device")
        }
    }

    @Test func aFollowerMissesAndDoublesNothingAcrossRotations() throws {
        let scratch = try Scratch()
        var options = JournalOptions()
        options.segmentBytes = 3000
        options.chunkMicroseconds = 500
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        let reader = try JournalReader(directory: scratch.path)
        try reader.follow()
        let total = 30_000
        var sent = 0
        var seen: [UInt64] = []
        while seen.count < total {
            for _ in 0..<97 where sent < total {
                if journal.append(move(UInt64(sent), .random(in: -99...99))) { sent += 1 }
            }
            while let item = try reader.next() {
                if case .event(let event) = item, case .motion = event.event.payload {
                    seen.append(event.event.timeMicroseconds)
                }
            }
            if sent == total, seen.count < total { reader.wait() }
        }
        journal.stop()
        #expect(seen == Array(0..<UInt64(total)))
        #expect(scratch.files.filter { $0.hasSuffix(".lz4") }.count > 3)
    }

    @Test func theLastEventsAndTheEventsSinceAMoment() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, origin: origin)
        let reader = try JournalReader(directory: scratch.path)
        guard case .segment(let header)? = try reader.next() else { Issue.record("no segment"); return }
        let start = header.monotonicMicroseconds
        for index in 0..<100 { #expect(journal.append(move(start + UInt64(index) * 1_000_000))) }
        journal.stop()
        #expect(try readAll(scratch.path, start: .last(7)).events.count == 7)
        let since = header.realtimeMicroseconds + 90_000_000
        let found = try readAll(scratch.path, start: .since(since)).events.map(\.event.timeMicroseconds)
        #expect(found == (90..<100).map { start + UInt64($0) * 1_000_000 })
        #expect(try readAll(scratch.path, start: .end).events == [])
    }
}

@Suite struct CrashTests {
    /// A segment as SIGKILL leaves it: still active.
    private func killed(events: Int = 400) throws -> (scratch: Scratch, bytes: [UInt8], sent: [Event]) {
        let scratch = try Scratch()
        var options = JournalOptions()
        options.chunkMicroseconds = 300
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        let sent = (0..<events).map { move(UInt64($0) * 1000, Int32($0 % 50)) }
        let active = "kymograph-0000000001.active.lz4"
        for (index, event) in sent.enumerated() {
            #expect(journal.append(event))
            // A chunk each hundred events.
            if index % 100 == 99 { while journal.statistics.events <= UInt64(index) { sched_yield() } }
        }
        let bytes = try scratch.read(active)
        journal.stop()
        return (scratch, bytes, sent)
    }

    @Test func aSegmentCutAtAnyByteKeepsItsWholeChunks() throws {
        let (_, bytes, sent) = try killed()
        var lastCount = 0
        for length in stride(from: 0, through: bytes.count, by: 1) {
            let scratch = try Scratch()
            try scratch.write("kymograph-0000000001.active.lz4", bytes.prefix(length))
            let live = try readAll(scratch.path)
            #expect(live.damages == [], "an incomplete end of an active segment is no damage (cut at \(length))")
            #expect(live.events.map(\.event) == Array(sent.prefix(live.events.count)))
            #expect(live.events.count >= lastCount)
            lastCount = live.events.count
            let journal = try JournalWriter(directory: scratch.path, origin: origin)
            journal.stop()
            let recovered = try readAll(scratch.path)
            #expect(recovered.events == live.events, "cut at \(length)")
            #expect(recovered.damages == [])
        }
        #expect(lastCount == sent.count)
    }

    @Test func theTornTailIsPutAsideAndReported() throws {
        let (_, bytes, sent) = try killed()
        let scratch = try Scratch()
        try scratch.write("kymograph-0000000001.active.lz4", bytes.dropLast(10))
        let journal = try JournalWriter(directory: scratch.path, origin: origin)
        let report = try #require(journal.recovery)
        journal.stop()
        #expect(report.segment == 1)
        #expect(report.isSameBoot)
        #expect(report.tornBytes > 0)
        #expect(report.lastMicroseconds >= sent[0].timeMicroseconds)
        #expect(try scratch.read("kymograph-0000000001.torn").count == Int(report.tornBytes))
        var verdicts: [SegmentVerification.Verdict] = []
        try SegmentVerification.verify(directory: scratch.path) { verdicts.append($0.verdict) }
        #expect(verdicts == [.ok, .ok])
    }

    @Test func anyFlippedBitIsNoticedAndTheRestIsRead() throws {
        let (scratch, _, sent) = try killed(events: 300)
        let name = "kymograph-0000000001.lz4"
        let bytes = try scratch.read(name)
        let clean = try readAll(scratch.path).events
        var undetected = 0
        // The hash chain covers even what no reader looks at, so that nothing can be changed unseen.
        for byte in bytes.indices {
            var damaged = bytes
            damaged[byte] ^= 1 << (byte % 8)
            let other = try Scratch()
            try other.write(name, damaged)
            let found = try readAll(other.path)
            var isNoticed = !found.damages.isEmpty
            try SegmentVerification.verify(directory: other.path) { if $0.verdict != .ok { isNoticed = true } }
            if !isNoticed { undetected += 1 }
            // Whatever is read is what was written.
            #expect(Set(found.events.map(\.sequence)).isSubset(of: Set(clean.map(\.sequence))))
            for event in found.events {
                #expect(clean.contains(event), "byte \(byte)")
            }
        }
        #expect(undetected == 0)
        #expect(sent.count == clean.count)
    }

    @Test func aChunkThatIsGoneIsReportedByItsNumbers() throws {
        let (scratch, _, _) = try killed()
        let name = "kymograph-0000000001.lz4"
        var bytes = try scratch.read(name)
        let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: 1, isActive: false))
        var chunks: [(header: ChunkHeader, offset: UInt64)] = []
        while case .chunk(let header, let offset, _) = reader.next(isFinal: true, wants: { _ in true }) {
            chunks.append((header, offset))
        }
        let victim = chunks[1]
        for index in 0..<Int(victim.header.storedBytes) { bytes[Int(victim.offset) + 40 + index] = 0xAA }
        let other = try Scratch()
        try other.write(name, bytes)
        let found = try readAll(other.path)
        let missing = try #require(found.damages.first?.missing)
        #expect(found.damages.count == 1)
        #expect(missing == victim.header.firstSequence..<victim.header.firstSequence + UInt64(victim.header.count))
    }
}
