import Glibc
import SystemPackage

@testable import Journal

/// A directory in memory for one process, whose files are written anew for each input.
final class FuzzDirectory {
    let path: FilePath
    private let root: String

    init() {
        var template = Array("/dev/shm/kymograph-fuzz-XXXXXX".utf8) + [0]
        let made = template.withUnsafeMutableBytes { mkdtemp($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        precondition(made != nil, "no room in /dev/shm")
        root = String(decoding: template.dropLast(), as: UTF8.self)
        path = FilePath(root)
    }

    func write(_ name: String, _ bytes: UnsafeRawBufferPointer) {
        let descriptor = open("\(root)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "no room in /dev/shm")
        append(descriptor, bytes)
    }

    func append(_ name: String, _ bytes: UnsafeRawBufferPointer) {
        append(open("\(root)/\(name)", O_WRONLY | O_APPEND), bytes)
    }

    private func append(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) {
        defer { close(descriptor) }
        precondition(Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count, "no room in /dev/shm")
    }

    func rename(_ from: String, to target: String) {
        precondition(Glibc.rename("\(root)/\(from)", "\(root)/\(target)") == 0)
    }

    /// Deletes all that is in it.
    func clear() {
        guard let stream = opendir(root) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { unlink("\(root)/\(name)") }
        }
    }

    func remove() {
        clear()
        rmdir(root)
    }
}

/// The real calls without the syncs: nothing here must survive anything.
struct UnsyncedFiles: FileOperations {
    private let system = SystemFiles()
    func create(_ path: FilePath) throws(Errno) -> Int32 { try system.create(path) }
    func open(_ path: FilePath) throws(Errno) -> Int32 { try system.open(path) }
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try system.write(descriptor, bytes)
    }
    func sync(_ descriptor: Int32) throws(Errno) {}
    func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) { try system.truncate(descriptor, to: length) }
    func rename(_ from: FilePath, to target: FilePath) throws(Errno) { try system.rename(from, to: target) }
    func unlink(_ path: FilePath) throws(Errno) { try system.unlink(path) }
    func close(_ descriptor: Int32) { system.close(descriptor) }
    func syncDirectory(_ path: FilePath) throws(Errno) {}
}
