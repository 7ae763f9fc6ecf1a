import Events
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct CheckpointTests {
    private let mouse = Event(
        timeMicroseconds: 1, device: 1,
        payload: .deviceAdded(
            DeviceDescription(
                name: "Mouse", sysname: "event1", seat: "seat0", vendor: 1, product: 2, capabilities: [.pointer])))

    private func focus(_ id: FocusID, at time: UInt64) -> Event {
        Event(
            timeMicroseconds: time, focus: id,
            payload: .focus(FocusDescription(id: id, state: .window, appID: "app\(id)", source: "test")))
    }

    /// All events, one chunk each, in one segment with a checkpoint every so many bytes.
    private func journal(of events: [Event], checkpointBytes: UInt64) throws -> Scratch {
        let scratch = try Scratch()
        var options = quick()
        options.checkpointBytes = checkpointBytes
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        for event in events {
            let chunks = journal.statistics.chunks
            #expect(journal.append(event))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        #expect(journal.statistics.events == UInt64(events.count), "snapshots are not counted as events")
        journal.stop()
        return scratch
    }

    private func chunks(_ scratch: Scratch) throws -> [(header: ChunkHeader, offset: UInt64, events: [Event])] {
        let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: 1, isActive: false))
        var found: [(header: ChunkHeader, offset: UInt64, events: [Event])] = []
        while case .chunk(let header, let offset, let events) = reader.next(isFinal: true, wants: { _ in true }) {
            found.append((header, offset, events.compactMap(\.self)))
        }
        return found
    }

    @Test func stateIsRepeatedEverySoManyBytes() throws {
        let moves = (0..<40).map { move(1_000_000 + UInt64($0) * 1000) }
        let scratch = try journal(of: [mouse, focus(7, at: 2)] + moves, checkpointBytes: 1000)
        let found = try chunks(scratch)
        let checkpoints = found.filter { $0.header.flags & ChunkHeader.isCheckpoint != 0 }
        #expect(checkpoints.count > 3)
        #expect(checkpoints.first?.offset == found.first?.offset)
        for (before, next) in zip(checkpoints, checkpoints.dropFirst()) {
            let distance = next.offset - before.offset
            #expect(distance >= 1000 && distance < 1400, "one every 1000 bytes, and a chunk")
            #expect(next.events.prefix(2).map(\.payload) == [mouse.payload, focus(7, at: 2).payload])
            #expect(next.events.prefix(2).allSatisfy { $0.marks.contains(.snapshot) })
            #expect(next.events.dropFirst(2).allSatisfy { !$0.marks.contains(.snapshot) })
        }
        for chunk in found where chunk.header.flags & ChunkHeader.isCheckpoint == 0 {
            #expect(chunk.events.allSatisfy { !$0.marks.contains(.snapshot) })
        }
        #expect(try readAll(scratch.path).events.map(\.event) == [mouse, focus(7, at: 2)] + moves)
    }

    /// A device that came hours ago must not make its repetition look like a chunk of hours.
    @Test func snapshotsDoNotCountInAChunksTimes() throws {
        let moves = (0..<20).map { move(9_000_000_000 + UInt64($0)) }
        let scratch = try journal(of: [mouse] + moves, checkpointBytes: 500)
        for chunk in try chunks(scratch).dropFirst(2) {
            #expect(chunk.header.firstMicroseconds >= 9_000_000_000)
            #expect(chunk.header.firstMicroseconds == chunk.header.lastMicroseconds)
        }
        // The opening chunk has snapshots alone: it is of the moment at which it was made.
        let reader = try SegmentReader(directory: scratch.path, name: SegmentName(number: 1, isActive: false))
        let opening = try #require(try chunks(scratch).first).header
        #expect(opening.firstMicroseconds == reader.header.monotonicMicroseconds)
        #expect(opening.lastMicroseconds == reader.header.monotonicMicroseconds)
    }

    /// A checkpoint repeated what its own chunk was about to say: a mouse that moved, and was then removed, was unknown.
    @Test func aCheckpointTellsWhatWasInForceBeforeItsChunk() throws {
        let scratch = try Scratch()
        var options = quick()
        options.checkpointBytes = 1
        // The chunk with the mouse is written once the next two events wait, so that they share a chunk.
        let isFilled = Atomic<Bool>(false)
        let files = FaultyFiles { operation, count in
            if operation == .write, count == 2 { _ = eventually { isFilled.load(ordering: .acquiring) } }
            return nil
        }
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        #expect(journal.append(mouse))
        #expect(eventually { files.count(.write) == 3 })
        #expect(journal.append(move(10_000)))
        let removal = Event(
            timeMicroseconds: 10_001, device: 1, payload: .deviceRemoved(DeviceRemoval(sysname: "event1")))
        #expect(journal.append(removal))
        isFilled.store(true, ordering: .releasing)
        journal.stop()
        let last = try #require(try chunks(scratch).last)
        #expect(last.header.flags & ChunkHeader.isCheckpoint != 0)
        #expect(last.events.map(\.payload) == [mouse.payload, move(10_000).payload, removal.payload])
    }

    /// The latest of each device that is there; behind the devices, which they are about.
    @Test func aSnapshotHasTheSettingsOfTheDevicesThatAreThere() throws {
        func settings(_ device: UInt16, _ source: String) -> PermittedEvent {
            PermittedEvent(
                permitted: Event(
                    timeMicroseconds: 5, device: device,
                    payload: .settings(SettingsNotice(isKnown: true, settings: DeviceSettings(), source: source))))
        }
        func words(_ snapshot: StateSnapshot) -> [String] {
            snapshot.records.compactMap {
                switch $0.event.payload {
                case .deviceAdded: "device \($0.event.device)"
                case .settings(let notice): "\(notice.source) \($0.event.device)"
                default: nil
                }
            }
        }
        var other = mouse
        other.device = 2
        var snapshot = StateSnapshot()
        snapshot.follow(PermittedEvent(permitted: mouse))
        for permitted in [settings(1, "sway"), PermittedEvent(permitted: other), settings(2, "sway")] {
            snapshot.follow(permitted)
        }
        snapshot.follow(settings(1, "kwin"))
        #expect(words(snapshot) == ["device 1", "device 2", "sway 2", "kwin 1"])
        let removal = Event(
            timeMicroseconds: 6, device: 2, payload: .deviceRemoved(DeviceRemoval(sysname: "event1")))
        snapshot.follow(PermittedEvent(permitted: removal))
        #expect(words(snapshot) == ["device 1", "kwin 1"])
        var next = snapshot
        next.forgetSession()
        #expect(words(next) == ["device 1"], "they were somebody else's")
        let end = SessionDescription(subject: "ada", userID: 1000, isActive: false)
        snapshot.follow(PermittedEvent(permitted: Event(timeMicroseconds: 7, payload: .session(end))))
        #expect(words(snapshot) == [])
    }

    /// An output is in force until it goes, or until the session is over: then nobody knows any more what there is.
    @Test func aSnapshotHasTheOutputsThatAreThere() throws {
        func output(_ number: UInt32, _ name: String, isConnected: Bool = true) -> PermittedEvent {
            PermittedEvent(
                permitted: Event(
                    timeMicroseconds: UInt64(number),
                    payload: .output(
                        OutputNotice(
                            number: number, isConnected: isConnected, output: OutputDescription(name: name)))))
        }
        func session(isActive: Bool) -> PermittedEvent {
            PermittedEvent(
                permitted: Event(
                    timeMicroseconds: 9,
                    payload: .session(SessionDescription(subject: "ada", userID: 1000, isActive: isActive))))
        }
        func names(_ snapshot: StateSnapshot) -> [String] {
            snapshot.records.compactMap {
                guard case .output(let notice) = $0.event.payload else { return nil }
                return notice.output.name
            }
        }
        var snapshot = StateSnapshot()
        for permitted in [session(isActive: true), output(1, "eDP-1"), output(2, "DP-1"), output(1, "eDP-1 moved")] {
            snapshot.follow(permitted)
        }
        #expect(names(snapshot) == ["DP-1", "eDP-1 moved"])
        snapshot.follow(output(2, "DP-1", isConnected: false))
        #expect(names(snapshot) == ["eDP-1 moved"])
        var other = snapshot
        other.forgetSession()
        #expect(names(other) == [])
        snapshot.follow(session(isActive: false))
        #expect(names(snapshot) == [])
    }

    /// The disk fails while a chunk with a focus waits: the new segment opened with that focus as old news.
    @Test func aNewSegmentOpensWithWhatWasInForceBeforeTheWaitingChunk() throws {
        let scratch = try Scratch()
        let isBroken = Atomic<Bool>(false)
        let files = FaultyFiles { operation, _ in
            operation == .sync && isBroken.load(ordering: .acquiring) ? Errno.ioError : nil
        }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        #expect(journal.append(focus(1, at: 1)))
        // Synced, not only written: the one sync that fails is that of the next chunk.
        #expect(eventually { journal.statistics.durableSequence >= 2 })
        isBroken.store(true, ordering: .releasing)
        #expect(journal.append(move(2)))
        #expect(eventually { journal.statistics.writeFailures == 1 })
        isBroken.store(false, ordering: .releasing)
        #expect(journal.append(focus(2, at: 3)))
        journal.stop()
        let reader = try JournalReader(directory: scratch.path)
        var second: [(id: FocusID, isSnapshot: Bool)] = []
        while let item = try reader.next() {
            guard case .event(let stored) = item, stored.segment == 2, case .focus(let focus) = stored.event.payload
            else { continue }
            second.append((focus.id, stored.event.marks.contains(.snapshot)))
        }
        #expect(second.map(\.id) == [1, 2])
        #expect(second.map(\.isSnapshot) == [true, false])
    }
}

