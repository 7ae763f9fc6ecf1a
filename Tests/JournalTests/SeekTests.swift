import Events
import SystemPackage
import Testing

@testable import Journal

/// Where reading begins, it must find what reading everything would find from there on, and know what that refers to.
@Suite struct SeekTests {
    /// Four segments, the last with or without a seal; two hours of clock are set back in none of them.
    private static func journal(isLastOpen: Bool) throws -> WrittenJournal {
        try WrittenJournal.long(segments: 4, chunks: 60, isLastOpen: isLastOpen)
    }

    /// The focus that the journal tells last before an event.
    private func focus(before event: StoredEvent, in events: [StoredEvent]) -> FocusID? {
        events.last { stored in
            if case .focus = stored.event.payload { stored.sequence < event.sequence } else { false }
        }?.event.focus
    }

    private func check(_ journal: WrittenJournal, from start: JournalReader.Start, expected: ArraySlice<StoredEvent>)
        throws
    {
        let found = try Reading(journal.directory, from: start)
        #expect(found.events == Array(expected), "\(start)")
        #expect(found.damages == [])
        guard let first = expected.first, first.segment > 1 || first.sequence > 20 else { return }
        // The state in force there comes first, as context or in the segment's opening.
        let known = (found.context + found.snapshots + found.events).map(\.event.focus)
        if let focus = focus(before: first, in: journal.events), found.segments.first == first.segment,
            !found.context.isEmpty
        {
            #expect(known.contains(focus), "\(start)")
        }
        #expect(found.context.count < 30, "no more is read than from the last checkpoint on: \(found.context.count)")
    }

    @Test(arguments: [false, true]) func sinceAnyMoment(isLastOpen: Bool) throws {
        let journal = try Self.journal(isLastOpen: isLastOpen)
        let events = journal.events
        for index in stride(from: 0, to: events.count, by: 7) {
            for shift in [-1, 0, 1] as [Int64] {
                let moment = UInt64(Int64(events[index].event.timeMicroseconds + journal.realtimeOffset) + shift)
                let first = events.firstIndex { $0.event.timeMicroseconds + journal.realtimeOffset >= moment }
                try check(journal, from: .since(moment), expected: events[(first ?? events.endIndex)...])
            }
        }
        try check(journal, from: .since(0), expected: events[...])
        try check(journal, from: .since(.max), expected: [])
    }

    @Test(arguments: [false, true]) func atAndAfterAnyCursor(isLastOpen: Bool) throws {
        let journal = try Self.journal(isLastOpen: isLastOpen)
        let events = journal.events
        for index in stride(from: 0, to: events.count, by: 11) + [events.count - 1] {
            let cursor = journal.cursor(events[index])
            try check(journal, from: .at(cursor), expected: events[index...])
            try check(journal, from: .after(cursor), expected: events[(index + 1)...])
        }
    }

    @Test(arguments: [false, true]) func theLastRecords(isLastOpen: Bool) throws {
        let journal = try Self.journal(isLastOpen: isLastOpen)
        for count in [0, 1, 2, 50, 199, 500, 100_000] as [UInt64] {
            let first = journal.nextSequence - min(count, journal.nextSequence)
            let expected = journal.events.drop { $0.sequence < first }
            try check(journal, from: .last(count), expected: expected)
        }
        // Of those before a moment, and some that may be a little out of order.
        let middle = journal.events[journal.events.count / 2].event.timeMicroseconds
        let found = try Reading(journal.directory, from: .last(5, before: middle + journal.realtimeOffset)).events
        let limit = middle + JournalReader.orderSlackMicroseconds
        let beyond = try #require(journal.events.first { $0.event.timeMicroseconds > limit })
        let first = try #require(found.first)
        #expect(found == journal.events.filter { $0.sequence >= first.sequence })
        #expect(first.sequence >= beyond.sequence - 5 && first.sequence <= beyond.sequence)
        try check(journal, from: .end, expected: [])
    }

