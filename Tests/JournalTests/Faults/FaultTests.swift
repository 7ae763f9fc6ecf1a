import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct RingTests {
    @Test func aFullRingRefusesAndKeepsItsOrder() {
        let ring = Ring()
        for index in 0..<Ring.capacity {
            #expect(ring.append(PermittedEvent(permitted: move(UInt64(index)))))
        }
        #expect(!ring.append(PermittedEvent(permitted: move(0))))
        #expect(ring.take()?.event.timeMicroseconds == 0)
        #expect(ring.append(PermittedEvent(permitted: move(UInt64(Ring.capacity)))))
        #expect(!ring.append(PermittedEvent(permitted: move(0))))
        for index in 1...Ring.capacity { #expect(ring.take()?.event.timeMicroseconds == UInt64(index)) }
        #expect(ring.take() == nil)
    }

    @Test func boxedEventsLeaveTheRingOnce() {
        let ring = Ring()
        for round in 0..<3 {
            for index in 0..<Ring.capacity {
                let payload = Payload.deviceRemoved(
                    DeviceRemoval(sysname: "event\(round) of a name that is no small one"))
                #expect(
                    ring.append(PermittedEvent(permitted: Event(timeMicroseconds: UInt64(index), payload: payload))))
            }
            // The rest is the ring's to free.
            if round < 2 { while ring.take() != nil {} }
        }
    }
}

@Suite struct FullDiskTests {
    /// The disk refuses writes 3 to 6, then has room again.
    @Test func whatAFullDiskDidNotTakeIsALossWithItsExactCount() throws {
        let scratch = try Scratch()
        // The opening chunk and the header are writes 0 and 1.
        let files = FaultyFiles { operation, count in
            operation == .write && (3...6).contains(count) ? Errno.noSpace : nil
        }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        var sent: [UInt64] = []
        for time in 1...60 {
            let before = files.count(.write)
            #expect(journal.append(move(UInt64(time))))
            sent.append(UInt64(time))
            if time % 5 == 0, before < 12 { #expect(eventually { files.count(.write) > before }) }
        }
        journal.stop()
        let found = try readAll(scratch.path)
        let losses = found.events.losses
        #expect(losses.allSatisfy { $0.reason == .journalWrite })
        let lost = losses.compactMap(\.count).reduce(0, +)
        #expect(lost > 0)
        #expect(found.events.motions.count + Int(lost) == sent.count)
        for time in Set(sent).subtracting(found.events.motions) {
            #expect(losses.contains { $0.startMicroseconds <= time && time <= $0.endMicroseconds }, "\(time)")
        }
        #expect(journal.statistics.writeFailures > 0)
    }

    @Test func aDiskThatStaysFullIsNotLitteredWithEmptyFiles() throws {
        let scratch = try Scratch()
        let files = FaultyFiles { operation, count in operation == .write && count >= 2 ? Errno.noSpace : nil }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        var time: UInt64 = 1
        while files.count(.create) < 20 {
            let before = files.count(.write)
            #expect(journal.append(move(time)))
            time += 1
            #expect(eventually { files.count(.write) > before })
        }
        journal.stop()
        #expect(scratch.files == ["kymograph-0000000001.active.lz4", "lock"])
    }

    @Test func aLossThatTheDiskDidNotTakeIsStillCounted() throws {
        let scratch = try Scratch()
        let files = FaultyFiles { operation, count in operation == .write && count == 2 ? Errno.noSpace : nil }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        let full = Loss(reason: .ringFull, startMicroseconds: 5, endMicroseconds: 9, count: 40)
        #expect(journal.append(PermittedEvent(loss: full)))
        #expect(eventually { files.count(.write) > 2 })
        #expect(journal.append(move(20)))
        journal.stop()
        let losses = try readAll(scratch.path).events.losses
        #expect(losses.map(\.count) == [40])
        #expect(losses.map(\.startMicroseconds) == [5])
    }

    @Test func theLastWordOfAStopIsTheLoss() throws {
        let scratch = try Scratch()
        // Only the one chunk before the stop is refused.
        let files = FaultyFiles { operation, count in operation == .write && count == 2 ? Errno.noSpace : nil }
        var options = quick()
        options.retryMicroseconds = 3_600_000_000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        #expect(journal.append(move(7)))
        journal.stop()
        #expect(try readAll(scratch.path).events.losses.map(\.count) == [1])
    }

    @Test func aFailedSyncMakesItsSpanSuspectAndIsNotRetried() throws {
        let scratch = try Scratch()
        let files = FaultyFiles { operation, count in operation == .sync && count == 0 ? Errno.ioError : nil }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        #expect(journal.append(move(7)))
        #expect(eventually { journal.statistics.writeFailures == 1 })
        #expect(journal.append(move(8)))
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.events.motions.contains(8))
        #expect(found.events.losses.map(\.reason) == [.journalWrite])
        #expect(found.events.losses.map(\.count) == [nil])
        // Found by the power cuts: the span began when the segment was opened, but what had waited until then is older.
        // On a machine so slow that the sync came before the chunk, nothing waited.
        #expect(found.events.motions.contains(7) || found.events.losses.allSatisfy { $0.startMicroseconds <= 7 })
        #expect(scratch.files.contains("kymograph-0000000001.active.lz4"))
        #expect(scratch.files.contains("kymograph-0000000002.lz4"))
    }

