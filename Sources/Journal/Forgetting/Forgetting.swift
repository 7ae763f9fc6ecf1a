import Events
import Glibc
import Policy
import SystemPackage

/// Carries out one request, a file at a time, in closed segments only. Whatever was done of it before does no harm: a run that
/// a power cut ended is simply begun again.
struct Forgetting {
    let request: ForgetRequest
    private let directory: FilePath
    private let files: any FileOperations
    /// Oldest first; nil before the first step.
    private var names: ArraySlice<SegmentName>?
    /// Of a request for everything: how many of the oldest segments go as files. One with a segment of somebody else's in
    /// front of it gets tombstones: a file that is missing in the middle would look like a loss, and breaks the chain.
    private var deletions = 0
    private(set) var report = ForgettingReport()
    /// All closed segments went as files, so that no tombstone tells of it.
    private(set) var hasEmptied = false

    init(_ request: ForgetRequest, in directory: FilePath, files: any FileOperations) {
        self.request = request
        self.directory = directory
        self.files = files
    }

    /// Does as much as takes a moment: one segment that has something to forget.
    /// - Parameter open: number of the segment that is being written, which is left alone; what is in it is younger than the
    ///   request.
    /// - Returns: false when all is done.
    mutating func step(open: UInt64?) throws(JournalError) -> Bool {
        if names == nil { try begin(open: open) }
        do {
            while let name = names?.first {
                let isChanged = try forget(in: name)
                names?.removeFirst()
                if isChanged { return true }
            }
            try deleteTornPieces()
            return false
        } catch {
            throw .system(what: "forget in", path: directory.string, errno: error)
        }
    }

    private mutating func begin(open: UInt64?) throws(JournalError) {
        let all = try SegmentName.list(in: directory, files: files)
            .filter { $0.number != open && request.reaches(segment: $0.number) }
        names = all[...]
        guard case .everything = request.extent else { return }
        do {
            deletions = try request.userID.map { (user) throws(Errno) in try leading(all, of: user) } ?? all.count
        } catch {
            throw .system(what: "forget in", path: directory.string, errno: error)
        }
        hasEmptied = deletions == all.count
    }

    /// How many of the oldest segments are that user's or nobody's, up to the last of that user's. Nobody's tell of the
    /// recorder alone, and what cannot be read between a user's own was theirs.
    private func leading(_ names: [SegmentName], of userID: UInt32) throws(Errno) -> Int {
        var count = 0
        for (index, name) in names.enumerated() {
            switch try owner(of: name) {
            case userID: count = index + 1
            case nil, SegmentOrigin.nobody.userID: continue
            default: return count
            }
        }
        return count
    }

    /// - Returns: whether there was something to forget.
    private mutating func forget(in name: SegmentName) throws(Errno) -> Bool {
        let isDeleted = deletions > 0
        deletions -= isDeleted ? 1 : 0
        let reader: SegmentReader
        do throws(SegmentError) {
            reader = try open(name)
        } catch {
            switch error {
            case .gone: return false
            case .unreadable(let failure): throw failure.errno
            case .system(let errno): throw errno
            case .notYet, .format: return try forget(unreadable: name, isDeleted: isDeleted)
            }
        }
        if isDeleted { return try delete(reader) }
        guard request.concerns(reader.header.userID) else { return false }
        return try rewrite(reader)
    }

    /// Nobody can tell what is in it.
    private mutating func forget(unreadable name: SegmentName, isDeleted: Bool) throws(Errno) -> Bool {
        guard isDeleted || mayHold(number: name.number) else { return false }
        if !isDeleted, try !isConcerned(number: name.number) {
            report.leftFiles += 1
            return false
        }
        try delete(name.fileName)
        try files.syncDirectory(directory)
        return true
    }

    private mutating func delete(_ reader: SegmentReader) throws(Errno) -> Bool {
        let header = reader.header
        let outline = reader.outline()
        // Its pieces first: as long as it is there, it says whose they are.
        for file in try torn() where file.number == header.number { try delete(file.name) }
        try delete(reader.name.fileName)
        try files.syncDirectory(directory)
        // Another's, or nobody's, is no part of what was asked for.
        guard request.concerns(header.userID) else { return true }
        report.segments += 1
        report.chunks += UInt64(outline.chunks)
        let records = outline.nextSequence - min(header.firstSequence, outline.nextSequence)
        report.records += records - min(outline.forgotten, records)
        report.widen(
            to: header
                .realtimeMicroseconds...max(
                    header.realtimeMicroseconds, header.realtime(outline.lastMicroseconds)))
        return true
    }

