import Glibc
import SystemPackage
import Testing

@testable import Journal

/// A segment that ends after any of its bytes: whole chunks are there, the rest is told.
@Suite struct CutSegmentTests {
    @Test func cutAtEveryByteASegmentInTheMakingIsReadWithoutAWord() throws {
        let whole = try WholeSegment(everyKind, perChunk: 6)
        let scratch = try Scratch()
        for length in 0...whole.bytes.count {
            try scratch.write(WholeSegment.name + ".active.lz4", whole.bytes.prefix(length))
            let found = try readAll(scratch.path)
            #expect(found.events == Array(whole.events.prefix(whole.events(before: length))), "cut at \(length)")
            #expect(found.damages == [], "cut at \(length)")
        }
        print("cut at every byte: \(whole.bytes.count + 1) cuts of a segment in the making")
    }

    @Test func cutAtEveryByteASealedSegmentIsDamagedAndItsWholeChunksAreRead() throws {
        let whole = try WholeSegment(everyKind, perChunk: 6)
        let scratch = try Scratch()
        for length in 0..<whole.bytes.count {
            try scratch.write(WholeSegment.name + ".lz4", whole.bytes.prefix(length))
            let found = try readAll(scratch.path)
            #expect(found.events == Array(whole.events.prefix(whole.events(before: length))), "cut at \(length)")
            #expect(found.damages.count == 1, "cut at \(length)")
            try SegmentVerification.verify(directory: scratch.path) {
                #expect($0.verdict.isBad, "cut at \(length)")
            }
        }
        print("cut at every byte: \(whole.bytes.count) cuts of a sealed segment")
    }

    @Test func cutAtEveryByteRecoveryKeepsWholeChunksAndPutsTheRestAside() throws {
        let whole = try WholeSegment(everyKind, perChunk: 6)
        // Of the opening chunk; with less than that the file has nothing to keep.
        let openingEnd = whole.ends[1].length
        for length in 0...whole.bytes.count {
            let scratch = try Scratch()
            try scratch.write(WholeSegment.name + ".active.lz4", whole.bytes.prefix(length))
            let recorded = try RecordedDisk(scratch)
            let journal = try JournalWriter(
                directory: scratch.path, options: quick(), origin: origin, files: recorded)
            #expect(journal.recovery?.segment == 1)
            journal.stop()
            let found = try readAll(scratch.path)
            #expect(found.events == Array(whole.events.prefix(whole.events(before: length))), "cut at \(length)")
            #expect(found.damages == [], "cut at \(length)")
            let end = whole.ends.last { $0.length <= length && $0.length >= openingEnd }?.length ?? 0
            let torn =
                scratch.files.contains(WholeSegment.name + ".torn") ? try scratch.read(WholeSegment.name + ".torn") : []
            #expect(torn == Array(whole.bytes[end..<length]), "cut at \(length)")
            try SegmentVerification.verify(directory: scratch.path) {
                #expect($0.verdict == .ok, "cut at \(length): \($0.damages)")
            }
        }
        print("cut at every byte: \(whole.bytes.count + 1) recoveries")
    }

    /// DESIGN: `lz4 -dc` reads any segment. The real tool, on what a crash leaves.
    @Test func lz4GivesEveryWholeChunkOfACutSegment() throws {
        let whole = try WholeSegment(everyKind, perChunk: 6)
        let scratch = try Scratch()
        let file = scratch.path.appending("cut.lz4").string
        func decompressed(_ length: Int) throws -> [UInt8] {
            try scratch.write("cut.lz4", whole.bytes.prefix(length))
            let pipe = try #require(popen("lz4 -dc '\(file)' 2>/dev/null", "r"))
            defer { pclose(pipe) }
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = fread(&buffer, 1, buffer.count, pipe)
                if count == 0 { return bytes }
                bytes += buffer.prefix(count)
            }
        }
        let all = try decompressed(whole.bytes.count)
        // How far each chunk reaches, as its header says (docs/FORMAT.md: payload bytes at offset 28 of the content).
        var payloads = [0]
        for index in 1..<whole.ends.count - 1 {
            let place = whole.ends[index - 1].length + 8 + 28
            payloads.append(
                payloads[index - 1] + (0..<4).reduce(0) { $0 | Int(whole.bytes[place + $1]) << (8 * $1) })
        }
        #expect(payloads.last == all.count)
        var cuts = 0
        for length in 0..<whole.bytes.count {
            let isNearAnEnd = whole.ends.contains { abs($0.length - length) <= 2 }
            guard thorough || isNearAnEnd || length % 13 == 0 else { continue }
            let chunks = whole.ends.dropLast().lastIndex { $0.length <= length } ?? 0
            let found = try decompressed(length)
            #expect(found.starts(with: all.prefix(payloads[chunks])), "cut at \(length)")
            cuts += 1
        }
        print("lz4 -dc: \(cuts) cuts, every whole chunk there")
    }
}
