import CLinuxShim
import SystemPackage

/// Requests to forget, one after the other; the journal's thread alone uses it.
final class ForgettingQueue {
    private typealias Completion = @Sendable (Result<ForgettingReport, JournalError>) -> Void
    private struct Entry {
        var run: Forgetting
        /// Nil once it was told.
        var completion: Completion?
    }

    static let retryMicroseconds: UInt64 = 60_000_000
    private let directory: FilePath
    private let files: any FileOperations
    private let counters: WriterCounters
    private var entries: [Entry] = []
    private var retryMicroseconds: UInt64 = 0

    /// - Parameter unfinished: what an earlier run of the recorder left to do.
    init(_ unfinished: [ForgetRequest], directory: FilePath, files: any FileOperations, counters: WriterCounters) {
        self.directory = directory
        self.files = files
        self.counters = counters
        entries = unfinished.map { Entry(run: Forgetting($0, in: directory, files: files), completion: nil) }
    }

    /// When to go on (CLOCK_MONOTONIC, µs; 0: at once); nil: there is nothing to do.
    var deadline: UInt64? { entries.isEmpty ? nil : retryMicroseconds }
    var isDue: Bool { deadline.map { kymo_monotonic_microseconds() >= $0 } ?? false }

    func retryAtOnce() { retryMicroseconds = 0 }

    /// Makes the request durable.
    /// - Parameter last: the number of the newest segment.
    /// - Returns: false if that failed, which was told.
    func add(
        _ request: ForgetRequest, upTo last: UInt64,
        _ completion: @escaping @Sendable (Result<ForgettingReport, JournalError>) -> Void
    ) -> Bool {
        var request = request
        request.lastSegment = last
        do {
            try save(entries.map(\.run.request) + [request])
        } catch {
            counters.note(error)
            // Perhaps all but the last sync went well. Whoever is told that nothing will be done must not find it done by the
            // next start, with what was recorded until then.
            try? save(entries.map(\.run.request))
            completion(.failure(.notNoted(path: directory.string, errno: error)))
            return false
        }
        entries.append(Entry(run: Forgetting(request, in: directory, files: files), completion: completion))
        return true
    }

    /// Does a part of the first request.
    /// - Returns: when all of it is done: whether nothing of the journal is left, so that no tombstone tells of it.
    func step(open: UInt64?) -> Bool? {
        guard !entries.isEmpty else { return nil }
        do {
            return try entries[0].run.step(open: open) ? nil : entries[0].run.hasEmptied
        } catch {
            if case .system(_, _, let errno) = error { counters.note(errno) }
            fail(error)
            return nil
        }
    }

    /// The first request is done.
    /// - Parameter isRecorded: whether the record of it is durable; else it all begins again.
    func finish(isRecorded: Bool) {
        let report = entries[0].run.report
        guard isRecorded else {
            return fail(
                .system(what: "record that something was forgotten in", path: directory.string, errno: .ioError))
        }
        do {
            try save(entries.dropFirst().map(\.run.request))
            entries.removeFirst().completion?(.success(report))
        } catch {
            counters.note(error)
            fail(.system(what: "note what was forgotten in", path: directory.string, errno: error))
        }
    }

    private func fail(_ error: JournalError) {
        entries[0].completion?(.failure(error))
        entries[0].completion = nil
        entries[0].run = Forgetting(entries[0].run.request, in: directory, files: files)
        retryMicroseconds = kymo_monotonic_microseconds() + Self.retryMicroseconds
    }

    private func save(_ requests: [ForgetRequest]) throws(Errno) {
        guard requests.count <= ForgetIntent.requestLimit else { throw .noBufferSpace }
        try ForgetIntent(requests: requests).save(in: directory, files: files)
    }
}
