import Events
import Glibc
import SystemPackage

/// Walks one segment, frame by frame. Damage is passed over and reported with the sequence numbers that are gone; bytes
/// at the end of a segment that is still written mean "not yet".
final class SegmentReader {
    enum Step {
        case chunk(ChunkHeader, offset: UInt64, events: [Event?])
        /// Not decoded, as the caller wished.
        case skipped(ChunkHeader)
        case sealed(Seal)
        case damage(Damage)
        /// Nothing more for now; for a sealed segment: for ever.
        case end
    }

    let name: SegmentName
    let header: SegmentHeader
    private let window: FileWindow
    private let lz4 = LZ4Decompressor()
    private var payload = ByteBuffer(capacity: 64 << 10)
    /// Of the next frame.
    private(set) var offset: UInt64
    private(set) var expectedSequence: UInt64
    private(set) var isSealed = false
    /// Where the frame that could not be read begins, until the next good one tells what is missing.
    private var damaged: (offset: UInt64, reason: Damage.Reason)?

    init(directory: FilePath, name: SegmentName) throws(SegmentError) {
        let descriptor = Glibc.open(directory.appending(name.fileName).string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw errno == ENOENT ? .gone : .system(Errno(rawValue: errno)) }
        window = FileWindow(descriptor: descriptor)
        self.name = name
        (header, offset) = try Self.readHeader(window)
        expectedSequence = header.firstSequence
    }

    deinit { payload.deallocate() }

