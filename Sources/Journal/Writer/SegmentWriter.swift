import CLinuxShim
import Events
import Glibc
import Policy
import SystemPackage

/// One segment being written: header, chunks, seal. Throws on the first error and is then of no more use; the caller
/// goes on with a new one.
final class SegmentWriter {
    let header: SegmentHeader
    private let files: any FileOperations
    private let directory: FilePath
    private let name: SegmentName
    private let descriptor: Int32
    private let lz4: LZ4Compressor
    private var table = SeekTable()
    private(set) var length: UInt64 = 0
    private(set) var nextSequence: UInt64
    private var chain: HashChain
    /// How long the file was when its last checkpoint was written.
    private(set) var checkpointLength: UInt64 = 0

    /// Creates the file and writes its header.
    init(
        directory: FilePath, header: SegmentHeader, files: any FileOperations, lz4: LZ4Compressor,
        buffer: inout ByteBuffer
    ) throws(Errno) {
        self.header = header
        self.files = files
        self.directory = directory
        self.lz4 = lz4
        name = SegmentName(number: header.number, isActive: true)
        nextSequence = header.firstSequence
        descriptor = try files.create(directory.appending(name.fileName))
        buffer.count = 0
        // A frame of nothing comes first: `file`, `lz4` and others know the file by it.
        lz4.compress(UnsafeRawBufferPointer(start: nil, count: 0), into: &buffer)
        header.write(to: &buffer)
        chain = HashChain(segmentID: header.segmentID, opening: buffer.bytes)
        do {
            try files.writeAll(descriptor, buffer.bytes)
            try files.syncDirectory(directory)
        } catch {
            // The descriptor is `deinit`'s to close, which runs: everything has its value. And on a full disk this
            // happens every second.
            try? files.unlink(directory.appending(name.fileName))
            throw error
        }
        length = UInt64(buffer.count)
    }

    deinit { files.close(descriptor) }

    /// No more chunks fit: the seal could not name them.
    var isFull: Bool { table.count >= FormatLimit.chunksPerSegment }

    /// Writes what the encoder gathered as one chunk, at once. The bytes written.
    func write(
        _ encoder: ChunkEncoder, isCheckpoint: Bool, losses: LossTotals, payload: inout ByteBuffer,
        buffer: inout ByteBuffer
    ) throws(Errno) -> Int {
        let span = encoder.span
        var chunk = ChunkHeader(
            segmentID: header.segmentID, firstSequence: nextSequence, count: UInt32(encoder.count), payloadBytes: 0,
            storedBytes: 0,
            flags: (encoder.hasState ? ChunkHeader.hasState : 0) | (isCheckpoint ? ChunkHeader.isCheckpoint : 0),
            firstMicroseconds: span.firstMicroseconds, lastMicroseconds: span.lastMicroseconds,
            lostEvents: losses.events, unknownLosses: losses.unknown)
        payload.count = 0
        payload.putRandom(FormatLimit.randomBytes)
        encoder.finish(into: &payload)
        // The frame goes behind the header's place, which is filled in when its length is known.
        buffer.count = ChunkHeader.frameBytes
        lz4.compress(payload.bytes, into: &buffer)
        chunk.payloadBytes = UInt32(payload.count)
        chunk.storedBytes = UInt32(buffer.count - ChunkHeader.frameBytes)
        link(&chunk, frame: UnsafeRawBufferPointer(rebasing: buffer.bytes[ChunkHeader.frameBytes...]), using: &payload)
        payload.count = 0
        chunk.write(to: &payload)
        buffer.base.copyMemory(from: payload.base, byteCount: ChunkHeader.frameBytes)
        do {
            try files.writeAll(descriptor, buffer.bytes)
        } catch {
            // A piece of a chunk is no LZ4 frame: without it the file is whole. Recovery does the same if this fails too.
            try? files.truncate(descriptor, to: Int64(length))
            throw error
        }
        table.append(Seal.Entry(chunk, offset: length))
        if isCheckpoint { checkpointLength = length }
        nextSequence += UInt64(chunk.count)
        length += UInt64(buffer.count)
        return buffer.count
    }

    /// Adds the chunk to the chain.
    private func link(_ chunk: inout ChunkHeader, frame: UnsafeRawBufferPointer, using scratch: inout ByteBuffer) {
        scratch.count = 0
        chunk.write(to: &scratch)
        let content = UnsafeRawBufferPointer(rebasing: scratch.bytes[Frame.skippablePrefix...])
        chunk.chainHash = chain.append(
            firstSequence: chunk.firstSequence, count: chunk.count,
            content: HashChain.contentHash(header: content, frame: frame))
    }

    func sync() throws(Errno) { try files.sync(descriptor) }

    /// Takes the file away again, of which nothing is of use.
    func discard() { try? files.unlink(directory.appending(name.fileName)) }

    /// Writes the seal, which is durable after the next `sync`. The file keeps its name until `publish`.
    /// - Returns: the final hash, for the next segment's header.
    func seal(buffer: inout ByteBuffer) throws(Errno) -> SHA256Hash {
        buffer.count = 0
        let seal = Seal(
            segmentID: header.segmentID, nextSequence: nextSequence,
            finalHash: chain.finalHash(nextSequence: nextSequence, chunks: table.count),
            entries: table.entries)
        seal.write(to: &buffer)
        do {
            try files.writeAll(descriptor, buffer.bytes)
        } catch {
            try? files.truncate(descriptor, to: Int64(length))
            throw error
        }
        length += UInt64(buffer.count)
        return seal.finalHash
    }

    /// Gives the sealed file its final name.
    func publish() throws(Errno) {
        let sealed = SegmentName(number: name.number, isActive: false)
        try files.rename(directory.appending(name.fileName), to: directory.appending(sealed.fileName))
        try files.syncDirectory(directory)
    }
}

/// What loss records say, added up: since the recorder's start (every chunk header repeats it), or of one chunk.
struct LossTotals: Sendable {
    var events: UInt64 = 0
    var unknown: UInt32 = 0
    private(set) var records: UInt64 = 0
    private(set) var startMicroseconds: UInt64 = .max

    mutating func add(_ event: Event) {
        guard case .loss(let loss) = event.payload, !event.marks.contains(.snapshot) else { return }
        if let count = loss.count { events &+= count } else { unknown &+= 1 }
        records += 1
        startMicroseconds = min(startMicroseconds, loss.startMicroseconds)
    }

    static func + (a: LossTotals, b: LossTotals) -> LossTotals {
        var sum = a
        sum.events &+= b.events
        sum.unknown &+= b.unknown
        return sum
    }
}
