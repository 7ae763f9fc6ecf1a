import Events

/// Makes events of a payload. Nothing in it is trusted: any value that this version does not write is damage.
struct ChunkDecoder {
    private struct Run {
        var kind: UInt8
        var marks: Marks
        var device: DeviceID
        var focus: FocusID
        var length: Int
    }
    private struct Block {
        var integers: [Int64] = []
        var texts: [String] = []
        var rows = 0
        var next = 0
    }

    /// The events in order; nil in the place of one whose kind is unknown (written by a newer version).
    /// Nil as a whole: the payload is damaged.
    static func decode(_ payload: UnsafeRawBufferPointer, header: ChunkHeader) -> [Event?]? {
        var cursor = ByteCursor(payload)
        let count = Int(header.count)
        guard cursor.varint() == UInt64(count), let runs = readRuns(&cursor, count: count) else { return nil }
        var times = [Int64](repeating: 0, count: count)
        guard times.withUnsafeMutableBufferPointer({ cursor.column(into: $0) }) else { return nil }
        var rowCounts = [Int](repeating: 0, count: 256)
        for run in runs { rowCounts[Int(run.kind)] += run.length }
        guard var blocks = readBlocks(&cursor, rowCounts: rowCounts), cursor.isAtEnd else { return nil }
        var events: [Event?] = []
        events.reserveCapacity(count)
        for run in runs {
            for _ in 0..<run.length {
                let time = header.firstMicroseconds &+ UInt64(bitPattern: times[events.count])
                guard let kind = Kind(rawValue: run.kind) else {
                    events.append(nil)
                    continue
                }
                guard let payload = take(kind, from: &blocks[Int(run.kind)]) else { return nil }
                events.append(
                    Event(
                        timeMicroseconds: time, device: run.device, focus: run.focus, marks: run.marks,
                        payload: payload))
            }
        }
        return events
    }

    private static func readRuns(_ cursor: inout ByteCursor, count: Int) -> [Run]? {
        guard let runCount = cursor.varint(), runCount <= UInt64(count) else { return nil }
        var runs: [Run] = []
        runs.reserveCapacity(Int(runCount))
        var focus: Int64 = 0
        var total = 0
        for _ in 0..<runCount {
            guard let kind: UInt8 = cursor.integer(), let marks: UInt8 = cursor.integer(),
                let device = cursor.varint().flatMap(DeviceID.init(exactly:)), let step = cursor.zigzag(),
                let length = cursor.varint(), length > 0, length <= UInt64(count - total)
            else { return nil }
            focus = focus &+ step
            guard let id = FocusID(exactly: focus) else { return nil }
            runs.append(
                Run(kind: kind, marks: Marks(rawValue: marks), device: device, focus: id, length: Int(length)))
            total += Int(length)
        }
        return total == count ? runs : nil
    }

    private static func readBlocks(_ cursor: inout ByteCursor, rowCounts: [Int]) -> [Block]? {
        var blocks = [Block](repeating: Block(), count: 256)
        var last = -1
        while !cursor.isAtEnd {
            guard let number: UInt8 = cursor.integer(), Int(number) > last, let length: UInt32 = cursor.integer(),
                let bytes = cursor.slice(Int(length))
            else { return nil }
            last = Int(number)
            guard let kind = Kind(rawValue: number) else { continue }
            guard let block = readBlock(kind, bytes, rows: rowCounts[last]) else { return nil }
            blocks[last] = block
        }
        return blocks
    }

    private static func readBlock(_ kind: Kind, _ bytes: UnsafeRawBufferPointer, rows: Int) -> Block? {
        guard rows > 0 else { return nil }
        var cursor = ByteCursor(bytes)
        var block = Block(
            integers: [Int64](repeating: 0, count: rows * kind.integerCount), texts: [], rows: rows, next: 0)
        let areRead = block.integers.withUnsafeMutableBufferPointer { all in
            (0..<kind.integerCount).allSatisfy { field in
                cursor.column(into: UnsafeMutableBufferPointer(rebasing: all[field * rows..<(field + 1) * rows]))
            }
        }
        guard areRead else { return nil }
        for _ in 0..<rows * kind.textCount {
            guard let length = cursor.varint(), length <= FormatLimit.textBytes, let string = cursor.text(Int(length))
            else { return nil }
            block.texts.append(string)
        }
        return cursor.isAtEnd ? block : nil
    }

    private static func take(_ kind: Kind, from block: inout Block) -> Payload? {
        let row = block.next
        guard row < block.rows else { return nil }
        block.next += 1
        // The two that make up nearly everything take no detour through arrays.
        if kind == .motion {
            guard let dx = Int32(exactly: block.integers[row]),
                let dy = Int32(exactly: block.integers[block.rows + row])
            else { return nil }
            return .motion(Motion(dx: Fixed8(raw: dx), dy: Fixed8(raw: dy)))
        }
        let fields = Fields(
            integers: (0..<kind.integerCount).map { block.integers[$0 * block.rows + row] },
            texts: Array(block.texts[row * kind.textCount..<(row + 1) * kind.textCount]))
        return Payload(kind, fields)
    }
}
