import Events
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// Whoever makes all checksums right again is still found out by the hash chain.
@Suite struct ChainTests {
    private struct Frame {
        var isChunk: Bool
        var offset: Int
        var length: Int
    }

    /// Three sealed segments of several chunks.
    private func journal() throws -> Scratch {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 1500
        let journal = try JournalWriter(
            directory: scratch.path, options: options,
            origin: SegmentOrigin(subject: "ada", userID: 1000, session: "c2"))
        var time: UInt64 = 0
        while scratch.files.filter({ $0.hasSuffix(".lz4") }).count < 4 {
            time += 1
            let chunks = journal.statistics.chunks
            #expect(journal.append(move(time, Int32(time))))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        journal.stop()
        return scratch
    }

    private func verify(_ scratch: Scratch) throws -> [SegmentVerification] {
        var results: [SegmentVerification] = []
        try SegmentVerification.verify(directory: scratch.path) { results.append($0) }
        return results
    }

    /// Offsets of the chunks' header frames.
    private func chunks(_ scratch: Scratch, _ number: UInt64) throws -> [(header: ChunkHeader, offset: Int)] {
        let reader = try SegmentReader(
            directory: scratch.path, name: SegmentName(number: number, isActive: false))
        var found: [(header: ChunkHeader, offset: Int)] = []
        while true {
            switch reader.next(isFinal: true, wants: { _ in true }) {
            case .chunk(let header, let offset, _): found.append((header, Int(offset)))
            case .sealed, .end: return found
            default: continue
            }
        }
    }

    private func name(_ number: UInt64) -> String { SegmentName(number: number, isActive: false).fileName }

    /// Changes a file, and makes the CRC of the skippable frame at the offset right.
    private func change(
        _ scratch: Scratch, _ number: UInt64, frameAt offset: Int, _ body: (inout [UInt8]) -> Void
    ) throws {
        var bytes = try scratch.read(name(number))
        body(&bytes)
        let length = bytes[offset + 4..<offset + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let end = offset + 8 + length
        let checksum = CRC32C.checksum(bytes[offset + 8..<end - 4])
        for index in 0..<4 { bytes[end - 4 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
        try scratch.write(name(number), bytes)
    }

    @Test func aJournalHangsOnOneChainAcrossSegmentsAndStarts() throws {
        let scratch = try journal()
        let again = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        again.stop()
        let results = try verify(scratch)
        #expect(results.map(\.verdict) == results.map { _ in .ok })
        let names = try SegmentName.list(in: scratch.path)
        var last = SHA256Hash.zero
        for name in names {
            let reader = try SegmentReader(directory: scratch.path, name: name)
            #expect(reader.header.previousHash == last)
            last = try #require(reader.sealAtEnd()).finalHash
            #expect(last != .zero)
        }
    }

    @Test func theSessionStandsInTheHeader() throws {
        let scratch = try journal()
        let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: 1, isActive: false))
        #expect(reader.header.session == "c2")
    }

    @Test func aHeaderMadeAnewIsFound() throws {
        let scratch = try journal()
        // The user id.
        try change(scratch, 2, frameAt: 15) { $0[15 + 8 + 136] ^= 1 }
        let results = try verify(scratch)
        #expect(
            results.map { $0.damages.map(\.reason) } == [[], [.brokenChain], [], []].prefix(results.count).map(\.self))
        #expect(try readAll(scratch.path).damages == [])
    }

    @Test func aChunkHeaderMadeAnewIsFoundByItsNumbers() throws {
        let scratch = try journal()
        let victim = try chunks(scratch, 2)[1]
        // The count of losses.
        try change(scratch, 2, frameAt: victim.offset) { $0[victim.offset + 8 + 52] ^= 1 }
        let damages = try verify(scratch).flatMap(\.damages)
        #expect(damages.map(\.reason) == [.brokenChain])
        #expect(damages.first?.offset == UInt64(victim.offset))
        let numbers = victim.header.sequences
        #expect(damages.first?.detail == "sequence numbers \(numbers.lowerBound) to \(numbers.upperBound - 1)")
    }

    @Test func twoChunksThatChangedPlacesAreFound() throws {
        let scratch = try journal()
        let found = try chunks(scratch, 2)
        let (a, b) = (found[1], found[2])
        let bytes = try scratch.read(name(2))
        let first = Array(bytes[a.offset..<b.offset])
        let second = Array(bytes[b.offset..<found[3].offset])
        try scratch.write(name(2), bytes[..<a.offset] + second + first + bytes[found[3].offset...])
        let verdicts = try verify(scratch).map(\.verdict)
        #expect(verdicts[1] == .damaged)
        #expect(verdicts.filter { $0 == .damaged }.count == 1)
    }

    @Test func aSealMadeAnewIsFound() throws {
        let scratch = try journal()
        let length = try scratch.read(name(2)).count
        let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: 2, isActive: false))
        let seal = try #require(reader.sealAtEnd())
        func replace(_ body: (inout Seal) -> Void) throws {
            var other = seal
            body(&other)
            var buffer = ByteBuffer(capacity: 4096)
            defer { buffer.deallocate() }
            seal.write(to: &buffer)
            let start = length - buffer.count
            let before = try scratch.read(name(2))[..<start]
            buffer.count = 0
            other.write(to: &buffer)
            try scratch.write(name(2), before + Array(buffer.bytes))
        }
        try replace { $0.finalHash = .zero }
        #expect(try verify(scratch).flatMap(\.damages).map(\.reason).contains(.brokenChain))
        try replace { $0.entries[1].lastMicroseconds += 1 }
        #expect(try verify(scratch).flatMap(\.damages).map(\.reason) == [.wrongTable])
        try replace { _ in }
        #expect(try verify(scratch).flatMap(\.damages) == [])
    }

    @Test func aSegmentOfAnotherJournalIsFound() throws {
        let (scratch, other) = (try journal(), try journal())
        // Its numbers fit; only the chain does not.
        let first = try SegmentReader(directory: scratch.path, name: SegmentName(number: 2, isActive: false)).header
        try scratch.write(name(2), other.read(name(2)))
        let second = try SegmentReader(directory: scratch.path, name: SegmentName(number: 2, isActive: false)).header
        #expect(first.segmentID != second.segmentID)
        let results = try verify(scratch)
        #expect(results[1].verdict == .damaged)
    }

    @Test func anyCutOfASealedSegmentIsNoWholeOne() throws {
        let scratch = try journal()
        let bytes = try scratch.read(name(2))
        for length in stride(from: 0, to: bytes.count, by: 7) {
            let alone = try Scratch()
            try alone.write(name(2), bytes.prefix(length))
            #expect(try verify(alone).map(\.verdict.isBad) == [true], "cut at \(length)")
        }
    }
}

