/// A disk under a file system that journals its metadata: what is on it for certain, and what is on its way.
///
/// Certain are the bytes of a file up to its last `fdatasync`, and the names up to the last `fsync` of the directory.
/// Of everything since, a power cut may leave any part: writes torn at any byte; blocks written in any order, with
/// zeros or another file's old bytes where one is missing; names by the order of the file system's log, or each for
/// itself. That is more than ext4, XFS or btrfs will ever do; a journal that survives it survives them.
struct Disk {
    typealias FileID = RecordedDisk.FileID
    /// What a directory holds.
    typealias Image = [String: [UInt8]]

    private enum Change {
        case write(at: Int, [UInt8])
        case truncate(Int)
    }
    private struct File {
        var durable: [UInt8] = []
        var live: [UInt8] = []
        var pending: [Change] = []

        mutating func apply(_ change: Change) {
            live = Self.applying(change, to: live)
            pending.append(change)
        }

        static func applying(_ change: Change, to bytes: [UInt8]) -> [UInt8] {
            switch change {
            case .truncate(let length): return Array(bytes.prefix(length))
            case .write(let place, let data):
                var bytes = bytes
                if bytes.count < place + data.count {
                    bytes += [UInt8](repeating: 0, count: place + data.count - bytes.count)
                }
                bytes.replaceSubrange(place..<place + data.count, with: data)
                return bytes
            }
        }
    }
    private enum NameChange {
        case add(String, FileID)
        case move(String, String, FileID)
        case remove(String, FileID)
    }

    private var files: [FileID: File] = [:]
    private var names: [String: FileID] = [:]
    private var pendingNames: [NameChange] = []
    /// Files that were deleted on purpose; whether they are gone is nobody's loss.
    private(set) var deleted: Set<FileID> = []

    init(_ recorded: RecordedDisk) {
        for (name, id) in recorded.initialIDs {
            let bytes = recorded.initial[name]!
            files[id] = File(durable: bytes, live: bytes)
            names[name] = id
        }
    }

    mutating func apply(_ step: RecordedDisk.Step) {
        switch step {
        case .create(let name, let id):
            files[id] = File()
            pendingNames.append(.add(name, id))
        case .write(let id, let place, let bytes): files[id]!.apply(.write(at: place, bytes))
        case .truncate(let id, let length): files[id]!.apply(.truncate(length))
        case .sync(let id):
            files[id]!.durable = files[id]!.live
            files[id]!.pending = []
        case .rename(let from, let target, let id): pendingNames.append(.move(from, target, id))
        case .unlink(let name, let id):
            deleted.insert(id)
            pendingNames.append(.remove(name, id))
        case .syncDirectory:
            names = named(pendingNames)
            pendingNames = []
        case .claim, .mark: break
        }
    }

    /// What is certain of each file that nobody deleted.
    var durable: [FileID: [UInt8]] { files.filter { !deleted.contains($0.key) }.mapValues(\.durable) }
    /// What was written of each, whether certain or not.
    var live: [FileID: [UInt8]] { files.filter { !deleted.contains($0.key) }.mapValues(\.live) }

    // MARK: after the power cut

    private func named(_ changes: some Sequence<NameChange>) -> [String: FileID] {
        var names = names
        for change in changes {
            switch change {
            case .add(let name, let id): names[name] = id
            case .move(let from, let target, let id):
                if names[from] == id { names[from] = nil }
                names[target] = id
            case .remove(let name, let id): if names[name] == id { names[name] = nil }
            }
        }
        return names
    }

    private enum Fate: CaseIterable {
        case onlyDurable, everything, torn, reordered
    }

    /// Directories that the next start may find; no two are equal. The plain ones are always among them.
    /// - Parameter samples: of the others, whose number is legion.
    func images(samples: Int, using random: inout some RandomNumberGenerator) -> Set<Image> {
        var images: Set<Image> = []
        for count in 0...pendingNames.count {
            let names = named(pendingNames.prefix(count))
            images.insert(names.mapValues { files[$0]!.durable })
            images.insert(names.mapValues { files[$0]!.live })
        }
        for _ in 0..<samples {
            let survivors =
                Bool.random(using: &random)
                ? Array(pendingNames.prefix(.random(in: 0...pendingNames.count, using: &random)))
                : pendingNames.filter { _ in Bool.random(using: &random) }
            var image: Image = [:]
            // Sorted: the same seed shall give the same image.
            for (name, id) in named(survivors).sorted(by: { $0.key < $1.key }) {
                image[name] = content(of: files[id]!, Fate.allCases.randomElement(using: &random)!, using: &random)
            }
            images.insert(image)
        }
        return images
    }

    private func content(of file: File, _ fate: Fate, using random: inout some RandomNumberGenerator) -> [UInt8] {
        guard !file.pending.isEmpty else { return file.durable }
        switch fate {
        case .onlyDurable: return file.durable
        case .everything: return file.live
        case .torn: return torn(file, using: &random)
        case .reordered: return reordered(file, using: &random)
        }
    }

    /// In order, but not to the end.
    private func torn(_ file: File, using random: inout some RandomNumberGenerator) -> [UInt8] {
        let whole = Int.random(in: 0..<file.pending.count, using: &random)
        var bytes = file.pending.prefix(whole).reduce(file.durable) { File.applying($1, to: $0) }
        if case .write(let place, let data) = file.pending[whole] {
            let part = Array(data.prefix(.random(in: 0...data.count, using: &random)))
            bytes = File.applying(.write(at: place, part), to: bytes)
        }
        return bytes
    }

    /// Each block for itself.
    private func reordered(_ file: File, using random: inout some RandomNumberGenerator) -> [UInt8] {
        let block = [16, 128, 512, 4096].randomElement(using: &random)!
        let stale = Bool.random(using: &random) ? files[files.keys.sorted().randomElement(using: &random)!]!.live : []
        let lengths = [file.durable.count, file.live.count].sorted()
        var bytes = file.durable
        bytes += repeatElement(0, count: max(0, lengths[1] - bytes.count))
        for start in stride(from: 0, to: lengths[1], by: block) {
            let places = start..<min(start + block, lengths[1])
            let isWritten = Bool.random(using: &random)
            for place in places {
                if isWritten, place < file.live.count {
                    bytes[place] = file.live[place]
                } else if !isWritten, place >= file.durable.count, place < stale.count {
                    bytes[place] = stale[place]
                }
            }
        }
        return Array(bytes.prefix(.random(in: lengths[0]...lengths[1], using: &random)))
    }
}

/// SplitMix64: the same run again from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
