import CLinuxShim
import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

/// The power goes after each operation of a recorder's life, and of the recovery that follows.
@Suite struct PowerCutTests {
    /// What must hold of a directory that a power cut left.
    private struct Expectation {
        /// Events that a successful sync covered.
        var synced: Set<UInt64>
        /// Events that a write took, synced or not.
        var taken: Set<UInt64>
        /// What was marked before the cut.
        var marks: Set<String> = []
    }

    private struct Counts {
        var cuts = 0
        var images = 0
        var imagesOfRecoveries = 0
        var synced = 0
        var saved = 0
        var holes = 0
        var claims = 0

        var text: String {
            "\(cuts) cuts, \(images) directories, \(imagesOfRecoveries) more inside recoveries; \(synced) synced events "
                + "expected and found, \(saved) others found; \(claims) claims of durability held; "
                + "\(holes) directories with holes among what was not synced"
        }
    }

    /// Tells of the files' bytes which events they hold, by their numbers; most are asked about again and again.
    private struct Contents {
        private var known: [[UInt8]: [UInt64: UInt64]] = [:]

        mutating func times(in files: [Disk.FileID: [UInt8]]) throws -> [UInt64: UInt64] {
            var all: [UInt64: UInt64] = [:]
            for bytes in files.values where !bytes.isEmpty {
                let times = try known[bytes] ?? PowerCutTests.motions(in: bytes)
                known[bytes] = times
                all.merge(times) { $1 }
            }
            return all
        }
    }

    /// Cuts the power after each step that was recorded, and says what was to be expected then.
    /// - Parameter stride: how many steps go by between two cuts.
    private func cut(
        _ recorded: RecordedDisk, from first: Int = 0, stride: Int = 1, samples: Int, seed: UInt64,
        isSyncFaulty: Bool = false, counts: inout Counts,
        _ body: (Disk.Image, Expectation, inout Counts) throws -> Void
    ) throws {
        var disk = Disk(recorded)
        var random = SeededGenerator(seed)
        var contents = Contents()
        var marks: Set<String> = []
        let steps = recorded.steps
        for index in 0...steps.count {
            if index > 0 {
                disk.apply(steps[index - 1])
                if case .mark(let mark) = steps[index - 1] { marks.insert(mark) }
                // After a sync that failed nothing can be said of what it was for: that span is a loss.
                if case .claim(let sequence) = steps[index - 1], !isSyncFaulty {
                    let durable = Set(try contents.times(in: disk.durable).values)
                    let claimed = try contents.times(in: disk.live).filter { $0.key <= sequence }
                    let isHeld = durable.isSuperset(of: claimed.values)
                    #expect(isHeld, "said to be durable, and is not")
                    counts.claims += 1
                }
            }
            guard index >= first, (index - first) % stride == 0 else { continue }
            let expectation = Expectation(
                synced: Set(try contents.times(in: disk.durable).values),
                taken: Set(try contents.times(in: disk.live).values), marks: marks)
            counts.cuts += 1
            for image in disk.images(samples: samples, using: &random) { try body(image, expectation, &counts) }
        }
    }