    /// A segment of some MiB without a seal, which is bisected.
    @Test func aLongOpenSegmentIsBisected() throws {
        let journal = try WrittenJournal()
        var time: UInt64 = 100_000_000
        try journal.open(at: time, state: [window(1, at: time)])
        for index in 0..<900 {
            time += 250_000
            let events = (0..<800).map { move(time + $0, .random(in: -30_000...30_000), .random(in: -30_000...30_000)) }
            if index % 300 == 299 {
                try journal.checkpoint([window(1, at: time)], events)
            } else {
                try journal.chunk(events)
            }
            // A late account, alone in its chunk: what stands before it must still be found.
            if index % 100 == 50 {
                try journal.chunk([
                    Event(
                        timeMicroseconds: time - 20_000_000,
                        payload: .suppression(
                            Suppression(
                                reason: .rule, phase: .end, startMicroseconds: 1, endMicroseconds: time - 20_000_000)))
                ])
            }
        }
        let events = journal.events
        let name = SegmentName(number: 1, isActive: true)
        #expect(try journal.scratch.read(name.fileName).count > 5 << 19)
        for index in [0, 5, events.count / 3, events.count / 2, events.count - 1] {
            let moment = events[index].event.timeMicroseconds
            let found = try Reading(journal.directory, from: .since(moment + journal.realtimeOffset)).events
            #expect(found == events.filter { $0.event.timeMicroseconds >= moment })
            let reader = try SegmentReader(directory: journal.directory, name: name)
            reader.seek(to: events[index].sequence)
            #expect(reader.expectedSequence <= events[index].sequence)
            #expect(events[index].sequence - reader.expectedSequence < 300 * 505)
            #expect(
                try Reading(journal.directory, from: .at(journal.cursor(events[index]))).events
                    == Array(events[index...]))
        }
    }

    @Test func aSegmentThatCannotBeReadIsPassedOver() throws {
        let journal = try WrittenJournal.long(segments: 9, chunks: 3)
        for number in [2, 4, 5, 8] as [UInt64] {
            try journal.scratch.write(SegmentName(number: number, isActive: false).fileName, [1, 2, 3])
        }
        for event in journal.events where ![2, 4, 5, 8].contains(event.segment) {
            let readable = journal.events.filter { ![2, 4, 5, 8].contains($0.segment) }
            let moment = event.event.timeMicroseconds
            let since = try Reading(journal.directory, from: .since(moment + journal.realtimeOffset)).events
            #expect(since == readable.filter { $0.event.timeMicroseconds >= moment })
            let at = try Reading(journal.directory, from: .at(journal.cursor(event))).events
            #expect(at == readable.filter { $0.sequence >= event.sequence })
        }
    }

    /// What was forgotten has no times: it is told of where it stands right before the beginning.
    @Test func forgottenChunksBeforeTheBeginning() throws {
        let journal = try WrittenJournal.long(segments: 2, chunks: 20)
        try journal.scratch.forget(chunks: [5, 6, 12], ofSegment: 1)
        let events = journal.events
        let whole = try Reading(journal.directory, from: .oldest)
        #expect(whole.forgotten.count == 2)
        // The opening chunk is chunk 0; three records or four in each.
        let behind = try #require(events.first { $0.sequence >= whole.forgotten[0].upperBound })
        let found = try Reading(journal.directory, from: .since(behind.event.timeMicroseconds + journal.realtimeOffset))
        #expect(found.forgotten == whole.forgotten)
        #expect(found.events.first == behind)
        let later = try #require(events.first { $0.sequence > behind.sequence + 3 })
        let after = try Reading(journal.directory, from: .since(later.event.timeMicroseconds + journal.realtimeOffset))
        #expect(after.forgotten == [whole.forgotten[1]])
        // A cursor inside tells what is forgotten from there on.
        let inside = Cursor(segmentID: journal.ids[1]!, sequence: whole.forgotten[0].lowerBound + 1)
        let at = try Reading(journal.directory, from: .at(inside))
        #expect(at.forgotten.first == inside.sequence..<whole.forgotten[0].upperBound)
        #expect(at.events.first == behind)
        let last = Cursor(segmentID: journal.ids[1]!, sequence: whole.forgotten[0].upperBound - 1)
        #expect(try Reading(journal.directory, from: .after(last)).forgotten == [whole.forgotten[1]])
    }

    /// Damage before the beginning is not what was asked for; damage behind it is.
    @Test func damageBeforeTheBeginningIsNotReported() throws {
        let journal = try WrittenJournal.long(segments: 1, chunks: 40)
        let name = SegmentName(number: 1, isActive: false)
        var bytes = try journal.scratch.read(name.fileName)
        let reader = try SegmentReader(directory: journal.directory, name: name)
        let entries = try #require(reader.sealAtEnd()).entries
        bytes[Int(entries[23].offset) + ChunkHeader.frameBytes + 20] ^= 1
        try journal.scratch.write(name.fileName, bytes)
        let numbers = entries[23].firstSequence..<entries[24].firstSequence
        func missing(from sequence: UInt64) throws -> [Range<UInt64>?] {
            try Reading(journal.directory, from: .at(Cursor(segmentID: journal.ids[1]!, sequence: sequence))).damages
                .map(\.missing)
        }
        #expect(try missing(from: entries[22].firstSequence) == [numbers])
        #expect(try missing(from: numbers.lowerBound) == [numbers])
        #expect(try missing(from: numbers.upperBound - 1) == [numbers])
        #expect(try missing(from: numbers.upperBound) == [])
    }

    /// The table is no more to be trusted than anything else.
    @Test func aTableThatLiesIsDamageAndNothingWorse() throws {
        for change in [{ $0 + 1 }, { _ in .max }, { _ in 0 }] as [(UInt64) -> UInt64] {
            let journal = try WrittenJournal.long(segments: 1, chunks: 40)
            let name = SegmentName(number: 1, isActive: false)
            let bytes = try journal.scratch.read(name.fileName)
            let reader = try SegmentReader(directory: journal.directory, name: name)
            var seal = try #require(reader.sealAtEnd())
            var target = ByteBuffer(capacity: bytes.count * 2)
            defer { target.deallocate() }
            seal.write(to: &target)
            let body = bytes.dropLast(target.count)
            for index in seal.entries.indices { seal.entries[index].offset = change(seal.entries[index].offset) }
            target.count = 0
            seal.write(to: &target)
            try journal.scratch.write(name.fileName, Array(body) + Array(target.bytes))
            let last = try #require(journal.events.last)
            let found = try Reading(journal.directory, from: .at(journal.cursor(last)))
            #expect(found.events.last == last || !found.damages.isEmpty)
        }
    }
}
