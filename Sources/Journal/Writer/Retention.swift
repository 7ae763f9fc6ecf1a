import CLinuxShim
import Glibc
import Synchronization
import SystemPackage

/// How much of the past a journal keeps. Whole segments go, the oldest first, each with the pieces that recovery cut off it;
/// never the one that is written.
struct Retention {
    let directory: FilePath
    let files: any FileOperations
    let counters: WriterCounters
    /// Of all files of the journal together.
    let bytes: UInt64
    /// How long ago a segment may have ended; nil: no limit.
    let ageMicroseconds: UInt64?
    /// On the file system, for others.
    let freeBytes: UInt64

    init(directory: FilePath, options: JournalOptions, files: any FileOperations, counters: WriterCounters) {
        self.directory = directory
        self.files = files
        self.counters = counters
        bytes = options.retainBytes
        ageMicroseconds = options.retainMicroseconds
        freeBytes = options.keepFreeBytes
    }

    /// Deletes what is too much. What cannot be deleted now is tried again the next time.
    func apply() {
        guard let (units, all) = try? ClosedSegment.list(in: directory) else { return }
        var total = all
        // Unlinked blocks may be counted as free only later, so that they are counted here.
        var free = freeBytes > 0 ? (try? files.freeBytes(directory)) ?? .max : .max
        for unit in units {
            guard total > bytes || free < freeBytes || hasExpired(unit.number) else { break }
            // Going on with the next one would leave a hole in the journal, which readers take for damage.
            guard delete(unit) else { return }
            total -= unit.bytes
            free += min(unit.bytes, .max - free)
            counters.deletedSegments.add(1, ordering: .relaxed)
        }
    }

    private func delete(_ unit: ClosedSegment) -> Bool {
        for file in unit.files {
            do {
                try files.unlink(directory.appending(file.name))
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                counters.note(error)
                return false
            }
        }
        return true
    }

    /// Whether the segment ended that long ago: when the one after it began. Its file's own time says when it was copied,
    /// or rewritten.
    private func hasExpired(_ number: UInt64) -> Bool {
        guard let age = ageMicroseconds, let names = try? SegmentName.list(in: directory) else { return false }
        let now = kymo_realtime_microseconds()
        let end = names.lazy.filter { $0.number > number }
            .compactMap { (try? SegmentReader(directory: directory, name: $0))?.header.realtimeMicroseconds }.first
        return end.map { $0 < now - min(age, now) } ?? false
    }
}

/// A closed segment and what recovery cut off it: they go together, the oldest first, so that no hole is made. What the
/// recorder deletes by itself and what somebody has deleted (`Vacuum`) are these.
struct ClosedSegment {
    var number: UInt64
    /// The segment last: as long as it is there, its pieces are its.
    var files: [(name: String, bytes: UInt64)] = []
    var bytes: UInt64 { files.reduce(0) { $0 + $1.bytes } }

    /// All of a journal, oldest first, and the bytes of all its files, those of open segments included.
    static func list(in directory: FilePath) throws(JournalError) -> ([ClosedSegment], bytes: UInt64) {
        let all = try JournalFile.list(in: directory).filter { $0.kind != .rewrite }
        // Only the newest may be written still. An older one was given up: were it kept, the one behind it, which says what
        // it lacks, would go first.
        let newest = all.last { $0.kind == .sealed || $0.kind == .active }
        let open = newest?.kind == .active ? newest?.number : nil
        var segments: [ClosedSegment] = []
        var total: UInt64 = 0
        for file in all {
            var status = stat()
            guard stat(directory.appending(file.name).string, &status) == 0 else { continue }
            let bytes = UInt64(status.st_size)
            total += bytes
            guard file.number != open else { continue }
            if segments.last?.number != file.number { segments.append(ClosedSegment(number: file.number)) }
            let place =
                file.kind == .torn
                ? segments[segments.count - 1].files.startIndex : segments[segments.count - 1].files.endIndex
            segments[segments.count - 1].files.insert((file.name, bytes), at: place)
        }
        return (segments, total)
    }
}
