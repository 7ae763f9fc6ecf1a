import Events
import Glibc
import SystemPackage
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

    /// A longer segment (KYMO_FLIP_BYTES; a MiB under `make faults`), of which each flip is looked at from the chunk before
    /// it on: what a check of the whole file reads before that is the same for all of them.
    @Test func noFlippedBitOfALongSegmentGoesUnnoticed() throws {
        let wanted = getenv("KYMO_FLIP_BYTES").flatMap { Int(String(cString: $0)) } ?? 4096
        let journal = try WrittenJournal()
        var random = SplitMix(state: 9)
        var time: UInt64 = 1_000_000
        try journal.open(at: time, state: [window(1, at: time)])
        let name = SegmentName(number: 1, isActive: true)
        while try journal.scratch.read(name.fileName).count < wanted {
            time += 250_000
            try journal.chunk(
                (0..<UInt64(60)).map { move(time + $0 * 1000, .random(in: -9...9, using: &random), Int32($0)) })
        }
        try journal.seal()
        let sealed = SegmentName(number: 1, isActive: false)
        let seal = try #require(SegmentReader(directory: journal.directory, name: sealed).sealAtEnd())
        let file = open(journal.directory.appending(sealed.fileName).string, O_RDWR | O_CLOEXEC)
        try #require(file >= 0)
        defer { close(file) }
        let length = try journal.scratch.read(sealed.fileName).count
        // What stands in front of each chunk, and of the seal.
        let starts = seal.entries.map { Int($0.offset) }
        var flips = 0
        for byte in 0..<length {
            let index = (starts.lastIndex { $0 <= byte }) ?? -1
            var value: UInt8 = 0
            try #require(pread(file, &value, 1, off_t(byte)) == 1)
            for bit in 0..<8 {
                var flipped = value ^ 1 << UInt8(bit)
                try #require(pwrite(file, &flipped, 1, off_t(byte)) == 1)
                #expect(isNoticed(journal, sealed, seal, index), "bit \(byte * 8 + bit)")
                flips += 1
            }
            try #require(pwrite(file, &value, 1, off_t(byte)) == 1)
        }
        print("flipped bits of a long segment: \(flips) in \(starts.count) chunks, 0 unnoticed")
    }

    /// Whether a check that comes from the chunk before the one with that index finds damage there, or in what follows.
    private func isNoticed(_ journal: WrittenJournal, _ name: SegmentName, _ seal: Seal, _ index: Int) -> Bool {
        guard let reader = try? SegmentReader(directory: journal.directory, name: name, verifiesChain: true) else {
            return true
        }
        // The opening's hash is in the first chunk's.
        if index > 0 {
            reader.move(to: seal.entries[index - 1].offset, expecting: seal.entries[index - 1].firstSequence)
        }
        // The chunk before, the one itself, the one behind it; or the seal.
        for place in max(index - 1, 0)..<max(index, 0) + 2 {
            switch reader.next(isFinal: true, wants: { _ in true }) {
            case .chunk(let chunk, let offset, _):
                guard place < seal.entries.count, Seal.Entry(chunk, offset: offset) == seal.entries[place] else {
                    return true
                }
            case .sealed(let found): return found != seal || reader.fileLength != reader.offset
            case .damage, .skipped, .forgotten, .end: return true
            }
        }
        return false
    }
}
