import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// Journals of each released version of the format, kept for ever under Tests/Golden with what each must give. Both readers
/// are held to them: a change that reads one of them otherwise breaks a promise.
@Suite struct GoldenTests {
    private static let version = "1.0"
    private static let destination = getenv("KYMO_WRITE_GOLDEN").map { String(cString: $0) }

    @Test func journalsOfEveryVersionAreReadAsTheyWere() throws {
        let golden = FilePath(#filePath).removingLastComponent().appending("../Golden")
        let result = try runReader("golden.py", [golden.string])
        #expect(result.isContent, "\(result.words)")
        print(result.words, terminator: "")
    }

    /// Writes journals of this version under a directory; what they must give is then looked at by a person, and added by
    /// `kymo show --output json` and `kymo verify` (Tests/Golden/README.md).
    @Test(.enabled(if: destination != nil, "golden journals are written only with KYMO_WRITE_GOLDEN=DIRECTORY"))
    func write() throws {
        let root = FilePath(try #require(Self.destination)).appending(Self.version)
        for (name, make) in Self.journals {
            let directory = root.appending(name)
            var made = FilePath(root: directory.root, [])
            for part in directory.components {
                made.append(part)
                mkdir(made.string, 0o755)
            }
            let scratch = try make()
            for file in scratch.files where file != "lock" {
                let descriptor = try FileDescriptor.open(
                    directory.appending(file), .writeOnly, options: [.create, .truncate],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
                try descriptor.closeAfter { _ = try descriptor.writeAll(scratch.read(file)) }
            }
        }
    }

    // MARK: the journals

    private static let second: UInt64 = 1_000_000
    private static let mouse = Event(
        timeMicroseconds: second, device: 1,
        payload: .deviceAdded(
            DeviceDescription(
                name: "Mouse é", sysname: "event1", seat: "seat0", vendor: 0x46D, product: 0xC52B,
                capabilities: [.pointer])))

    private static var journals: [(name: String, make: () throws -> Scratch)] {
        [
            ("every-kind", everyKindOfRecord), ("checkpoint-and-two-segments", checkpointAndTwoSegments),
            ("wide-and-narrow-columns", columns),
            ("active-cut-in-a-chunk", { try cut(active: true) }), ("sealed-cut-in-a-chunk", { try cut(active: false) }),
            ("damaged-chunk", damagedChunk), ("damaged-chunk-header", damagedHeader),
            ("missing-segment", missingSegment), ("forgotten-chunks", forgottenChunks),
            ("sealed-payloads", sealedPayloads), ("given-up-segment", givenUp), ("outputs", outputs),
            ("device-settings", deviceSettings), ("interactions", interactions), ("places", places),
        ]
    }

    /// Blocks of every kind: whole ones and a short last one, of equal values, narrow, wide, and with one out of line.
    private static func columns() throws -> Scratch {
        let journal = try WrittenJournal()
        try journal.open(at: second)
        try journal.chunk([mouse])
        var random = SplitMix(state: 3)
        let shapes: [(ClosedRange<Int32>, UInt64)] = [
            (1...1, 0), (-3...3, 6), (-40_000...40_000, 50), (0...1, 4_000_000_000),
        ]
        for (steps, jitter) in shapes {
            let start = 2 * second + UInt64(journal.events.count) * second
            try journal.chunk(
                (0..<70).map { index in
                    move(
                        start + UInt64(index) * 1000 + .random(in: 0...jitter, using: &random),
                        index == 40 ? -65_000 : .random(in: steps, using: &random), .random(in: steps, using: &random))
                })
        }
        // As wide as numbers are.
        let widest = (0..<33).map { _ in
            Payload.loss(
                Loss(
                    reason: .kernelBuffer, startMicroseconds: .random(in: 0 ... .max, using: &random),
                    endMicroseconds: .random(in: 0 ... .max, using: &random),
                    count: .random(in: 0...1 << 40, using: &random)))
        }
        try journal.chunk(widest.map { Event(timeMicroseconds: 900 * second, payload: $0) })
        try journal.seal()
        return journal.scratch
    }

    private static func everyKindOfRecord() throws -> Scratch {
        let journal = try WrittenJournal()
        try journal.open(at: second)
        for (index, payload) in everyKind.enumerated() {
            let marks = Marks(rawValue: UInt8(index % 4))
            try journal.chunk([
                Event(
                    timeMicroseconds: second * UInt64(index + 2), device: DeviceID(index % 3),
                    focus: FocusID(index % 5), marks: marks, payload: payload)
            ])
        }
        // And all of them in one.
        try journal.chunk(everyKind.map { Event(timeMicroseconds: 99 * second, payload: $0) })
        try journal.seal()
        return journal.scratch
    }

    /// Of every form, and a little behind a record of a later time.
    private static func interactions() throws -> Scratch {
        let journal = try WrittenJournal()
        try journal.open(at: second)
        let button = WidgetBounds(x: -1, y: 2, width: 30, height: 40)
        let met: [Interaction] = [
            Interaction(cause: .focus, widget: Widget(role: 79)),
            Interaction(
                cause: .focus,
                widget: Widget(role: 43, name: "Save é", nameForm: .full, application: "Editor", bounds: button)),
            Interaction(
                cause: .click,
                widget: Widget(role: 7, name: "0123456789abcdef0123456789abcdef", nameForm: .hash, bounds: button)),
            Interaction(cause: .click, widget: Widget(role: .max, name: "A long", nameForm: .truncated)),
            Interaction(cause: .click),
        ]
        try journal.chunk(
            [window(1, at: second), move(3 * second)]
                + met.enumerated().map { index, interaction in
                    Event(
                        timeMicroseconds: 2 * second + UInt64(index) * 1000, focus: 1,
                        marks: index == 4 ? [.uncertain] : [], payload: .interaction(interaction))
                })
        try journal.seal()
        return journal.scratch
    }

    /// A window that moves, and presses of which it was said later where they were.
    private static func places() throws -> Scratch {
        let journal = try WrittenJournal()
        try journal.open(at: second)
        func event(_ time: UInt64, _ payload: Payload, _ marks: Marks = []) -> Event {
            Event(timeMicroseconds: time, focus: 1, marks: marks, payload: payload)
        }
        try journal.chunk([
            window(1, at: second),
            event(second + 1, .windowPlace(WindowPlace(x: -1280, y: 20, width: 800, height: 600))), move(2 * second),
            event(2 * second, .button(Button(code: 0x110, press: .pressed))), move(2 * second + 900),
            event(
                2 * second,
                .pointerPlace(
                    PointerPlace(frame: .desktop, delayMicroseconds: 1400, x: Fixed8(-1000.5), y: Fixed8(40)))),
            event(3 * second, .windowPlace(WindowPlace(x: 0, y: 0, width: 1920, height: 1080))),
            event(
                3 * second,
                .pointerPlace(PointerPlace(frame: .window, delayMicroseconds: 0, x: Fixed8(1.25), y: Fixed8(0))),
                [.uncertain]),
        ])
        try journal.seal()
        return journal.scratch
    }

    private static func two() throws -> WrittenJournal {
        let journal = try WrittenJournal()
        let foot = window(1, at: second)
        try journal.open(at: second)
        try journal.chunk([mouse, foot, move(2 * second, 3, -4)])
        try journal.chunk([move(3 * second), move(3 * second + 1000)])
        try journal.checkpoint([mouse, foot], [move(4 * second)])
        try journal.chunk([window(2, at: 5 * second), move(5 * second + 1)])
        try journal.open(at: 6 * second, state: [mouse, window(2, at: 5 * second)])
        try journal.chunk([move(7 * second)])
        try journal.chunk([move(8 * second)])
        try journal.seal()
        return journal
    }

    private static func checkpointAndTwoSegments() throws -> Scratch { try two().scratch }

    private static let first = "kymograph-0000000001.lz4"
    private static let last = "kymograph-0000000002.lz4"

    private static func cut(active: Bool) throws -> Scratch {
        let scratch = try two().scratch
        let chunk = try chunks(scratch, 2)[2]
        let bytes = try scratch.read(last).prefix(chunk + ChunkHeader.frameBytes + 20)
        try scratch.remove(last)
        try scratch.write(active ? "kymograph-0000000002.active.lz4" : last, bytes)
        return scratch
    }

    private static func flip(at offset: Int) throws -> Scratch {
        let scratch = try two().scratch
        var bytes = try scratch.read(first)
        bytes[try chunks(scratch, 1)[2] + offset] ^= 0x10
        try scratch.write(first, bytes)
        return scratch
    }
    private static func damagedChunk() throws -> Scratch { try flip(at: ChunkHeader.frameBytes + 25) }
    private static func damagedHeader() throws -> Scratch { try flip(at: 60) }

    private static func missingSegment() throws -> Scratch {
        let journal = try two()
        try journal.open(at: 9 * second)
        try journal.chunk([move(10 * second)])
        try journal.seal()
        try journal.scratch.remove(last)
        return journal.scratch
    }

    private static func forgottenChunks() throws -> Scratch {
        let journal = try two()
        let moment = 3 * second + journal.realtimeOffset
        var run = Forgetting(.span(moment...moment + 10), in: journal.directory, files: SystemFiles())
        while try run.step(open: nil) {}
        return journal.scratch
    }

    /// As a later version may write them.
    private static func sealedPayloads() throws -> Scratch {
        let scratch = try two().scratch
        var bytes = try scratch.read(last)
        let content = 15 + Frame.skippablePrefix
        bytes[content + 16] |= 1
        let length = Int(bytes[19]) | Int(bytes[20]) << 8
        let checksum = CRC32C.checksum(bytes[content..<content + length - 4])
        for index in 0..<4 { bytes[content + length - 4 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
        try scratch.write(last, bytes)
        return scratch
    }

    private static func givenUp() throws -> Scratch {
        let journal = try WrittenJournal()
        try journal.open(at: second)
        try journal.chunk([move(2 * second)])
        journal.abandon()
        try journal.open(at: 3 * second)
        try journal.chunk([
            PermittedEvent(
                loss: Loss(reason: .journalWrite, startMicroseconds: second, endMicroseconds: 3 * second, count: nil)
            ).event, move(4 * second),
        ])
        try journal.seal()
        return journal.scratch
    }

    private static func output(_ number: UInt32, at time: UInt64, _ name: String, isConnected: Bool = true) -> Event {
        Event(
            timeMicroseconds: time,
            payload: .output(
                OutputNotice(
                    number: number, isConnected: isConnected,
                    output: OutputDescription(
                        name: name, text: "Maker é", x: -1280, y: 20, width: 1280, height: 720, modeWidth: 1920,
                        modeHeight: 1080, refreshMillihertz: 59_940, scale: Fixed8(1.5), transform: .turned180,
                        widthMillimetres: 300, heightMillimetres: 170))))
    }

    /// One that goes, one that comes, and a segment that repeats what is left.
    private static func outputs() throws -> Scratch {
        let journal = try WrittenJournal()
        let left = output(2, at: 2 * second, "DP-1")
        try journal.open(at: second)
        try journal.chunk([output(1, at: second, "eDP-1"), left])
        try journal.chunk([output(1, at: 3 * second, "eDP-1", isConnected: false)])
        try journal.open(at: 4 * second, state: [left])
        try journal.chunk([
            Event(
                timeMicroseconds: 5 * second,
                payload: .output(OutputNotice(number: 3, isConnected: true, output: OutputDescription(name: ""))))
        ])
        try journal.seal()
        return journal.scratch
    }

    /// Told, changed, no longer told; and a segment that repeats what is in force.
    private static func deviceSettings() throws -> Scratch {
        func told(_ numbers: [UInt16]?, at time: UInt64) -> Event {
            Event(
                timeMicroseconds: time * second, device: 1,
                payload: .settings(
                    SettingsNotice(
                        isKnown: numbers != nil, settings: numbers.flatMap(DeviceSettings.init) ?? DeviceSettings(),
                        source: numbers == nil ? "" : "sway")))
        }
        let all = told([2, 1, 2, 1, 2, 1, 2, 3, 4, 0x112, 2, 3], at: 2)
        let journal = try WrittenJournal()
        try journal.open(at: second)
        try journal.chunk([mouse, told([0, 0, 0, 0, 1, 2, 1, 0, 1, 0, 0, 1], at: 1), all])
        try journal.open(at: 3 * second, state: [mouse, all])
        try journal.chunk([told(nil, at: 4)])
        try journal.seal()
        return journal.scratch
    }

    /// Offsets of a segment's chunks.
    private static func chunks(_ scratch: Scratch, _ number: UInt64) throws -> [Int] {
        let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: number, isActive: false))
        var offsets: [Int] = []
        while case .chunk(_, let offset, _) = reader.next(isFinal: true, wants: { _ in true }) {
            offsets.append(Int(offset))
        }
        return offsets
    }
}
