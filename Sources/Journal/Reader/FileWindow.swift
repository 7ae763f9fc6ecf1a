import Glibc
import SystemPackage

/// A file seen through a buffer that moves: reads in large pieces, hands out small ones, never beyond the end. Whoever goes
/// on where the last piece ended gets larger ones, whoever jumps about begins anew with a small one.
///
/// `@exclusivity(unchecked)`: one reader owns a window, and nothing here calls back.
final class FileWindow {
    private let descriptor: Int32
    private let files: any FileOperations
    private static let smallest = 16 << 10
    private static let largest = 256 << 10
    @exclusivity(unchecked) private var size = FileWindow.smallest
    @exclusivity(unchecked) private var buffer = ByteBuffer(capacity: FileWindow.smallest)
    @exclusivity(unchecked) private var start: UInt64 = 0
    /// Why the last call had no bytes to give: nil if the file has no more.
    @exclusivity(unchecked) private(set) var failure: ReadFailure?
    /// The first time that bytes were wanted which the disk did not give.
    @exclusivity(unchecked) private(set) var firstFailure: ReadFailure?

    /// Takes the descriptor over.
    init(descriptor: Int32, files: any FileOperations) {
        self.descriptor = descriptor
        self.files = files
    }

    deinit {
        files.close(descriptor)
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

    /// Exactly so many bytes at that offset, valid until the next call; nil if the file has fewer, or `failure`.
    func bytes(at offset: UInt64, count: Int) -> UnsafeRawBufferPointer? {
        failure = nil
        let end = offset.addingReportingOverflow(UInt64(count))
        guard !end.overflow else { return nil }
        if offset < start || end.partialValue > start + UInt64(buffer.count) {
            // No memory for bytes that only a length in a file claims.
            guard count <= Self.largest || end.partialValue <= fileLength else { return nil }
            let error = load(offset, atLeast: count)
            guard buffer.count >= count else {
                // What was only to be read ahead is not missed yet.
                failure = error.map { ReadFailure(offset: offset + UInt64(buffer.count), errno: $0) }
                firstFailure = firstFailure ?? failure
                return nil
            }
        }
        let first = Int(offset - start)
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[first..<first + count])
    }

    /// - Returns: what ended it before as much was read.
    private func load(_ offset: UInt64, atLeast count: Int) -> Errno? {
        let isNext = buffer.count > 0 && offset > start && offset <= start + UInt64(buffer.count)
        size = isNext ? min(4 * size, Self.largest) : Self.smallest
        start = offset
        buffer.count = 0
        let wanted = max(count, size)
        buffer.reserve(wanted)
        while buffer.count < wanted {
            let rest = UnsafeMutableRawBufferPointer(start: buffer.base + buffer.count, count: wanted - buffer.count)
            do throws(Errno) {
                let got = try files.read(descriptor, into: rest, at: offset + UInt64(buffer.count))
                guard got > 0 else { return nil }
                buffer.count += got
            } catch {
                return error
            }
        }
        return nil
    }
}

/// Bytes that are in a file and that the disk does not give.
struct ReadFailure: Equatable {
    var offset: UInt64
    var errno: Errno
}
