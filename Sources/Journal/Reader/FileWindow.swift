import Glibc

/// A file seen through a buffer that moves: reads in large pieces, hands out small ones, never beyond the end.
final class FileWindow {
    private let descriptor: Int32
    private static let size = 256 << 10
    private var buffer = ByteBuffer(capacity: FileWindow.size)
    private var start: UInt64 = 0

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

    /// Exactly so many bytes at that offset, valid until the next call; nil if the file has fewer.
    func bytes(at offset: UInt64, count: Int) -> UnsafeRawBufferPointer? {
        if offset < start || offset + UInt64(count) > start + UInt64(buffer.count) { load(offset, atLeast: count) }
        guard offset >= start, offset + UInt64(count) <= start + UInt64(buffer.count) else { return nil }
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[Int(offset - start)..<Int(offset - start) + count])
    }

    private func load(_ offset: UInt64, atLeast count: Int) {
        start = offset
        buffer.count = 0
        buffer.reserve(max(count, Self.size))
        while buffer.count < buffer.capacity {
            let got = pread(
                descriptor, buffer.base + buffer.count, buffer.capacity - buffer.count,
                off_t(offset) + off_t(buffer.count))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return }
            buffer.count += got
        }
    }
}
