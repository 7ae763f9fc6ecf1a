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
    /// Of so many events.
    @exclusivity(unchecked) private var knownSpan: (span: Span, count: Int)?
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

    /// What a chunk's header says of the times in it.
    struct Span {
        /// Of the events that are no snapshots, which carry the times at which their state began; if there are no others,
        /// the greatest of all.
        var firstMicroseconds: UInt64 = .max
        var lastMicroseconds: UInt64 = 0
        var snapshotCount = 0
    }

    /// Found when it is asked for, once a chunk: found event by event it would cost each of them ten instructions.
    var span: Span {
        if let known = knownSpan, known.count == count { return known.span }
        let span = findSpan()
        knownSpan = (span, count)
        return span
    }

    private func findSpan() -> Span {
        var span = Span()
        var lastSnapshot: UInt64 = 0
        var start = 0
        for index in 0..<runCount {
            let (run, length) = runs[index]
            var first: UInt64 = .max
            var last: UInt64 = 0
            for place in start..<start + length {
                let time = UInt64(bitPattern: times[place])
                first = min(first, time)
                last = max(last, time)
            }
            start += length
            if Marks(rawValue: run.marks).contains(.snapshot) {
                lastSnapshot = max(lastSnapshot, last)
                span.snapshotCount += length
            } else {
                span.firstMicroseconds = min(span.firstMicroseconds, first)
                span.lastMicroseconds = max(span.lastMicroseconds, last)
            }
        }
        guard span.snapshotCount == count else { return span }
        return Span(firstMicroseconds: lastSnapshot, lastMicroseconds: lastSnapshot, snapshotCount: count)
    }

    var isEmpty: Bool { count == 0 }
    /// No more events fit. Texts are bounded too, so that the payload stays within its limit.
    package var isFull: Bool { count == FormatLimit.chunkEvents || textBytes > FormatLimit.payloadBytes / 8 }

    /// Takes events out of the ring up to that position of it, or until the chunk is full. Whatever is no input is shown
    /// to `account` first.
    package func fill(from ring: Ring, upTo end: Int, account: (PermittedEvent) -> Void) {
        guard !isFull else { return }
        ring.take(upTo: end) { permitted in
            // Each field read by itself: a copy of the whole event would cost more than all the rest.
            if let motion = permitted.pointee.event.payload.motion {
                append(
                    motion, permitted.pointee.event.marks, permitted.pointee.event.device,
                    permitted.pointee.event.focus, permitted.pointee.event.timeMicroseconds)
            } else {
                if !permitted.pointee.event.payload.isInput { account(permitted.pointee) }
                append(permitted.pointee.event)
            }
            return !isFull
        }
    }

    /// Adds an event. Only while not full.
    package func append(_ event: borrowing Event) {
        if let motion = event.payload.motion {
            append(motion, event.marks, event.device, event.focus, event.timeMicroseconds)
        } else {
            appendOther(event.payload, event.marks, event.device, event.focus, event.timeMicroseconds)
        }
    }

    /// Nearly everything is this; the way of the others is the same for every kind.
    @inline(__always) private func append(
        _ motion: Motion, _ marks: Marks, _ device: DeviceID, _ focus: FocusID, _ time: UInt64
    ) {
        let place = beginRow(.motion, marks, device, focus, time)
        place[0] = Int64(motion.dx.raw)
        place[FormatLimit.chunkEvents] = Int64(motion.dy.raw)
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
        let first = Int64(bitPattern: span.firstMicroseconds)
        for index in 0..<count { times[index] &-= first }
        buffer.putColumn(UnsafeBufferPointer(start: times, count: count), as: .differences)
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
                buffer.putColumn(column, as: kind.encoding)
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
        knownSpan = nil
        hasState = false
        textBytes = 0
    }
}

extension Payload {
    /// Nil: it is something else.
    @inline(__always) fileprivate var motion: Motion? {
        guard case .motion(let motion) = self else { return nil }
        return motion
    }
}

extension Kind {
    /// What usually serves its fields; the encoder looks at no other. Places move in steps; everything else jumps about
    /// its own middle.
    fileprivate var encoding: ColumnEncoding {
        switch self {
        case .position, .touch, .tabletTool: .differences
        default: .packed
        }
    }
}
