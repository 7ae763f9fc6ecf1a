import Events
import Policy

/// Gathers events column by column and makes a payload of them. Buffers are reserved once; an event of plain values
/// allocates nothing.
///
/// `@exclusivity(unchecked)`: the journal's thread alone touches an encoder and nothing here calls back, so no access can
/// meet another; checked at run time, they were half of an event's cost.
package final class ChunkEncoder {
    /// What was gathered of one kind.
    private struct Rows {
        /// Field-major: field `f` of row `r` stands at `f * chunkEvents + r`. Untouched pages cost nothing. Nil before the
        /// kind's first event.
        var integers: UnsafeMutablePointer<Int64>?
        var count = 0
        var texts: [String] = []
    }

    /// Neighbours that have all of these in common make one run; in one word, since each event is compared.
    private struct Run: Equatable {
        private let word: UInt64
        var kind: UInt8 { UInt8(truncatingIfNeeded: word) }
        var marks: UInt8 { UInt8(truncatingIfNeeded: word >> 8) }
        var device: UInt16 { UInt16(truncatingIfNeeded: word >> 16) }
        var focus: UInt32 { UInt32(truncatingIfNeeded: word >> 32) }

        @inline(__always) init(kind: UInt8, marks: UInt8, device: UInt16, focus: UInt32) {
            word = UInt64(focus) << 32 | UInt64(device) << 16 | UInt64(marks) << 8 | UInt64(kind)
        }
    }

    private struct RowSink: FieldSink {
        var place: UnsafeMutablePointer<Int64>
        let rows: UnsafeMutablePointer<Rows>
        @inline(__always) mutating func put(_ value: Int64) {
            place.pointee = value
            place += FormatLimit.chunkEvents
        }
        mutating func put(_ text: String) { rows.pointee.texts.append(text) }
    }

    /// By number of kind.
    private let kinds: UnsafeMutablePointer<Rows>
    private static let kindCount = 256
    private let times: UnsafeMutablePointer<Int64>
    private let runs: UnsafeMutablePointer<(run: Run, length: Int)>
    @exclusivity(unchecked) private var runCount = 0
    @exclusivity(unchecked) package private(set) var count = 0
    @exclusivity(unchecked) private var first: UInt64 = .max
    @exclusivity(unchecked) private var last: UInt64 = 0
    @exclusivity(unchecked) private var lastSnapshot: UInt64 = 0
    @exclusivity(unchecked) private(set) var snapshotCount = 0
    @exclusivity(unchecked) private(set) var hasState = false
    @exclusivity(unchecked) private var textBytes = 0

    package init() {
        kinds = .allocate(capacity: Self.kindCount)
        kinds.initialize(repeating: Rows(), count: Self.kindCount)
        times = .allocate(capacity: FormatLimit.chunkEvents)
        runs = .allocate(capacity: FormatLimit.chunkEvents)
    }

    deinit {
        for kind in 0..<Self.kindCount { kinds[kind].integers?.deallocate() }
        kinds.deinitialize(count: Self.kindCount)
        kinds.deallocate()
        times.deallocate()
        runs.deallocate()
    }

    /// Bytes of the header that stands before each chunk, frame and all.
    package static var headerBytes: Int { ChunkHeader.frameBytes }

    /// Of the events that are no snapshots, which carry the times at which their state began; else the greatest of all.
    var firstMicroseconds: UInt64 { snapshotCount == count ? lastSnapshot : first }
    var lastMicroseconds: UInt64 { snapshotCount == count ? lastSnapshot : last }

    var isEmpty: Bool { count == 0 }
    /// No more events fit. Texts are bounded too, so that the payload stays within its limit.
    package var isFull: Bool { count == FormatLimit.chunkEvents || textBytes > FormatLimit.payloadBytes / 8 }

    /// Takes events out of the ring up to that position of it, or until the chunk is full. Whatever is no input is shown
    /// to `account` first.
    package func fill(from ring: Ring, upTo end: Int, account: (PermittedEvent) -> Void) {
        guard !isFull else { return }
        ring.take(upTo: end) { permitted in
            if !permitted.pointee.event.payload.isInput { account(permitted.pointee) }
            append(permitted.pointee.event)
            return !isFull
        }
    }

    /// Adds an event. Only while not full.
    @inline(__always) package func append(_ event: borrowing Event) {
        // Nearly everything is this; the way below is the same for every kind.
        if case .motion(let motion) = event.payload {
            let place = beginRow(.motion, event.marks, event.device, event.focus, event.timeMicroseconds)
            place[0] = Int64(motion.dx.raw)
            place[FormatLimit.chunkEvents] = Int64(motion.dy.raw)
        } else {
            appendOther(event.payload, event.marks, event.device, event.focus, event.timeMicroseconds)
        }
    }

    @inline(never) private func appendOther(
        _ payload: Payload, _ marks: Marks, _ device: DeviceID, _ focus: FocusID, _ time: UInt64
    ) {
        let kind = payload.kind
        let rows = kinds + Int(kind.rawValue)
        var sink = RowSink(place: beginRow(kind, marks, device, focus, time), rows: rows)
        payload.write(to: &sink)
        guard !kind.isInput else { return }
        for text in rows.pointee.texts.suffix(kind.textCount) { textBytes += text.utf8.count }
        if kind.isState { hasState = true }
    }

    /// Everything of an event but its fields; the place of the first of them, the next one stands `chunkEvents` further.
    @inline(__always) private func beginRow(
        _ kind: Kind, _ marks: Marks, _ device: DeviceID, _ focus: FocusID, _ time: UInt64
    ) -> UnsafeMutablePointer<Int64> {
        let run = Run(kind: kind.rawValue, marks: marks.rawValue, device: device, focus: focus)
        if runCount > 0, runs[runCount - 1].run == run {
            runs[runCount - 1].length += 1
        } else {
            runs[runCount] = (run, 1)
            runCount += 1
        }
        times[count] = Int64(bitPattern: time)
        count += 1
        if marks.contains(.snapshot) {
            lastSnapshot = max(lastSnapshot, time)
            snapshotCount += 1
        } else {
            first = min(first, time)
            last = max(last, time)
        }
        let rows = kinds + Int(kind.rawValue)
        let integers = rows.pointee.integers ?? firstRow(of: kind)
        let row = rows.pointee.count
        rows.pointee.count = row + 1
        return integers + row
    }

    @inline(never) private func firstRow(of kind: Kind) -> UnsafeMutablePointer<Int64> {
        let integers = UnsafeMutablePointer<Int64>.allocate(
            capacity: max(kind.integerCount, 1) * FormatLimit.chunkEvents)
        kinds[Int(kind.rawValue)].integers = integers
        return integers
    }

    /// Appends the payload and starts anew.
    package func finish(into buffer: inout ByteBuffer) {
        buffer.varint(UInt64(count))
        putRuns(&buffer)
        let first = Int64(bitPattern: firstMicroseconds)
        for index in 0..<count { times[index] &-= first }
        buffer.putColumn(UnsafeBufferPointer(start: times, count: count), hint: .steps)
        for kind in Kind.allCases where kinds[Int(kind.rawValue)].count > 0 { put(kind, into: &buffer) }
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
    private func put(_ kind: Kind, into buffer: inout ByteBuffer) {
        let rows = kinds + Int(kind.rawValue)
        buffer.put(kind.rawValue)
        let lengthOffset = buffer.count
        buffer.put(UInt32(0))
        let start = buffer.count
        if let integers = rows.pointee.integers {
            for field in 0..<kind.integerCount {
                let column = UnsafeBufferPointer(
                    start: UnsafePointer(integers + field * FormatLimit.chunkEvents), count: rows.pointee.count)
                buffer.putColumn(column, hint: kind.hint)
            }
        }
        // Row-major: a record's texts stand together, as they were.
        for text in rows.pointee.texts {
            let cut = text.utf8.count > FormatLimit.textBytes ? "" : text
            buffer.varint(UInt64(cut.utf8.count))
            buffer.append(cut)
        }
        buffer.overwrite(UInt32(buffer.count - start), at: lengthOffset)
        rows.pointee.count = 0
        rows.pointee.texts.removeAll(keepingCapacity: true)
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
