import Glibc
import Synchronization
import SystemPackage

@testable import Journal

/// A directory whose every change is written down, in order, so that `Disk` can tell what of it a power cut leaves.
/// Nothing is really synced: that is what the model is for, and it makes thousands of runs cheap.
final class RecordedDisk: FileOperations {
    /// Stays with a file through all of its names.
    typealias FileID = Int

    enum Step: Sendable {
        case create(String, FileID)
        case write(FileID, at: Int, [UInt8])
        case truncate(FileID, to: Int)
        case sync(FileID)
        case rename(String, to: String, FileID)
        case unlink(String, FileID)
        case syncDirectory
        /// The journal says that all records up to this number are durable.
        case claim(UInt64)
        /// Something that a test wants to find again.
        case mark(String)
    }

    private struct State {
        var steps: [Step] = []
        var names: [String: FileID] = [:]
        var lengths: [FileID: Int] = [:]
        var descriptors: [Int32: FileID] = [:]
        var nextID = 0
    }
    private let state: Mutex<State>
    private let system = SystemFiles()
    /// What was there before: durable, by definition.
    let initial: [String: [UInt8]]

    init(_ scratch: Scratch) throws {
        var state = State()
        var initial: [String: [UInt8]] = [:]
        for name in scratch.files where name != "lock" {
            let bytes = try scratch.read(name)
            initial[name] = bytes
            state.names[name] = state.nextID
            state.lengths[state.nextID] = bytes.count
            state.nextID += 1
        }
        self.initial = initial
        self.state = Mutex(state)
    }

    var steps: [Step] { state.withLock { $0.steps } }

    /// Numbers of the files that were there before.
    var initialIDs: [String: FileID] {
        Dictionary(uniqueKeysWithValues: initial.keys.sorted().enumerated().map { ($1, $0) })
    }

    func note(_ step: Step) { state.withLock { $0.steps.append(step) } }

    private static func name(_ path: FilePath) -> String { path.lastComponent?.string ?? "" }

    // The lock is held over the call itself, so that the order of the log is the order on the disk.

    func create(_ path: FilePath) throws(Errno) -> Int32 {
        try state.withLock { (state) throws(Errno) in
            let descriptor = try system.create(path)
            let id = state.nextID
            state.nextID += 1
            state.names[Self.name(path)] = id
            state.lengths[id] = 0
            state.descriptors[descriptor] = id
            state.steps.append(.create(Self.name(path), id))
            return descriptor
        }
    }

    func open(_ path: FilePath) throws(Errno) -> Int32 {
        try state.withLock { (state) throws(Errno) in
            let descriptor = try system.open(path)
            state.descriptors[descriptor] = state.names[Self.name(path)]
            return descriptor
        }
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try state.withLock { (state) throws(Errno) in
            let taken = try system.write(descriptor, bytes)
            let id = state.descriptors[descriptor]!
            state.steps.append(.write(id, at: state.lengths[id]!, Array(bytes.prefix(taken))))
            state.lengths[id]! += taken
            return taken
        }
    }

    func sync(_ descriptor: Int32) throws(Errno) {
        state.withLock { $0.steps.append(.sync($0.descriptors[descriptor]!)) }
    }

    func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) {
        try state.withLock { (state) throws(Errno) in
            try system.truncate(descriptor, to: length)
            let id = state.descriptors[descriptor]!
            state.lengths[id] = Int(length)
            state.steps.append(.truncate(id, to: Int(length)))
        }
    }

    func rename(_ from: FilePath, to target: FilePath) throws(Errno) {
        try state.withLock { (state) throws(Errno) in
            try system.rename(from, to: target)
            let id = state.names.removeValue(forKey: Self.name(from))!
            state.names[Self.name(target)] = id
            state.steps.append(.rename(Self.name(from), to: Self.name(target), id))
        }
    }

    func unlink(_ path: FilePath) throws(Errno) {
        try state.withLock { (state) throws(Errno) in
            try system.unlink(path)
            let id = state.names.removeValue(forKey: Self.name(path))!
            state.steps.append(.unlink(Self.name(path), id))
        }
    }

    func close(_ descriptor: Int32) {
        state.withLock { state in
            state.descriptors[descriptor] = nil
            system.close(descriptor)
        }
    }

    func syncDirectory(_ path: FilePath) throws(Errno) { state.withLock { $0.steps.append(.syncDirectory) } }
}
