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
    private(set) var report = ForgettingReport()

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
        if names == nil {
            names = try SegmentName.list(in: directory).filter { $0.number != open }[...]
        }
        do {
            switch request {
            case .everything:
                try deleteAll()
                return false
            case .span(let span, let app):
                while let name = names?.first {
                    let isChanged = try forget(span, app, in: name)
                    names?.removeFirst()
                    if isChanged { return true }
                }
                try deleteTornPieces(of: span)
                return false
            }
        } catch {
            throw .system(what: "forget in", path: directory.string, errno: error)
        }
    }

    private mutating func deleteAll() throws(Errno) {
        for name in names ?? [] { try delete(name.fileName) }
        for file in tornPieces { try delete(file.name) }
        try files.syncDirectory(directory)
    }

    /// - Returns: whether there was something to forget.
    private mutating func forget(
        _ span: ClosedRange<UInt64>, _ app: AppGlob?, in name: SegmentName
    ) throws(Errno) -> Bool {
        let reader: SegmentReader
        do throws(SegmentError) {
            reader = try open(name)
        } catch {
            switch error {
            case .gone: return false
            case .system(let errno): throw errno
            case .notYet, .format:
                // Nobody can tell what is in it.
                guard mayHold(span, number: name.number) else { return false }
                try delete(name.fileName)
                try files.syncDirectory(directory)
                return true
            }
        }
        let opening = reader.chain
        var status = stat()
        guard stat(directory.appending(reader.name.fileName).string, &status) == 0 else {
            throw Errno(rawValue: errno)
        }
        let selection = ChunkSelection(reader, fileLength: UInt64(status.st_size), span: span, app: app)
        guard !selection.isEmpty else { return false }
        let done = try SegmentRewrite.run(selection, of: reader, opening: opening, in: directory, files: files)
        report.chunks += done.chunks
        report.records += done.records
        return true
    }

    /// Under either name: a sealed one may have got its final name since it was listed.
    private func open(_ name: SegmentName) throws(SegmentError) -> SegmentReader {
        do throws(SegmentError) {
            return try SegmentReader(directory: directory, name: name)
        } catch .gone {
            let other = SegmentName(number: name.number, isActive: !name.isActive)
            return try SegmentReader(directory: directory, name: other)
        }
    }

    // MARK: what cannot be read

    private var tornPieces: [JournalFile] {
        ((try? JournalFile.list(in: directory)) ?? []).filter { $0.kind == .torn }
    }

    private mutating func deleteTornPieces(of span: ClosedRange<UInt64>) throws(Errno) {
        let pieces = tornPieces.filter { mayHold(span, number: $0.number) }
        for piece in pieces { try delete(piece.name) }
        if !pieces.isEmpty { try files.syncDirectory(directory) }
    }

    /// Whether something that was written with the segment of that number can be of the span, by when it and the segment
    /// after it began.
    private func mayHold(_ span: ClosedRange<UInt64>, number: UInt64) -> Bool {
        let names = (try? SegmentName.list(in: directory)) ?? []
        func start(_ name: SegmentName) -> UInt64? {
            (try? SegmentReader(directory: directory, name: name))?.header.realtimeMicroseconds
        }
        let first = names.reversed().lazy.filter { $0.number <= number }.compactMap(start).first ?? 0
        let last = names.lazy.filter { $0.number > number }.compactMap(start).first ?? .max
        return min(first, last) <= span.upperBound && max(first, last) >= span.lowerBound
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

extension ForgetIntent {
    /// Makes the file durable; without requests: takes it away.
    func save(in directory: FilePath, files: any FileOperations) throws(Errno) {
        let path = directory.appending(Self.fileName)
        let newPath = directory.appending(Self.newFileName)
        if requests.isEmpty {
            if access(path.string, F_OK) == 0 { try files.unlink(path) }
        } else {
            if access(newPath.string, F_OK) == 0 { try files.unlink(newPath) }
            let descriptor = try files.create(newPath)
            defer { files.close(descriptor) }
            var buffer = ByteBuffer(capacity: 512)
            defer { buffer.deallocate() }
            write(to: &buffer)
            try files.writeAll(descriptor, buffer.bytes)
            try files.sync(descriptor)
            try files.rename(newPath, to: path)
        }
        try files.syncDirectory(directory)
    }

    /// What was not carried out; nothing if there is no file.
    static func load(in directory: FilePath) throws(JournalError) -> ForgetIntent {
        let path = directory.appending(fileName)
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return ForgetIntent(requests: []) }
            throw .system(what: "read", path: path.string, errno: Errno(rawValue: errno))
        }
        let window = FileWindow(descriptor: descriptor)
        let length = window.fileLength
        guard length <= byteLimit, let bytes = window.bytes(at: 0, count: Int(length)), let intent = ForgetIntent(bytes)
        else { throw .unreadableIntent(path: path.string) }
        return intent
    }
}
