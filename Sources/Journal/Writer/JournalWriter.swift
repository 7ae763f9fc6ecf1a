import CLinuxShim
import Glibc
import Policy
import Synchronization
import SystemPackage

/// The journal for its one writer: events go into a ring, a thread of its own makes chunks of them and owns the disk.
public final class JournalWriter {
    private let ring = Ring()
    private let thread: WriterThread
    private var handle: pthread_t?
    private let lock: DirectoryLock

    /// What was found of a recorder that ended without a word; nil after a clean stop.
    public let recovery: RecoveryReport?

    /// Takes the directory's lock, recovers what was left open, creates a segment and starts the thread.
    /// - Throws: when the directory is missing, not writable, full, or another recorder's.
    public init(
        directory: FilePath, options: JournalOptions = JournalOptions(), origin: SegmentOrigin,
        files: any FileOperations = SystemFiles()
    ) throws(JournalError) {
        lock = try DirectoryLock(directory: directory)
        let machine = try Machine()
        let intent = try ForgetIntent.load(in: directory, files: files)
        let found = try Recovery.run(directory: directory, machine: machine, files: files)
        recovery = found.report
        thread = WriterThread(
            ring: ring, directory: directory, options: options, origin: origin, machine: machine, files: files,
            start: found, unfinished: intent.requests)
        do {
            try thread.openSegment()
        } catch {
            throw .notWritable(path: directory.string, errno: error)
        }
        try start()
    }

    deinit { stop() }

    /// Input thread only. False: the ring is full and the event was not taken; the caller counts it.
    public func append(_ event: consuming PermittedEvent) -> Bool { ring.append(event) }

    /// Input thread only: closes the segment behind all that was appended so far, and begins a new one.
    ///
    /// To be called when the clock was stepped or the machine resumed, since a segment has one pair of clocks; and with
    /// the new origin when the subject or the session changes, since a segment has one of each. State of the session
    /// (focus, layout) is not repeated in another's segments.
    public func rotate(origin: SegmentOrigin? = nil) {
        thread.orders.place(.rotate(origin), at: ring.end)
        ring.wake()
    }

    /// Input thread only: removes from the journal what was appended so far, as far as it was asked for.
    ///
    /// The request is made durable first and survives a crash; then the segment is closed, and every closed segment that has
    /// some of it is written anew, one at a time between the chunks. At the end a record says that something was forgotten.
    /// What the gate still holds back comes later: wait for it, or discard it, before the call.
    /// - Parameter completion: called on the journal's thread, once: when all is done, or at the first failure; what failed
    ///   is then tried again every minute, at the stop and at the next start.
    public func forget(
        _ request: ForgetRequest, completion: @escaping @Sendable (Result<ForgettingReport, JournalError>) -> Void
    ) {
        thread.orders.place(.forget(request, completion), at: ring.end)
        ring.wake()
    }

    /// Writes what is left, seals the segment and ends the thread.
    public func stop() {
        guard let handle else { return }
        self.handle = nil
        thread.isStopping.store(true, ordering: .sequentiallyConsistent)
        ring.wake()
        pthread_join(handle, nil)
    }

    /// Any thread.
    public var statistics: JournalStatistics { thread.counters.statistics }

    private func start() throws(JournalError) {
        var handle = pthread_t()
        let context = Unmanaged.passRetained(thread).toOpaque()
        let result = pthread_create(
            &handle, nil,
            { context in
                Unmanaged<WriterThread>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context)
        guard result == 0 else {
            Unmanaged<WriterThread>.fromOpaque(context).release()
            throw .thread(errno: Errno(rawValue: result))
        }
        self.handle = handle
    }
}
