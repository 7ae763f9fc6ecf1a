import Events
import Journal

/// A chunk as a recorder writes it, to be repeated at other times: in its payload times count from the header's.
struct ChunkTemplate {
    private let count: UInt32
    private let payloadBytes: UInt32
    private let flags: UInt32
    private let spanMicroseconds: UInt64
    let frame: [UInt8]

    /// Of the whole chunk, header included.
    var bytes: UInt64 { UInt64(ChunkHeader.frameBytes + frame.count) }
    var records: UInt64 { UInt64(count) }

    init(events: [Event], flags: UInt32) {
        let encoder = ChunkEncoder()
        for event in events { encoder.append(event) }
        var payload = ByteBuffer(capacity: 1 << 16)
        var stored = ByteBuffer(capacity: 1 << 16)
        defer {
            payload.deallocate()
            stored.deallocate()
        }
        payload.putRandom(FormatLimit.randomBytes)
        encoder.finish(into: &payload)
        LZ4Compressor().compress(payload.bytes, into: &stored)
        count = UInt32(events.count)
        payloadBytes = UInt32(payload.count)
        frame = Array(stored.bytes)
        self.flags = flags
        spanMicroseconds = (events.last?.timeMicroseconds ?? 0) - (events.first?.timeMicroseconds ?? 0)
    }

    func header(segmentID: Identifier, firstSequence: UInt64, at time: UInt64) -> ChunkHeader {
        ChunkHeader(
            segmentID: segmentID, firstSequence: firstSequence, count: count, payloadBytes: payloadBytes,
            storedBytes: UInt32(frame.count), flags: flags, firstMicroseconds: time,
            lastMicroseconds: time + spanMicroseconds, lostEvents: 0, unknownLosses: 0)
    }

    // MARK: what is in them

    /// What was in force already.
    private static let state: [Event] = [
        Event(
            timeMicroseconds: 0, marks: .snapshot,
            payload: .recorder(
                RecorderState(isRunning: true, version: kymographVersion, libinputVersion: "libinput.so.10.13.0"))),
        Event(
            timeMicroseconds: 0, device: 1, marks: .snapshot,
            payload: .deviceAdded(
                DeviceDescription(
                    name: "Mouse", sysname: "event1", seat: "seat0", vendor: 0x46D, product: 0xC52B,
                    capabilities: [.pointer]))),
        Event(
            timeMicroseconds: 0, focus: 3, marks: .snapshot,
            payload: .focus(FocusDescription(id: 3, state: .window, appID: "editor", source: "benchmark"))),
    ]

    static func opening() -> ChunkTemplate {
        ChunkTemplate(events: state, flags: ChunkHeader.hasState | ChunkHeader.isCheckpoint)
    }

    static func checkpoint() -> ChunkTemplate {
        ChunkTemplate(events: state + reports(), flags: ChunkHeader.hasState | ChunkHeader.isCheckpoint)
    }

    static func motion() -> ChunkTemplate { ChunkTemplate(events: reports(), flags: 0) }

    /// A quarter of a second of a mouse at 1 kHz, or somewhat less.
    private static func reports() -> [Event] {
        (0..<UInt64.random(in: 150...250)).map { report in
            let motion = Motion(
                dx: Fixed8(raw: .random(in: -9...9) << 8), dy: Fixed8(raw: .random(in: -9...9) << 8))
            return Event(
                timeMicroseconds: report * 1000 + .random(in: 0...40), device: 1, focus: 3, payload: .motion(motion))
        }
    }
}