@Suite struct SegmentHeaderTests {
    private func header(subject: String = "ada", session: String = "2") -> SegmentHeader {
        let id = Identifier(high: 1, low: 2)
        return SegmentHeader(
            segmentID: id, number: 3, machineID: id, bootID: id, firstSequence: 4, monotonicMicroseconds: 5,
            realtimeMicroseconds: 6, previousHash: SHA256Hash(of: UnsafeRawBufferPointer(start: nil, count: 0)),
            userID: 7, subject: subject, session: session)
    }

    /// Content of the frame, and the same with some bytes changed and the checksum right.
    private func parse(_ header: SegmentHeader, flags: UInt32 = 0) throws -> SegmentHeader {
        var buffer = ByteBuffer(capacity: 1024)
        defer { buffer.deallocate() }
        header.write(to: &buffer)
        buffer.overwrite(flags, at: 8 + 16)
        let content = UnsafeRawBufferPointer(rebasing: buffer.bytes[8...])
        buffer.overwrite(CRC32C.checksum(content.dropLast(4)), at: buffer.count - 4)
        return try SegmentHeader(UnsafeRawBufferPointer(rebasing: buffer.bytes[8...]))
    }

    @Test func aHeaderComesBack() throws {
        #expect(try parse(header()) == header())
        #expect(try parse(header(subject: "", session: "")) == header(subject: "", session: ""))
    }

