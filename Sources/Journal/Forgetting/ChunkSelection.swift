import Events
import Policy

/// Which pieces of one segment go, for one request.
///
/// Outwards throughout: what cannot be read, and so cannot be shown to hold nothing of what was asked for, goes where the
/// times of its neighbours allow that it does.
struct ChunkSelection {
    enum Piece {
        case chunk(ChunkHeader)
        case tombstone(Tombstone)
        /// Bytes that are no frame, or one that cannot be read.
        case rubbish
    }
    struct Place {
        var piece: Piece
        var bytes: Range<UInt64>
        var isForgotten: Bool
    }

    /// From the first chunk to the seal, or to the end of the file.
    private(set) var places: [Place] = []
    /// Nil: there is none that can be read.
    private(set) var seal: Seal?
    private(set) var nextSequence: UInt64

    private let span: ClosedRange<UInt64>
    private let app: AppGlob?
    /// Of all focuses that the segment tells of.
    private var apps: [FocusID: String] = [:]
    private var owners: [Int: Owners] = [:]
    /// The first time in the last chunk.
    private var lastFirstMicroseconds: UInt64

    /// Who had the keyboard in a chunk.
    private struct Owners {
        var certain: Set<FocusID> = []
        /// Numbers next to those of records that are uncertain: one of them may be the owner.
        var possible: Set<FocusID> = []
        /// There are records of kinds that this version does not know.
        var isOpaque = false
    }

    /// Reads a segment.
    /// - Parameter realtime: the span, in CLOCK_REALTIME, µs since 1970.
    init(_ reader: SegmentReader, fileLength: UInt64, span realtime: ClosedRange<UInt64>, app: AppGlob?) {
        let header = reader.header
        span = header.monotonic(realtime.lowerBound)...header.monotonic(realtime.upperBound)
        self.app = app
        nextSequence = header.firstSequence
        lastFirstMicroseconds = header.monotonicMicroseconds
        let isBefore =
            realtime.lowerBound > header.realtimeMicroseconds
            && reader.sealAtEnd().map { $0.entries.allSatisfy { $0.lastMicroseconds < span.lowerBound } } ?? false
        guard !isBefore else { return }
        walk(reader, fileLength: fileLength, isBehind: header.realtimeMicroseconds > realtime.upperBound)
        if let app { decide(app) }
        nextSequence = seal?.nextSequence ?? reader.expectedSequence
    }

    var isEmpty: Bool { places.allSatisfy { !$0.isForgotten } }

    /// - Parameter isBehind: the segment begins after the span, so that only a focus that it repeats can be of it.
    private mutating func walk(_ reader: SegmentReader, fileLength: UInt64, isBehind: Bool) {
        var end = reader.offset
        while true {
            switch reader.next(isFinal: true, wants: { needsContent($0) }) {
            case .chunk(let chunk, let offset, let records):
                addRubbish(end..<offset, until: chunk.lastMicroseconds)
                let repeats = records.contains { $0.map(isRepeatedFocus) ?? false }
                // What the first chunk does not repeat, the others do not either.
                if isBehind, !repeats, places.isEmpty { return }
                if app != nil { owners[places.count] = note(records) }
                places.append(
                    Place(
                        piece: .chunk(chunk), bytes: offset..<reader.offset,
                        isForgotten: repeats || app == nil && overlaps(chunk)))
                lastFirstMicroseconds = chunk.firstMicroseconds
            case .skipped(let chunk, let offset):
                addRubbish(end..<offset, until: chunk.lastMicroseconds)
                places.append(
                    Place(
                        piece: .chunk(chunk), bytes: offset..<reader.offset,
                        isForgotten: app == nil && overlaps(chunk)))
                lastFirstMicroseconds = chunk.firstMicroseconds
            case .forgotten(let tombstone, let offset):
                addRubbish(end..<offset, until: .max)
                places.append(
                    Place(piece: .tombstone(tombstone), bytes: offset..<reader.offset, isForgotten: false))
            case .sealed(let seal):
                addRubbish(end..<(reader.sealOffset ?? end), until: .max)
                self.seal = seal
                return
            case .damage: continue
            case .end:
                return addRubbish(end..<max(end, fileLength), until: .max)
            }
            end = reader.offset
        }
    }

    private mutating func addRubbish(_ bytes: Range<UInt64>, until last: UInt64) {
        guard !bytes.isEmpty else { return }
        let isForgotten = lastFirstMicroseconds <= span.upperBound && last >= span.lowerBound
        places.append(Place(piece: .rubbish, bytes: bytes, isForgotten: isForgotten))
    }

    private func overlaps(_ chunk: ChunkHeader) -> Bool {
        chunk.firstMicroseconds <= span.upperBound && chunk.lastMicroseconds >= span.lowerBound
    }

    private func needsContent(_ chunk: ChunkHeader) -> Bool {
        if app != nil { return overlaps(chunk) || chunk.flags & ChunkHeader.hasState != 0 }
        return chunk.flags & ChunkHeader.isCheckpoint != 0 && !overlaps(chunk)
    }

    /// A checkpoint behind the span repeats the focus that began in it, title and all.
    private func isRepeatedFocus(_ record: Event) -> Bool {
        guard case .focus(let focus) = record.payload, record.marks.contains(.snapshot) else { return false }
        return span.contains(record.timeMicroseconds) && (app?.matches(focus.appID) ?? true)
    }

    // MARK: by app

    private mutating func note(_ records: [Event?]) -> Owners {
        var owners = Owners()
        for record in records {
            guard let record else {
                owners.isOpaque = true
                continue
            }
            if case .focus(let focus) = record.payload { apps[focus.id] = focus.appID }
            guard record.focus != 0 else { continue }
            owners.certain.insert(record.focus)
            if record.marks.contains(.uncertain) {
                owners.possible.formUnion([record.focus &- 1, record.focus &+ 1])
            }
        }
        return owners
    }

    private mutating func decide(_ app: AppGlob) {
        for (index, owners) in owners {
            guard case .chunk(let chunk) = places[index].piece, overlaps(chunk) else { continue }
            let isMeant =
                owners.isOpaque || owners.certain.contains { apps[$0].map(app.matches) ?? true }
                || owners.possible.contains { apps[$0].map(app.matches) ?? false }
            if isMeant { places[index].isForgotten = true }
        }
    }
}

extension SegmentHeader {
    /// A moment of CLOCK_REALTIME on the segment's CLOCK_MONOTONIC, µs, as far as there is one.
    fileprivate func monotonic(_ realtime: UInt64) -> UInt64 {
        if realtime < realtimeMicroseconds {
            let back = realtimeMicroseconds - realtime
            return monotonicMicroseconds - min(monotonicMicroseconds, back)
        }
        let (sum, isTooLate) = monotonicMicroseconds.addingReportingOverflow(realtime - realtimeMicroseconds)
        return isTooLate ? .max : sum
    }
}
