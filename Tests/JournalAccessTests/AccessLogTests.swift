import Glibc
import Testing

@testable import JournalAccess

/// A list in a directory of its own.
private final class Place {
    let directory: String
    var path: String { directory + "/access.log" }
    init() {
        var template = Array("/tmp/kymo-access-XXXXXX".utf8CString)
        directory = String(cString: mkdtemp(&template)!)
    }
    deinit {
        unlink(path)
        rmdir(directory)
    }
    var text: String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

private func entry(
    _ request: [String], role: AccessEntry.Role = .reader, userID: UInt32 = 1001, user: String = "rita"
) -> AccessEntry {
    AccessEntry(
        realtimeMicroseconds: 1_700_000_000_123_456, role: role, userID: userID, processID: 7, userName: user,
        request: request)
}

@Suite struct AccessLogTests {
    @Test func anAccessIsOneLineThatSaysWhoAndWhat() throws {
        let place = Place()
        let log = AccessLog(path: place.path)
        try log.append(entry(["show", "--since", "10 min ago"]), creates: true)
        try log.append(entry([]))
        #expect(
            place.text == """
                2023-11-14T22:13:20.123Z role=reader uid=1001 pid=7 user=rita kymo show --since '10 min ago'
                2023-11-14T22:13:20.123Z role=reader uid=1001 pid=7 user=rita kymo \n
                """)
    }

    @Test(arguments: ["a\n2026 role=subject uid=1", "\u{1B}[2K", "\u{2028}", "it's", "", "x role=subject uid=5 "])
    func nothingThatACallerChoosesMakesAnotherLineOrField(word: String) {
        for line in [entry(["show", word]).line, entry(["show"], user: word).line] {
            #expect(line.filter(\.isNewline).count == 1 && line.hasSuffix("\n"))
            #expect(!line.unicodeScalars.dropLast().contains { $0.value < 0x20 || $0.value == 0x2028 })
            #expect(AccessEntry.concerns(line.dropLast(), userID: 42), "it is a reader's, whatever it asked for")
        }
        for line in [entry(["mine", word], role: .subject).line, entry(["mine"], role: .subject, user: word).line] {
            #expect(!AccessEntry.concerns(line.dropLast(), userID: 5))
            #expect(AccessEntry.concerns(line.dropLast(), userID: 1001))
        }
    }

    @Test func peopleSeeWhatReadersReadAndWhatTheyReadThemselves() throws {
        let place = Place()
        let log = AccessLog(path: place.path)
        #expect(try log.lines(concerning: 1) == [], "no list yet")
        try log.append(entry(["show"]), creates: true)
        try log.append(entry(["mine"], role: .subject, userID: 100))
        try log.append(entry(["mine"], role: .subject, userID: 1002))
        #expect(try log.lines(concerning: 100).count == 2)
        #expect(try log.lines(concerning: 10).count == 1, "100 is not 10")
    }

    @Test func ofALongListTheEndIsShownInWholeLines() throws {
        let place = Place()
        let log = AccessLog(path: place.path)
        try log.append(entry(["show"]), creates: true)
        let filler = String(repeating: "x", count: 8000)
        for number in 1...70 { try log.append(entry(["show", "\(number)", filler])) }
        let lines = try log.lines(concerning: 1)
        #expect(lines.count > 60 && lines.count < 70 && lines.allSatisfy { $0.hasPrefix("2023-11-14T") })
        #expect(lines.last!.contains("kymo show 70 "))
    }

    @Test func whatCannotBeWrittenDownIsAnError() throws {
        let place = Place()
        let log = AccessLog(path: place.path)
        #expect(throws: AccessLogError(path: place.path, doing: "open", errno: ENOENT)) { try log.append(entry([])) }
        symlink("/dev/null", place.path)
        #expect(throws: AccessLogError(path: place.path, doing: "open", errno: ELOOP)) {
            try log.append(entry([]), creates: true)
        }
        unlink(place.path)
        mkfifo(place.path, 0o600)
        let reader = open(place.path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        #expect(throws: AccessLogError(path: place.path, doing: "use", errno: EINVAL)) { try log.append(entry([])) }
    }
}