@Suite struct TombstoneTests {
    @Test func tombstonesAreOneSpanAndNoDamage() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        for time in 0..<12 {
            let chunks = journal.statistics.chunks
            #expect(journal.append(move(UInt64(time))))
            #expect(eventually { journal.statistics.chunks > chunks })
        }
        journal.stop()
        let whole = try readAll(scratch.path).events
        // Chunk 0 is the opening one.
        try scratch.forget(chunks: [3, 4, 5, 8], ofSegment: 1)
        let reader = try JournalReader(directory: scratch.path)
        var spans: [Range<UInt64>] = []
        var numbers: [UInt64] = []
        while let item = try reader.next() {
            switch item {
            case .forgotten(let span): spans.append(span.sequences)
            case .event(let stored) where !stored.event.marks.contains(.snapshot): numbers.append(stored.sequence)
            case .damage(let damage): Issue.record("\(damage)")
            default: break
            }
        }
        let all = whole.map(\.sequence)
        #expect(spans == [all[2]..<all[4] + 1, all[7]..<all[7] + 1])
        #expect(numbers == all.filter { number in !spans.contains { $0.contains(number) } })
        try SegmentVerification.verify(directory: scratch.path) { segment in
            #expect(segment.verdict == .ok, "\(segment.damages)")
            #expect(segment.forgotten == 4)
            #expect(segment.chunks == 13)
        }
        #expect(try readAll(scratch.path, start: .last(3)).events.map(\.sequence) == all.suffix(3))
    }

    @Test func aTombstoneThatWasChangedIsFound() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        #expect(journal.append(move(1)))
        journal.stop()
        try scratch.forget(chunks: [0, 1], ofSegment: 1)
        let name = "kymograph-0000000001.lz4"
        let bytes = try scratch.read(name)
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            let other = try Scratch()
            try other.write(name, damaged)
            try SegmentVerification.verify(directory: other.path) { #expect($0.verdict.isBad, "bit \(bit)") }
        }
    }
}

