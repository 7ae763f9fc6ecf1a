import Events
import SystemPackage
import Testing

@testable import Journal

/// The power goes after each operation of a recorder's life, and of the recovery that follows.
@Suite struct PowerCutTests {
    /// What must hold of a directory that a power cut left.
    private struct Expectation {
        /// Events that a successful sync covered.
        var synced: Set<UInt64>
        /// Events that a write took, synced or not.
        var taken: Set<UInt64>
    }

    private struct Counts {
        var cuts = 0
        var images = 0
        var imagesOfRecoveries = 0
        var synced = 0
        var saved = 0
        var holes = 0
    }

    /// Tells of the files' bytes which events they hold; most are asked about again and again.
    private struct Contents {
        private struct Key: Hashable {
            var id: Disk.FileID
            var bytes: [UInt8]
        }
        private var known: [Key: Set<UInt64>] = [:]

        mutating func events(of files: [Disk.FileID: [UInt8]]) throws -> Set<UInt64> {
            var all: Set<UInt64> = []
            for (id, bytes) in files where !bytes.isEmpty {
                let key = Key(id: id, bytes: bytes)
                let events = try known[key] ?? motions(in: ["kymograph-0000000001.active.lz4": bytes])
                known[key] = events
                all.formUnion(events)
            }
            return all
        }
    }

    /// Cuts the power after each step that was recorded, and says what was to be expected then.
    private func cut(
        _ recorded: RecordedDisk, samples: Int, seed: UInt64,
        _ body: (Disk.Image, Expectation) throws -> Void
    ) throws -> Int {
        var disk = Disk(recorded)
        var random = SeededGenerator(seed)
        var contents = Contents()
        let steps = recorded.steps
        for index in 0...steps.count {
            if index > 0 { disk.apply(steps[index - 1]) }
            let expectation = Expectation(
                synced: try contents.events(of: disk.durable), taken: try contents.events(of: disk.live))
            for image in disk.images(samples: samples, using: &random) { try body(image, expectation) }
        }
        return steps.count + 1
    }

    /// Starts on that directory, twice, and judges what is found.
    private func judge(
        _ image: Disk.Image, _ expected: Expectation, life: Life, counts: inout Counts,
        recovery: ((RecordedDisk) throws -> Void)? = nil
    ) throws {
        let scratch = try Scratch()
        for (name, bytes) in image { try scratch.write(name, bytes) }
        let recorded = try RecordedDisk(scratch)
        // Enough room: what retention deletes is another test's.
        var options = Life.options
        options.retainBytes = 1 << 30
        let before = Set(life.written.keys)
        let report = try life.run(in: scratch, files: recorded, bursts: 1, options: options)
        let first = try readAll(scratch.path)
        let motions = first.events.motions
        let found = Set(motions)
        #expect(motions.count == found.count, "an event is there twice")
        #expect(motions == motions.sorted(), "events changed places")
        for event in first.events {
            guard case .motion = event.event.payload else { continue }
            #expect(life.written[event.event.timeMicroseconds] == event.event, "an event that nobody wrote")
        }
        let lost = expected.synced.subtracting(found)
        #expect(lost.isEmpty, "synced events are lost")
        #expect(Set(life.written.keys).subtracting(before).isSubset(of: found), "the run after the cut lost something")
        if report == nil { #expect(expected.taken.isSubset(of: found), "no crash is reported, but events are missing") }
        let sequences = first.events.map(\.sequence)
        #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }, "sequence numbers do not ascend")
        counts.synced += expected.synced.count
        counts.saved += found.intersection(expected.taken).subtracting(expected.synced).count
        counts.holes += first.damages.isEmpty ? 0 : 1
        try recovery?(recorded)
        // What was mended stays mended.
        let again = try life.run(in: scratch, files: RecordedDisk(scratch), bursts: 0, options: options)
        #expect(again == nil, "a clean stop is taken for a crash")
        let second = try readAll(scratch.path)
        #expect(second.events.motions == motions)
        #expect(second.damages == first.damages)
    }

    @Test func nothingThatWasSyncedIsLostWhereverThePowerGoes() throws {
        let samples = thorough ? 60 : 6
        var counts = Counts()
        for seed in 0..<UInt64(thorough ? 8 : 2) {
            let life = Life(seed: seed)
            let scratch = try Scratch()
            let recorded = try RecordedDisk(scratch)
            try life.run(in: scratch, files: recorded, bursts: 10)
            try life.run(in: scratch, files: recorded, bursts: 15)
            #expect(try readAll(scratch.path).damages == [])
            counts.cuts += try cut(recorded, samples: samples, seed: seed) { image, expected in
                counts.images += 1
                // The recovery of one in so many is cut as well.
                let isCutAgain = counts.images % (thorough ? 10 : 40) == 0
                var recovery: RecordedDisk?
                try judge(image, expected, life: life, counts: &counts) { recovery = isCutAgain ? $0 : nil }
                guard let recovery else { return }
                counts.cuts += try cut(recovery, samples: samples / 3, seed: seed) { image, later in
                    counts.imagesOfRecoveries += 1
                    let both = Expectation(
                        synced: later.synced.union(expected.synced), taken: later.taken.union(expected.synced))
                    try judge(image, both, life: life, counts: &counts)
                }
            }
        }
        print(
            "power cuts: after each of \(counts.cuts) operations, \(counts.images) directories, "
                + "\(counts.imagesOfRecoveries) more inside recoveries; \(counts.synced) synced events expected, "
                + "\(counts.saved) others found, \(counts.holes) directories with holes among those")
    }
}
