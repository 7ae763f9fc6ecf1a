import Events

/// Makes columns of a payload, and events of the columns. Nothing in it is trusted: any value that this version does not
/// write is damage. The memory is kept for the next payload: a reader decodes many.
///
/// `@exclusivity(unchecked)`: one reader owns a decoder, and nothing here calls back.
final class ChunkDecoder {
    private struct Run {
        var kind: UInt8
        var marks: Marks
        var device: DeviceID
        var focus: FocusID
        var length: Int
    }

    /// What stands in the payload of one kind.
    private struct Block {
        /// Records of it in the runs.
        var rows = 0
        /// Where its columns begin in `integers`; field `f` of row `r` stands `f * rows + r` further. Nil: no such block.
        var start: Int?
        var texts: [String] = []
    }

    @exclusivity(unchecked) private var runs: [Run] = []
    @exclusivity(unchecked) private var blocks = [Block](repeating: Block(), count: 256)
    /// Kinds whose block is not empty, so that the next payload starts clean.
    @exclusivity(unchecked) private var usedKinds: [UInt8] = []
    /// First the times, then the columns of all blocks.
    @exclusivity(unchecked) private var integers: UnsafeMutableBufferPointer<Int64>
    @exclusivity(unchecked) private var usedIntegers = 0
    @exclusivity(unchecked) private var firstMicroseconds: UInt64 = 0

    init() { integers = .allocate(capacity: 4 * FormatLimit.chunkEvents) }

    deinit { integers.deallocate() }

    /// The events in order; nil in the place of one whose kind is unknown (written by a newer version).
    /// Nil as a whole: the payload is damaged.
    static func decode(_ payload: UnsafeRawBufferPointer, header: ChunkHeader) -> [Event?]? {
        let decoder = ChunkDecoder()
        return decoder.read(payload, header: header) ? decoder.events() : nil
    }

    // MARK: columns

    /// Decodes the columns. False: the payload is damaged. Values are looked at by `events` or `areValuesKnown`.
    func read(_ payload: UnsafeRawBufferPointer, header: ChunkHeader) -> Bool {
        var cursor = ByteCursor(payload)
        let count = Int(header.count)
        firstMicroseconds = header.firstMicroseconds
        forget()
        guard cursor.varint() == UInt64(count), readRuns(&cursor, count: count) else { return false }
        return cursor.column(into: room(for: count)) && readBlocks(&cursor)
    }

    private func forget() {
        runs.removeAll(keepingCapacity: true)
        for kind in usedKinds { blocks[Int(kind)] = Block() }
        usedKinds.removeAll(keepingCapacity: true)
        usedIntegers = 0
    }

    /// Room behind what is used already. A column has at most `chunkEvents` values, and there are as many columns as a
    /// kind has fields, so this is bounded by the format and not by a length in the file.
    private func room(for count: Int) -> UnsafeMutableBufferPointer<Int64> {
        if usedIntegers + count > integers.count { grow(to: usedIntegers + count) }
        defer { usedIntegers += count }
        return UnsafeMutableBufferPointer(rebasing: integers[usedIntegers..<usedIntegers + count])
    }

    private func grow(to needed: Int) {
        let larger = UnsafeMutableBufferPointer<Int64>.allocate(capacity: max(needed, 2 * integers.count))
        _ = larger.moveInitialize(fromContentsOf: integers)
        integers.deallocate()
        integers = larger
    }

    private func readRuns(_ cursor: inout ByteCursor, count: Int) -> Bool {
        guard let runCount = cursor.varint(), runCount <= UInt64(count) else { return false }
        var focus: Int64 = 0
        var total = 0
        for _ in 0..<runCount {
            guard let kind: UInt8 = cursor.integer(), let marks: UInt8 = cursor.integer(),
                let device = cursor.varint().flatMap(DeviceID.init(exactly:)), let step = cursor.zigzag(),
                let length = cursor.varint(), length > 0, length <= UInt64(count - total)
            else { return false }
            focus = focus &+ step
            guard let id = FocusID(exactly: focus) else { return false }
            runs.append(
                Run(kind: kind, marks: Marks(rawValue: marks), device: device, focus: id, length: Int(length)))
            total += Int(length)
            if blocks[Int(kind)].rows == 0 { usedKinds.append(kind) }
            blocks[Int(kind)].rows += Int(length)
        }
        return total == count
    }

