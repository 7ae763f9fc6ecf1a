import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// A disk some blocks of which cannot be read: a read ends in front of such a block, the next one fails.
final class BadBlocks: FileOperations {
    static let blockBytes = 4096
    private let system = SystemFiles()
    private let name: String
    private let bad: Set<Int>
    private let descriptors = Mutex<Set<Int32>>([])

    /// - Parameter blocks: of the file with that name.
    init(_ blocks: Set<Int>, of name: String) {
        bad = blocks
        self.name = name
    }

    func openForReading(_ path: FilePath) throws(Errno) -> Int32 {
        let descriptor = try system.openForReading(path)
        descriptors.withLock { known in
            if path.lastComponent?.string == name { known.insert(descriptor) } else { known.remove(descriptor) }
        }
        return descriptor
    }

    func read(
        _ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(Errno) -> Int {
        guard descriptors.withLock({ $0.contains(descriptor) }) else {
            return try system.read(descriptor, into: target, at: offset)
        }
        let first = Int(offset) / Self.blockBytes
        // Behind the end there is no block.
        var status = stat()
        let isInside = fstat(descriptor, &status) == 0 && Int(offset) < status.st_size
        if isInside, bad.contains(first) { throw Errno.ioError }
        let end = bad.filter { $0 > first }.min().map { $0 * Self.blockBytes - Int(offset) } ?? .max
        return try system.read(
            descriptor, into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(end)), at: offset)
    }

    func create(_ path: FilePath) throws(Errno) -> Int32 { try system.create(path) }
    func open(_ path: FilePath) throws(Errno) -> Int32 { try system.open(path) }
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try system.write(descriptor, bytes)
    }
    func sync(_ descriptor: Int32) throws(Errno) { try system.sync(descriptor) }
    func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) { try system.truncate(descriptor, to: length) }
    func rename(_ from: FilePath, to target: FilePath) throws(Errno) { try system.rename(from, to: target) }
    func unlink(_ path: FilePath) throws(Errno) { try system.unlink(path) }
    func close(_ descriptor: Int32) { system.close(descriptor) }
    func syncDirectory(_ path: FilePath) throws(Errno) { try system.syncDirectory(path) }
}

/// What the disk does not give is no reason to change anything, and to say less than is known.
@Suite struct ReadErrorTests {
    private static let middle = "kymograph-0000000002"

    /// Three segments of many blocks; the last one may be open.
    private func journal(isLastOpen: Bool) throws -> WrittenJournal {
        try WrittenJournal.long(segments: 3, chunks: 200, isLastOpen: isLastOpen)
    }

