import Events
import Testing

@testable import Journal

@Suite struct ChunkTests {
    private func roundTrip(_ events: [Event]) throws -> [Event?] {
        let encoder = ChunkEncoder()
        for event in events { encoder.append(event) }
        var header = try #require(
            ChunkHeader(
                segmentID: Identifier(high: 1, low: 2), firstSequence: 1, count: UInt32(events.count), payloadBytes: 0,
                storedBytes: 0, flags: 0, firstMicroseconds: encoder.span.firstMicroseconds,
                lastMicroseconds: encoder.span.lastMicroseconds, lostEvents: 0, unknownLosses: 0) as ChunkHeader?)
        var payload = ByteBuffer(capacity: 64)
        defer { payload.deallocate() }
        encoder.finish(into: &payload)
        header.payloadBytes = UInt32(payload.count)
        return try #require(ChunkDecoder.decode(payload.bytes, header: header))
    }

    @Test(arguments: everyKind) func aRecordOfEveryKindComesBack(payload: Payload) throws {
        let event = Event(timeMicroseconds: 77, device: 9, focus: 5, marks: [.uncertain], payload: payload)
        #expect(try roundTrip([event]) == [event])
    }

    @Test func mixedChunksComeBackInOrder() throws {
        var random = SplitMix(state: 42)
        for _ in 0..<50 {
            let events = (0..<Int.random(in: 1...600, using: &random)).map { index in
                Event(
                    timeMicroseconds: .random(in: 0...UInt64(1) << 62, using: &random),
                    device: .random(in: .min ... .max, using: &random),
                    focus: .random(in: .min ... .max, using: &random),
                    marks: Marks(rawValue: .random(in: 0...7, using: &random)),
                    payload: everyKind.randomElement(using: &random)!)
            }
            #expect(try roundTrip(events) == events)
        }
    }

    @Test func aFullChunkComesBack() throws {
        let events = (0..<FormatLimit.chunkEvents).map { move(1_000_000 + UInt64($0) * 125, Int32($0 % 7) - 3) }
        #expect(try roundTrip(events) == events)
    }

    @Test func anyTruncationOrFlippedBitOfAPayloadIsNoCrash() throws {
        let encoder = ChunkEncoder()
        for (index, payload) in everyKind.enumerated() {
            encoder.append(Event(timeMicroseconds: UInt64(index), payload: payload))
        }
        let header = ChunkHeader(
            segmentID: Identifier(high: 1, low: 2), firstSequence: 1, count: UInt32(encoder.count), payloadBytes: 0,
            storedBytes: 0, flags: 0, firstMicroseconds: 0, lastMicroseconds: 99, lostEvents: 0, unknownLosses: 0)
        var payload = ByteBuffer(capacity: 64)
        defer { payload.deallocate() }
        encoder.finish(into: &payload)
        var bytes = Array(payload.bytes)
        for length in 0..<bytes.count {
            let cut = bytes.prefix(length).withUnsafeBytes { ChunkDecoder.decode($0, header: header) }
            #expect(cut == nil, "cut at \(length)")
        }
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            // Checksums are the frame's business; here it is enough that nothing traps and counts hold.
            let events = bytes.withUnsafeBytes { ChunkDecoder.decode($0, header: header) }
            #expect(events == nil || events?.count == Int(header.count))
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test func crcIsCastagnolis() {
        // RFC 3720, appendix B.4.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    }
}

/// Deterministic, so that a failure can be run again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
