import Events

/// Gathers events column by column and makes a payload of them. Buffers are reserved once; an event of plain values
/// allocates nothing.
final class ChunkEncoder {
    /// Rows of one kind.
    private final class Rows {
        let kind: Kind
        /// Field-major: field `f` of row `r` stands at `f * chunkEvents + r`. Untouched pages cost nothing.
        let integers: UnsafeMutablePointer<Int64>
        var texts: [String] = []
        var count = 0

        init(_ kind: Kind) {
            self.kind = kind
            integers = .allocate(capacity: max(kind.integerCount, 1) * FormatLimit.chunkEvents)
        }
        deinit { integers.deallocate() }
    }

    private struct Run: Equatable {
        var kind: UInt8
        var marks: UInt8
        var device: UInt16
        var focus: UInt32
    }

    private struct RowSink: FieldSink {
        let integers: UnsafeMutablePointer<Int64>
        let rows: Rows
        var place: Int
        @inline(__always) mutating func put(_ value: Int64) {
            integers[place] = value
            place += FormatLimit.chunkEvents
        }
        mutating func put(_ text: String) { rows.texts.append(text) }
    }

    private var kinds: [Rows?] = Array(repeating: nil, count: 256)
    private let times: UnsafeMutablePointer<Int64>
    private let runs: UnsafeMutablePointer<(run: Run, length: Int)>
    private var runCount = 0
    private(set) var count = 0
    private var first: UInt64 = .max
    private var last: UInt64 = 0
    private var lastSnapshot: UInt64 = 0
    private(set) var snapshotCount = 0
    private(set) var hasState = false
    private var textBytes = 0

    init() {
        times = .allocate(capacity: FormatLimit.chunkEvents)
        runs = .allocate(capacity: FormatLimit.chunkEvents)
    }

    deinit {
        times.deallocate()
        runs.deallocate()
    }

    /// Of the events that are no snapshots, which carry the times at which their state began; else the greatest of all.
    var firstMicroseconds: UInt64 { snapshotCount == count ? lastSnapshot : first }
    var lastMicroseconds: UInt64 { snapshotCount == count ? lastSnapshot : last }

    var isEmpty: Bool { count == 0 }
    /// No more events fit. Texts are bounded too, so that the payload stays within its limit.
    var isFull: Bool { count == FormatLimit.chunkEvents || textBytes > FormatLimit.payloadBytes / 8 }

    /// Adds an event. Only while not full.
    func append(_ event: Event) {
        let kind = event.payload.kind
        let run = Run(
            kind: kind.rawValue, marks: event.marks.rawValue, device: event.device, focus: event.focus)
        if runCount > 0, runs[runCount - 1].run == run {
            runs[runCount - 1].length += 1
        } else {
            runs[runCount] = (run, 1)
            runCount += 1
        }
        times[count] = Int64(bitPattern: event.timeMicroseconds)
        if event.marks.contains(.snapshot) {
            lastSnapshot = max(lastSnapshot, event.timeMicroseconds)
            snapshotCount += 1
        } else {
            first = min(first, event.timeMicroseconds)
            last = max(last, event.timeMicroseconds)
        }
        let rows = kinds[Int(kind.rawValue)] ?? firstRow(of: kind)
        var sink = RowSink(integers: rows.integers, rows: rows, place: rows.count)
        event.payload.write(to: &sink)
        rows.count += 1
        count += 1
        if kind.textCount > 0 {
            for text in rows.texts.suffix(kind.textCount) { textBytes += text.utf8.count }
        }
        if kind.isState { hasState = true }
    }

    @inline(never) private func firstRow(of kind: Kind) -> Rows {
        let rows = Rows(kind)
        kinds[Int(kind.rawValue)] = rows
        return rows
    }

    /// Appends the payload and starts anew.
    func finish(into buffer: inout ByteBuffer) {
        buffer.varint(UInt64(count))
        putRuns(&buffer)
        let first = Int64(bitPattern: firstMicroseconds)
        for index in 0..<count { times[index] &-= first }
        buffer.putColumn(UnsafeBufferPointer(start: times, count: count), hint: .steps)
        for case let rows? in kinds where rows.count > 0 { put(rows, into: &buffer) }
        reset()
    }

    private func putRuns(_ buffer: inout ByteBuffer) {
        buffer.varint(UInt64(runCount))
        var focus: UInt32 = 0
        for index in 0..<runCount {
            let (run, length) = runs[index]
            buffer.put(run.kind)
            buffer.put(run.marks)
            buffer.varint(UInt64(run.device))
            buffer.zigzag(Int64(run.focus) - Int64(focus))
            buffer.varint(UInt64(length))
            focus = run.focus
        }
    }

    /// A block names its kind and length, so that a reader can pass over kinds it does not know.
    private func put(_ rows: Rows, into buffer: inout ByteBuffer) {
        buffer.put(rows.kind.rawValue)
        let lengthOffset = buffer.count
        buffer.put(UInt32(0))
        let start = buffer.count
        for field in 0..<rows.kind.integerCount {
            let column = UnsafeBufferPointer(
                start: UnsafePointer(rows.integers + field * FormatLimit.chunkEvents), count: rows.count)
            buffer.putColumn(column, hint: rows.kind.hint)
        }
        // Row-major: a record's texts stand together, as they were.
        for text in rows.texts {
            let cut = text.utf8.count > FormatLimit.textBytes ? "" : text
            buffer.varint(UInt64(cut.utf8.count))
            buffer.append(cut)
        }
        buffer.overwrite(UInt32(buffer.count - start), at: lengthOffset)
        rows.count = 0
        rows.texts.removeAll(keepingCapacity: true)
    }

    private func reset() {
        runCount = 0
        count = 0
        first = .max
        last = 0
        lastSnapshot = 0
        snapshotCount = 0
        hasState = false
        textBytes = 0
    }
}

extension Kind {
    /// Places move in steps; everything else jumps about its own middle.
    var hint: ColumnHint {
        switch self {
        case .position, .touch, .tabletTool: .steps
        default: .plain
        }
    }
}
