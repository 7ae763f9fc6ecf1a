import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// A follower meets every record once, whatever happens to the files meanwhile.
@Suite struct FollowTests {
    /// Numbers of motions as they come, and damage.
    private final class Follower: Sendable {
        let seen = Mutex<[UInt64]>([])
        let damages = Mutex<[Damage]>([])
        private let isStuck = Mutex<Bool>(false)
        private let handle = Mutex<pthread_t?>(nil)

        /// Follows in a thread of its own until it has seen the motion of that time.
        init(_ directory: FilePath, from start: JournalReader.Start, until last: UInt64) throws {
            let reader = try JournalReader(directory: directory, start: start)
            try reader.follow()
            let work = Work(reader: reader, follower: self, last: last)
            var thread = pthread_t()
            let result = pthread_create(
                &thread, nil,
                { context in
                    Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            try #require(result == 0)
            handle.withLock { $0 = thread }
        }

        /// False if it waited in vain for a whole minute.
        func join() -> Bool {
            if let thread = handle.withLock({ $0 }) { pthread_join(thread, nil) }
            return !isStuck.withLock { $0 }
        }

        private final class Work {
            let reader: JournalReader
            let follower: Follower
            let last: UInt64
            init(reader: JournalReader, follower: Follower, last: UInt64) {
                self.reader = reader
                self.follower = follower
                self.last = last
            }

            func run() {
                while true {
                    var hasRead = false
                    while let item = try? reader.next() {
                        hasRead = true
                        if case .damage(let damage) = item { follower.damages.withLock { $0.append(damage) } }
                        guard case .event(let stored) = item, case .motion = stored.event.payload else { continue }
                        follower.seen.withLock { $0.append(stored.event.timeMicroseconds) }
                        if stored.event.timeMicroseconds == last { return }
                    }
                    let before = monotonic()
                    reader.wait(microseconds: 60_000_000)
                    if !hasRead, monotonic() > before + 59_000_000 {
                        follower.isStuck.withLock { $0 = true }
                        return
                    }
                }
            }
        }
    }

    private static func monotonic() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    @Test func severalFollowersOfAWriterThatRotatesEveryFewChunks() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 2500
        options.chunkMicroseconds = 200
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        let total: UInt64 = 60_000
        let followers = try [.oldest, .end, .oldest].map {
            try Follower(scratch.path, from: $0, until: total - 1)
        }
        var sent: UInt64 = 0
        while sent < total {
            if journal.append(move(sent, .random(in: -99...99))) { sent += 1 } else { sched_yield() }
        }
        // One that comes late finds what the others have seen.
        let late = try Follower(scratch.path, from: .oldest, until: total - 1)
        journal.stop()
        for follower in followers + [late] {
            #expect(follower.join(), "a follower was not woken")
            #expect(follower.damages.withLock { $0 } == [])
            #expect(follower.seen.withLock { $0 } == Array(0..<total))
        }
        #expect(scratch.files.filter { $0.hasSuffix(".lz4") }.count > 5)
    }

    /// Retention runs while they read: what they did not see, they say, to the number.
    @Test func aFollowerThatIsSlowerThanRetentionSaysWhatItMissed() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 2500
        options.chunkMicroseconds = 200
        options.retainBytes = 6000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        let reader = try JournalReader(directory: scratch.path)
        try reader.follow()
        var sent: UInt64 = 0
        var events: [StoredEvent] = []
        var missing: [Range<UInt64>] = []
        func read(_ count: Int) throws {
            for _ in 0..<count {
                guard let item = try reader.next() else { return }
                if case .event(let stored) = item { events.append(stored) }
                guard case .damage(let damage) = item else { continue }
                #expect(damage.reason == .deleted)
                missing.append(try #require(damage.missing))
            }
        }
        while sent < 40_000 {
            if journal.append(move(sent, .random(in: -99...99))) { sent += 1 } else { sched_yield() }
            if sent % 4000 == 0 { try read(50) }
        }
        journal.stop()
        try read(.max)
        #expect(!missing.isEmpty)
        // Every number is either seen or said to be missing, once.
        var numbers = events.map(\.sequence) + missing.flatMap { Array($0) }
        numbers.sort()
        #expect(numbers == Array(numbers[0]..<numbers[0] + UInt64(numbers.count)))
        #expect(numbers.first == 1)
        #expect(numbers.last == reader.endSequence() - 1)
    }

