import Journal
import SystemPackage

/// A segment's file in the making. Chunks are written, or left out as a hole that the seal tells of all the same.
final class SparseSegment {
    private let file: FileDescriptor
    private let header: SegmentHeader
    private var entries: [Seal.Entry] = []
    private var buffer = ByteBuffer(capacity: 1 << 20)
    private var bufferOffset: UInt64 = 0
    private(set) var length: UInt64 = 0
    private(set) var nextSequence: UInt64
    private(set) var writtenBytes: UInt64 = 0

    init(directory: FilePath, header: SegmentHeader, isActive: Bool) throws {
        self.header = header
        nextSequence = header.firstSequence
        let name = SegmentName(number: header.number, isActive: isActive).fileName
        file = try FileDescriptor.open(
            directory.appending(name), .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        LZ4Compressor().compress(UnsafeRawBufferPointer(start: nil, count: 0), into: &buffer)
        header.write(to: &buffer)
        length = UInt64(buffer.count)
    }

    deinit {
        buffer.deallocate()
        try? file.close()
    }

    func write(_ template: ChunkTemplate, at time: UInt64) throws {
        let chunk = note(template, at: time)
        chunk.write(to: &buffer)
        template.frame.withUnsafeBytes { buffer.append($0) }
        if buffer.count > 1 << 19 { try flush() }
    }

    func leaveOut(_ template: ChunkTemplate, at time: UInt64) throws {
        try flush()
        note(template, at: time)
        bufferOffset = length
    }

    @discardableResult
    private func note(_ template: ChunkTemplate, at time: UInt64) -> ChunkHeader {
        let chunk = template.header(segmentID: header.segmentID, firstSequence: nextSequence, at: time)
        entries.append(Seal.Entry(chunk, offset: length))
        nextSequence += template.records
        length += template.bytes
        return chunk
    }

    /// Writes what is left, with a seal or without.
    func finish(sealed: Bool) throws {
        if sealed {
            let before = buffer.count
            Seal(segmentID: header.segmentID, nextSequence: nextSequence, finalHash: .zero, entries: entries)
                .write(to: &buffer)
            length += UInt64(buffer.count - before)
        }
        try flush()
    }

    private func flush() throws {
        guard buffer.count > 0 else { return }
        try file.writeAll(toAbsoluteOffset: Int64(bufferOffset), buffer.bytes)
        writtenBytes += UInt64(buffer.count)
        bufferOffset += UInt64(buffer.count)
        buffer.count = 0
    }
}
