import Glibc
import SystemPackage

/// Reports as the C programs and the testbed's feeder read them: 16 bytes each, native order: time (µs, 64 bits), dx, dy
/// (32 bits each).
enum ReportFile {
    static func write(_ reports: [Report], to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try file.closeAfter { _ = try reports.withUnsafeBytes { try file.writeAll($0) } }
    }

    static func read(_ path: FilePath) throws -> [Report] {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            let bytes = Int(try file.seek(offset: 0, from: .end))
            let count = bytes / MemoryLayout<Report>.stride
            return try [Report](unsafeUninitializedCapacity: count) { room, initialized in
                var done = 0
                while done < count * MemoryLayout<Report>.stride {
                    let rest = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(room)[done..<count * MemoryLayout<Report>.stride])
                    let got = try file.read(fromAbsoluteOffset: Int64(done), into: rest)
                    guard got > 0 else { break }
                    done += got
                }
                initialized = done / MemoryLayout<Report>.stride
            }
        }
    }
}
