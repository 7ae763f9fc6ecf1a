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
        let found = try Recovery.run(directory: directory, machine: machine, files: files)
        recovery = found.report
        thread = WriterThread(
            ring: ring, directory: directory, options: options, origin: origin, machine: machine, files: files,
            start: found)
        do {
            try thread.openSegment()
        } catch {
            throw .notWritable(path: directory.string, errno: error)
        }
        try start()
    }

    deinit { stop() }

    /// Input thread only. False: the ring is full and the event was not taken; the caller counts it.
    public func append(_ event: PermittedEvent) -> Bool { ring.append(event) }

    /// Writes what is left, seals the segment and ends the thread.
    public func stop() {
        guard let handle else { return }
        self.handle = nil
        thread.isStopping.store(true, ordering: .sequentiallyConsistent)
        ring.wake()
        pthread_join(handle, nil)
    }

    /// Any thread.
    public var statistics: JournalStatistics { thread.statistics }

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
