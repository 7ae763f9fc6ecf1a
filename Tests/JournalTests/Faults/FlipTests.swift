import Glibc
import Testing

@testable import Journal

/// Every bit of a segment is wrong once: as it was written, and with tombstones in it.
@Suite struct FlipTests {
    private struct Counts {
        var flips = 0
        var refused = 0
        var changed = 0
        var missing = 0

        /// What may come of a bit in that region: it is told, and no other region is the worse for it.
        mutating func note(_ finding: FlippableSegment.Finding, _ bit: Int, in region: FlippableSegment.Region) {
            flips += 1
            switch (finding, region) {
            case (.refused, .opening): refused += 1
            case (.changed, _): changed += 1
            case (.missing(let hit), .piece(let index)) where hit == index: missing += 1
            default: Issue.record("bit \(bit), of \(region): \(finding)")
            }
        }

        func text(_ segment: FlippableSegment) -> String {
            let tombstones = segment.pieces.count(where: \.isForgotten)
            return "\(flips) in \(segment.length) bytes, \(segment.pieces.count - tombstones) chunks, "
                + "\(tombstones) tombstones: 0 unnoticed, 0 events lost but those of the chunk that was hit (\(missing)); "
                + "\(changed) hit no event; \(refused) hit the segment's header, which made it unreadable as a whole"
        }
    }

    @Test(arguments: [false, true]) func noFlippedBitGoesUnnoticed(isRewritten: Bool) throws {
        let segment = try FlippableSegment(bytes: isRewritten ? 4000 : 1500, records: 8, isRewritten: isRewritten)
        var counts = Counts()
        for bit in 0..<segment.length * 8 {
            counts.note(try segment.flipping(bit, segment.finding), bit, in: segment.region(of: bit))
        }
        print("flipped bits, the whole read after each: \(counts.text(segment))")
    }

    /// A longer one (KYMO_FLIP_BYTES; a MiB under `make faults`), of which the surroundings of each flip are read; and the
    /// whole file after one flip in so many regions, which must say the same.
    @Test(arguments: [false, true]) func noFlippedBitOfALongSegmentGoesUnnoticed(isRewritten: Bool) throws {
        let wanted = getenv("KYMO_FLIP_BYTES").flatMap { Int(String(cString: $0)) } ?? 8192
        let segment = try FlippableSegment(bytes: wanted, records: 60, isRewritten: isRewritten)
        var counts = Counts()
        for bit in 0..<segment.length * 8 {
            let region = segment.region(of: bit)
            counts.note(try segment.flipping(bit) { segment.finding(at: region) }, bit, in: region)
        }
        var random = SeededGenerator(7)
        let step = max(1, segment.pieces.count / 200)
        var compared = 0
        for index in stride(from: 0, to: segment.pieces.count, by: step) {
            let bit =
                segment.pieces[index].bytes.randomElement(using: &random)! * 8 + .random(in: 0..<8, using: &random)
            try segment.flipping(bit) {
                let whole = try segment.finding()
                #expect(whole == segment.finding(at: .piece(index)), "bit \(bit)")
            }
            compared += 1
        }
        print(
            "flipped bits, the surroundings read after each: \(counts.text(segment)); "
                + "\(compared) of them compared with what the whole file then says")
    }
}
