import Glibc
import SystemPackage

/// What a start makes of segments that were left open: whole chunks stay, the torn tail is put aside, the file sealed.
enum Recovery {
    struct Result {
        var report: RecoveryReport?
        var nextSegment: UInt64
        var nextSequence: UInt64
    }

    static func run(directory: FilePath, machine: Machine, files: any FileOperations) throws(JournalError) -> Result {
        let names = try SegmentName.list(in: directory)
        var result = Result(report: nil, nextSegment: (names.last?.number ?? 0) + 1, nextSequence: 1)
        for name in names.suffix(1) where !name.isActive {
            result.nextSequence = sequence(after: name, in: directory) ?? result.nextSequence
        }
        for name in names where name.isActive {
            let found = try recover(name, in: directory, machine: machine, files: files)
            result.nextSequence = max(result.nextSequence, found.nextSequence)
            // Older open segments were given up by a recorder that went on: it has said so itself.
            if name == names.last { result.report = found.report }
        }
        return result
    }

    /// The sequence number that follows a sealed segment.
    private static func sequence(after name: SegmentName, in directory: FilePath) -> UInt64? {
        guard let reader = try? SegmentReader(directory: directory, name: name) else { return nil }
        while true {
            switch reader.next(isFinal: true, wants: { _ in false }) {
            case .sealed(let seal): return seal.nextSequence
            case .end: return reader.expectedSequence
            default: continue
            }
        }
    }

    private static func recover(
        _ name: SegmentName, in directory: FilePath, machine: Machine, files: any FileOperations
    ) throws(JournalError) -> (report: RecoveryReport?, nextSequence: UInt64) {
        let path = directory.appending(name.fileName)
        let reader: SegmentReader
        do {
            reader = try SegmentReader(directory: directory, name: name)
        } catch {
            try setAside(path, in: directory, as: name.tornName, files: files)
            return (nil, 1)
        }
        var entries: [Seal.Entry] = []
        var last = reader.header.monotonicMicroseconds
        var end = reader.offset
        walk: while true {
            switch reader.next(isFinal: false, wants: { _ in true }) {
            case .chunk(let chunk, let offset, _):
                entries.append(
                    Seal.Entry(
                        offset: offset, firstSequence: chunk.firstSequence, firstMicroseconds: chunk.firstMicroseconds,
                        lastMicroseconds: chunk.lastMicroseconds))
                last = max(last, chunk.lastMicroseconds)
                end = reader.offset
            case .sealed:
                // Only the rename was missing.
                try finish(path, in: directory, name: name, files: files)
                return (report(name, reader, last, machine, torn: 0), reader.expectedSequence)
            case .damage, .skipped: continue
            case .end: break walk
            }
        }
        let torn = try cut(path, at: end, in: directory, name: name, files: files) { (descriptor) throws(Errno) in
            var buffer = ByteBuffer(capacity: 4096 + entries.count * 32)
            defer { buffer.deallocate() }
            Seal(segmentID: reader.header.segmentID, nextSequence: reader.expectedSequence, entries: entries)
                .write(to: &buffer)
            try files.writeAll(descriptor, buffer.bytes)
            try files.sync(descriptor)
        }
        try finish(path, in: directory, name: name, files: files)
        return (report(name, reader, last, machine, torn: torn), reader.expectedSequence)
    }

    private static func report(
        _ name: SegmentName, _ reader: SegmentReader, _ last: UInt64, _ machine: Machine, torn: UInt64
    ) -> RecoveryReport {
        RecoveryReport(
            segment: name.number, lastMicroseconds: last, isSameBoot: reader.header.bootID == machine.bootID,
            tornBytes: torn)
    }

    /// Copies what stands behind `end` into the torn file, cuts it off, and lets `append` write behind.
    private static func cut(
        _ path: FilePath, at end: UInt64, in directory: FilePath, name: SegmentName, files: any FileOperations,
        append: (Int32) throws(Errno) -> Void
    ) throws(JournalError) -> UInt64 {
        do {
            let descriptor = try files.open(path)
            defer { files.close(descriptor) }
            var status = stat()
            fstat(descriptor, &status)
            let torn = UInt64(status.st_size) > end ? UInt64(status.st_size) - end : 0
            if torn > 0 {
                let aside = try files.create(directory.appending(name.tornName))
                defer { files.close(aside) }
                try copy(from: descriptor, at: end, to: aside, files: files)
                try files.sync(aside)
                try files.truncate(descriptor, to: Int64(end))
            }
            try append(descriptor)
            return torn
        } catch {
            throw .system(what: "recover", path: path.string, errno: error)
        }
    }

    private static func copy(
        from source: Int32, at offset: UInt64, to target: Int32, files: any FileOperations
    ) throws(Errno) {
        var buffer = ByteBuffer(capacity: 64 << 10)
        defer { buffer.deallocate() }
        var place = offset
        while true {
            buffer.count = pread(source, buffer.base, buffer.capacity, off_t(place))
            if buffer.count < 0 { throw Errno(rawValue: errno) }
            guard buffer.count > 0 else { return }
            try files.writeAll(target, buffer.bytes)
            place += UInt64(buffer.count)
        }
    }

    private static func finish(
        _ path: FilePath, in directory: FilePath, name: SegmentName, files: any FileOperations
    ) throws(JournalError) {
        let sealed = SegmentName(number: name.number, isActive: false)
        do {
            try files.rename(path, to: directory.appending(sealed.fileName))
            try files.syncDirectory(directory)
        } catch {
            throw .system(what: "seal", path: path.string, errno: error)
        }
    }

    /// A file without a readable header has no chunk to keep.
    private static func setAside(
        _ path: FilePath, in directory: FilePath, as name: String, files: any FileOperations
    ) throws(JournalError) {
        do {
            try files.rename(path, to: directory.appending(name))
        } catch {
            throw .system(what: "put aside", path: path.string, errno: error)
        }
    }
}
