import CLinuxShim
import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct RetentionTests {
    /// A disk with so much room.
    private final class SmallDisk: FileOperations {
        private let system = SystemFiles()
        private let directory: FilePath
        private let capacity: UInt64
        let refusals = Atomic<Int>(0)

        init(_ directory: FilePath, capacity: UInt64) {
            self.directory = directory
            self.capacity = capacity
        }

        private var used: UInt64 {
            let files = (try? JournalFile.list(in: directory)) ?? []
            return files.reduce(0) { sum, file in
                var status = stat()
                return stat(directory.appending(file.name).string, &status) == 0 ? sum + UInt64(status.st_size) : sum
            }
        }
        func freeBytes(_ path: FilePath) throws(Errno) -> UInt64 { capacity - min(used, capacity) }
        func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
            // A small disk takes what fits, then nothing.
            let room = try Int(freeBytes(directory))
            guard room > 0 else {
                refusals.add(1, ordering: .relaxed)
                throw Errno.noSpace
            }
            return try system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(room)))
        }
        func create(_ path: FilePath) throws(Errno) -> Int32 { try system.create(path) }
        func open(_ path: FilePath) throws(Errno) -> Int32 { try system.open(path) }
        func sync(_ descriptor: Int32) throws(Errno) { try system.sync(descriptor) }
        func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) {
            try system.truncate(descriptor, to: length)
        }
        func rename(_ from: FilePath, to target: FilePath) throws(Errno) { try system.rename(from, to: target) }
        func unlink(_ path: FilePath) throws(Errno) { try system.unlink(path) }
        func close(_ descriptor: Int32) { system.close(descriptor) }
        func syncDirectory(_ path: FilePath) throws(Errno) { try system.syncDirectory(path) }
    }

    private func apply(
        _ scratch: Scratch, files: any FileOperations = SystemFiles(), _ limits: (inout JournalOptions) -> Void
    ) {
        var options = JournalOptions()
        options.retainBytes = .max
        limits(&options)
        Retention(directory: scratch.path, options: options, files: files, counters: WriterCounters()).apply()
    }

    private func file(_ scratch: Scratch, _ name: String) throws {
        try scratch.write(name, [UInt8](repeating: 0, count: 100))
    }

    @Test func theOldestClosedOnesGoFirstByTheSizeOfAll() throws {
        let scratch = try Scratch()
        for number in 1...4 { try file(scratch, "kymograph-000000000\(number).lz4") }
        try file(scratch, "kymograph-0000000005.active.lz4")
        try file(scratch, "something else")
        apply(scratch) { $0.retainBytes = 350 }
        #expect(
            scratch.files == [
                "kymograph-0000000003.lz4", "kymograph-0000000004.lz4", "kymograph-0000000005.active.lz4",
                "something else",
            ])
        apply(scratch) { $0.retainBytes = 0 }
        #expect(scratch.files == ["kymograph-0000000005.active.lz4", "something else"], "an open one never goes")
    }

    /// It stayed until the next start, and the segment behind it, whose loss says what it lacks, went.
    @Test func aSegmentThatWasGivenUpGoesInItsTurn() throws {
        let scratch = try Scratch()
        for name in ["1.active.lz4", "2.lz4", "3.active.lz4", "4.lz4", "5.active.lz4"] {
            try file(scratch, "kymograph-000000000\(name)")
        }
        apply(scratch) { $0.retainBytes = 350 }
        #expect(
            scratch.files == [
                "kymograph-0000000003.active.lz4", "kymograph-0000000004.lz4", "kymograph-0000000005.active.lz4",
            ])
        apply(scratch) { $0.retainBytes = 0 }
        #expect(scratch.files == ["kymograph-0000000005.active.lz4"])
    }

    /// Pieces that recovery cut off stayed for ever, and counted for nothing.
    @Test func tornPiecesCountAndGoWithTheirSegment() throws {
        let scratch = try Scratch()
        for name in ["1.lz4", "1.torn", "1.2.torn", "2.torn", "3.lz4", "4.lz4", "4.torn"] {
            try file(scratch, "kymograph-000000000\(name)")
        }
        apply(scratch) { $0.retainBytes = 700 }
        #expect(scratch.files.count == 7)
        apply(scratch) { $0.retainBytes = 699 }
        #expect(scratch.files.first == "kymograph-0000000002.torn")
        apply(scratch) { $0.retainBytes = 350 }
        #expect(
            scratch.files == ["kymograph-0000000003.lz4", "kymograph-0000000004.lz4", "kymograph-0000000004.torn"])
    }

    @Test func roomIsKeptForOthers() throws {
        let scratch = try Scratch()
        for number in 1...4 { try file(scratch, "kymograph-000000000\(number).lz4") }
        let files = SmallDisk(scratch.path, capacity: 1000)
        apply(scratch, files: files) { $0.keepFreeBytes = 600 }
        #expect(scratch.files.count == 4)
        apply(scratch, files: files) { $0.keepFreeBytes = 601 }
        #expect(scratch.files.first == "kymograph-0000000002.lz4")
        apply(scratch, files: files) { $0.keepFreeBytes = 5000 }
        #expect(scratch.files == [], "as much as there is")
    }

    @Test func whatEndedTooLongAgoGoes() throws {
        let scratch = try Scratch()
        let now = kymo_realtime_microseconds()
        // Days ago that each began; a segment ended when the next began.
        for (number, days) in [(1, 9), (2, 8), (3, 5), (4, 2)] as [(UInt64, UInt64)] {
            var buffer = ByteBuffer(capacity: 4096)
            defer { buffer.deallocate() }
            LZ4Compressor().compress(UnsafeRawBufferPointer(start: nil, count: 0), into: &buffer)
            let id = Identifier(high: 1, low: number)
            SegmentHeader(
                segmentID: id, number: number, machineID: id, bootID: id, firstSequence: 1, monotonicMicroseconds: 0,
                realtimeMicroseconds: now - days * 86_400_000_000, userID: 1, subject: "ada"
            ).write(to: &buffer)
            try scratch.write("kymograph-000000000\(number).lz4", buffer.bytes)
        }
        apply(scratch) { $0.retainMicroseconds = 10 * 86_400_000_000 }
        #expect(scratch.files.count == 4)
        apply(scratch) { $0.retainMicroseconds = 6 * 86_400_000_000 }
        #expect(scratch.files.first == "kymograph-0000000002.lz4")
        // The last one has not ended as far as anybody knows.
        apply(scratch) { $0.retainMicroseconds = 1 }
        #expect(scratch.files == ["kymograph-0000000004.lz4"])
    }

    @Test func ageIsNoticedAtRest() throws {
        let scratch = try Scratch()
        var options = quick()
        options.retainMicroseconds = 1
        options.segmentSeconds = 0
        options.agingMicroseconds = 1000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        defer { journal.stop() }
        #expect(journal.append(move(1)))
        // Nothing more happens: the segment with the motion is closed for its age and deleted.
        #expect(eventually { !scratch.files.contains { $0.hasPrefix("kymograph-0000000001.") } })
        #expect(eventually { journal.statistics.deletedSegments >= 1 })
    }

    /// The disk is full of our own past: it makes room for the present, and what was lost at the border is counted.
    @Test func aFullDiskMakesRoomByForgettingTheOldest() throws {
        let scratch = try Scratch()
        let files = SmallDisk(scratch.path, capacity: 9000)
        var options = quick()
        options.segmentBytes = 1500
        options.keepFreeBytes = 2000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        for time in 1...200 {
            let chunks = journal.statistics.chunks + journal.statistics.writeFailures
            #expect(journal.append(move(UInt64(time))))
            #expect(eventually { journal.statistics.chunks + journal.statistics.writeFailures > chunks })
        }
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.damages == [])
        #expect(found.events.motions.last == 200)
        #expect(found.events.losses == [], "room was made before it was needed")
        #expect(journal.statistics.deletedSegments > 5)
    }

    /// Others fill the disk: whole chunks are shed and counted, and the journal goes on as soon as there is room.
    @Test func aDiskThatOthersFillShedsAndRecovers() throws {
        let scratch = try Scratch()
        var written = 0
        for failure in [Errno.noSpace, Errno(rawValue: EDQUOT), .readOnlyFileSystem] {
            let isFull = Atomic<Bool>(false)
            let files = FaultyFiles { operation, _ in
                (operation == .write || operation == .create) && isFull.load(ordering: .acquiring) ? failure : nil
            }
            do {
                let journal = try JournalWriter(
                    directory: scratch.path, options: quick(), origin: origin, files: files)
                for time in 1...90 {
                    isFull.store((31...60).contains(time), ordering: .releasing)
                    func settled() -> UInt64 { journal.statistics.chunks + journal.statistics.shedEvents }
                    let before = settled()
                    #expect(journal.append(move(UInt64(time))))
                    #expect(eventually { settled() > before })
                }
                journal.stop()
                #expect(journal.statistics.lastFailure == failure)
                #expect(journal.statistics.shedEvents == 30)
            }
            // Seals what was given up.
            try JournalWriter(directory: scratch.path, options: quick(), origin: origin).stop()
            let found = try readAll(scratch.path)
            #expect(found.damages == [])
            let lost = found.events.losses.filter { $0.reason == .journalWrite }.suffix(1)
            #expect(lost.map(\.count) == [30])
            #expect(lost.map(\.startMicroseconds) == [31])
            #expect(lost.map(\.endMicroseconds) == [60])
            written += 60
            #expect(found.events.motions.count == written)
        }
    }
}
