import Events
import Glibc
import SystemPackage

@testable import Journal
@testable import Policy

// Every bit of a segment of a mebibyte is flipped once: 8.4 million files, each of which would take milliseconds to read
// as a whole. But a reader walks forward, and what it knows at a frame's end is that frame's number and hash, which are
// in its header. So a flip in chunk i is judged in a file of the segment's header and the chunks i - 1, i, i + 1: what
// stands before cannot know of it, and from the moment in which the reader has met chunk i + 1 in its right place the
// rest is read as if nothing had happened. That this argument holds is itself tested: of each frame one bit is flipped
// in the whole file, and the whole file read.

/// A place in the segment that is judged as one: the header, a chunk, the seal.
private struct Region {
    var range: Range<Int>
    /// Sequence numbers in it.
    var numbers: Range<UInt64>
}

private final class Victim {
    let bytes: [UInt8]
    private(set) var regions: [Region] = []
    /// All events, by their numbers.
    private(set) var events: [UInt64: Event] = [:]
    var chunks: Int { regions.count - 2 }

    init(_ bytes: [UInt8], in directory: FuzzDirectory) {
        self.bytes = bytes
        bytes.withUnsafeBytes { directory.write(Flips.fileName, $0) }
        let reader = try! SegmentReader(directory: directory.path, name: Flips.name, verifiesChain: true)
        regions.append(Region(range: 0..<Int(reader.offset), numbers: 0..<0))
        walk: while true {
            let start = Int(reader.offset)
            switch reader.next(isFinal: true, wants: { _ in true }) {
            case .chunk(let header, _, let found):
                for (index, event) in found.enumerated() { events[header.firstSequence + UInt64(index)] = event! }
                regions.append(Region(range: start..<Int(reader.offset), numbers: header.sequences))
            case .sealed:
                regions.append(Region(range: start..<Int(reader.offset), numbers: 0..<0))
                break walk
            default: demand(false, "the segment is not whole to begin with")
            }
        }
        demand(regions.last?.range.upperBound == bytes.count, "bytes behind the seal")
    }

    /// The file in which a flip in that region is judged, and where the region begins in it.
    func excerpt(_ index: Int) -> (bytes: [UInt8], offset: Int) {
        var excerpt = Array(bytes[regions[0].range])
        let neighbours = max(1, index - 1)...min(max(2, index + 1), regions.count - 1)
        var offset = 0
        for neighbour in neighbours {
            if neighbour == index { offset = excerpt.count }
            excerpt += bytes[regions[neighbour].range]
        }
        return (excerpt, offset)
    }
}

/// What a reader says of a file. Chunks other than the one in question are told apart by their first number.
private struct Account: Equatable {
    var isRefused = false
    var damages: [Damage] = []
    /// First numbers of the chunks that were met whole, and where.
    var chunks: [UInt64] = []
    var offsets: [UInt64] = []
    var isSealed = false
    var next: UInt64 = 0
    /// A chunk that was given out with other events than it had.
    var isChanged = false
}

enum Flips {
    static let name = SegmentName(number: 1, isActive: false)
    static let fileName = name.fileName

    /// Flips the bits of every `parts`-th region from `part` on.
    static func run(file: String, part: Int, parts: Int) -> Bool {
        let directory = FuzzDirectory()
        defer { directory.remove() }
        let victim = Victim(readFile(file), in: directory)
        var counts = Counts()
        for index in stride(from: part, to: victim.regions.count, by: parts) {
            flipAll(victim, index, in: directory, &counts)
            flipInWhole(victim, index, in: directory, &counts)
        }
        print(
            "flips: \(counts.bits) bits of \(victim.regions.count) frames, \(counts.unnoticed) unnoticed, "
                + "\(counts.changed) changed records shown, \(counts.lost) records lost outside of the damaged chunk; "
                + "\(counts.refused) in the segment's header, which refused the segment and said so; "
                + "\(counts.whole) more in the whole file, \(counts.wholeWrong) of them otherwise than said")
        return counts.unnoticed + counts.changed + counts.lost + counts.wholeWrong == 0
    }

    private struct Counts {
        var bits = 0
        var unnoticed = 0
        var changed = 0
        var lost = 0
        var refused = 0
        var whole = 0
        var wholeWrong = 0
    }

    private static func flipAll(_ victim: Victim, _ index: Int, in directory: FuzzDirectory, _ counts: inout Counts) {
        let (bytes, offset) = victim.excerpt(index)
        bytes.withUnsafeBytes { directory.write(fileName, $0) }
        let own = victim.regions[index].numbers
        // One reader for all flips of a chunk: it forgets what it read at the end of a file without a seal.
        let isLast = index >= victim.regions.count - 2
        let reader = index == 0 || isLast ? nil : openReader(in: directory)
        let good = read(victim, own, reader ?? openReader(in: directory))
        let descriptor = open("\(directory.path.string)/\(fileName)", O_WRONLY)
        defer { close(descriptor) }
        for place in 0..<victim.regions[index].range.count {
            let byte = bytes[offset + place]
            for bit in 0..<8 {
                var flipped = byte ^ 1 << UInt8(bit)
                pwrite(descriptor, &flipped, 1, offset + place)
                judge(read(victim, own, reader ?? openReader(in: directory)), good, own, &counts)
            }
            var whole = byte
            pwrite(descriptor, &whole, 1, offset + place)
        }
        demand(read(victim, own, reader ?? openReader(in: directory)) == good, "the file is not as it was")
    }