    /// Found by the power cuts: what stood in front of the seal was never synced, and was said to be durable as soon as the
    /// next segment was.
    @Test func whatStandsInFrontOfASealThatFailedIsDurable() throws {
        let scratch = try Scratch()
        let recorded = try RecordedDisk(scratch)
        let isFull = Atomic(false)
        let files = FaultyFiles(over: recorded) { operation, _ in
            operation == .write && isFull.exchange(false, ordering: .relaxed) ? Errno.noSpace : nil
        }
        var options = quick()
        options.syncMicroseconds = 3_600_000_000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        #expect(journal.append(move(7)))
        #expect(eventually { journal.statistics.chunks > 0 })
        isFull.store(true, ordering: .relaxed)
        journal.rotate()
        #expect(eventually { scratch.files.contains("kymograph-0000000002.active.lz4") })
        var disk = Disk(recorded)
        for step in recorded.steps { disk.apply(step) }
        #expect(disk.durable[0]?.isEmpty == false && disk.durable[0] == disk.live[0])
        journal.stop()
        #expect(try readAll(scratch.path).events.losses == [])
    }

    @Test func aDiskThatTakesAFewBytesAtATimeIsAsGood() throws {
        let scratch = try Scratch()
        let files = FaultyFiles(writeLimit: 7) { _, _ in nil }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        for time in 0..<500 { #expect(journal.append(move(UInt64(time)))) }
        journal.stop()
        let found = try readAll(scratch.path)
        #expect(found.events.motions == Array(0..<500))
        #expect(found.damages == [])
    }

    /// Forty events in a few segments; false if the journal could not even be opened.
    private func record(into scratch: Scratch, options: JournalOptions, files: FaultyFiles) throws -> Bool {
        let journal: JournalWriter
        do {
            journal = try JournalWriter(directory: scratch.path, options: options, origin: origin, files: files)
        } catch {
            return false
        }
        for time in 1...40 {
            let written = journal.statistics
            #expect(journal.append(move(UInt64(time), Int32(time))))
            if time % 4 == 0 { #expect(eventually { journal.statistics != written }) }
        }
        journal.stop()
        return true
    }

    /// Every call that can fail fails once, in turn; nothing is lost without a word, and the next start is good.
    @Test(arguments: [
        FaultyFiles.Operation.create, .write, .sync, .rename, .syncDirectory, .unlink,
    ]) func anyOperationMayFail(operation: FaultyFiles.Operation) throws {
        for failing in 0..<8 {
            let scratch = try Scratch()
            let files = FaultyFiles { $0 == operation && $1 == failing ? Errno.ioError : nil }
            var options = quick()
            options.segmentBytes = 900
            options.retainBytes = 1 << 30
            let isRecorded = try record(into: scratch, options: options, files: files)
            #expect(files.closedTwice.load(ordering: .relaxed) == 0)
            guard isRecorded else { continue }
            let next = try JournalWriter(directory: scratch.path, options: options, origin: origin)
            next.stop()
            let found = try readAll(scratch.path)
            let hasLoss = found.events.losses.contains { $0.reason == .journalWrite }
            #expect(found.events.motions == Array(1...40) || hasLoss, "\(operation) \(failing)")
            #expect(found.damages == [], "\(operation) \(failing)")
            let sequences = found.events.map(\.sequence)
            #expect(sequences == sequences.sorted() && Set(sequences).count == sequences.count)
        }
    }
}
