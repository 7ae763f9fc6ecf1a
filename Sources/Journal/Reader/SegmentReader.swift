import Events
import Glibc
import SystemPackage

/// Walks one segment, frame by frame. Damage is passed over and reported with the sequence numbers that are gone; bytes
/// at the end of a segment that is still written mean "not yet".
final class SegmentReader {
    enum Step {
        case chunk(ChunkHeader, offset: UInt64, events: [Event?])
        /// Not decoded, as the caller wished.
        case skipped(ChunkHeader, offset: UInt64)
        /// A chunk that was forgotten.
        case forgotten(Tombstone, offset: UInt64)
        case sealed(Seal)
        case damage(Damage)
        /// Nothing more for now; for a sealed segment: for ever.
        case end
    }

    let name: SegmentName
    let header: SegmentHeader
    private let window: FileWindow
    private let search: FrameSearch
    private let openingChain: HashChain
    private let lz4 = LZ4Decompressor()
    private let decoder = ChunkDecoder()
    private let makesEvents: Bool
    private var payload: ByteBuffer
    /// Of the next frame.
    private(set) var offset: UInt64
    private(set) var expectedSequence: UInt64
    private(set) var isSealed = false
    /// Where the seal that was read begins.
    private(set) var sealOffset: UInt64?
    /// Behind the last good frame, as that frame says.
    private(set) var chain: HashChain
    /// Why the last step was the end, where that is not known to be one: the disk does not give what stands there.
    private(set) var failureAtEnd: ReadFailure?
    private let verifiesChain: Bool
    private let trustsChain: Bool
    /// Nothing in front of the next frame to check it against: damage, or a break that was reported.
    private var isChainBroken = false
    /// Where the frame that could not be read begins, until the next good one tells what is missing.
    private var damaged: (offset: UInt64, reason: Damage.Reason)?

    /// - Parameter verifiesChain: whether to compute the hash of all that is decoded and of the seal, and report what
    ///   does not fit. A reader of events need not: checksums find what an accident does.
    /// - Parameter trustsChain: whether a chunk that is wanted and hangs on the chain is passed over all the same: it is what
    ///   was written, and decoding it would tell no more of that.
    /// - Parameter makesEvents: false: chunks are decoded and every value is looked at, but their steps carry no events.
    init(
        directory: FilePath, name: SegmentName, verifiesChain: Bool = false, trustsChain: Bool = false,
        makesEvents: Bool = true, files: any FileOperations = SystemFiles()
    ) throws(SegmentError) {
        do throws(Errno) {
            let descriptor = try files.openForReading(directory.appending(name.fileName))
            window = FileWindow(descriptor: descriptor, files: files)
        } catch {
            throw error == .noSuchFileOrDirectory ? .gone : .system(error)
        }
        self.name = name
        self.verifiesChain = verifiesChain
        self.trustsChain = trustsChain
        self.makesEvents = makesEvents
        (header, firstOffset) = try window.segmentHeader()
        // Old blocks that came back, or files that changed their names.
        guard header.number == name.number else { throw .format(.otherNumber(header.number)) }
        // Not before the last throw: an object that is not whole has no `deinit` to give it back.
        payload = ByteBuffer(capacity: 64 << 10)
        offset = firstOffset
        search = FrameSearch(window: window, segmentID: header.segmentID)
        // Read a moment ago, so that it is there.
        let opening = window.bytes(at: 0, count: Int(firstOffset)) ?? UnsafeRawBufferPointer(start: nil, count: 0)
        openingChain = HashChain(segmentID: header.segmentID, opening: opening)
        chain = openingChain
        expectedSequence = header.firstSequence
    }

    deinit { payload.deallocate() }

    /// The seal, found from the file's end without a walk; nil if there is none, or not just there.
    func sealAtEnd() -> Seal? {
        guard let seal = window.sealAtEnd(behind: offset), seal.segmentID == header.segmentID else { return nil }
        return seal
    }