    private func readBlocks(_ cursor: inout ByteCursor) -> Bool {
        var last = -1
        while !cursor.isAtEnd {
            guard let number: UInt8 = cursor.integer(), Int(number) > last, let length: UInt32 = cursor.integer(),
                let bytes = cursor.slice(Int(length))
            else { return false }
            last = Int(number)
            guard let kind = Kind(rawValue: number) else { continue }
            guard readBlock(kind, bytes) else { return false }
        }
        // A known kind that occurs in a run must have a block.
        return usedKinds.allSatisfy { Kind(rawValue: $0) == nil || blocks[Int($0)].start != nil }
    }

    private func readBlock(_ kind: Kind, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let index = Int(kind.rawValue)
        let rows = blocks[index].rows
        guard rows > 0 else { return false }
        var cursor = ByteCursor(bytes)
        blocks[index].start = usedIntegers
        for _ in 0..<kind.integerCount { guard cursor.column(into: room(for: rows)) else { return false } }
        for _ in 0..<rows * kind.textCount {
            guard let length = cursor.varint(), length <= FormatLimit.textBytes, let text = cursor.slice(Int(length)),
                let string = String(validating: text, as: UTF8.self)
            else { return false }
            blocks[index].texts.append(string)
        }
        return cursor.isAtEnd
    }

    // MARK: events

    /// Loss records among what was read, snapshots not counted.
    var lossCount: Int {
        runs.reduce(0) { sum, run in
            run.kind == Kind.loss.rawValue && !run.marks.contains(.snapshot) ? sum + run.length : sum
        }
    }

    /// Whether every value is one that this version writes: what `events` finds out too, but makes no events of motion.
    func areValuesKnown() -> Bool {
        for number in usedKinds {
            guard let kind = Kind(rawValue: number) else { continue }
            let block = blocks[Int(number)]
            let isKnown =
                kind == .motion
                ? fitsMotion(block) : (0..<block.rows).allSatisfy { payload(kind, of: block, row: $0) != nil }
            guard isKnown else { return false }
        }
        return true
    }

    /// Both columns within 32 bits, by one comparison at the end.
    private func fitsMotion(_ block: Block) -> Bool {
        guard let start = block.start else { return false }
        var excess: Int64 = 0
        for value in integers[start..<start + 2 * block.rows] { excess |= value ^ Int64(Int32(truncatingIfNeeded: value)) }
        return excess == 0
    }

    /// What was read, in order; as `decode` says.
    func events() -> [Event?]? {
        var events: [Event?] = []
        events.reserveCapacity(runs.reduce(0) { $0 + $1.length })
        var nextRow = [Int](repeating: 0, count: 256)
        for run in runs {
            let number = Int(run.kind)
            let first = nextRow[number]
            nextRow[number] += run.length
            guard let kind = Kind(rawValue: run.kind) else {
                for _ in 0..<run.length { events.append(nil) }
                continue
            }
            for row in first..<first + run.length {
                guard let payload = payload(kind, of: blocks[number], row: row) else { return nil }
                events.append(
                    Event(
                        timeMicroseconds: firstMicroseconds &+ UInt64(bitPattern: integers[events.count]),
                        device: run.device, focus: run.focus, marks: run.marks, payload: payload))
            }
        }
        return events
    }

    private func payload(_ kind: Kind, of block: Block, row: Int) -> Payload? {
        guard let start = block.start else { return nil }
        // What makes up nearly everything takes no detour through arrays.
        if kind == .motion {
            guard let dx = Int32(exactly: integers[start + row]),
                let dy = Int32(exactly: integers[start + block.rows + row])
            else { return nil }
            return .motion(Motion(dx: Fixed8(raw: dx), dy: Fixed8(raw: dy)))
        }
        let fields = Fields(
            integers: (0..<kind.integerCount).map { integers[start + $0 * block.rows + row] },
            texts: Array(block.texts[row * kind.textCount..<(row + 1) * kind.textCount]))
        return Payload(kind, fields)
    }
}