    @Test func theSegmentThatIsReadMayBeDeleted() throws {
        let journal = try WrittenJournal()
        try journal.open(at: 0)
        for index in 0..<10 { try journal.chunk([move(UInt64(index * 2)), move(UInt64(index * 2 + 1))]) }
        let reader = try JournalReader(directory: journal.directory)
        try reader.follow()
        var seen: [UInt64] = []
        func read(_ count: Int) throws {
            for _ in 0..<count {
                guard let item = try reader.next() else { return }
                if case .damage(let damage) = item { Issue.record("\(damage)") }
                if case .event(let stored) = item, case .motion = stored.event.payload {
                    seen.append(stored.event.timeMicroseconds)
                }
            }
        }
        try read(5)
        #expect(seen.count > 0 && seen.count < 5)
        try journal.open(at: 100)
        try SystemFiles().unlink(journal.directory.appending("kymograph-0000000001.lz4"))
        try journal.chunk([move(20)])
        try read(.max)
        #expect(seen == Array(0...20))
        // Sealed and deleted before it was ever opened: that is a loss.
        try journal.open(at: 200)
        try journal.chunk([move(21)])
        try journal.open(at: 300)
        try SystemFiles().unlink(journal.directory.appending("kymograph-0000000002.lz4"))
        try SystemFiles().unlink(journal.directory.appending("kymograph-0000000003.lz4"))
        try journal.chunk([move(22)])
        let deleted = try #require(try reader.next())
        guard case .damage(let damage) = deleted else { Issue.record("\(deleted)"); return }
        // Segment 3: its opening chunk and one motion.
        let first = try #require(journal.events.last { $0.segment == 3 }).sequence
        #expect(damage.reason == .deleted)
        #expect(damage.missing == first - 1..<first + 1)
        try read(.max)
        #expect(seen == Array(0...20) + [22])
    }

    /// A recorder is killed in the middle of a chunk, and the next one cuts the rest off.
    @Test func aTornTailUnderAFollower() throws {
        let journal = try WrittenJournal()
        try journal.open(at: 0)
        try journal.chunk([move(0)])
        let name = "kymograph-0000000001.active.lz4"
        let bytes = try journal.scratch.read(name)
        let reader = try JournalReader(directory: journal.directory)
        try reader.follow()
        var seen: [UInt64] = []
        func read() throws {
            while let item = try reader.next() {
                if case .damage(let damage) = item { Issue.record("\(damage)") }
                if case .event(let stored) = item, case .motion = stored.event.payload {
                    seen.append(stored.event.timeMicroseconds)
                }
            }
        }
        try read()
        // The end of some chunk, without its beginning, and then the beginning of one.
        try journal.scratch.write(name, bytes + bytes.suffix(40) + bytes.dropFirst(170).prefix(60))
        try read()
        journal.abandon()
        let writer = try JournalWriter(directory: journal.directory, options: quick(), origin: origin)
        #expect(writer.append(move(1)))
        writer.stop()
        try read()
        #expect(seen == [0, 1])
    }

    @Test func theDirectoryItselfMayGo() throws {
        let journal = try WrittenJournal()
        try journal.open(at: 0)
        let reader = try JournalReader(directory: journal.directory)
        try reader.follow()
        while try reader.next() != nil {}
        for name in journal.scratch.files { try SystemFiles().unlink(journal.directory.appending(name)) }
        rmdir(journal.directory.string)
        #expect(throws: JournalError.noDirectory(path: journal.directory.string)) {
            while try reader.next() != nil {}
        }
    }

    /// A name that leads nowhere was opened again and again.
    @Test func aLinkToNothingIsReportedOnce() throws {
        let journal = try WrittenJournal.long(segments: 1, chunks: 2)
        symlink("/nowhere", journal.directory.appending("kymograph-0000000002.lz4").string)
        let found = try Reading(journal.directory, from: .oldest)
        #expect(found.damages.map(\.reason) == [.unreadableHeader])
        #expect(found.events == journal.events)
    }
}

@Suite struct RecorderProcessTests {
    @Test func theHolderOfTheLockIsTheKernels() throws {
        let scratch = try Scratch()
        #expect(RecorderProcess(of: scratch.path) == nil)
        let journal = try JournalWriter(directory: scratch.path, origin: origin)
        #expect(RecorderProcess(of: scratch.path)?.processID == getpid())
        journal.stop()
    }

    @Test func theListOfLocksIsUnderstood() {
        let locks = """
            1: POSIX  ADVISORY  WRITE 2086 fe:00:42 1073741824 1073742335
            2: FLOCK  ADVISORY  READ 32160 fe:00:42 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 32161 fe:00:42 0 EOF
            3: FLOCK  ADVISORY  WRITE 2398 00:1b:142 0 EOF
            4: FLOCK  ADVISORY  WRITE 2399 fe:00:42 0 EOF
            """
        #expect(RecorderProcess.holder(ofInode: 42, in: locks) == 2399)
        #expect(RecorderProcess.holder(ofInode: 142, in: locks) == 2398)
        #expect(RecorderProcess.holder(ofInode: 2, in: locks) == nil)
        #expect(RecorderProcess.holder(ofInode: 42, in: "nonsense") == nil)
    }
}