    /// Starts on that directory, twice, and judges what is found.
    /// - Parameters:
    ///   - losable: events that may be gone although they were synced: somebody asked for it.
    ///   - gone: events that must not be there.
    ///   - isRetaining: whether the journal was kept short. What is older than all that is left was beyond its limits, also
    ///     where it stood in a segment that was given up, which only a start closes: the loss that told of it is gone.
    private func judge(
        _ image: Disk.Image, _ expected: Expectation, life: Life, losable: Set<UInt64> = [], gone: Set<UInt64> = [],
        isRetaining: Bool = false, counts: inout Counts, recovery: ((RecordedDisk) throws -> Void)? = nil
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
        let lost = expected.synced.subtracting(losable).subtracting(found)
        #expect(lost.isEmpty, "synced events are lost")
        #expect(found.isDisjoint(with: gone), "what was forgotten is there")
        #expect(Set(life.written.keys).subtracting(before).isSubset(of: found), "the run after the cut lost something")
        let losses = first.events.losses
        let oldest = isRetaining ? motions.first ?? 0 : 0
        let silent = expected.taken.subtracting(losable).subtracting(found).filter { time in
            time > oldest && !losses.contains { $0.startMicroseconds <= time && time <= $0.endMicroseconds }
        }
        // Where retention took the segment whose loss told of it, the numbers that are missing still do.
        let hasHole = first.damages.contains { !($0.missing?.isEmpty ?? true) }
        #expect(
            report != nil || hasHole || silent.isEmpty,
            """
            no crash is reported, no loss tells of it, but events are missing: \(silent.sorted()); \
            left: \(describe(image)), now: \(scratch.files), \(losses)
            """)
        let sequences = first.events.map(\.sequence)
        #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }, "sequence numbers do not ascend")
        var verified: [Damage] = []
        try SegmentVerification.verify(directory: scratch.path) { verified += $0.damages }
        // The chain holds, across segments too, but where a reader meets a hole. Their words differ.
        #expect(
            verified.map(\.place).sorted(by: { $0.lexicographicallyPrecedes($1) })
                == first.damages.map(\.place).sorted(by: { $0.lexicographicallyPrecedes($1) }),
            "left: \(describe(image)), now: \(scratch.files), \(verified), \(first.damages)")
        #expect(
            first.damages.allSatisfy { $0.reason != .sequenceGap || $0.missing != nil },
            "numbers were given twice; left: \(describe(image)), now: \(scratch.files), \(first.damages)")
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

    private func describe(_ image: Disk.Image) -> String {
        image.sorted { $0.key < $1.key }.map { name, bytes in
            let numbers = (try? Self.motions(in: bytes))?.keys.sorted() ?? []
            let span = numbers.first.map { "\($0) to \(numbers.last ?? 0)" } ?? "nothing"
            return "\(name): \(bytes.count) bytes, \(span)"
        }.joined(separator: "; ")
    }

    @Test func nothingThatWasSyncedIsLostWhereverThePowerGoes() throws {
        let samples = thorough ? 30 : 6
        var counts = Counts()
        for seed in 0..<UInt64(thorough ? 4 : 1) {
            let life = Life(seed: seed)
            let scratch = try Scratch()
            let recorded = try RecordedDisk(scratch)
            try life.run(in: scratch, files: recorded, bursts: 10, recorded: recorded)
            try life.run(in: scratch, files: recorded, bursts: 15, recorded: recorded)
            #expect(try readAll(scratch.path).damages == [])
            try cut(recorded, samples: samples, seed: seed, counts: &counts) { image, expected, counts in
                counts.images += 1
                // The recovery of one in so many is cut as well.
                let isCutAgain = counts.images % (thorough ? 10 : 40) == 0
                var recovery: RecordedDisk?
                try judge(image, expected, life: life, counts: &counts) { recovery = isCutAgain ? $0 : nil }
                guard let recovery else { return }
                try cut(recovery, samples: samples / 3, seed: seed, counts: &counts) { image, later, counts in
                    counts.imagesOfRecoveries += 1
                    let both = Expectation(
                        synced: later.synced.union(expected.synced), taken: later.taken.union(expected.synced))
                    try judge(image, both, life: life, counts: &counts)
                }
            }
        }
        print("power cuts: \(counts.text)")
    }

    /// A directory with a segment that was torn, so that a start has something to shorten and to rename.
    private func torn(_ life: Life) throws -> Scratch {
        let scratch = try Scratch()
        var options = Life.options
        options.segmentBytes = 1 << 20
        try life.run(in: scratch, files: SystemFiles(), bursts: 3, options: options)
        let bytes = try scratch.read("kymograph-0000000001.lz4")
        try scratch.remove("kymograph-0000000001.lz4")
        try scratch.write("kymograph-0000000001.active.lz4", bytes.dropLast(bytes.count / 3))
        return scratch
    }

    /// One call fails, or all of its kind from that one on, and later the power does.
    @Test(
        arguments: [FaultyFiles.Operation.create, .open, .write, .sync, .truncate, .rename, .unlink, .syncDirectory],
        thorough ? [1, .max] : [1])
    func nothingThatWasSyncedIsLostWhenThePowerGoesAfterAFault(
        operation: FaultyFiles.Operation, calls: Int
    ) throws {
        var counts = Counts()
        var faults = 0
        // The first ones are the recovery's, and refuse the start: the power may go then as well.
        for failing in stride(from: 0, to: thorough ? 12 : 4, by: 1) {
            let life = Life(seed: UInt64(failing))
            let scratch = try torn(life)
            let recorded = try RecordedDisk(scratch)
            let files = FaultyFiles(over: recorded) { tried, count in
                // A running recorder shortens a file only where a write failed.
                if operation == .truncate, tried == .write, count % 6 == 5 { return .noSpace }
                guard tried == operation, count >= failing, count - failing < calls else { return nil }
                if count == failing { recorded.note(.mark("fault")) }
                return .noSpace
            }
            // Many segments, most of which retention deletes again.
            var options = Life.options
            options.segmentBytes = 1200
            options.retainBytes = 4000
            do {
                try life.run(in: scratch, files: files, bursts: 20, options: options, recorded: recorded)
            } catch is JournalError {}
            let steps = recorded.steps
            let first = steps.firstIndex { if case .mark = $0 { true } else { false } }
            guard let first else { continue }
            faults += 1
            try cut(
                recorded, from: first, stride: thorough ? 1 : 7, samples: thorough ? 8 : 2, seed: UInt64(failing),
                isSyncFaulty: operation == .sync, counts: &counts
            ) { image, expected, counts in
                counts.images += 1
                try judge(image, expected, life: life, isRetaining: true, counts: &counts)
            }
        }
        #expect(faults > 0, "such a call never happens")
        print(
            "power cuts after a failed \(operation)\(calls == 1 ? "" : ", and all after it"): \(faults) faults, "
                + counts.text)
    }

    /// What somebody wanted forgotten is gone for good from the moment in which they were told so, and comes back after
    /// no power cut from the moment in which the request was durable; all else stays.
    @Test func whatWasForgottenStaysForgottenWhereverThePowerGoes() throws {
        var counts = Counts()
        for seed in 0..<UInt64(thorough ? 6 : 1) {
            let life = Life(seed: seed)
            let scratch = try Scratch()
            let recorded = try RecordedDisk(scratch)
            var options = Life.options
            options.retainBytes = 1 << 30
            try life.run(in: scratch, files: recorded, bursts: 8, options: options)
            var asked: Set<UInt64> = []
            try life.run(in: scratch, files: recorded, bursts: 10, options: options, recorded: recorded) { journal in
                let times = life.written.keys.sorted()
                // Out of the middle: from the first run's last segment into the second run's first ones.
                let span = times[times.count / 4]...times[times.count * 3 / 4]
                asked = Set(times.filter(span.contains))
                let offset = kymo_read_clocks().realtimeOffset
                // With some to both sides: a segment's pair of clocks is not this one to the microsecond.
                journal.forget(.span(span.lowerBound &+ offset &- 100...span.upperBound &+ offset &+ 100)) {
                    guard case .success = $0 else { return }
                    recorded.note(.mark("told"))
                }
                #expect(eventually { recorded.steps.contains { if case .mark = $0 { true } else { false } } })
            }
            let left = Set(try readAll(scratch.path).events.motions)
            #expect(left.isDisjoint(with: asked))
            // Whole chunks go: with what was asked for, its neighbours.
            let losable = Set(life.written.keys).subtracting(left)
            #expect(losable.count < life.written.count)
            let steps = recorded.steps
            let request = steps.firstIndex { if case .create("forget.new", _) = $0 { true } else { false } }
            try cut(
                recorded, from: try #require(request), samples: thorough ? 30 : 4, seed: seed, counts: &counts
            ) { image, expected, counts in
                counts.images += 1
                let isDue = expected.marks.contains("told") || image["forget"] != nil
                try judge(
                    image, expected, life: life, losable: losable, gone: isDue ? asked : [], counts: &counts)
            }
        }
        print("power cuts while forgetting: \(counts.text)")
    }

    /// Of the motions in a file: their times by their numbers.
    fileprivate static func motions(in bytes: [UInt8]) throws -> [UInt64: UInt64] {
        // The number in the header, docs/FORMAT.md; any name will do for a file that has none.
        let number = bytes.count < 71 ? 1 : bytes[63..<71].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        guard number > 0, number < FormatLimit.numbers else { return [:] }
        let scratch = try Scratch()
        try scratch.write(SegmentName(number: number, isActive: true).fileName, bytes)
        var times: [UInt64: UInt64] = [:]
        for event in try readAll(scratch.path).events {
            if case .motion = event.event.payload { times[event.sequence] = event.event.timeMicroseconds }
        }
        return times
    }
}

extension Damage {
    fileprivate var place: [UInt64] { [segment, offset, missing?.lowerBound ?? 0, missing?.upperBound ?? 0] }
}
