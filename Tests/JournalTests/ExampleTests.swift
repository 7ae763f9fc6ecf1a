import Events
import SystemPackage
import Testing

@testable import Journal

/// The bytes that docs/FORMAT.md shows are a segment, and hold what it says.
@Suite struct ExampleTests {
    private let payloads: [Payload] = [
        .clock(ClockPair(realtimeMicroseconds: 1_795_492_800_000_000, reason: .rotation)),
        .motion(Motion(dx: Fixed8(3), dy: Fixed8(-1))), .motion(Motion(dx: Fixed8(4), dy: Fixed8(-1))),
        .motion(Motion(dx: Fixed8(5), dy: Fixed8(-1))),
        .deviceRemoved(DeviceRemoval(sysname: "event5")),
    ]

    @Test func theExampleInTheDocumentIsASegment() throws {
        let document = FilePath(#filePath).removingLastComponent().appending("../../docs")
        let text = String(decoding: try Scratch.read(document.appending("FORMAT.md")), as: UTF8.self)
        let block = try #require(text.split(separator: "```hex\n").dropFirst().first?.split(separator: "```").first)
        // Offset, bytes, two spaces, words.
        let digits = block.split(separator: "\n").map { $0.dropFirst(6).prefix(48).filter(\.isHexDigit) }.joined()
        let bytes = stride(from: 0, to: digits.count, by: 2).map { place in
            UInt8(digits.dropFirst(place).prefix(2), radix: 16)
        }
        let scratch = try Scratch()
        try scratch.write("kymograph-0000000007.lz4", bytes.compactMap(\.self))
        let reader = try JournalReader(directory: scratch.path)
        var events: [Event] = []
        while let item = try reader.next() {
            switch item {
            case .segment(let header): #expect([header.subject, header.session] == ["ada", "c1"])
            case .event(let stored): events.append(stored.event)
            case .damage(let damage): Issue.record("\(damage)")
            case .context, .forgotten: break
            }
        }
        var verdicts: [SegmentVerification.Verdict] = []
        try SegmentVerification.verify(directory: scratch.path) { verdicts.append($0.verdict) }
        #expect(verdicts == [.ok])
        #expect(events.map(\.payload) == payloads)
        #expect(events.map(\.timeMicroseconds) == [5_000_000, 5_001_000, 5_002_000, 5_003_001, 5_004_000])
        #expect(events.map(\.device) == [0, 2, 2, 2, 2])
        #expect(events.map(\.focus) == [0, 1, 1, 1, 0])
    }
}
