import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal

/// Segments that no recorder writes: their checksums are good, what they say is not.
struct HostileSegment {
    static let id = Identifier(high: 1, low: 2)
    private(set) var bytes: [UInt8] = []

    init() {
        append { buffer in
            LZ4Compressor().compress(UnsafeRawBufferPointer(start: nil, count: 0), into: &buffer)
            SegmentHeader(
                segmentID: Self.id, number: 1, machineID: Self.id, bootID: Self.id, firstSequence: 1,
                monotonicMicroseconds: 0, realtimeMicroseconds: 0, userID: 1, subject: "ada"
            ).write(to: &buffer)
        }
    }

    private mutating func append(_ body: (inout ByteBuffer) -> Void) {
        var buffer = ByteBuffer(capacity: 4096)
        defer { buffer.deallocate() }
        body(&buffer)
        bytes += buffer.bytes
    }

    /// - Parameter claims: bytes that the header says are stored, beyond those that are.
    mutating func chunk(first: UInt64, count: Int, claims: Int = 0) {
        let encoder = ChunkEncoder()
        for index in 0..<count { encoder.append(move(UInt64(index))) }
        append { buffer in
            var payload = ByteBuffer(capacity: 4096)
            var frame = ByteBuffer(capacity: 4096)
            defer {
                payload.deallocate()
                frame.deallocate()
            }
            payload.putRandom(FormatLimit.randomBytes)
            encoder.finish(into: &payload)
            LZ4Compressor().compress(payload.bytes, into: &frame)
            ChunkHeader(
                segmentID: Self.id, firstSequence: first, count: UInt32(count), payloadBytes: UInt32(payload.count),
                storedBytes: UInt32(frame.count + claims), flags: 0, firstMicroseconds: 0,
                lastMicroseconds: UInt64(count), lostEvents: 0, unknownLosses: 0
            ).write(to: &buffer)
            buffer.append(frame.bytes)
        }
    }
}

@Suite struct HostileSegmentTests {
    /// Found by fuzzing: everything behind the first such header was given up, and recovery cut it off.
    @Test(arguments: [true, false]) func aHeaderThatPromisesMoreThanThereIsHidesNothingBehindIt(isActive: Bool) throws {
        var segment = HostileSegment()
        segment.chunk(first: 1, count: 5, claims: 1 << 20)
        segment.chunk(first: 6, count: 7)
        let scratch = try Scratch()
        try scratch.write("kymograph-0000000001\(isActive ? ".active" : "").lz4", segment.bytes)
        if isActive { try JournalWriter(directory: scratch.path, options: quick(), origin: origin).stop() }
        let found = try readAll(scratch.path)
        #expect(found.events.map(\.sequence) == Array(6..<13))
        #expect(found.damages.first?.missing == 1..<6)
    }

    /// Found by the long run of flips: one damaged chunk whose LZ4 frame promised a content size, and every chunk behind it
    /// was called damaged.
    @Test func aFrameThatPromisesAContentSizeHarmsNoOther() throws {
        let content = (0..<100).map(UInt8.init)
        var good = ByteBuffer(capacity: 4096)
        defer { good.deallocate() }
        content.withUnsafeBytes { LZ4Compressor().compress($0, into: &good) }
        var target = [UInt8](repeating: 0, count: content.count)
        let lz4 = LZ4Decompressor()
        func isRead(_ frame: [UInt8]) -> Bool {
            frame.withUnsafeBytes { frame in target.withUnsafeMutableBytes { lz4.decompress(frame, into: $0) } }
        }
        // Of the checksums that the header may have, one is right.
        for checksum in 0...UInt8.max {
            var frame = Array(good.bytes)
            frame[4] |= 1 << 3
            frame.replaceSubrange(6..<7, with: [1, 2, 3, 4, 5, 6, 7, 8, checksum])
            #expect(!isRead(frame))
            #expect(isRead(Array(good.bytes)) && target == content, "after \(checksum)")
        }
    }

    /// Found by fuzzing: 64 KiB for each try, and a follower tries again each time the directory changes.
    @Test func aSegmentThatCannotBeOpenedLeaksNothing() throws {
        let scratch = try Scratch()
        try scratch.write("kymograph-0000000001.lz4", HostileSegment().bytes.prefix(50))
        func attempt() {
            #expect(throws: SegmentError.self) {
                try SegmentReader(directory: scratch.path, name: SegmentName(number: 1, isActive: false))
            }
        }
        let before = try addressSpaceBytes()
        for _ in 0..<10_000 { attempt() }
        // It was 640 MB. Other tests run at the same time.
        #expect(try addressSpaceBytes() < before + (320 << 20))
    }

    private func addressSpaceBytes() throws -> Int {
        let pages = try Scratch.read("/proc/self/statm").prefix { $0 != UInt8(ascii: " ") }
        return try #require(Int(String(decoding: pages, as: UTF8.self))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

@Suite struct FullDiskAtTheEndTests {
    /// Found by the table of faults: the last sealed segment got its final name, which says that all was well.
    @Test func aStopWhoseLossNoDiskTookIsNoCleanStop() throws {
        let scratch = try Scratch()
        // The first segment is sealed and good; no other can be made.
        let files = FaultyFiles { operation, count in operation == .create && count > 0 ? Errno.noSpace : nil }
        var options = quick()
        options.segmentBytes = 1
        do {
            let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
            #expect(journal.append(move(7)))
            #expect(eventually { files.count(.create) > 1 })
            #expect(journal.append(move(8)))
            journal.stop()
        }
        #expect(try readAll(scratch.path).events.motions == [7])
        let next = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        #expect(next.recovery?.segment == 1)
        next.stop()
    }

    /// Found by the table of faults: the next segment was deleted in its place, and the hole was taken for damage.
    @Test func aSegmentThatCannotBeDeletedNowKeepsThoseBehindIt() throws {
        let scratch = try Scratch()
        let files = FaultyFiles { operation, count in operation == .unlink && count < 3 ? Errno.ioError : nil }
        var options = quick()
        options.segmentBytes = 1
        options.retainBytes = 1500
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        var time: UInt64 = 0
        while files.count(.unlink) < 6 {
            time += 1
            let chunks = journal.statistics.chunks
            #expect(journal.append(move(time)))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.damages == [])
        #expect(found.events.motions.last == time)
        #expect(!scratch.files.contains("kymograph-0000000001.lz4"))
    }
}
