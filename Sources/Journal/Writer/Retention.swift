import CLinuxShim
import Glibc
import Synchronization
import SystemPackage

/// How much of the past a journal keeps. Whole segments go, the oldest first, each with the pieces that recovery cut off it;
/// never one that is open.
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

    /// A closed segment and what belongs to it.
    private struct Unit {
        var names: [String] = []
        var bytes: UInt64 = 0
    }

    /// Deletes what is too much. What cannot be deleted now is tried again the next time.
    func apply() {
        guard let all = try? JournalFile.list(in: directory) else { return }
        let open = Set(all.filter { $0.kind == .active }.map(\.number))
        var units: [UInt64: Unit] = [:]
        var total: UInt64 = 0
        for file in all where file.kind != .rewrite {
            let bytes = size(of: file.name)
            total += bytes
            guard !open.contains(file.number) else { continue }
            units[file.number, default: Unit()].names.append(file.name)
            units[file.number]!.bytes += bytes
        }
        // Unlinked blocks may be counted as free only later, so that they are counted here.
        var free = freeBytes > 0 ? (try? files.freeBytes(directory)) ?? .max : .max
        for (number, unit) in units.sorted(by: { $0.key < $1.key }) {
            guard total > bytes || free < freeBytes || hasExpired(number) else { break }
            // Going on with the next one would leave a hole in the journal, which readers take for damage.
            guard delete(unit) else { return }
            total -= unit.bytes
            free += min(unit.bytes, .max - free)
            counters.deletedSegments.add(1, ordering: .relaxed)
        }
    }

    private func delete(_ unit: Unit) -> Bool {
        // The segment last: as long as it is there, its pieces are its.
        for name in unit.names.sorted(by: >) {
            do {
                try files.unlink(directory.appending(name))
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                counters.note(error)
                return false
            }
        }
        return true
    }

    private func size(of name: String) -> UInt64 {
        var status = stat()
        return stat(directory.appending(name).string, &status) == 0 ? UInt64(status.st_size) : 0
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