    /// The next frame. `wants` decides from a chunk's header whether it is decoded.
    /// - Parameter isFinal: nothing will be appended any more, so an incomplete end is damage.
    func next(isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        failureAtEnd = nil
        guard !isSealed else { return .end }
        guard let prefix = window.bytes(at: offset, count: Frame.skippablePrefix) else {
            guard window.failure == nil else { return resynchronise(.unreadable, isFinal: isFinal, wants: wants) }
            return atEnd(isFinal: isFinal)
        }
        let magic = UInt32(littleEndian: prefix.loadUnaligned(as: UInt32.self))
        let length = Int(UInt32(littleEndian: prefix.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        let body = offset + UInt64(Frame.skippablePrefix)
        if magic == Frame.chunkHeader, length == ChunkHeader.contentBytes {
            guard let content = window.bytes(at: body, count: length) else {
                return atIncompleteFrame(isFinal: isFinal, wants: wants)
            }
            if let chunk = ChunkHeader(content), isExpected(chunk.segmentID, chunk.firstSequence) {
                return read(chunk, isFinal: isFinal, wants: wants)
            }
        } else if magic == Frame.tombstone, length == Tombstone.contentBytes {
            guard let content = window.bytes(at: body, count: length) else {
                return atIncompleteFrame(isFinal: isFinal, wants: wants)
            }
            if let tombstone = Tombstone(content), isExpected(tombstone.segmentID, tombstone.firstSequence) {
                return pass(tombstone)
            }
        } else if magic == Frame.seal, length <= FormatLimit.sealBytes - Frame.skippablePrefix {
            guard let content = window.bytes(at: body, count: length) else {
                return atIncompleteFrame(isFinal: isFinal, wants: wants)
            }
            if let seal = Seal(content, at: offset), isExpected(seal.segmentID, seal.nextSequence) {
                return close(with: seal, length: UInt64(length))
            }
        }
        return resynchronise(.notAFrame, isFinal: isFinal, wants: wants)
    }

    private func read(_ chunk: ChunkHeader, isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        if let damage = missing(upTo: chunk.firstSequence) { return .damage(damage) }
        let place = offset
        let end = offset + UInt64(ChunkHeader.frameBytes) + UInt64(chunk.storedBytes)
        guard wants(chunk) else {
            guard end <= window.fileLength else { return atIncompleteFrame(isFinal: isFinal, wants: wants) }
            advance(past: chunk.sequences, chunk.chainHash, to: end)
            return .skipped(chunk, offset: place)
        }
        guard let whole = window.bytes(at: offset, count: Int(end - offset)) else {
            return atIncompleteFrame(isFinal: isFinal, wants: wants)
        }
        let frame = UnsafeRawBufferPointer(rebasing: whole[ChunkHeader.frameBytes...])
        let content = UnsafeRawBufferPointer(rebasing: whole[Frame.skippablePrefix..<ChunkHeader.frameBytes])
        if trustsChain, !isChainBroken {
            var next = chain
            let contentHash = HashChain.contentHash(header: content, frame: frame)
            next.append(firstSequence: chunk.firstSequence, count: chunk.count, content: contentHash)
            if next.hash == chunk.chainHash {
                advance(past: chunk.sequences, chunk.chainHash, to: end)
                return .skipped(chunk, offset: place)
            }
        }
        guard let events = decode(frame, chunk) else {
            // The header is good, so the next frame's place is known, if it lies in the file at all.
            damaged = (offset, .badPayload)
            return resynchronise(.badPayload, isFinal: isFinal, wants: wants)
        }
        if let damage = chainBreak(
            at: chunk.sequences, chunk.chainHash,
            content: {
                HashChain.contentHash(header: content, frame: frame)
            })
        {
            return .damage(damage)
        }
        advance(past: chunk.sequences, chunk.chainHash, to: end)
        return .chunk(chunk, offset: place, events: events)
    }

    /// Loss records in the chunk that was decoded last, snapshots not counted.
    var lossCount: Int { decoder.lossCount }

    private func decode(_ frame: UnsafeRawBufferPointer, _ chunk: ChunkHeader) -> [Event?]? {
        payload.count = 0
        payload.reserve(Int(chunk.payloadBytes))
        let target = UnsafeMutableRawBufferPointer(start: payload.base, count: Int(chunk.payloadBytes))
        guard target.count >= FormatLimit.randomBytes, lz4.decompress(frame, into: target) else { return nil }
        let columns = UnsafeRawBufferPointer(rebasing: target[FormatLimit.randomBytes...])
        guard decoder.read(columns, header: chunk) else { return nil }
        if makesEvents { return decoder.events() }
        return decoder.areValuesKnown() ? [] : nil
    }

    private func pass(_ tombstone: Tombstone) -> Step {
        if let damage = missing(upTo: tombstone.firstSequence) { return .damage(damage) }
        if let damage = chainBreak(at: tombstone.sequences, tombstone.chainHash, content: { tombstone.contentHash }) {
            return .damage(damage)
        }
        let place = offset
        advance(past: tombstone.sequences, tombstone.chainHash, to: offset + UInt64(Tombstone.frameBytes))
        return .forgotten(tombstone, offset: place)
    }

    private func advance(past sequences: Range<UInt64>, _ chainHash: SHA256Hash, to end: UInt64) {
        offset = end
        expectedSequence = sequences.upperBound
        chain = HashChain(segmentID: header.segmentID, behind: chainHash)
        isChainBroken = false
        damaged = nil
    }

    /// The report of a chunk that does not hang on the one before it; made once, then the chunk is read all the same.
    private func chainBreak(
        at sequences: Range<UInt64>, _ chainHash: SHA256Hash, content: () -> SHA256Hash
    ) -> Damage? {
        guard verifiesChain, !isChainBroken else { return nil }
        var next = chain
        next.append(firstSequence: sequences.lowerBound, count: UInt32(sequences.count), content: content())
        guard next.hash != chainHash else { return nil }
        return breakChain("sequence numbers \(sequences.lowerBound) to \(sequences.upperBound - 1)")
    }

    private func breakChain(_ detail: String) -> Damage {
        isChainBroken = true
        return Damage(segment: header.number, offset: offset, reason: .brokenChain, missing: nil, detail: detail)
    }

    private func close(with seal: Seal, length: UInt64) -> Step {
        if let damage = missing(upTo: seal.nextSequence) { return .damage(damage) }
        if verifiesChain, !isChainBroken,
            seal.finalHash != chain.finalHash(nextSequence: seal.nextSequence, chunks: seal.entries.count)
        {
            return .damage(breakChain("the seal's final hash"))
        }
        isSealed = true
        sealOffset = offset
        offset += UInt64(Frame.skippablePrefix) + length
        return .sealed(seal)
    }

    /// The report of what lies between the last good frame and one that starts at that number; nil if nothing does.
    private func missing(upTo sequence: UInt64) -> Damage? {
        guard sequence > expectedSequence || damaged != nil else { return nil }
        let damage = Damage(
            segment: header.number, offset: damaged?.offset ?? offset, reason: damaged?.reason ?? .sequenceGap,
            missing: expectedSequence..<sequence, detail: detail(of: damaged?.reason))
        expectedSequence = sequence
        damaged = nil
        isChainBroken = true
        return damage
    }

    /// A frame that says it reaches beyond the end, or that the disk does not give. In a file that does not grow its length
    /// is not to be believed, and what stands behind it may be good.
    private func atIncompleteFrame(isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        guard window.failure == nil else { return resynchronise(.unreadable, isFinal: isFinal, wants: wants) }
        return isFinal ? resynchronise(.tornTail, isFinal: true, wants: wants) : atEnd(isFinal: false)
    }

    private func atEnd(isFinal: Bool) -> Step {
        window.invalidate()
        guard isFinal else { return .end }
        isSealed = true
        let hasTail = window.fileLength > offset || damaged != nil
        return .damage(
            Damage(
                segment: header.number, offset: damaged?.offset ?? offset,
                reason: damaged?.reason ?? (hasTail ? .tornTail : .noSeal), missing: nil,
                detail: detail(of: damaged?.reason)))
    }

    private func detail(of reason: Damage.Reason?) -> String {
        guard reason == .unreadable, let failure = window.firstFailure else { return "" }
        return failure.errno.description.lowercased()
    }

    /// Goes on at the next frame that is believed.
    private func resynchronise(_ reason: Damage.Reason, isFinal: Bool, wants: (ChunkHeader) -> Bool) -> Step {
        if damaged == nil { damaged = (offset, reason) }
        let failure = window.failure
        guard let found = search.frame(from: offset + 1, expecting: expectedSequence) else {
            // In a segment that is still written this may be a chunk in the making.
            if !isFinal {
                damaged = nil
                failureAtEnd = failure ?? window.failure
                window.invalidate()
                return .end
            }
            return atEnd(isFinal: true)
        }
        offset = found
        return next(isFinal: isFinal, wants: wants)
    }

    private func isExpected(_ segmentID: Identifier, _ sequence: UInt64) -> Bool {
        segmentID == header.segmentID && sequence >= expectedSequence
    }

    // MARK: moving about

    /// Of the first chunk.
    let firstOffset: UInt64
    var fileLength: UInt64 { window.fileLength }

    /// Goes on at a frame that begins at that offset, with that number or a later one.
    func move(to offset: UInt64, expecting sequence: UInt64) {
        self.offset = offset
        expectedSequence = sequence
        isSealed = false
        damaged = nil
        // What is in front was not read.
        isChainBroken = offset != firstOffset
        if offset == firstOffset { chain = openingChain }
    }

    /// Goes on at the first frame that begins at a byte, or behind it. False: there is none.
    func move(behind byte: UInt64) -> Bool {
        guard byte > firstOffset else {
            move(to: firstOffset, expecting: header.firstSequence)
            return true
        }
        guard let found = search.frame(from: byte, expecting: header.firstSequence) else { return false }
        move(to: found, expecting: header.firstSequence)
        return true
    }

    /// The first bytes that were wanted and that the disk did not give. What the walk says of the segment is then not all that
    /// is in it: whoever changes the file by it must not.
    var readFailure: ReadFailure? { window.firstFailure }

    /// What was read ahead of the file is not what it holds any more.
    func forgetBytes() { window.invalidate() }

    /// Makes what was read durable.
    func sync() throws(Errno) { try window.sync() }
}
