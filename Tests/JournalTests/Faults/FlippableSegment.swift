import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal

/// A sealed segment, what stands where in it, and what a reader says of it when a bit of it is wrong.
final class FlippableSegment {
    /// A chunk, or the tombstone of one.
    struct Piece {
        var bytes: Range<Int>
        var sequences: Range<UInt64>
        var isForgotten: Bool
        /// What it says; empty for a tombstone.
        var events: [Event?] = []
    }

    let journal: WrittenJournal
    let name = SegmentName(number: 1, isActive: false)
    let seal: Seal
    let length: Int
    private let file: Int32
    private(set) var pieces: [Piece] = []
    /// What all of it says.
    let reading: Reading
    /// Behind the segment header.
    var opening: Int { pieces[0].bytes.lowerBound }

    /// - Parameters:
    ///   - bytes: how long it is at least, before anything is forgotten.
    ///   - records: to a chunk, mostly of motion.
    ///   - isRewritten: whether every fourth second of it was forgotten.
    init(bytes: Int, records: Int, isRewritten: Bool) throws {
        journal = try WrittenJournal()
        let start: UInt64 = 1_000_000
        var time = start
        try journal.open(at: time, state: [window(1, at: time)])
        var random = SeededGenerator(9)
        let active = journal.directory.appending(SegmentName(number: 1, isActive: true).fileName)
        var chunks = 0
        while try Scratch.length(active) < bytes {
            time += 250_000
            chunks += 1
            try journal.chunk(
                chunks % 16 == 3
                    ? everyKind.enumerated().map {
                        Event(timeMicroseconds: time + UInt64($0), device: 3, payload: $1)
                    }
                    : (0..<UInt64(records)).map { move(time + $0 * 1000, .random(in: -9...9, using: &random), 1) })
        }
        try journal.seal()
        if isRewritten {
            for second in stride(from: start + 500_000, to: time, by: 4_000_000) {
                let span = second + journal.realtimeOffset...second + journal.realtimeOffset + 999_999
                var run = Forgetting(.span(span), in: journal.directory, files: SystemFiles())
                while try run.step(open: nil) {}
            }
        }
        let reader = try SegmentReader(directory: journal.directory, name: name, verifiesChain: true)
        seal = try #require(reader.sealAtEnd())
        file = open(journal.directory.appending(name.fileName).string, O_RDWR | O_CLOEXEC)
        length = Int(reader.fileLength)
        reading = try Reading(journal.directory, from: .oldest)
        for entry in seal.entries {
            let offset = Int(entry.offset)
            switch reader.next(isFinal: true, wants: { _ in true }) {
            case .chunk(let chunk, entry.offset, let events):
                pieces.append(
                    Piece(
                        bytes: offset..<Int(reader.offset), sequences: chunk.sequences, isForgotten: false,
                        events: events))
            case .forgotten(let tombstone, entry.offset):
                pieces.append(
                    Piece(bytes: offset..<Int(reader.offset), sequences: tombstone.sequences, isForgotten: true))
            default: Issue.record("the segment is not whole to begin with")
            }
        }
        try #require(file >= 0)
        #expect(pieces.contains(where: \.isForgotten) == isRewritten)
        #expect(reading.damages.isEmpty)
    }

    deinit { close(file) }

    // MARK: a bit

    /// Runs the body with one bit of the file wrong.
    func flipping<Result>(_ bit: Int, _ body: () throws -> Result) throws -> Result {
        var value: UInt8 = 0
        try #require(pread(file, &value, 1, off_t(bit / 8)) == 1)
        var flipped = value ^ 1 << UInt8(bit % 8)
        try #require(pwrite(file, &flipped, 1, off_t(bit / 8)) == 1)
        defer { pwrite(file, &value, 1, off_t(bit / 8)) }
        return try body()
    }

    /// In what a bit lies.
    enum Region: Equatable {
        case opening, seal
        case piece(Int)
    }

    func region(of bit: Int) -> Region {
        let byte = bit / 8
        if byte < opening { return .opening }
        if byte >= pieces[pieces.count - 1].bytes.upperBound { return .seal }
        var (low, high) = (0, pieces.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if pieces[middle].bytes.lowerBound <= byte { low = middle } else { high = middle }
        }
        return .piece(low)
    }

    // MARK: what is said of it

    /// What is wrong, as far as a reader says so, or does not.
    enum Finding: Equatable {
        /// It is as it was.
        case nothing
        /// The segment cannot be opened: all of it is missing, and that is told.
        case refused
        /// Something was changed, and all is there.
        case changed
        /// What one piece held is missing, and it is told what; all else is there.
        case missing(Int)
        /// None of these: a change that is not told of, or more missing than was hit, or something else told.
        case wrong(String)
    }