    private static func judge(_ found: Account, _ good: Account, _ own: Range<UInt64>, _ counts: inout Counts) {
        counts.bits += 1
        if found.damages == good.damages, !found.isRefused { counts.unnoticed += 1 }
        if found.isChanged { counts.changed += 1 }
        if found.isRefused {
            counts.refused += 1
            return
        }
        // The neighbours are met, in their places; and what is said to be missing is the chunk, or nothing.
        let others = zip(good.chunks, good.offsets).filter { !own.contains($0.0) }
        let met = zip(found.chunks, found.offsets).filter { !own.contains($0.0) }
        let isTold =
            found.chunks.contains(own.lowerBound) || own.isEmpty || found.damages.contains { $0.missing == own }
        let isSealMet = found.isSealed == good.isSealed || own.isEmpty
        if !others.elementsEqual(met, by: ==) || !isTold || !isSealMet || found.next != good.next { counts.lost += 1 }
    }

    private static func openReader(in directory: FuzzDirectory) -> SegmentReader? {
        try? SegmentReader(directory: directory.path, name: name, verifiesChain: true)
    }

    /// Reads as `kymo verify` does, and decodes only the chunk in question.
    private static func read(_ victim: Victim, _ own: Range<UInt64>, _ reader: SegmentReader?) -> Account {
        var account = Account()
        guard let reader else {
            account.isRefused = true
            return account
        }
        reader.move(to: reader.firstOffset, expecting: reader.header.firstSequence)
        // Of the header's region the chunk behind it is read as well: it is what hangs on the header.
        func isWanted(_ chunk: ChunkHeader) -> Bool { chunk.firstSequence == own.lowerBound || own.isEmpty }
        while true {
            switch reader.next(isFinal: true, wants: isWanted) {
            case .chunk(let header, let offset, let events):
                account.chunks.append(header.firstSequence)
                account.offsets.append(offset)
                for (index, event) in events.enumerated()
                where victim.events[header.firstSequence + UInt64(index)] != event { account.isChanged = true }
            case .skipped(let header, let offset):
                account.chunks.append(header.firstSequence)
                account.offsets.append(offset)
            case .damage(let damage): account.damages.append(damage)
            case .sealed: account.isSealed = true
            case .forgotten: demand(false, "nothing was forgotten")
            case .end:
                account.next = reader.expectedSequence
                return account
            }
        }
    }

    /// One bit of the region, judged without any argument.
    private static func flipInWhole(
        _ victim: Victim, _ index: Int, in directory: FuzzDirectory, _ counts: inout Counts
    ) {
        let region = victim.regions[index]
        var bytes = victim.bytes
        // Spread over the frames' fields: nothing but the index decides.
        let bit = region.range.lowerBound * 8 + index * 2_654_435_761 % (region.range.count * 8)
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        bytes.withUnsafeBytes { directory.write(fileName, $0) }
        var isNoticed = false
        try! SegmentVerification.verify(directory: directory.path) { isNoticed = $0.verdict == .damaged }
        var found: [UInt64: Event] = [:]
        var isDamaged = false
        let reader = try! JournalReader(directory: directory.path)
        while let item = try! reader.next() {
            switch item {
            case .event(let event): found[event.sequence] = event.event
            case .damage: isDamaged = true
            default: break
            }
        }
        let expected = victim.events.filter { !region.numbers.contains($0.key) }
        let isRight = found == victim.events || isDamaged && found == (index == 0 ? [:] : expected)
        counts.whole += 1
        if !isNoticed || !isRight { counts.wholeWrong += 1 }
    }

    private static func readFile(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        demand(descriptor >= 0, "cannot read \(path)")
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }

    /// What a recorder makes of a mouse at 1 kHz, some keys and now and then a window, in chunks of 250 ms.
    static func make(file: String, bytes: Int) throws {
        let directory = FuzzDirectory()
        defer { directory.remove() }
        var options = JournalOptions()
        options.chunkMicroseconds = 1000
        let origin = SegmentOrigin(subject: "ada", userID: 1000)
        let journal = try JournalWriter(directory: directory.path, options: options, origin: origin)
        var generator = SystemRandomNumberGenerator()
        var time: UInt64 = 1_000_000
        while journal.statistics.bytes < bytes {
            let chunks = journal.statistics.chunks
            for index in 0..<250 {
                time += 1000
                var payload = Payload.motion(
                    Motion(
                        dx: Fixed8(raw: .random(in: -9...9, using: &generator) << 8),
                        dy: Fixed8(raw: .random(in: -9...9, using: &generator) << 8)))
                if index == 100 { payload = .key(Key(code: 46, press: .pressed, modifiers: [.control])) }
                if index == 200, time % 10_000_000 == 0 {
                    payload = .loss(Loss(reason: .ringFull, startMicroseconds: time, endMicroseconds: time, count: 3))
                }
                _ = journal.append(
                    PermittedEvent(permitted: Event(timeMicroseconds: time, device: 1, focus: 2, payload: payload)))
            }
            while journal.statistics.chunks == chunks { usleep(100) }
        }
        journal.stop()
        let bytes = readFile("\(directory.path.string)/\(fileName)")
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        defer { close(descriptor) }
        let isWritten = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        demand(isWritten, "cannot write \(file)")
    }
}
