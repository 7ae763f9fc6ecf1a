import Glibc
import SystemPackage

/// A file seen through a buffer that moves: reads in large pieces, hands out small ones, never beyond the end. Whoever goes
/// on where the last piece ended gets larger ones, whoever jumps about begins anew with a small one.
///
/// `@exclusivity(unchecked)`: one reader owns a window, and nothing here calls back.
final class FileWindow {
    private let descriptor: Int32
    private static let smallest = 16 << 10
    private static let largest = 256 << 10
    @exclusivity(unchecked) private var size = FileWindow.smallest
    @exclusivity(unchecked) private var buffer = ByteBuffer(capacity: FileWindow.smallest)
    @exclusivity(unchecked) private var start: UInt64 = 0

    /// Takes the descriptor over.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    var fileLength: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_size) : 0
    }

    /// Forgets what was read: the file may have changed.
    func invalidate() { buffer.count = 0 }

    /// Makes what is in the file durable.
    func sync() throws(Errno) { if fdatasync(descriptor) < 0 { throw Errno(rawValue: errno) } }

    /// Exactly so many bytes at that offset, valid until the next call; nil if the file has fewer.
    func bytes(at offset: UInt64, count: Int) -> UnsafeRawBufferPointer? {
        let end = offset.addingReportingOverflow(UInt64(count))
        guard !end.overflow else { return nil }
        if offset < start || end.partialValue > start + UInt64(buffer.count) {
            // No memory for bytes that only a length in a file claims.
            guard count <= Self.largest || end.partialValue <= fileLength else { return nil }
            load(offset, atLeast: count)
            guard buffer.count >= count else { return nil }
        }
        let first = Int(offset - start)
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[first..<first + count])
    }

    private func load(_ offset: UInt64, atLeast count: Int) {
        let isNext = buffer.count > 0 && offset > start && offset <= start + UInt64(buffer.count)
        size = isNext ? min(4 * size, Self.largest) : Self.smallest
        start = offset
        buffer.count = 0
        let wanted = max(count, size)
        buffer.reserve(wanted)
        guard let place = off_t(exactly: offset) else { return }
        while buffer.count < wanted {
            let got = pread(descriptor, buffer.base + buffer.count, wanted - buffer.count, place + off_t(buffer.count))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return }
            buffer.count += got
        }
    }
}
