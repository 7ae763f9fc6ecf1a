import Events
import Glibc
import Synchronization
import SystemPackage

@testable import Journal

/// The real disk, until a test says otherwise.
final class FaultyFiles: FileOperations {
    enum Operation: Sendable, CaseIterable {
        case create, open, write, sync, truncate, rename, unlink, syncDirectory
        case openForReading, read, list
    }
    /// What a write that fails has taken all the same.
    enum Taken: Sendable, CaseIterable { case nothing, half, everything }

    private let system: any FileOperations
    private let decide: @Sendable (Operation, _ count: Int) -> Errno?
    private let counts = Mutex<[Operation: Int]>([:])
    /// Bytes a single write takes at most.
    let writeLimit: Int
    /// Bytes that are read at once at most.
    let readLimit: Int
    private let taken: Taken

    /// `decide` is asked before each operation, and told how often that kind was tried before: an error, or nil.
    init(
        over system: any FileOperations = SystemFiles(), writeLimit: Int = .max, readLimit: Int = .max,
        failedWritesTake taken: Taken = .half, _ decide: @escaping @Sendable (Operation, Int) -> Errno?
    ) {
        self.system = system
        self.writeLimit = writeLimit
        self.readLimit = readLimit
        self.taken = taken
        self.decide = decide
    }

    func count(_ operation: Operation) -> Int { counts.withLock { $0[operation, default: 0] } }

    private func ask(_ operation: Operation) throws(Errno) {
        let count = counts.withLock { counts in
            defer { counts[operation, default: 0] += 1 }
            return counts[operation, default: 0]
        }
        if let error = decide(operation, count) { throw error }
    }

    func create(_ path: FilePath) throws(Errno) -> Int32 {
        try ask(.create)
        return note(try system.create(path))
    }
    func open(_ path: FilePath) throws(Errno) -> Int32 {
        try ask(.open)
        return note(try system.open(path))
    }

    private func note(_ descriptor: Int32) -> Int32 {
        open.withLock { _ = $0.insert(descriptor) }
        return descriptor
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        do {
            try ask(.write)
        } catch {
            // A disk that fills up takes a part first.
            let part = taken == .nothing ? 0 : taken == .half ? bytes.count / 2 : bytes.count
            if part > 0 { _ = try? system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(part))) }
            throw error
        }
        return try system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(writeLimit)))
    }
    func sync(_ descriptor: Int32) throws(Errno) {
        try ask(.sync)
        try system.sync(descriptor)
    }
    func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) {
        try ask(.truncate)
        try system.truncate(descriptor, to: length)
    }
    func rename(_ from: FilePath, to target: FilePath) throws(Errno) {
        try ask(.rename)
        try system.rename(from, to: target)
    }
    func unlink(_ path: FilePath) throws(Errno) {
        try ask(.unlink)
        try system.unlink(path)
    }
    func openForReading(_ path: FilePath) throws(Errno) -> Int32 {
        try ask(.openForReading)
        return note(try system.openForReading(path))
    }
    func read(
        _ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(Errno) -> Int {
        try ask(.read)
        return try system.read(
            descriptor, into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(readLimit)), at: offset)
    }
    func nextName(_ stream: OpaquePointer) throws(Errno) -> UnsafeMutablePointer<dirent>? {
        try ask(.list)
        return try system.nextName(stream)
    }
    /// A descriptor that is closed twice may by then be somebody else's.
    let closedTwice = Atomic<Int>(0)
    private let open = Mutex<Set<Int32>>([])

    func close(_ descriptor: Int32) {
        if open.withLock({ $0.remove(descriptor) }) == nil { closedTwice.add(1, ordering: .relaxed) }
        system.close(descriptor)
    }
    func syncDirectory(_ path: FilePath) throws(Errno) {
        try ask(.syncDirectory)
        try system.syncDirectory(path)
    }
}

/// Waits for something that another thread does; false if it takes more than ten seconds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<10_000 {
        if try condition() { return true }
        usleep(1000)
    }
    return false
}

/// So that a test need not wait.
func quick() -> JournalOptions {
    var options = JournalOptions()
    options.chunkMicroseconds = 1000
    options.syncMicroseconds = 1000
    options.retryMicroseconds = 1000
    return options
}

extension [StoredEvent] {
    var losses: [Loss] {
        compactMap { if case .loss(let loss) = $0.event.payload { loss } else { nil } }
    }
    var motions: [UInt64] {
        compactMap { if case .motion = $0.event.payload { $0.event.timeMicroseconds } else { nil } }
    }
}
