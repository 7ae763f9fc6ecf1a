import JournalAccess
import Testing

private let journal = "/var/lib/kymograph/journal"

private func decision(_ words: String, _ role: Role) -> Access {
    Access(words.split(separator: " ").map(String.init), by: role, journal: journal)
}

private func isRefused(_ access: Access) -> Bool { if case .refused = access { true } else { false } }

@Suite struct AccessTests {
    @Test(arguments: [
        ("show", Role.root), ("show --since today --app org.gnome.* --kind key,focus", .reader), ("tail -f -n 5", .reader),
        ("devices --output=json", .reader), ("verify", .root), ("export csv --no-header", .reader), ("journal list", .reader),
    ])
    func readingIsDone(words: String, role: Role) {
        let given = words.split(separator: " ").map(String.init)
        // Behind all that was asked for: the last word on which journal it is.
        #expect(decision(words, role) == .read(given + ["--journal", journal]))
    }

    @Test(arguments: [
        "show --journal /etc", "show --journal=/etc", "export csv --file /tmp/x", "export csv --cursor-file=/tmp/x",
        "export csv --replace", "show -j /etc", "show -- --journal", "tail -fn 5", "show --something-new",
    ])
    func whatWritesFilesOrNamesAnotherJournalIsNot(words: String) {
        #expect(isRefused(decision(words, .root)) && isRefused(decision(words, .reader)))
    }

    @Test(arguments: [
        "", "journal", "journal vacuum --age 1d", "journal rotate", "status", "metrics", "doctor", "help", "access --journal x",
        "--help", "-h show",
    ])
    func otherCommandsAreNot(words: String) { #expect(isRefused(decision(words, .root))) }

    @Test(arguments: ["show", "tail -f", "export jsonl", "journal list"])
    func nobodyElseReadsAnything(words: String) {
        #expect(isRefused(decision(words, .other)))
        // Until there is a way to authenticate oneself.
        #expect(isRefused(decision(words, .subject)))
    }

    @Test func whoIsConcernedSeesTheLog() {
        for role in [Role.root, .reader, .subject] { #expect(decision("access", role) == .log) }
        #expect(isRefused(decision("access", .other)))
    }

    @Test(arguments: [
        (UInt32(0), false, true, Role.root), (1000, true, true, .reader), (1000, false, true, .subject),
        (1000, false, false, .other), (65534, true, false, .reader),
    ])
    func roles(userID: UInt32, isReader: Bool, isSubject: Bool, expected: Role) {
        #expect(Role(userID: userID, isReader: isReader, isSubject: isSubject) == expected)
    }
}

@Suite struct AccessMessageTests {
    @Test(arguments: [[], ["show"], ["show", "", "--app", "é 'x'\n"]], [true, false])
    func requestsComeBack(arguments: [String], isColored: Bool) throws {
        let request = AccessRequest(arguments: arguments, isColored: isColored)
        #expect(AccessRequest(try #require(request.bytes)) == request)
    }

    @Test func whatDoesNotFitIsNotSent() {
        #expect(AccessRequest(arguments: ["show", String(repeating: "x", count: AccessRequest.limit)], isColored: false).bytes == nil)
        #expect(AccessRequest(arguments: ["a\0b"], isColored: false).bytes == nil)
    }

    @Test(arguments: [
        [], [0], Array("kymograph-reader 1\0".utf8), Array("kymograph-reader 2\0plain\0show\0".utf8),
        Array("kymograph-reader 1\0bold\0show\0".utf8), Array("kymograph-reader 1\0plain\0show".utf8),
        Array("kymograph-reader 1\0plain\0".utf8) + [0xFF, 0],
        [UInt8](repeating: 0, count: AccessRequest.limit + 1),
    ])
    func whatIsNoRequestIsNotTaken(bytes: [UInt8]) { #expect(AccessRequest(bytes) == nil) }

    @Test(arguments: [AccessReply.finished(0), .finished(255), .refused(""), .refused("no: é")])
    func repliesComeBack(reply: AccessReply) { #expect(AccessReply(reply.bytes) == reply) }

    @Test(arguments: [[], [0], [0, 1, 2], [2, 0]] as [[UInt8]])
    func whatIsNoReplyIsNotTaken(bytes: [UInt8]) { #expect(AccessReply(bytes) == nil) }
}

@Suite struct LogLineTests {
    private func text(_ arguments: [String], user: String = "eve", isGranted: Bool = true) -> String {
        LogLine(
            realtimeMicroseconds: 0, userID: 1001, userName: user, processID: 7, role: .reader, arguments: arguments,
            isGranted: isGranted
        ).text(time: "T")
    }

    @Test func aLineSaysWhoAndWhat() {
        #expect(text(["show", "--since", "10 min ago"]) == "T uid=1001 user=eve pid=7 role=reader granted kymo show --since '10 min ago'\n")
        #expect(text([], isGranted: false) == "T uid=1001 user=eve pid=7 role=reader refused kymo \n")
    }

    @Test(arguments: ["a\nT uid=0 user=root", "\u{1B}[2K", "\u{2028}", "it's", "", "x role=root"])
    func nothingInItMakesAnotherLine(word: String) {
        for line in [text(["show", word]), text(["show"], user: word)] {
            #expect(line.filter(\.isNewline).count == 1 && line.hasSuffix("\n"))
            #expect(!line.unicodeScalars.dropLast().contains { $0.value < 0x20 || $0.value == 0x2028 })
        }
        #expect(text(["show", "it's"]).hasSuffix("show 'it'\\''s'\n"))
        #expect(text(["x role=root"]).contains("kymo 'x role=root'"))
    }
}