    /// The header stands behind one LZ4 frame of nothing.
    private static func readHeader(_ window: FileWindow) throws(SegmentError) -> (SegmentHeader, UInt64) {
        // An empty frame is 7 bytes of header, 4 of end mark and 4 of checksum.
        let emptyFrame: UInt64 = 15
        guard let start = window.bytes(at: 0, count: 4) else { throw .notYet }
        guard UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)) == Frame.lz4 else {
            throw .format(.notASegment)
        }
        guard let prefix = window.bytes(at: emptyFrame, count: Frame.skippablePrefix) else { throw .notYet }
        let magic = UInt32(littleEndian: prefix.loadUnaligned(as: UInt32.self))
        let length = Int(UInt32(littleEndian: prefix.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard magic == Frame.segmentHeader, length <= 4096 else { throw .format(.notASegment) }
        let place = emptyFrame + UInt64(Frame.skippablePrefix)
        guard let content = window.bytes(at: place, count: length) else { throw .notYet }
        do {
            return (try SegmentHeader(content), place + UInt64(length))
        } catch {
            throw .format(error)
        }
    }

    /// The seal, found from the file's end without a walk; nil if there is none, or not just there.
    func sealAtEnd() -> Seal? {
        let length = window.fileLength
        guard length >= offset + 8, let tail = window.bytes(at: length - 8, count: 4) else { return nil }
        let frameBytes = UInt64(UInt32(littleEndian: tail.loadUnaligned(as: UInt32.self)))
        guard frameBytes > UInt64(Frame.skippablePrefix), frameBytes <= FormatLimit.sealBytes,
            length >= offset + frameBytes,
            let frame = window.bytes(at: length - frameBytes, count: Int(frameBytes)),
            UInt32(littleEndian: frame.loadUnaligned(as: UInt32.self)) == Frame.seal,
            let seal = Seal(UnsafeRawBufferPointer(rebasing: frame[Frame.skippablePrefix...])),
            seal.segmentID == header.segmentID
        else { return nil }
        return seal
    }

    /// The next frame. `wants` decides from a chunk's header whether it is decoded.
    /// - Parameter isFinal: nothing will be appended any more, so an incomplete end is damage.
    func next(isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        guard !isSealed else { return .end }
        guard let prefix = window.bytes(at: offset, count: Frame.skippablePrefix) else {
            return atEnd(isFinal: isFinal)
        }
        let magic = UInt32(littleEndian: prefix.loadUnaligned(as: UInt32.self))
        let length = Int(UInt32(littleEndian: prefix.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        let body = offset + UInt64(Frame.skippablePrefix)
        if magic == Frame.chunkHeader, length == ChunkHeader.contentBytes {
            guard let content = window.bytes(at: body, count: length) else { return atEnd(isFinal: isFinal) }
            if let chunk = ChunkHeader(content), chunk.segmentID == header.segmentID,
                chunk.firstSequence >= expectedSequence
            {
                return read(chunk, isFinal: isFinal, wants: wants)
            }
        } else if magic == Frame.seal, length <= FormatLimit.sealBytes {
            guard let content = window.bytes(at: body, count: length) else { return atEnd(isFinal: isFinal) }
            if let seal = Seal(content), seal.segmentID == header.segmentID, seal.nextSequence >= expectedSequence {
                return close(with: seal, length: UInt64(length))
            }
        }
        return resynchronise(.notAFrame, isFinal: isFinal, wants: wants)
    }

    private func read(_ chunk: ChunkHeader, isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        if let damage = missing(upTo: chunk.firstSequence) { return .damage(damage) }
        let stored = offset + UInt64(ChunkHeader.frameBytes)
        let end = stored + UInt64(chunk.storedBytes)
        guard wants(chunk) else {
            guard end <= window.fileLength else { return atEnd(isFinal: isFinal) }
            advance(past: chunk, to: end)
            return .skipped(chunk)
        }
        guard let frame = window.bytes(at: stored, count: Int(chunk.storedBytes)) else {
            return atEnd(isFinal: isFinal)
        }
        let place = offset
        payload.count = 0
        payload.reserve(Int(chunk.payloadBytes))
        let target = UnsafeMutableRawBufferPointer(start: payload.base, count: Int(chunk.payloadBytes))
        guard lz4.decompress(frame, into: target),
            let events = ChunkDecoder.decode(UnsafeRawBufferPointer(target), header: chunk)
        else {
            // The header is good, so the next frame's place is known, if it lies in the file at all.
            damaged = (offset, .badPayload)
            return resynchronise(.badPayload, isFinal: isFinal, wants: wants)
        }
        advance(past: chunk, to: end)
        return .chunk(chunk, offset: place, events: events)
    }

    private func advance(past chunk: ChunkHeader, to end: UInt64) {
        offset = end
        expectedSequence = chunk.firstSequence + UInt64(chunk.count)
        damaged = nil
    }

    private func close(with seal: Seal, length: UInt64) -> Step {
        if let damage = missing(upTo: seal.nextSequence) { return .damage(damage) }
        isSealed = true
        offset += UInt64(Frame.skippablePrefix) + length
        return .sealed(seal)
    }

    /// The report of what lies between the last good frame and one that starts at that number; nil if nothing does.
    private func missing(upTo sequence: UInt64) -> Damage? {
        guard sequence > expectedSequence || damaged != nil else { return nil }
        let damage = Damage(
            segment: header.number, offset: damaged?.offset ?? offset, reason: damaged?.reason ?? .sequenceGap,
            missing: expectedSequence..<sequence)
        expectedSequence = sequence
        damaged = nil
        return damage
    }

    private func atEnd(isFinal: Bool) -> Step {
        window.invalidate()
        guard isFinal else { return .end }
        isSealed = true
        let hasTail = window.fileLength > offset || damaged != nil
        return .damage(
            Damage(
                segment: header.number, offset: damaged?.offset ?? offset,
                reason: damaged?.reason ?? (hasTail ? .tornTail : .noSeal), missing: nil))
    }

    /// Looks for the next frame of this segment. A frame is believed for its magic, the segment's id and its checksum
    /// together, so that bytes that merely look like one cannot stand in.
    private func resynchronise(_ reason: Damage.Reason, isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        let start = offset
        if damaged == nil { damaged = (start, reason) }
        guard let found = nextFrame(after: start) else {
            // In a segment that is still written this may be a chunk in the making.
            if !isFinal {
                damaged = nil
                window.invalidate()
                return .end
            }
            return atEnd(isFinal: true)
        }
        offset = found
        return next(isFinal: isFinal, wants: wants)
    }

    private func nextFrame(after start: UInt64) -> UInt64? {
        var place = start + 1
        let step = 64 << 10
        let end = window.fileLength
        while place + UInt64(Frame.skippablePrefix) + 8 <= end {
            let count = min(step, Int(end - place))
            guard let bytes = window.bytes(at: place, count: count) else { return nil }
            var candidates: [UInt64] = []
            for index in 0..<max(0, count - 15) {
                let magic = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
                guard magic == Frame.chunkHeader || magic == Frame.seal else { continue }
                let inner = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
                if inner == Frame.chunkMagic || inner == Frame.sealMagic { candidates.append(place + UInt64(index)) }
            }
            for candidate in candidates where isFrame(at: candidate) { return candidate }
            place += UInt64(max(1, count - 15))
            if count < 16 { return nil }
        }
        return nil
    }

    private func isFrame(at place: UInt64) -> Bool {
        guard let prefix = window.bytes(at: place, count: Frame.skippablePrefix) else { return false }
        let magic = UInt32(littleEndian: prefix.loadUnaligned(as: UInt32.self))
        let length = Int(UInt32(littleEndian: prefix.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard length <= FormatLimit.sealBytes,
            let content = window.bytes(at: place + UInt64(Frame.skippablePrefix), count: length)
        else { return false }
        if magic == Frame.seal {
            return Seal(content).map { $0.segmentID == header.segmentID && $0.nextSequence >= expectedSequence }
                ?? false
        }
        return ChunkHeader(content).map {
            $0.segmentID == header.segmentID && $0.firstSequence >= expectedSequence
        } ?? false
    }
}

/// Why a segment cannot be walked.
enum SegmentError: Error, CustomStringConvertible {
    /// Deleted since it was listed.
    case gone
    /// Its header is still being written.
    case notYet
    case format(FormatError)
    case system(Errno)

    var description: String {
        switch self {
        case .gone: "it is no longer there"
        case .notYet: "the file ends inside its header"
        case .format(let error): error.description
        case .system(let errno): errno.description.lowercased()
        }
    }
}
