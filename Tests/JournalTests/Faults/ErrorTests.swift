import Events
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// Each call on the disk fails in turn, with each error, once or for good; in a life that begins with a recovery, rotates,
/// deletes and stops. Whatever happens: no crash, nothing twice, nothing out of order, and what is missing is told.
@Suite struct ErrorTests {
    /// How long a fault lasts, in calls of that kind.
    enum Duration: Int, CaseIterable, Sendable {
        case once = 1
        case aWhile = 4
        case forEver = 1_000_000
    }
    struct Case: Sendable, CustomStringConvertible {
        var operation: FaultyFiles.Operation
        var error: Errno
        var duration: Duration
        var taken = FaultyFiles.Taken.half
        var description: String { "\(operation) \(error) \(duration) \(taken)" }
    }

    static let cases: [Case] = FaultyFiles.Operation.allCases.flatMap { operation in
        [Errno.ioError, .noSpace, Errno(rawValue: EDQUOT), .readOnlyFileSystem, .interrupted].flatMap { error in
            // The code sees no difference between errors; one of them gets the whole table, the others a line each.
            let durations: [Duration] = error == .noSpace || thorough ? Duration.allCases : [.aWhile]
            return durations.flatMap { duration in
                (operation == .write && error == .noSpace ? FaultyFiles.Taken.allCases : [.half]).map {
                    Case(operation: operation, error: error, duration: duration, taken: $0)
                }
            }
        }
    }

    /// A directory with a sealed segment and one that was torn, and the events in them that must stay.
    private func begun(_ life: Life) throws -> (scratch: Scratch, kept: Set<UInt64>) {
        let scratch = try Scratch()
        var options = Life.options
        options.segmentBytes = 1 << 20
        try life.run(in: scratch, files: SystemFiles(), bursts: 2, options: options)
        try life.run(in: scratch, files: SystemFiles(), bursts: 3, options: options)
        let bytes = try scratch.read("kymograph-0000000002.lz4")
        try scratch.remove("kymograph-0000000002.lz4")
        try scratch.write("kymograph-0000000002.active.lz4", bytes.dropLast(bytes.count / 3))
        return (scratch, Set(try readAll(scratch.path).events.motions))
    }

    /// - Returns: false if the run had fewer such calls.
    private func fail(_ fault: Case, at index: Int, counts: inout Counts) throws -> Bool {
        let life = Life(seed: UInt64(index))
        let (scratch, kept) = try begun(life)
        let before = Set(life.written.keys)
        let files = FaultyFiles(failedWritesTake: fault.taken) {
            $0 == fault.operation && $1 >= index && $1 - index < fault.duration.rawValue ? fault.error : nil
        }
        var options = Life.options
        // What retention deletes is no loss; that it may fail is what counts here.
        options.retainBytes = fault.operation == .unlink ? 3000 : 1 << 30
        var isStarted = true
        do {
            try life.run(in: scratch, files: files, bursts: 20, options: options)
        } catch is JournalError {
            isStarted = false
        }
        #expect(files.closedTwice.load(ordering: .relaxed) == 0)
        guard files.count(fault.operation) > index else { return false }
        // Then the disk is good again.
        let report = try life.run(in: scratch, files: SystemFiles(), bursts: 1, options: options)
        let found = try readAll(scratch.path)
        let motions = found.events.motions
        let known = Set(motions)
        #expect(motions.count == known.count, "an event is there twice")
        #expect(motions == motions.sorted(), "events changed places")
        #expect(found.damages == [])
        for event in found.events {
            guard case .motion = event.event.payload else { continue }
            #expect(life.written[event.event.timeMicroseconds] == event.event, "an event that nobody wrote")
        }
        if fault.operation != .unlink { #expect(kept.isSubset(of: known), "what the disk had is gone") }
        let missing = Set(life.written.keys).subtracting(before).subtracting(known)
        let losses = found.events.losses
        let silent = missing.filter { time in
            !losses.contains { $0.startMicroseconds <= time && time <= $0.endMicroseconds }
        }
        #expect(silent.isEmpty || fault.operation == .unlink, "events are missing and nothing says so (fault \(index))")
        let told = losses.filter { $0.reason == .journalWrite }
        // Exactly, where every loss has a count and nothing was lost with the recorder.
        if isStarted, report == nil, fault.taken != .everything, told.allSatisfy({ $0.count != nil }),
            fault.operation != .unlink
        {
            #expect(told.compactMap(\.count).reduce(0, +) == UInt64(missing.count), "the count of a loss is wrong")
            counts.exact += missing.isEmpty ? 0 : 1
        }
        counts.faults += 1
        counts.refused += isStarted ? 0 : 1
        counts.missing += missing.count
        counts.written += life.written.count
        return true
    }

    private struct Counts {
        var faults = 0
        var refused = 0
        var written = 0
        var missing = 0
        var exact = 0
    }

    @Test(arguments: cases) func whateverFailsNothingIsLostWithoutAWord(fault: Case) throws {
        var counts = Counts()
        var index = 0
        while try fail(fault, at: index, counts: &counts) { index += 1 }
        #expect(counts.faults > 0, "such a call never happens")
        print(
            "\(fault): \(counts.faults) faults, \(counts.refused) starts refused, \(counts.missing) of "
                + "\(counts.written) events missing, every one told of; \(counts.exact) times by an exact count")
    }
}
