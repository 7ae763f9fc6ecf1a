/// Numbers and limits of the format: docs/FORMAT.md, "Frames" and "Limits".
enum Frame {
    /// LZ4 frame magic, and the skippable frames we use (LZ4 frame format, "Skippable Frames").
    static let lz4: UInt32 = 0x184D_2204
    static let segmentHeader: UInt32 = 0x184D_2A50
    static let chunkHeader: UInt32 = 0x184D_2A51
    static let seal: UInt32 = 0x184D_2A52
    static let tombstone: UInt32 = 0x184D_2A53
    /// Magic and length of a skippable frame.
    static let skippablePrefix = 8

    static let segmentMagic: UInt64 = 0x3147_4553_4F4D_594B  // "KYMOSEG1"

    /// Whether it is a frame of ours that may follow the segment header. Its content begins with the segment's id.
    static func belongsToASegment(_ magic: UInt32) -> Bool { (chunkHeader...tombstone).contains(magic) }
}

/// Bounds that a reader checks before it allocates anything.
public enum FormatLimit {
    /// Events in a chunk.
    public static let chunkEvents = 8_192
    /// Bytes of a chunk's payload before compression.
    public static let payloadBytes = 4 << 20
    /// Bytes of a stored LZ4 frame: incompressible payload plus block and frame overhead.
    public static let storedBytes = payloadBytes + payloadBytes / 255 + 4096
    public static let textBytes = 4096
    public static let chunksPerSegment = 1 << 20
    /// Frame of the longest seal. A chunk takes some ten bytes of it, a strange one up to thirty.
    static let sealBytes = 32 << 20
    public static let subjectBytes = 256
    public static let sessionBytes = 64
    /// At the beginning of each payload, different each time, so that the hash that stays of a forgotten chunk cannot be
    /// found by trying what it may have said.
    package static let randomBytes = 16
    /// Sequence and segment numbers are below: no sum of two numbers overflows.
    public static let numbers: UInt64 = 1 << 63
}

/// The version this package writes and reads: a reader refuses another major number.
public enum FormatVersion {
    public static let major: UInt16 = 1
    public static let minor: UInt16 = 0
    /// Incompatible features that this reader knows: none.
    public static let knownIncompatibleFlags: UInt32 = 0
    /// The incompatible flag for encrypted payloads, which a later version may write.
    public static let sealedPayloads: UInt32 = 1 << 0
}

/// 128 bits that name a segment, a machine or a boot.
public struct Identifier: Sendable, Hashable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Thirty-two hexadecimal digits; hyphens are skipped (`/etc/machine-id`, `/proc/sys/kernel/random/boot_id`).
    public init?(hexadecimal text: some Sequence<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for byte in text where byte != UInt8(ascii: "-") && byte != UInt8(ascii: "\n") {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, digits < 32 else { return nil }
            words.0 = words.0 << 4 | words.1 >> 60
            words.1 = words.1 << 4 | UInt64(digit)
            digits += 1
        }
        guard digits == 32 else { return nil }
        self.init(high: words.0, low: words.1)
    }

    public var description: String {
        func padded(_ word: UInt64) -> String {
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return padded(high) + padded(low)
    }
}

extension ByteBuffer {
    mutating func put(_ identifier: Identifier) {
        put(identifier.high.byteSwapped)
        put(identifier.low.byteSwapped)
    }
}

extension ByteCursor {
    /// Stored as its sixteen bytes, most significant first.
    mutating func identifier() -> Identifier? {
        guard let high: UInt64 = integer(), let low: UInt64 = integer() else { return nil }
        return Identifier(high: high.byteSwapped, low: low.byteSwapped)
    }
}
