/// What stands at the two ends of a segment, where no walk is needed to find it.
extension FileWindow {
    /// The header, which stands behind one LZ4 frame of nothing, and the offset behind it.
    func segmentHeader() throws(SegmentError) -> (SegmentHeader, UInt64) {
        func missing() -> SegmentError { failure.map { .unreadable($0) } ?? .notYet }
        // An empty frame is 7 bytes of header, 4 of end mark and 4 of checksum.
        let emptyFrame: UInt64 = 15
        guard let start = bytes(at: 0, count: 4) else { throw missing() }
        guard UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)) == Frame.lz4 else {
            throw .format(.notASegment)
        }
        guard let prefix = bytes(at: emptyFrame, count: Frame.skippablePrefix) else { throw missing() }
        let magic = UInt32(littleEndian: prefix.loadUnaligned(as: UInt32.self))
        let length = Int(UInt32(littleEndian: prefix.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard magic == Frame.segmentHeader, length <= SegmentHeader.contentLimit else { throw .format(.notASegment) }
        let place = emptyFrame + UInt64(Frame.skippablePrefix)
        guard let content = bytes(at: place, count: length) else { throw missing() }
        do {
            return (try SegmentHeader(content), place + UInt64(length))
        } catch {
            throw .format(error)
        }
    }

    /// A seal whose last byte is the file's, and that begins at the offset or behind it.
    func sealAtEnd(behind offset: UInt64) -> Seal? {
        let length = fileLength
        guard length >= offset + 8, let tail = bytes(at: length - 8, count: 4) else { return nil }
        let frameBytes = UInt64(UInt32(littleEndian: tail.loadUnaligned(as: UInt32.self)))
        guard frameBytes > UInt64(Frame.skippablePrefix), frameBytes <= FormatLimit.sealBytes,
            length >= offset + frameBytes, let frame = bytes(at: length - frameBytes, count: Int(frameBytes)),
            UInt32(littleEndian: frame.loadUnaligned(as: UInt32.self)) == Frame.seal
        else { return nil }
        return Seal(UnsafeRawBufferPointer(rebasing: frame[Frame.skippablePrefix...]), at: length - frameBytes)
    }
}
