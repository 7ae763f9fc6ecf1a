import Events
import SystemPackage
import Testing

@testable import Journal

@Suite struct CursorTests {
    static let id = "00112233445566778899aabbccddeeff"

    @Test func comesBackFromItsText() throws {
        let cursor = try #require(Cursor("\(Self.id):42"))
        #expect(cursor.sequence == 42)
        #expect(cursor.description == "\(Self.id):42")
    }

    @Test(arguments: [
        "", ":", "42", "\(id)", "\(id):", "\(id):0", "\(id):-1", "\(id):+1", "\(id):1 ", " \(id):1", "\(id):1:2",
        "\(id.dropLast()):1", "\(id)0:1", "0011223344556677-8899-aabbccddeeff:1", "\(id):9223372036854775808",
        "g\(id.dropFirst()):1", "\(id):٣",
    ])
    func anythingElseIsNone(text: String) { #expect(Cursor(text) == nil) }

    private func failure(_ journal: WrittenJournal, _ start: JournalReader.Start) -> CursorError? {
        do {
            _ = try JournalReader(directory: journal.directory, start: start)
            return nil
        } catch {
            if case .cursor(let error) = error { return error }
            Issue.record("\(error)")
            return nil
        }
    }

    private func delete(_ journal: WrittenJournal, _ numbers: ClosedRange<UInt64>) throws {
        for number in numbers {
            try SystemFiles().unlink(journal.directory.appending(SegmentName(number: number, isActive: false).fileName))
        }
    }

    @Test func goneByRetentionItNamesTheOldestThereIs() throws {
        let journal = try WrittenJournal.long(segments: 4, chunks: 3)
        let first = journal.cursor(journal.events[0])
        let lastOfSecond = journal.cursor(try #require(journal.events.last { $0.segment == 2 }))
        try delete(journal, 1...2)
        let oldest = Cursor(segmentID: journal.ids[3]!, sequence: lastOfSecond.sequence + 1)
        #expect(failure(journal, .at(first)) == .gone(first, oldest: oldest))
        #expect(failure(journal, .after(first)) == .gone(first, oldest: oldest))
        #expect(failure(journal, .at(lastOfSecond)) == .gone(lastOfSecond, oldest: oldest))
        #expect(failure(journal, .at(oldest)) == nil)
        #expect("\(CursorError.gone(first, oldest: oldest))".contains("--cursor \(oldest)"))
        // Whoever has read all that was deleted has missed nothing.
        let third = journal.events.filter { $0.segment >= 3 }
        #expect(try Reading(journal.directory, from: .after(lastOfSecond)).events == third)
        try delete(journal, 3...4)
        #expect(failure(journal, .at(first)) == .gone(first, oldest: nil))
    }

    @Test func ofAnotherJournalItIsForeign() throws {
        let journal = try WrittenJournal.long(segments: 2, chunks: 3)
        let foreign = try #require(Cursor("\(Self.id):9"))
        #expect(failure(journal, .at(foreign)) == .foreign(foreign))
        #expect(failure(journal, .after(foreign)) == .foreign(foreign))
    }

    /// A power cut took the end of a segment, and the next one gave its numbers anew.
    @Test func whatDidNotSurviveIsSaid() throws {
        let journal = try WrittenJournal()
        try journal.open(at: 0)
        try journal.chunk([move(1), move(2)])
        try journal.seal()
        let last = Cursor(segmentID: journal.ids[1]!, sequence: journal.nextSequence - 1)
        try journal.open(at: 10)
        try journal.chunk((0..<9).map { move(11 + $0) })
        let lost = Cursor(segmentID: journal.ids[1]!, sequence: last.sequence + 4)
        #expect(failure(journal, .after(lost)) == .notKept(lost, last: last))
        let beyond = Cursor(segmentID: journal.ids[2]!, sequence: journal.nextSequence)
        #expect(
            failure(journal, .at(beyond))
                == .notKept(beyond, last: Cursor(segmentID: journal.ids[2]!, sequence: beyond.sequence - 1)))
        #expect(try Reading(journal.directory, from: .after(last)).events == journal.events.filter { $0.segment == 2 })
    }
}