    /// Of the whole segment as it is now, by the commands' own ways: `verify`, and a reader.
    func finding() throws -> Finding {
        var isBad = false
        try SegmentVerification.verify(directory: journal.directory) { isBad = $0.verdict.isBad }
        let found = try Reading(journal.directory, from: .oldest)
        if found.damages.first?.reason == .unreadableHeader {
            return isBad && found.events.isEmpty && found.forgotten.isEmpty ? .refused : .wrong("\(found.damages)")
        }
        let isWhole =
            found.events == reading.events && found.snapshots == reading.snapshots
            && found.forgotten == reading.forgotten
        if isWhole, found.damages.allSatisfy({ $0.missing?.isEmpty ?? true }) { return isBad ? .changed : .nothing }
        guard isBad, found.damages.count == 1, let missing = found.damages[0].missing,
            let index = pieces.firstIndex(where: { $0.sequences == missing })
        else { return .wrong("\(found.damages)") }
        func others(_ events: [StoredEvent]) -> [StoredEvent] { events.filter { !missing.contains($0.sequence) } }
        let isRest =
            found.events == others(reading.events) && found.snapshots == others(reading.snapshots)
            && Self.numbers(found.forgotten) == Self.numbers(reading.forgotten).filter { !missing.contains($0) }
        return isRest ? .missing(index) : .wrong("more is missing than \(missing)")
    }

    private static func numbers(_ ranges: [Range<UInt64>]) -> [UInt64] { ranges.flatMap(Array.init) }

    /// One for all flips behind the header: opening a file takes longer than the look itself.
    private lazy var reader = try? SegmentReader(directory: journal.directory, name: name, verifiesChain: true)

    /// Of that region alone, from the piece before it to the one behind: whoever walks there knows no more of what stands
    /// further in front than the number and the hash that the piece before has in its header, and once the piece behind
    /// was met in its place the walk goes on as if nothing had been. Whether that holds is for the caller to test.
    func finding(at region: Region) -> Finding {
        switch region {
        case .opening:
            guard let reader = try? SegmentReader(directory: journal.directory, name: name, verifiesChain: true) else {
                return .refused
            }
            return walk(reader, 0..<1, hit: nil)
        case .piece(let index): return walk(index, hit: index)
        case .seal: return walk(pieces.count, hit: nil)
        }
    }

    private func walk(_ index: Int, hit: Int?) -> Finding {
        guard let reader else { return .wrong("the segment cannot be opened") }
        let first = max(index - 1, 0)
        reader.forgetBytes()
        reader.move(to: UInt64(pieces[first].bytes.lowerBound), expecting: pieces[first].sequences.lowerBound)
        return walk(reader, first..<min(index + 2, pieces.count + 1), hit: hit)
    }

    /// - Parameter expected: pieces; the number behind the last stands for the seal.
    private func walk(_ reader: SegmentReader, _ expected: Range<Int>, hit: Int?) -> Finding {
        var damages: [Damage] = []
        var next = expected.lowerBound
        while next < expected.upperBound {
            let step = reader.next(isFinal: true, wants: { _ in true })
            if case .damage(let damage) = step {
                damages.append(damage)
                guard damages.count < 3 else { return .wrong("\(damages)") }
                if let missing = damage.missing, !missing.isEmpty {
                    guard next == hit, missing == pieces[next].sequences else { return .wrong("\(damages)") }
                    next += 1
                }
                // There is no seal to be met any more.
                if next == pieces.count, reader.isSealed { return .changed }
                continue
            }
            guard isMet(step, next, reader) else { return next == pieces.count ? .changed : .wrong("\(step)") }
            next += 1
        }
        if damages.isEmpty { return .nothing }
        if let hit, damages.contains(where: { $0.missing == pieces[hit].sequences }) { return .missing(hit) }
        return .changed
    }

    private func isMet(_ step: SegmentReader.Step, _ index: Int, _ reader: SegmentReader) -> Bool {
        switch step {
        case .chunk(let chunk, let offset, let events):
            index < pieces.count && Seal.Entry(chunk, offset: offset) == seal.entries[index]
                && events == pieces[index].events
        case .forgotten(let tombstone, let offset):
            index < pieces.count && Seal.Entry(tombstone, offset: offset) == seal.entries[index]
                && tombstone.sequences == pieces[index].sequences
        case .sealed(let found): index == pieces.count && found == seal && reader.offset == UInt64(length)
        case .skipped, .damage, .end: false
        }
    }
}

extension Scratch {
    static func length(_ path: FilePath) throws -> Int {
        var status = stat()
        try #require(stat(path.string, &status) == 0)
        return Int(status.st_size)
    }
}
