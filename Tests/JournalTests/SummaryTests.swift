import Events
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct SummaryTests {
    private func summaries(_ directory: FilePath) throws -> [SegmentSummary] {
        var found: [SegmentSummary] = []
        try SegmentSummary.list(directory: directory) { found.append($0) }
        return found
    }

    @Test func eachSegmentTellsItsSpanAndItsRecords() throws {
        let journal = try WrittenJournal.long(segments: 3, chunks: 20, isLastOpen: true)
        try journal.scratch.write("kymograph-0000000009.lz4", [1, 2, 3])
        let found = try summaries(journal.directory)
        #expect(found.map(\.state) == [.sealed, .sealed, .open, .unreadable])
        for summary in found.dropLast() {
            let events = journal.events.filter { $0.segment == summary.name.number }
            let first = try #require(summary.header).firstSequence
            let last = try #require(events.last).sequence
            #expect(summary.records == last + 1 - first)
            #expect(
                summary.lastRealtimeMicroseconds
                    == events.map(\.event.timeMicroseconds).max()! + journal.realtimeOffset)
            let bytes = try journal.scratch.read(summary.name.fileName).count
            #expect(summary.bytes == UInt64(bytes))
        }
        try journal.scratch.forget(chunks: [3, 4], ofSegment: 1)
        #expect(try summaries(journal.directory)[0].forgotten == 7)
    }

    /// Chunk headers count losses since the recorder's start; what is listed are those of the segment.
    @Test func lossesAreThoseOfTheSegment() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 1500
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        var lost: [UInt64: UInt64] = [:]
        var time: UInt64 = 0
        while scratch.files.filter({ $0.hasSuffix(".lz4") }).count < 4 {
            time += 1
            let loss = Loss(reason: .ringFull, startMicroseconds: time, endMicroseconds: time, count: time)
            let chunks = journal.statistics.chunks
            #expect(journal.append(PermittedEvent(loss: loss)))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        journal.stop()
        for stored in try readAll(scratch.path).events {
            if case .loss(let loss) = stored.event.payload { lost[stored.segment, default: 0] += loss.count ?? 0 }
        }
        for summary in try summaries(scratch.path) { #expect(summary.lostEvents == lost[summary.name.number] ?? 0) }
        #expect(lost.count > 2)
    }

    @Test func aSegmentThatARecorderWritesIsActive() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, origin: origin)
        #expect(try summaries(scratch.path).map(\.state) == [.active])
        journal.stop()
        #expect(try summaries(scratch.path).map(\.state) == [.sealed])
    }

    @Test func aSegmentWithoutItsSealIsNotCalledSealed() throws {
        let journal = try WrittenJournal.long(segments: 1, chunks: 5)
        let name = "kymograph-0000000001.lz4"
        try journal.scratch.write(name, try journal.scratch.read(name).dropLast(3))
        #expect(try summaries(journal.directory).map(\.state) == [.unsealed])
        #expect(try summaries(journal.directory)[0].records == journal.nextSequence - 1)
    }
}

@Suite struct VacuumTests {
    /// Three closed segments, a torn piece of the second, one that is open.
    private func journal() throws -> WrittenJournal {
        let journal = try WrittenJournal.long(segments: 4, chunks: 10, isLastOpen: true)
        try journal.scratch.write("kymograph-0000000002.torn", [UInt8](repeating: 7, count: 1000))
        return journal
    }

    private func surplus(_ journal: WrittenJournal, bytes: UInt64?, before: UInt64? = nil) throws -> [String] {
        try Vacuum(directory: journal.directory).surplus(bytes: bytes, before: before).map(\.name)
    }

    @Test func theOldestGoFirstUntilTheRestIsSmallEnough() throws {
        let journal = try journal()
        let total = try Vacuum(directory: journal.directory).totalBytes
        let sizes = try journal.scratch.files.map { UInt64(try journal.scratch.read($0).count) }
        #expect(total == sizes.reduce(0, +))
        #expect(try surplus(journal, bytes: total) == [])
        #expect(try surplus(journal, bytes: total - 1) == ["kymograph-0000000001.lz4"])
        #expect(
            try surplus(journal, bytes: total - sizes[0] - 1) == [
                "kymograph-0000000001.lz4", "kymograph-0000000002.torn", "kymograph-0000000002.lz4",
            ], "what was cut off a segment goes with it, and before it")
        // Never the open one.
        #expect(
            try surplus(journal, bytes: 0) == [
                "kymograph-0000000001.lz4", "kymograph-0000000002.torn", "kymograph-0000000002.lz4",
                "kymograph-0000000003.lz4",
            ])
    }

    @Test func whatIsOlderThanTheMomentGoes() throws {
        let journal = try journal()
        let ends = try (1...3).map { number in
            try #require(journal.events.last { $0.segment == UInt64(number) }).event.timeMicroseconds
                + journal.realtimeOffset
        }
        #expect(try surplus(journal, bytes: nil, before: ends[0]) == [])
        #expect(try surplus(journal, bytes: nil, before: ends[0] + 1) == ["kymograph-0000000001.lz4"])
        // The torn piece is of today, whatever the clock of the test says of the others; what comes behind it stays.
        #expect(try surplus(journal, bytes: nil, before: 1) == [])
    }

    @Test func whatIsDeletedIsGone() throws {
        let journal = try journal()
        let vacuum = try Vacuum(directory: journal.directory)
        for file in vacuum.surplus(bytes: 0, before: nil) { try vacuum.delete(file) }
        try vacuum.finish()
        #expect(journal.scratch.files == ["kymograph-0000000004.active.lz4"])
        // Somebody else was faster.
        try vacuum.delete(try #require(vacuum.surplus(bytes: 0, before: nil).first))
        #expect(try Reading(journal.directory, from: .oldest).events == journal.events.filter { $0.segment == 4 })
    }
}
