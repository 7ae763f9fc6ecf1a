import CLinuxShim
import Events
import Export
import Glibc
import Journal
import SystemPackage
import Testing

@testable import Policy

/// A journal of two people, on disk, gone when the test is.
private final class SharedJournal {
    let path: FilePath
    private let start = kymo_monotonic_microseconds()
    static let ada = SegmentOrigin(subject: "ada", userID: 1000)
    static let bob = SegmentOrigin(subject: "bob", userID: 1001)

    init() throws {
        var template = Array("/tmp/kymograph-own-XXXXXX".utf8) + [0]
        let made = template.withUnsafeMutableBytes { mkdtemp($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        try #require(made != nil)
        path = FilePath(String(decoding: template.dropLast(), as: UTF8.self))
    }

    deinit { _ = system("rm -rf \(path.string)") }

    func open() throws -> JournalWriter { try JournalWriter(directory: path, origin: .nobody) }

    /// Somebody types so many keys in an app of that name.
    func write(_ origin: SegmentOrigin, _ app: String, keys: UInt16, to journal: JournalWriter) {
        journal.rotate(origin: origin)
        add(
            .focus(
                FocusDescription(
                    id: 1, state: .window, appID: app, title: "\(app)'s title", titleForm: .full, source: "test")),
            to: journal)
        for code in 0..<keys { add(.key(Key(code: 30 + code, press: .pressed)), to: journal) }
    }

    func add(_ payload: Payload, to journal: JournalWriter) {
        let event = Event(timeMicroseconds: kymo_monotonic_microseconds(), device: 1, focus: 1, payload: payload)
        #expect(journal.append(PermittedEvent(permitted: event)))
    }

    func text(
        _ userID: UInt32, _ query: Query = Query(), as form: OwnRecords.Form = .json
    ) throws -> (text: String, tally: OwnRecords.Tally) {
        let records = try OwnRecords(directory: path, userID: userID, query: query)
        var bytes: [UInt8] = []
        let tally = try records.write(as: form) { bytes += $0 }
        #expect(try records.count() == tally)
        return (String(decoding: bytes, as: UTF8.self), tally)
    }
}

@Suite struct OwnRecordsTests {
    private func journal() throws -> SharedJournal {
        let shared = try SharedJournal()
        let writer = try shared.open()
        shared.write(SharedJournal.ada, "foot", keys: 3, to: writer)
        shared.write(SharedJournal.bob, "vault", keys: 4, to: writer)
        shared.write(SharedJournal.ada, "mail", keys: 2, to: writer)
        writer.stop()
        return shared
    }

    @Test(arguments: [OwnRecords.Form.text, .json, .csv])
    func nothingOfAnothersIsInIt(form: OwnRecords.Form) throws {
        let journal = try journal()
        let (ada, tally) = try journal.text(1000, as: form)
        #expect(ada.contains("foot") && ada.contains("mail") && !ada.contains("vault") && !ada.contains("bob"))
        #expect(tally.records >= 7 && tally.damages == 0)
        let (bob, _) = try journal.text(1001, as: form)
        #expect(bob.contains("vault") && !bob.contains("foot") && !bob.contains("mail") && !bob.contains("ada"))
        #expect(try journal.text(1002, as: form).tally.records == 0)
    }

    @Test func whatIsAskedForIsSelected() throws {
        let journal = try journal()
        var query = Query()
        query.apps = [AppGlob("m*")!]
        query.names = [.key]
        #expect(try journal.text(1000, query).tally.records == 2)
        query.untilMicroseconds = 1
        #expect(try journal.text(1000, query).tally.records == 0)
    }

    /// Whoever reads slowly enough would follow what is typed.
    @Test func whatComesLaterIsNotRead() throws {
        let shared = try SharedJournal()
        let writer = try shared.open()
        shared.write(SharedJournal.ada, "foot", keys: 3, to: writer)
        // The focus and three keys.
        while writer.statistics.events < 4 { usleep(1000) }
        let records = try OwnRecords(directory: shared.path, userID: 1000, query: Query())
        var text = ""
        var isFirst = true
        _ = try records.write(as: .json) { bytes in
            text += String(decoding: bytes, as: UTF8.self)
            guard isFirst else { return }
            isFirst = false
            shared.add(.key(Key(code: 99, press: .pressed)), to: writer)
            while writer.statistics.events < 5 { usleep(1000) }
        }
        #expect(text.contains("\"code\":32") && !text.contains("\"code\":99"))
        #expect(try shared.text(1000).text.contains("\"code\":99"), "asked anew it is there")
        writer.stop()
    }

    @Test func theAccountAddsUpWhatWasWithheld() throws {
        let shared = try SharedJournal()
        let writer = try shared.open()
        let now = kymo_monotonic_microseconds()
        func span(_ reason: SuppressionReason, _ phase: SpanPhase, _ seconds: UInt64) -> Payload {
            .suppression(
                Suppression(
                    reason: reason, phase: phase, startMicroseconds: now,
                    endMicroseconds: phase == .begin ? now : now + seconds * 1_000_000))
        }
        writer.rotate(origin: SharedJournal.ada)
        for (reason, seconds) in [(.paused, 5), (.locked, 2), (.paused, 1)] as [(SuppressionReason, UInt64)] {
            shared.add(span(reason, .begin, seconds), to: writer)
            shared.add(span(reason, .end, seconds), to: writer)
        }
        writer.rotate(origin: SharedJournal.bob)
        shared.add(span(.password, .begin, 9), to: writer)
        shared.add(span(.password, .end, 9), to: writer)
        writer.stop()
        let realtime = kymo_realtime_microseconds()
        let account = try OwnAccount(
            directory: shared.path, userID: 1000, since: realtime - 60_000_000, now: realtime)
        #expect(account.withheldByName.map(\.name) == ["locked", "paused"])
        #expect(account.withheldByName.map(\.spans) == [1, 2])
        #expect(account.withheldByName.map { $0.microseconds / 1_000_000 } == [2, 6])
        #expect(account.segments == 1 && account.bytes > 0)
    }
}
