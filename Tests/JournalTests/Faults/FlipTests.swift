import Events
import Testing

@testable import Journal

/// Every bit of a small segment is wrong once.
@Suite struct FlipTests {
    @Test func noFlippedBitGoesUnnoticed() throws {
        let motions = (0..<24).map { Payload.motion(Motion(dx: Fixed8(raw: $0 * 97 << 8), dy: Fixed8(raw: -$0 << 8))) }
        let whole = try WholeSegment(motions, perChunk: 8)
        let scratch = try Scratch()
        var bytes = whole.bytes
        var refused = 0
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            try scratch.write(WholeSegment.name + ".lz4", bytes)
            bytes[bit / 8] ^= 1 << (bit % 8)
            var isFound = false
            try SegmentVerification.verify(directory: scratch.path) { isFound = $0.verdict.isBad }
            #expect(isFound, "bit \(bit) is not missed by verify")
            let found = try readAll(scratch.path)
            if found.events == whole.events { continue }
            // What a reader does not show as it was, it does not show at all, and says so.
            #expect(!found.damages.isEmpty, "bit \(bit)")
            let gone = whole.events(ofChunkAt: bit / 8)
            if found.damages.first?.reason == .unreadableHeader {
                #expect(bit / 8 < whole.ends[0].length && found.events == [], "bit \(bit)")
                refused += 1
            } else {
                let others = Array(whole.events[..<gone.lowerBound] + whole.events[gone.upperBound...])
                #expect(found.events == others, "bit \(bit)")
                let numbers = gone.map { whole.events[$0].sequence }
                #expect(found.damages.map { $0.missing.map(Array.init) } == [numbers], "bit \(bit)")
            }
        }
        print(
            "flipped bits: \(bytes.count * 8), 0 unnoticed, 0 events lost but those of the chunk; "
                + "\(refused) in the segment's header, which made it unreadable as a whole")
    }
}
