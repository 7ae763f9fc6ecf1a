import Glibc
import SystemPackage

/// Every call with which the journal touches the disk: the seam at which tests force errors.
public protocol FileOperations: Sendable {
    func create(_ path: FilePath) throws(Errno) -> Int32
    func open(_ path: FilePath) throws(Errno) -> Int32
    /// How many bytes were taken; may be fewer than offered.
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int
    func sync(_ descriptor: Int32) throws(Errno)
    func truncate(_ descriptor: Int32, to length: Int64) throws(Errno)
    func rename(_ from: FilePath, to target: FilePath) throws(Errno)
    func unlink(_ path: FilePath) throws(Errno)
    func close(_ descriptor: Int32)
    /// Makes names in the directory durable.
    func syncDirectory(_ path: FilePath) throws(Errno)
    /// What this user may still write on the directory's file system.
    func freeBytes(_ path: FilePath) throws(Errno) -> UInt64
    func openForReading(_ path: FilePath) throws(Errno) -> Int32
    /// How many bytes were read; may be fewer than there is room for. 0: the file ends there.
    func read(_ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Errno) -> Int
    /// The next entry of an open directory; nil behind the last.
    func nextName(_ stream: OpaquePointer) throws(Errno) -> UnsafeMutablePointer<dirent>?
}

extension FileOperations {
    // What only reads is the real thing, unless a test wants it to fail.
    public func openForReading(_ path: FilePath) throws(Errno) -> Int32 {
        while true {
            let descriptor = Glibc.open(path.string, O_RDONLY | O_CLOEXEC)
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    public func read(
        _ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(Errno) -> Int {
        // No file is so long.
        guard let place = off_t(exactly: offset) else { return 0 }
        while true {
            let count = pread(descriptor, target.baseAddress, target.count, place)
            if count >= 0 { return count }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    public func nextName(_ stream: OpaquePointer) throws(Errno) -> UnsafeMutablePointer<dirent>? {
        errno = 0
        if let entry = readdir(stream) { return entry }
        if errno != 0 { throw Errno(rawValue: errno) }
        return nil
    }

    public func freeBytes(_ path: FilePath) throws(Errno) -> UInt64 {
        var status = statvfs()
        guard statvfs(path.string, &status) == 0 else { throw Errno(rawValue: errno) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

extension FileOperations {
    /// All of the bytes, whatever a single write takes.
    func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var rest = bytes
        while !rest.isEmpty {
            let taken = try write(descriptor, rest)
            // POSIX allows it for a full device; without progress it would loop for ever.
            guard taken > 0 else { throw Errno.noSpace }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }
}

/// The real thing.
public struct SystemFiles: FileOperations {
    public init() {}

    private func check(_ result: Int32) throws(Errno) { if result < 0 { throw Errno(rawValue: errno) } }

    private func retrying(_ call: () -> Int) throws(Errno) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    public func create(_ path: FilePath) throws(Errno) -> Int32 {
        Int32(try retrying { Int(Glibc.open(path.string, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o640)) })
    }

    public func open(_ path: FilePath) throws(Errno) -> Int32 {
        Int32(try retrying { Int(Glibc.open(path.string, O_RDWR | O_APPEND | O_CLOEXEC)) })
    }

    public func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try retrying { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }

    public func sync(_ descriptor: Int32) throws(Errno) { try check(fdatasync(descriptor)) }
    public func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) {
        try check(ftruncate(descriptor, Int(length)))
    }
    public func rename(_ from: FilePath, to target: FilePath) throws(Errno) {
        try check(Glibc.rename(from.string, target.string))
    }
    public func unlink(_ path: FilePath) throws(Errno) { try check(Glibc.unlink(path.string)) }
    public func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    public func syncDirectory(_ path: FilePath) throws(Errno) {
        let descriptor = Glibc.open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try check(descriptor)
        defer { _ = Glibc.close(descriptor) }
        try check(fsync(descriptor))
    }
}
