import Glibc
import SystemPackage

/// What a start makes of segments that were left open: whole chunks stay, the torn tail is put aside, the file sealed.
enum Recovery {
    struct Result {
        var report: RecoveryReport?
        var nextSegment: UInt64
        var nextSequence: UInt64
        /// Final hash of the last segment; zero if there is none.
        var previousHash: SHA256Hash
    }

    /// Where a segment ends.
    private struct End {
        var nextSequence: UInt64
        var lastMicroseconds: UInt64
        /// Nil: of no boot that anybody knows.
        var bootID: Identifier?
        /// Zero: not sealed.
        var finalHash = SHA256Hash.zero
        var tornBytes: UInt64 = 0
    }

    static func run(directory: FilePath, machine: Machine, files: any FileOperations) throws(JournalError) -> Result {
        try clean(directory, files: files)
        let names = try SegmentName.list(in: directory, files: files)
        var last = End(nextSequence: 1, lastMicroseconds: 0, bootID: nil)
        var lastNumber: UInt64 = 0
        // The newest that can be read: a later one may have been left without even a header.
        for name in names.reversed() where !name.isActive {
            guard let end = try end(of: name, in: directory, files: files) else { continue }
            last = end
            lastNumber = name.number
            break
        }
        var result = Result(
            report: nil, nextSegment: (names.last?.number ?? 0) + 1, nextSequence: last.nextSequence,
            previousHash: last.finalHash)
        for name in names where name.isActive {
            let end = try recover(name, after: last, in: directory, files: files)
            result.nextSequence = max(result.nextSequence, end.nextSequence)
            // One that was given up may be older than one that was sealed.
            if name.number > lastNumber {
                last = end
                lastNumber = name.number
            }
            // Older open segments were given up by a recorder that went on: it has said so itself.
            guard name == names.last else { continue }
            result.previousHash = end.finalHash
            result.report = RecoveryReport(
                segment: name.number, lastMicroseconds: end.lastMicroseconds, isSameBoot: end.bootID == machine.bootID,
                tornBytes: end.tornBytes)
        }
        return result
    }

    /// Takes away what was half made; what it was to become is made anew.
    private static func clean(_ directory: FilePath, files: any FileOperations) throws(JournalError) {
        let leftovers =
            try JournalFile.list(in: directory, files: files).filter { $0.kind == .rewrite }.map(\.name)
            + JournalFile.names(in: directory, files: files).filter { $0 == ForgetIntent.newFileName }
        for name in leftovers {
            let path = directory.appending(name)
            do {
                try files.unlink(path)
            } catch {
                throw .system(what: "remove", path: path.string, errno: error)
            }
        }
    }

    /// Nil: its header is damaged, or of another version. What the disk does not give is another thing: a guess at it would
    /// give numbers a second time.
    private static func end(
        of name: SegmentName, in directory: FilePath, files: any FileOperations
    ) throws(JournalError) -> End? {
        let path = directory.appending(name.fileName)
        let reader: SegmentReader
        do throws(SegmentError) {
            reader = try SegmentReader(directory: directory, name: name, files: files)
        } catch {
            switch error {
            case .unreadable(let failure): throw JournalError(reading: path, failure)
            case .system(let errno): throw .system(what: "open", path: path.string, errno: errno)
            case .gone, .notYet, .format: return nil
            }
        }
        let end = end(of: reader)
        if let failure = reader.readFailure { throw JournalError(reading: path, failure) }
        return end
    }

    private static func end(of reader: SegmentReader) -> End {
        var end = End(
            nextSequence: reader.header.firstSequence, lastMicroseconds: reader.header.monotonicMicroseconds,
            bootID: reader.header.bootID)
        if let seal = reader.sealAtEnd() {
            end.nextSequence = seal.nextSequence
            end.finalHash = seal.finalHash
            end.lastMicroseconds = seal.entries.reduce(end.lastMicroseconds) { max($0, $1.lastMicroseconds) }
            return end
        }
        while true {
            switch reader.next(isFinal: true, wants: { _ in false }) {
            case .skipped(let chunk, _): end.lastMicroseconds = max(end.lastMicroseconds, chunk.lastMicroseconds)
            case .sealed, .end:
                end.nextSequence = reader.expectedSequence
                return end
            case .chunk, .forgotten, .damage: continue
            }
        }
    }