    private func contents(_ scratch: Scratch) throws -> [String: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: try scratch.files.filter { $0 != "lock" }.map { ($0, try scratch.read($0)) })
    }

    private struct Shown {
        var events: [StoredEvent] = []
        var damages: [Damage] = []
        var error: JournalError?
    }

    private func show(_ directory: FilePath, files: any FileOperations) -> Shown {
        var shown = Shown()
        do throws(JournalError) {
            let reader = try JournalReader(directory: directory, files: files)
            while let item = try reader.next() {
                switch item {
                case .event(let event) where !event.event.marks.contains(.snapshot): shown.events.append(event)
                case .damage(let damage): shown.damages.append(damage)
                default: continue
                }
            }
        } catch {
            shown.error = error
        }
        return shown
    }

    private func verify(_ directory: FilePath, files: any FileOperations) throws -> [SegmentVerification] {
        var results: [SegmentVerification] = []
        try SegmentVerification.verify(directory: directory, files: files) { results.append($0) }
        return results
    }

    /// The bytes of each chunk of a segment, and its numbers.
    private func chunks(_ journal: WrittenJournal, _ name: SegmentName) throws -> [(bytes: Range<Int>, Range<UInt64>)] {
        let reader = try SegmentReader(directory: journal.directory, name: name)
        var found: [(Range<Int>, Range<UInt64>)] = []
        while case .chunk(let chunk, let offset, _) = reader.next(isFinal: true, wants: { _ in true }) {
            found.append((Int(offset)..<Int(reader.offset), chunk.sequences))
        }
        return found
    }

    @Test(arguments: [false, true]) func aBlockThatCannotBeReadCostsTheChunksInItAndNoOther(isOpen: Bool) throws {
        let journal = try journal(isLastOpen: isOpen)
        let name = SegmentName(number: isOpen ? 3 : 2, isActive: isOpen)
        let chunks = try chunks(journal, name)
        let length = try journal.scratch.read(name.fileName).count
        let blocks = (length + BadBlocks.blockBytes - 1) / BadBlocks.blockBytes
        #expect(blocks > 5)
        var unread = 0
        // The first one has the header.
        for block in 1..<blocks {
            let files = BadBlocks([block], of: name.fileName)
            let bad = block * BadBlocks.blockBytes..<(block + 1) * BadBlocks.blockBytes
            let hit = chunks.filter { $0.bytes.overlaps(bad) }.map { $0.1 }
            let lost = Set(hit.joined())
            let expected = journal.events.filter { !lost.contains($0.sequence) }
            let shown = show(journal.directory, files: files)
            #expect(shown.events == expected, "block \(block)")
            unread += journal.events.count - expected.count
            // The end of what is written still: there may be more, so that it cannot be said how much is missing.
            if isOpen, block == blocks - 1 {
                let path = journal.directory.appending(name.fileName).string
                guard case .unreadable(path, let offset, .ioError) = try #require(shown.error) else {
                    Issue.record("\(String(describing: shown.error))")
                    continue
                }
                #expect(bad.contains(Int(offset)))
                #expect(shown.error?.description.contains("\(path) at byte \(offset)") == true)
            } else {
                #expect(shown.error == nil)
                #expect(shown.damages.map(\.reason).first == .unreadable)
                let missing = shown.damages.compactMap(\.missing).filter { !$0.isEmpty }
                let span = hit.first.map { $0.lowerBound..<hit[hit.count - 1].upperBound }
                #expect(missing == [span].compactMap(\.self), "block \(block)")
            }
            let verified = try verify(journal.directory, files: files)
            // Without its seal a segment does not say where it ends: what is missing is seen where the next one begins.
            let isSeenNext = bad.upperBound > chunks.last.map(\.bytes.upperBound) ?? 0
            #expect(
                zip(verified, 1...3).allSatisfy {
                    $0.verdict.isBad == ($1 == name.number) || isSeenNext && $1 == name.number + 1
                }, "block \(block)")
            #expect(
                verified.flatMap(\.damages).contains { $0.reason == .unreadable && $0.detail == "input/output error" })
        }
        print(
            "unreadable blocks of \(isOpen ? "an open" : "a sealed") segment: \(blocks - 1), \(unread) events in them")
    }

    @Test func aHeaderThatCannotBeReadCostsItsSegment() throws {
        let journal = try journal(isLastOpen: false)
        let files = BadBlocks([0], of: Self.middle + ".lz4")
        let shown = show(journal.directory, files: files)
        #expect(shown.events == journal.events.filter { $0.segment != 2 })
        #expect(shown.damages.map(\.reason) == [.unreadableHeader, .sequenceGap])
        #expect(shown.damages.first?.detail == "input/output error")
        #expect(try verify(journal.directory, files: files).map(\.verdict) == [.ok, .damaged, .damaged])
    }

    /// A disk with a long bad stretch is not asked for each of its blocks.
    @Test func aLongStretchIsPassedOverInLeaps() throws {
        let journal = try WrittenJournal.long(segments: 1, chunks: 3000)
        let name = "kymograph-0000000001.lz4"
        let blocks = try journal.scratch.read(name).count / BadBlocks.blockBytes
        #expect(blocks > 100)
        let asked = Atomic(0)
        let files = FaultyFiles(over: BadBlocks(Set(2..<blocks - 2), of: name)) { operation, _ in
            if operation == .read { asked.add(1, ordering: .relaxed) }
            return nil
        }
        let shown = show(journal.directory, files: files)
        #expect(shown.error == nil && shown.damages.first?.reason == .unreadable)
        #expect(!shown.events.isEmpty)
        #expect(asked.load(ordering: .relaxed) < 60)
    }

    /// Found when reads could be made to fail: what the disk did not give was taken for the end, and what stood behind it was
    /// cut off.
    @Test func aStartThatCannotReadChangesNothing() throws {
        let journal = try journal(isLastOpen: true)
        let before = try contents(journal.scratch)
        let name = "kymograph-0000000003.active.lz4"
        let blocks = (before[name, default: []].count + BadBlocks.blockBytes - 1) / BadBlocks.blockBytes
        for block in 0..<blocks {
            let path = journal.directory.appending(name).string
            do throws(JournalError) {
                _ = try JournalWriter(
                    directory: journal.directory, options: quick(), origin: origin,
                    files: BadBlocks([block], of: name))
                Issue.record("started with block \(block) unread")
            } catch {
                guard case .unreadable(path, let offset, .ioError) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(Int(offset) / BadBlocks.blockBytes == block)
            }
            #expect(try contents(journal.scratch) == before)
        }
        let next = try JournalWriter(directory: journal.directory, options: quick(), origin: origin)
        next.stop()
        let events = try readAll(journal.directory).events
        #expect(Array(events.prefix(journal.events.count)) == journal.events)
        #expect(try verify(journal.directory, files: SystemFiles()).allSatisfy { $0.verdict == .ok })
        print("starts refused for an unreadable block: \(blocks)")
    }

    /// The numbers of the newest segment would have been given a second time.
    @Test(arguments: [0, -1]) func aSealedSegmentThatCannotBeReadRefusesTheStart(block: Int) throws {
        let journal = try journal(isLastOpen: false)
        let before = try contents(journal.scratch)
        let name = "kymograph-0000000003.lz4"
        let last = (before[name, default: []].count - 1) / BadBlocks.blockBytes
        #expect(throws: JournalError.self) {
            _ = try JournalWriter(
                directory: journal.directory, options: quick(), origin: origin,
                files: BadBlocks([block < 0 ? last : block], of: name))
        }
        #expect(try contents(journal.scratch) == before)
    }

    /// Each call that reads fails, once or for good, with each error; of a start, of `show`, and of `verify`.
    @Test(
        arguments: [FaultyFiles.Operation.openForReading, .read, .list],
        [Errno.ioError, .permissionDenied, Errno(rawValue: EMFILE)])
    func whateverReadFailsNothingIsChangedAndItIsSaid(operation: FaultyFiles.Operation, error: Errno) throws {
        var counts = (starts: 0, shown: 0, verified: 0)
        for calls in [1, Int.max] {
            func failing(_ index: Int) -> FaultyFiles {
                // Few bytes at once: many calls.
                FaultyFiles(readLimit: 5000) {
                    $0 == operation && $1 >= index && $1 - index < calls ? error : nil
                }
            }
            let journal = try journal(isLastOpen: true)
            let before = try contents(journal.scratch)
            var index = 0
            while true {
                let files = failing(index)
                let shown = show(journal.directory, files: files)
                guard files.count(operation) > index else { break }
                let said = shown.damages.compactMap(\.missing)
                let known = Set(shown.events.map(\.sequence))
                let silent = journal.events.filter { event in
                    !known.contains(event.sequence) && !said.contains { $0.contains(event.sequence) }
                }
                // A whole segment, or the rest of one, is said to be unreadable where nobody can tell what was in it.
                #expect(
                    silent.isEmpty || shown.error != nil
                        || Set(silent.map(\.segment)).isSubset(of: shown.damages.map(\.segment)),
                    "call \(index): \(shown.damages)")
                counts.shown += 1
                index += 1
            }
            index = 0
            while true {
                let files = failing(index)
                let isSaid: Bool
                do {
                    isSaid = try verify(journal.directory, files: files).contains { $0.verdict.isBad }
                } catch {
                    isSaid = true
                }
                guard files.count(operation) > index else { break }
                // Whether the file has no more bytes is asked by a read as well; its answer is not needed.
                let isLastOfAFile = operation == .read && !isSaid
                #expect(isSaid || isLastOfAFile)
                counts.verified += 1
                index += 1
            }
            index = 0
            while true {
                let files = failing(index)
                let isStarted: Bool
                do {
                    let started = try JournalWriter(
                        directory: journal.directory, options: quick(), origin: origin, files: files)
                    started.stop()
                    isStarted = true
                } catch {
                    isStarted = false
                }
                #expect(files.closedTwice.load(ordering: .relaxed) == 0)
                guard files.count(operation) > index, !isStarted else { break }
                #expect(try contents(journal.scratch) == before, "call \(index)")
                counts.starts += 1
                index += 1
            }
            let events = try readAll(journal.directory).events
            #expect(Array(events.prefix(journal.events.count)) == journal.events)
        }
        print(
            "\(operation) \(error): \(counts.starts) faults, each a start refused with nothing changed; "
                + "\(counts.shown) in show, \(counts.verified) in verify, each said")
    }

    @Test(arguments: [1, 7, 4096]) func aDiskThatGivesAFewBytesAtATimeIsAsGood(limit: Int) throws {
        let (journal, other) = (try journal(isLastOpen: true), try Scratch())
        for name in journal.scratch.files { try other.write(name, try journal.scratch.read(name)) }
        let files = FaultyFiles(readLimit: limit) { _, _ in nil }
        #expect(show(journal.directory, files: files).events == journal.events)
        #expect(try verify(journal.directory, files: files).allSatisfy { !$0.verdict.isBad })
        for (directory, files) in [(journal.directory, files as any FileOperations), (other.path, SystemFiles())] {
            try JournalWriter(directory: directory, options: quick(), origin: origin, files: files).stop()
        }
        for number in 1...3 {
            let name = "kymograph-000000000\(number).lz4"
            #expect(try journal.scratch.read(name) == other.read(name))
        }
    }
}
