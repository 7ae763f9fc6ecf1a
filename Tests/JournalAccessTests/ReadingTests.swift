import JournalAccess
import Testing

private let journal = "/var/lib/kymograph/journal"

private func reading(_ line: String) throws -> [String] {
    try Reading(line.split(separator: " ").map(String.init), journal: journal).arguments
}

@Suite struct ReadingTests {
    @Test(arguments: [
        ("show", "show --journal=\(journal)"),
        (
            "show --since today --app org.gnome.* --kind key,focus",
            "show --journal=\(journal) --since today --app org.gnome.* --kind key,focus"
        ),
        ("tail -f -n 5", "tail --journal=\(journal) -f -n 5"),
        ("devices --output=json", "devices --journal=\(journal) --output=json"),
        ("verify", "verify --journal=\(journal)"),
        ("export csv --no-header", "export --journal=\(journal) csv --no-header"),
        ("journal list", "journal list --journal=\(journal)"),
    ])
    func whatReadsIsDoneOnTheOneJournal(asked: String, done: String) throws {
        #expect(try reading(asked).joined(separator: " ") == done)
    }

    @Test(arguments: [
        "show --journal /etc", "show --journal=/etc", "export csv --file /tmp/x", "export csv --cursor-file=/tmp/x",
        "export csv --replace", "show -j /etc", "show -- --journal", "tail -fn 5", "show --something-new", "show -",
    ])
    func whatWritesFilesOrNamesAnotherJournalIsNot(asked: String) {
        #expect(throws: Reading.Refusal.self) { try reading(asked) }
    }

    @Test(arguments: [
        "", "journal", "journal vacuum --age 1d", "journal rotate", "status", "metrics", "doctor", "help", "access",
        "consent show", "pause", "--help", "-h show", "--journal x show",
    ])
    func otherCommandsAreNot(asked: String) { #expect(throws: Reading.Refusal.self) { try reading(asked) } }
}

@Suite struct ReadingRequestTests {
    @Test(arguments: [[], ["show"], ["show", "", "--app", "é 'x'\n"]], [true, false])
    func requestsComeBack(arguments: [String], isColored: Bool) throws {
        let request = ReadingRequest(arguments: arguments, isColored: isColored)
        #expect(ReadingRequest(try #require(request.bytes)) == request)
    }

    @Test func whatDoesNotFitIsNotSent() {
        let long = String(repeating: "x", count: ReadingRequest.limit)
        #expect(ReadingRequest(arguments: ["show", long], isColored: false).bytes == nil)
        #expect(ReadingRequest(arguments: ["a\0b"], isColored: false).bytes == nil)
    }

    @Test(arguments: [
        [], [0], Array("kymograph-reader 1\0".utf8), Array("kymograph-reader 2\0plain\0show\0".utf8),
        Array("kymograph-reader 1\0bold\0show\0".utf8), Array("kymograph-reader 1\0plain\0show".utf8),
        Array("kymograph-reader 1\0plain\0".utf8) + [0xFF, 0],
        [UInt8](repeating: 0, count: ReadingRequest.limit + 1),
    ])
    func whatIsNoRequestIsNotTaken(bytes: [UInt8]) { #expect(ReadingRequest(bytes) == nil) }

    @Test(arguments: [ReadingReply.finished(0), .finished(255), .refused(""), .refused("no: é")])
    func repliesComeBack(reply: ReadingReply) { #expect(ReadingReply(reply.bytes) == reply) }

    @Test(arguments: [[], [0], [0, 1, 2], [2, 0]] as [[UInt8]])
    func whatIsNoReplyIsNotTaken(bytes: [UInt8]) { #expect(ReadingReply(bytes) == nil) }
}
