import Glibc
import SystemPackage

/// Keeps the sealed segments within a total size, oldest out first.
enum Retention {
    static func apply(directory: FilePath, retainBytes: UInt64, files: any FileOperations) {
        guard let names = try? SegmentName.list(in: directory) else { return }
        var sizes: [(SegmentName, UInt64)] = []
        for name in names where !name.isActive {
            var status = stat()
            if stat(directory.appending(name.fileName).string, &status) == 0 {
                sizes.append((name, UInt64(status.st_size)))
            }
        }
        var total = sizes.reduce(0) { $0 + $1.1 }
        for (name, size) in sizes where total > retainBytes {
            // One that cannot be deleted now is tried again at the next rotation. Going on with the next one would leave
            // a hole in the journal, which readers take for damage.
            guard (try? files.unlink(directory.appending(name.fileName))) != nil else { return }
            total -= size
        }
    }
}
