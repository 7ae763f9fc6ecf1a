import Crypto

/// Thirty-two bytes of SHA-256, as the standard writes them.
public struct SHA256Hash: Sendable, Hashable {
    /// In the order of memory.
    fileprivate var words: (UInt64, UInt64, UInt64, UInt64)

    public static let zero = SHA256Hash(words: (0, 0, 0, 0))

    fileprivate init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// Of the pieces, one behind the other. Every chunk is hashed twice: nothing is allocated for it.
    init(of piece: UnsafeRawBufferPointer, _ next: UnsafeRawBufferPointer? = nil) {
        var hasher = SHA256()
        hasher.update(bufferPointer: piece)
        if let next { hasher.update(bufferPointer: next) }
        words = hasher.finalize().withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
    }

    public static func == (a: SHA256Hash, b: SHA256Hash) -> Bool { a.words == b.words }
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

extension ByteBuffer {
    mutating func put(_ hash: SHA256Hash) { withUnsafeBytes(of: hash.words) { append($0) } }
}

extension ByteCursor {
    mutating func hash() -> SHA256Hash? {
        slice(32).map { SHA256Hash(words: $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)) }
    }
}

/// On what all chunks of a segment hang: docs/FORMAT.md, "The hash chain".
struct HashChain: Sendable, Equatable {
    let segmentID: Identifier
    /// Of the last chunk; before the first, of what stands in front of it.
    private(set) var hash: SHA256Hash

    /// - Parameter opening: all bytes of the file before the first chunk header.
    init(segmentID: Identifier, opening: UnsafeRawBufferPointer) {
        self.segmentID = segmentID
        hash = SHA256Hash(of: opening)
    }

    /// Goes on behind a chunk whose hash is known.
    init(segmentID: Identifier, behind hash: SHA256Hash) {
        self.segmentID = segmentID
        self.hash = hash
    }

    /// Of what is stored of a chunk.
    /// - Parameter header: content of its header's frame.
    static func contentHash(header: UnsafeRawBufferPointer, frame: UnsafeRawBufferPointer) -> SHA256Hash {
        SHA256Hash(of: UnsafeRawBufferPointer(rebasing: header[ChunkHeader.forgettableBytes]), frame)
    }

    /// Adds a chunk; its chain hash.
    @discardableResult
    mutating func append(firstSequence: UInt64, count: UInt32, content: SHA256Hash) -> SHA256Hash {
        hash = link(firstSequence, count, content)
        return hash
    }

    /// What closes the segment.
    func finalHash(nextSequence: UInt64, chunks: Int) -> SHA256Hash { link(nextSequence, UInt32(chunks), nil) }

    private func link(_ sequence: UInt64, _ count: UInt32, _ content: SHA256Hash?) -> SHA256Hash {
        return withUnsafeTemporaryAllocation(byteCount: 92, alignment: 8) { place in
            place.storeBytes(of: hash, as: SHA256Hash.self)
            place.storeBytes(of: segmentID.high.bigEndian, toByteOffset: 32, as: UInt64.self)
            place.storeBytes(of: segmentID.low.bigEndian, toByteOffset: 40, as: UInt64.self)
            place.storeBytes(of: sequence.littleEndian, toByteOffset: 48, as: UInt64.self)
            place.storeBytes(of: count.littleEndian, toByteOffset: 56, as: UInt32.self)
            guard let content else { return SHA256Hash(of: UnsafeRawBufferPointer(rebasing: place[..<60])) }
            place.storeBytes(of: content, toByteOffset: 60, as: SHA256Hash.self)
            return SHA256Hash(of: UnsafeRawBufferPointer(place))
        }
    }
}
