import Glibc
import SystemPackage

/// Writes a segment anew without what is forgotten, and puts it in the place of the old one. All that stays is copied byte
/// by byte; the seal is made again, since places have changed, with the same final hash.
struct SegmentRewrite {
    private let directory: FilePath
    private let files: any FileOperations
    private let name: SegmentName
    private let header: SegmentHeader
    private let source: Int32
    private var target: Int32 = -1
    private var buffer = ByteBuffer(capacity: SegmentRewrite.bufferBytes)
    private var length: UInt64 = 0
    private var chain: HashChain
    /// Nothing to check the next chunk against.
    private var isChainBroken = false
    private var expectedSequence: UInt64
    private var entries: [Seal.Entry] = []
    private var report = ForgettingReport()

    private static let bufferBytes = 1 << 20

    /// - Parameter reader: at the segment's first chunk.
    static func run(
        _ selection: ChunkSelection, of reader: SegmentReader, opening: HashChain, in directory: FilePath,
        files: any FileOperations
    ) throws(Errno) -> ForgettingReport {
        let path = directory.appending(reader.name.fileName)
        let source = try files.openForReading(path)
        defer { files.close(source) }
        var rewrite = SegmentRewrite(
            directory: directory, files: files, name: reader.name, header: reader.header, source: source, chain: opening
        )
        defer { rewrite.buffer.deallocate() }
        return try rewrite.run(selection)
    }

    private init(
        directory: FilePath, files: any FileOperations, name: SegmentName, header: SegmentHeader, source: Int32,
        chain: HashChain
    ) {
        self.directory = directory
        self.files = files
        self.name = name
        self.header = header
        self.source = source
        self.chain = chain
        expectedSequence = header.firstSequence
    }

    private mutating func run(_ selection: ChunkSelection) throws(Errno) -> ForgettingReport {
        let path = directory.appending(name.rewriteName)
        // A recorder that was killed may have left one.
        if access(path.string, F_OK) == 0 { try files.unlink(path) }
        target = try files.create(path)
        do {
            defer { files.close(target) }
            try copy(0..<(selection.places.first?.bytes.lowerBound ?? 0))
            for place in selection.places { try put(place) }
            Seal(
                segmentID: header.segmentID, nextSequence: selection.nextSequence,
                finalHash: selection.seal?.finalHash
                    ?? chain.finalHash(nextSequence: selection.nextSequence, chunks: entries.count),
                entries: entries
            ).write(to: &buffer)
            try flush()
            try files.sync(target)
            try files.rename(path, to: directory.appending(name.fileName))
        } catch {
            // It holds what is to be forgotten by somebody else, perhaps.
            try? files.unlink(path)
            throw error
        }
        try files.syncDirectory(directory)
        return report
    }

    private mutating func put(_ place: ChunkSelection.Place) throws(Errno) {
        switch place.piece {
        case .chunk(let chunk):
            if chunk.firstSequence != expectedSequence { isChainBroken = true }
            if place.isForgotten {
                guard let tombstone = try tombstone(of: chunk, at: place.bytes) else { return }
                entries.append(Seal.Entry(tombstone, offset: length + UInt64(buffer.count)))
                tombstone.write(to: &buffer)
                report.chunks += 1
                report.records += UInt64(chunk.count)
                let first = header.realtime(chunk.firstMicroseconds)
                report.widen(to: first...max(first, header.realtime(chunk.lastMicroseconds)))
            } else {
                entries.append(Seal.Entry(chunk, offset: length + UInt64(buffer.count)))
                try copy(place.bytes)
            }
            follow(chunk.sequences, chunk.chainHash)
        case .tombstone(let tombstone):
            entries.append(Seal.Entry(tombstone, offset: length + UInt64(buffer.count)))
            try copy(place.bytes)
            follow(tombstone.sequences, tombstone.chainHash)
        case .rubbish:
            isChainBroken = true
            if !place.isForgotten { try copy(place.bytes) }
        }
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    private mutating func follow(_ sequences: Range<UInt64>, _ chainHash: SHA256Hash) {
        expectedSequence = sequences.upperBound
        chain = HashChain(segmentID: chain.segmentID, behind: chainHash)
        isChainBroken = false
    }

    /// Nil: the chunk is not what was written, so that a tombstone would not fit into the chain; its numbers are missing
    /// from now on.
    private mutating func tombstone(of chunk: ChunkHeader, at place: Range<UInt64>) throws(Errno) -> Tombstone? {
        var stored = ByteBuffer(capacity: Int(place.upperBound - place.lowerBound))
        defer { stored.deallocate() }
        try read(place, into: &stored)
        let content = HashChain.contentHash(
            header: UnsafeRawBufferPointer(rebasing: stored.bytes[Frame.skippablePrefix..<ChunkHeader.frameBytes]),
            frame: UnsafeRawBufferPointer(rebasing: stored.bytes[ChunkHeader.frameBytes...]))
        var next = chain
        next.append(firstSequence: chunk.firstSequence, count: chunk.count, content: content)
        guard isChainBroken || next.hash == chunk.chainHash else {
            isChainBroken = true
            return nil
        }
        return Tombstone(
            segmentID: chunk.segmentID, firstSequence: chunk.firstSequence, count: chunk.count, contentHash: content,
            chainHash: chunk.chainHash)
    }

    // MARK: bytes

    private mutating func copy(_ place: Range<UInt64>) throws(Errno) {
        var rest = place
        while !rest.isEmpty {
            if buffer.count >= Self.bufferBytes { try flush() }
            let count = min(UInt64(Self.bufferBytes - buffer.count), rest.upperBound - rest.lowerBound)
            try read(rest.lowerBound..<rest.lowerBound + count, into: &buffer)
            rest = rest.lowerBound + count..<rest.upperBound
        }
    }

    private func read(_ place: Range<UInt64>, into buffer: inout ByteBuffer) throws(Errno) {
        let end = buffer.count + Int(place.upperBound - place.lowerBound)
        buffer.reserve(end - buffer.count)
        var offset = place.lowerBound
        while buffer.count < end {
            let rest = UnsafeMutableRawBufferPointer(start: buffer.base + buffer.count, count: end - buffer.count)
            let got = try files.read(source, into: rest, at: offset)
            // It was there a moment ago.
            guard got > 0 else { throw .ioError }
            buffer.count += got
            offset += UInt64(got)
        }
    }

    private mutating func flush() throws(Errno) {
        try files.writeAll(target, buffer.bytes)
        length += UInt64(buffer.count)
        buffer.count = 0
    }
}