    private mutating func rewrite(_ reader: SegmentReader) throws(Errno) -> Bool {
        let (span, app): (ClosedRange<UInt64>, AppGlob?) =
            switch request.extent {
            case .everything: (0...(.max), nil)
            case .span(let span, let app): (span, app)
            }
        let opening = reader.chain
        var status = stat()
        guard stat(directory.appending(reader.name.fileName).string, &status) == 0 else {
            throw Errno(rawValue: errno)
        }
        let selection = ChunkSelection(reader, fileLength: UInt64(status.st_size), span: span, app: app)
        // What the disk does not give now is not therefore of what was asked for.
        if let failure = reader.readFailure { throw failure.errno }
        guard !selection.isEmpty else { return false }
        let done = try SegmentRewrite.run(selection, of: reader, opening: opening, in: directory, files: files)
        report.segments += 1
        report.chunks += done.chunks
        report.records += done.records
        if let span = done.span { report.widen(to: span) }
        return true
    }

    /// Under either name: a sealed one may have got its final name since it was listed.
    private func open(_ name: SegmentName) throws(SegmentError) -> SegmentReader {
        do throws(SegmentError) {
            return try SegmentReader(directory: directory, name: name, files: files)
        } catch .gone {
            let other = SegmentName(number: name.number, isActive: !name.isActive)
            return try SegmentReader(directory: directory, name: other, files: files)
        }
    }

    // MARK: what cannot be read

    private mutating func deleteTornPieces() throws(Errno) {
        var isChanged = false
        for file in try torn() where request.reaches(segment: file.number) && mayHold(number: file.number) {
            guard try isConcerned(number: file.number) else {
                report.leftFiles += 1
                continue
            }
            try delete(file.name)
            isChanged = true
        }
        if isChanged { try files.syncDirectory(directory) }
    }

    private func torn() throws(Errno) -> [JournalFile] {
        do throws(JournalError) {
            return try JournalFile.list(in: directory, files: files).filter { $0.kind == .torn }
        } catch {
            guard case .system(_, _, let errno) = error else { throw .ioError }
            throw errno
        }
    }

    /// Whether something that was written with the segment of that number can be of what was asked for, by when it and the
    /// segment after it began.
    private func mayHold(number: UInt64) -> Bool {
        guard case .span(let span, _) = request.extent else { return true }
        let names = (try? SegmentName.list(in: directory)) ?? []
        func start(_ name: SegmentName) -> UInt64? {
            (try? SegmentReader(directory: directory, name: name))?.header.realtimeMicroseconds
        }
        let first = names.reversed().lazy.filter { $0.number <= number }.compactMap(start).first ?? 0
        let last = names.lazy.filter { $0.number > number }.compactMap(start).first ?? .max
        return min(first, last) <= span.upperBound && max(first, last) >= span.lowerBound
    }

    /// Whether something that was written with the segment of that number is the user's who asks: it says so itself, or
    /// everything around it is theirs. Where it may be another's it stays: nobody can erase for somebody else.
    private func isConcerned(number: UInt64) throws(Errno) -> Bool {
        guard let userID = request.userID else { return true }
        let names = (try? SegmentName.list(in: directory)) ?? []
        func firstOwner(_ names: some Sequence<SegmentName>) throws(Errno) -> UInt32? {
            for name in names { if let owner = try owner(of: name) { return owner } }
            return nil
        }
        if let own = try firstOwner(names.filter { $0.number == number }) { return own == userID }
        let others = [
            try firstOwner(names.reversed().lazy.filter { $0.number < number }),
            try firstOwner(names.lazy.filter { $0.number > number }),
        ].compactMap(\.self).filter { $0 != SegmentOrigin.nobody.userID }
        return !others.isEmpty && others.allSatisfy { $0 == userID }
    }

    /// Nil: it is gone, or no segment of this version.
    /// - Throws: if the disk does not say. Whose it is must not be guessed then: it may be somebody else's.
    private func owner(of name: SegmentName) throws(Errno) -> UInt32? {
        do throws(SegmentError) {
            return try open(name).header.userID
        } catch {
            switch error {
            case .unreadable(let failure): throw failure.errno
            case .system(let errno): throw errno
            case .gone, .notYet, .format: return nil
            }
        }
    }

    private mutating func delete(_ name: String) throws(Errno) {
        do {
            try files.unlink(directory.appending(name))
            report.files += 1
        } catch .noSuchFileOrDirectory {
            return
        }
    }
}