    private static func recover(
        _ name: SegmentName, after before: End, in directory: FilePath, files: any FileOperations
    ) throws(JournalError) -> End {
        let path = directory.appending(name.fileName)
        let reader: SegmentReader
        do throws(SegmentError) {
            reader = try SegmentReader(directory: directory, name: name, trustsChain: true, files: files)
        } catch {
            var end = before
            end.tornBytes = 0
            switch error {
            case .unreadable(let failure): throw JournalError(reading: path, failure)
            case .system(let errno): throw .system(what: "open", path: path.string, errno: errno)
            // A newer version's: not ours to touch.
            case .gone, .format(.unknownVersion), .format(.incompatibleFlags), .format(.sealedPayloads):
                end.finalHash = .zero
            case .notYet, .format:
                end.tornBytes = size(of: path)
                try setAside(path, in: directory, name: name, files: files)
            }
            return end
        }
        let isSameBoot = before.bootID == reader.header.bootID
        var end = End(
            nextSequence: reader.expectedSequence,
            lastMicroseconds: isSameBoot ? before.lastMicroseconds : reader.header.monotonicMicroseconds,
            bootID: reader.header.bootID)
        let found = walk(reader, lastMicroseconds: &end.lastMicroseconds)
        // What could not be read may be good: nothing is cut off behind it.
        if let failure = reader.readFailure { throw JournalError(reading: path, failure) }
        end.nextSequence = reader.expectedSequence
        if let seal = found.seal {
            // Only the rename was missing; and the shortening, if the power went before that was on the disk.
            end.finalHash = seal.finalHash
            if reader.fileLength > reader.offset {
                end.tornBytes = try cut(path, at: reader.offset, in: directory, name: name, files: files) {
                    (descriptor) throws(Errno) in try files.sync(descriptor)
                }
            }
            try finish(path, in: directory, name: name, files: files)
            return end
        }
        guard !found.entries.isEmpty else {
            // Nothing hangs on it. One that the recorder gave up and deleted comes back after a power cut, and then two
            // segments would follow the same one.
            end.finalHash = before.finalHash
            end.tornBytes = reader.fileLength - found.length
            try setAside(path, in: directory, name: name, files: files)
            return end
        }
        let seal = Seal(
            segmentID: reader.header.segmentID, nextSequence: reader.expectedSequence,
            finalHash: reader.chain.finalHash(nextSequence: reader.expectedSequence, chunks: found.entries.count),
            entries: found.entries)
        end.finalHash = seal.finalHash
        end.tornBytes = try cut(path, at: found.length, in: directory, name: name, files: files) {
            (descriptor) throws(Errno) in
            var buffer = ByteBuffer(capacity: 4096 + found.entries.count * 32)
            defer { buffer.deallocate() }
            seal.write(to: &buffer)
            try files.writeAll(descriptor, buffer.bytes)
            try files.sync(descriptor)
        }
        try finish(path, in: directory, name: name, files: files)
        return end
    }

    /// What there is of a segment: its whole chunks, the offset behind the last one, and its seal if there is one.
    private static func walk(
        _ reader: SegmentReader, lastMicroseconds: inout UInt64
    ) -> (entries: [Seal.Entry], length: UInt64, seal: Seal?) {
        var entries: [Seal.Entry] = []
        var length = reader.offset
        while true {
            // Nobody appends to it any more: a frame that promises more than there is hides nothing behind it.
            switch reader.next(isFinal: true, wants: { _ in true }) {
            case .chunk(let chunk, let offset, _), .skipped(let chunk, let offset):
                // The opening chunk is no event's: what waited in the ring while the segment was made is older than it.
                if !entries.isEmpty { lastMicroseconds = max(lastMicroseconds, chunk.lastMicroseconds) }
                entries.append(Seal.Entry(chunk, offset: offset))
                length = reader.offset
            case .forgotten(let tombstone, let offset):
                entries.append(Seal.Entry(tombstone, offset: offset))
                length = reader.offset
            case .sealed(let seal): return (entries, length, seal)
            case .damage: continue
            case .end: return (entries, length, nil)
            }
        }
    }

    private static func size(of path: FilePath) -> UInt64 {
        var status = stat()
        return stat(path.string, &status) == 0 ? UInt64(status.st_size) : 0
    }

    /// Copies what stands behind `end` into the torn file, cuts it off, and lets `append` write behind.
    private static func cut(
        _ path: FilePath, at end: UInt64, in directory: FilePath, name: SegmentName, files: any FileOperations,
        append: (Int32) throws(Errno) -> Void
    ) throws(JournalError) -> UInt64 {
        do {
            let descriptor = try files.open(path)
            defer { files.close(descriptor) }
            let length = size(of: path)
            let torn = length > end ? length - end : 0
            if torn > 0 {
                let aside = try files.create(tornPath(in: directory, name: name))
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

    /// A name that no earlier recovery used: one that was cut short itself may have left a copy.
    private static func tornPath(in directory: FilePath, name: SegmentName) -> FilePath {
        var attempt = 1
        while access(directory.appending(name.tornName(attempt)).string, F_OK) == 0 { attempt += 1 }
        return directory.appending(name.tornName(attempt))
    }

    private static func copy(
        from source: Int32, at offset: UInt64, to target: Int32, files: any FileOperations
    ) throws(Errno) {
        var buffer = ByteBuffer(capacity: 64 << 10)
        defer { buffer.deallocate() }
        var place = offset
        while true {
            let room = UnsafeMutableRawBufferPointer(start: buffer.base, count: buffer.capacity)
            let count = try files.read(source, into: room, at: place)
            guard count > 0 else { return }
            buffer.count = count
            try files.writeAll(target, buffer.bytes)
            place += UInt64(count)
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

    /// A file without a readable header, or without a whole chunk, has nothing to keep.
    private static func setAside(
        _ path: FilePath, in directory: FilePath, name: SegmentName, files: any FileOperations
    ) throws(JournalError) {
        do {
            try files.rename(path, to: tornPath(in: directory, name: name))
        } catch {
            throw .system(what: "put aside", path: path.string, errno: error)
        }
    }
}