extension Scratch {
    /// Puts tombstones in the places of chunks, counted from 0, and seals anew.
    func forget(chunks victims: Set<Int>, ofSegment number: UInt64) throws {
        let name = SegmentName(number: number, isActive: false)
        let bytes = try read(name.fileName)
        let reader = try SegmentReader(directory: path, name: name)
        var seal = try #require(reader.sealAtEnd())
        var target = ByteBuffer(capacity: bytes.count)
        defer { target.deallocate() }
        bytes[..<Int(reader.offset)].withUnsafeBytes { target.append($0) }
        seal.entries = []
        while case .chunk(let chunk, let offset, _) = reader.next(isFinal: true, wants: { _ in true }) {
            let stored = Array(bytes[Int(offset)..<Int(reader.offset)])
            if victims.contains(seal.entries.count) {
                let content = stored.withUnsafeBytes { all in
                    HashChain.contentHash(
                        header: UnsafeRawBufferPointer(rebasing: all[8..<ChunkHeader.frameBytes]),
                        frame: UnsafeRawBufferPointer(rebasing: all[ChunkHeader.frameBytes...]))
                }
                let tombstone = Tombstone(
                    segmentID: chunk.segmentID, firstSequence: chunk.firstSequence, count: chunk.count,
                    contentHash: content, chainHash: chunk.chainHash)
                seal.entries.append(Seal.Entry(tombstone, offset: UInt64(target.count)))
                tombstone.write(to: &target)
            } else {
                seal.entries.append(Seal.Entry(chunk, offset: UInt64(target.count)))
                stored.withUnsafeBytes { target.append($0) }
            }
        }
        seal.write(to: &target)
        try write(name.fileName, target.bytes)
    }
}
