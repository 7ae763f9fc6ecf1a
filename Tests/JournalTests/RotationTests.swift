import Events
import Synchronization
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct RotationTests {
    private func segments(_ scratch: Scratch) throws -> [(header: SegmentHeader, events: [Event])] {
        let reader = try JournalReader(directory: scratch.path)
        var found: [(header: SegmentHeader, events: [Event])] = []
        while let item = try reader.next() {
            switch item {
            case .segment(let header): found.append((header, []))
            case .event(let stored): found[found.count - 1].events.append(stored.event)
            default: Issue.record("\(item)")
            }
        }
        return found
    }

    /// Behind what was appended before, in front of what comes after, however fast the thread is.
    @Test func anOrderToRotateKeepsItsPlaceAmongTheEvents() throws {
        for seed in 0..<20 {
            let scratch = try Scratch()
            let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
            var expected: [[UInt64]] = [[]]
            var random = SplitMix(state: UInt64(seed))
            for time in 1...300 {
                if Int.random(in: 0..<60, using: &random) == 0 {
                    journal.rotate()
                    expected.append([])
                }
                #expect(journal.append(move(UInt64(time))))
                expected[expected.count - 1].append(UInt64(time))
                if seed % 2 == 0, time % 50 == 0 {
                    #expect(eventually { journal.statistics.events >= UInt64(time - 49) })
                }
            }
            journal.stop()
            let motions = try segments(scratch).map { segment in
                segment.events.compactMap { if case .motion = $0.payload { $0.timeMicroseconds } else { nil } }
            }
            #expect(motions == expected)
        }
    }

    @Test func twoOrdersAtOnePlaceMakeTwoSegments() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        journal.rotate()
        journal.rotate()
        journal.stop()
        #expect(try segments(scratch).map(\.header.number) == [1, 2, 3])
        #expect(scratch.files.allSatisfy { !$0.contains("active") })
    }

    @Test func eachSubjectHasSegmentsOfTheirOwn() throws {
        let scratch = try Scratch()
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin)
        let device = Event(
            timeMicroseconds: 1, device: 1,
            payload: .deviceAdded(
                DeviceDescription(
                    name: "Mouse", sysname: "event1", seat: "seat0", vendor: 1, product: 2, capabilities: [.pointer])))
        let focus = Event(
            timeMicroseconds: 2, focus: 7,
            payload: .focus(FocusDescription(id: 7, state: .window, appID: "app", title: "of ada", source: "test")))
        let layout = Event(
            timeMicroseconds: 3, payload: .layout(LayoutDescription(isKnown: true, name: "German (ada's)")))
        for event in [device, focus, layout] { #expect(journal.append(event)) }
        journal.rotate(origin: SegmentOrigin(subject: "bob", userID: 1001, session: "c4"))
        #expect(journal.append(move(4)))
        // The same again: state goes on.
        #expect(journal.append(focus))
        journal.rotate(origin: SegmentOrigin(subject: "bob", userID: 1001, session: "c4"))
        #expect(journal.append(move(5)))
        journal.stop()
        let found = try segments(scratch)
        #expect(found.map(\.header.subject) == ["ada", "bob", "bob"])
        #expect(found.map(\.header.userID) == [1000, 1001, 1001])
        #expect(found.map(\.header.session) == ["", "c4", "c4"])
        let snapshots = found.map { $0.events.filter { $0.marks.contains(.snapshot) }.map(\.payload).dropFirst() }
        #expect(Array(snapshots[1]) == [device.payload])
        #expect(Array(snapshots[2]) == [device.payload, focus.payload])
    }

    @Test func theNewSubjectHoldsEvenWhenTheDiskHadNoRoomAtTheChange() throws {
        let scratch = try Scratch()
        let isFull = Atomic<Bool>(false)
        let files = FaultyFiles { operation, _ in
            operation == .create && isFull.load(ordering: .acquiring) ? Errno.noSpace : nil
        }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        isFull.store(true, ordering: .releasing)
        journal.rotate(origin: SegmentOrigin(subject: "bob", userID: 1001))
        #expect(journal.append(move(4)))
        #expect(eventually { journal.statistics.writeFailures > 0 })
        isFull.store(false, ordering: .releasing)
        journal.stop()
        let found = try segments(scratch)
        #expect(found.map(\.header.subject) == ["ada", "bob"])
    }
}

@Suite struct DurableSequenceTests {
    @Test func whatIsDurableIsTold() throws {
        let scratch = try Scratch()
        var options = quick()
        options.syncMicroseconds = 3_600_000_000
        do {
            let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
            #expect(journal.append(move(1)))
            #expect(eventually { journal.statistics.chunks == 1 })
            #expect(journal.statistics.durableSequence == 0, "written, and not synced")
            journal.rotate()
            #expect(eventually { scratch.files.contains("kymograph-0000000001.lz4") })
            // The opening record and the motion.
            #expect(journal.statistics.durableSequence == 2)
            journal.stop()
            #expect(journal.statistics.durableSequence == 3)
        }
        let again = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        #expect(again.statistics.durableSequence == 3)
        again.stop()
    }

    @Test func aSyncThatFailedMakesNothingDurable() throws {
        let scratch = try Scratch()
        let isBroken = Atomic<Bool>(false)
        let files = FaultyFiles { operation, _ in
            operation == .sync && isBroken.load(ordering: .acquiring) ? Errno.ioError : nil
        }
        let journal = try JournalWriter(directory: scratch.path, options: quick(), origin: origin, files: files)
        #expect(eventually { journal.statistics.durableSequence == 1 })
        isBroken.store(true, ordering: .releasing)
        #expect(journal.append(move(1)))
        #expect(eventually { journal.statistics.writeFailures > 0 })
        #expect(journal.statistics.durableSequence == 1)
        isBroken.store(false, ordering: .releasing)
        journal.stop()
        #expect(journal.statistics.durableSequence > 1)
    }
}
