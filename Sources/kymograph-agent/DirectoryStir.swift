import CLinuxShim
import EventLoop
import Glibc

/// Tells when a file of that name in a directory is written or replaced.
final class DirectoryStir {
    private let loop: EventLoop
    private let file: String
    private let descriptor: Int32
    var stirred: () -> Void = {}

    /// Nil: the directory is not there, or cannot be watched.
    init?(loop: EventLoop, directory: String, file: String) {
        self.loop = loop
        self.file = file
        descriptor = kymo_watch_directory(directory)
        guard descriptor >= 0 else { return nil }
        do {
            try loop.add(descriptor) { [unowned self] in read() }
        } catch {
            close(descriptor)
            return nil
        }
    }

    deinit {
        loop.remove(descriptor)
        close(descriptor)
    }

    private func read() {
        var isConcerned = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 {
            isConcerned = buffer.withUnsafeBytes { watchedNames(in: $0[..<count]).contains(file) } || isConcerned
        }
        if isConcerned { stirred() }
    }
}

/// The files that inotify's events are about.
func watchedNames(in events: Slice<UnsafeRawBufferPointer>) -> [String] {
    var names: [String] = []
    var rest = UnsafeRawBufferPointer(rebasing: events)
    let header = MemoryLayout<inotify_event>.size
    while rest.count >= header {
        let end = header + Int(rest.loadUnaligned(as: inotify_event.self).len)
        guard rest.count >= end else { break }
        names.append(String(decoding: rest[header..<end].prefix { $0 != 0 }, as: UTF8.self))
        rest = UnsafeRawBufferPointer(rebasing: rest[end...])
    }
    return names
}