    @Test func sealedPayloadsAreRefusedByName() throws {
        let error = #expect(throws: FormatError.sealedPayloads) { _ = try parse(header(), flags: 1) }
        #expect(error?.description.contains("sealed (encrypted)") == true)
        #expect(throws: FormatError.incompatibleFlags(2)) { _ = try parse(header(), flags: 2) }
        #expect(throws: FormatError.sealedPayloads) { _ = try parse(header(), flags: 3) }
    }

    @Test func aNameThatIsTooLongIsCutBetweenCharacters() throws {
        let long = header(
            subject: String(repeating: "é", count: 128) + "x", session: "a" + String(repeating: "é", count: 40))
        let found = try parse(long)
        #expect(found.subject == String(repeating: "é", count: 128))
        #expect(found.session == "a" + String(repeating: "é", count: 31))
    }
}

@Suite struct SealTests {
    private func entries(_ count: Int) -> [Seal.Entry] {
        (0..<count).map { index in
            let place = UInt64(index)
            if index % 5 == 3 {
                return Seal.Entry(
                    offset: place * 700, firstSequence: place * 90 + 1, firstMicroseconds: 0, lastMicroseconds: 0,
                    flags: Seal.Entry.tombstone)
            }
            return Seal.Entry(
                offset: place * 700, firstSequence: place * 90 + 1, firstMicroseconds: place * 250_000,
                lastMicroseconds: place * 250_000 + 249_000, flags: index % 7 == 0 ? 3 : 0)
        }
    }

    private func bytes(_ seal: Seal) -> [UInt8] {
        var buffer = ByteBuffer(capacity: 1 << 16)
        defer { buffer.deallocate() }
        seal.write(to: &buffer)
        return Array(buffer.bytes)
    }

    private func seal(_ count: Int) -> Seal {
        Seal(
            segmentID: Identifier(high: 1, low: 2), nextSequence: 99, finalHash: .zero, entries: entries(count))
    }

    @Test(arguments: [0, 1, 2, 1000]) func aSealComesBack(count: Int) {
        let found = bytes(seal(count))[8...].withUnsafeBytes { Seal($0, at: 1 << 40) }
        #expect(found == seal(count))
    }

    /// A quarter of a second each: what a day of typing costs.
    @Test func aChunkTakesSomeTenBytesOfTheTable() {
        var one = seal(10_000)
        one.entries = one.entries.filter { !$0.isForgotten }
        #expect((bytes(one).count - 80) / one.entries.count <= 12)
    }

    @Test func anyTruncationOrFlippedBitIsNoSeal() {
        var content = Array(bytes(seal(20))[8...])
        for length in 0..<content.count {
            #expect(content.prefix(length).withUnsafeBytes { Seal($0, at: 1 << 40) } == nil)
        }
        for bit in 0..<content.count * 8 {
            content[bit / 8] ^= 1 << (bit % 8)
            #expect(content.withUnsafeBytes { Seal($0, at: 1 << 40) } == nil)
            content[bit / 8] ^= 1 << (bit % 8)
        }
    }

    /// Checksums are no secret: a table that claims more than it holds is refused before it is believed.
    @Test func aTableOfAnotherLengthIsRefused() {
        for count: UInt32 in [0, 19, 21, 1 << 20, 1 << 20 + 1, .max] {
            var content = Array(bytes(seal(20))[8...])
            withUnsafeBytes(of: count.littleEndian) { content.replaceSubrange(24..<28, with: $0) }
            let checksum = CRC32C.checksum(content.dropLast(4))
            withUnsafeBytes(of: checksum.littleEndian) {
                content.replaceSubrange(content.count - 4..<content.count, with: $0)
            }
            #expect(content.withUnsafeBytes { Seal($0, at: 1 << 40) } == nil, "\(count)")
        }
    }

    /// A million chunks would cost a reader 80 MB for a table of ten bytes.
    @Test func aTableOfMoreChunksThanHaveRoomInFrontOfItIsRefused() {
        var many = seal(1000)
        many.entries = many.entries.map { _ in many.entries[0] }
        let frame = bytes(many)
        #expect(frame.count < 120)
        let room = 1000 * UInt64(Tombstone.frameBytes)
        #expect(frame[8...].withUnsafeBytes { Seal($0, at: room) } == many)
        #expect(frame[8...].withUnsafeBytes { Seal($0, at: room - 1) } == nil)
    }
}
