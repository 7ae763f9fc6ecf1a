import Events

/// An event as the journal has it.
public struct StoredEvent: Sendable, Equatable {
    /// Given after the gate: gaps mean damage, never privacy.
    public var sequence: UInt64
    public var segment: UInt64
    public var event: Event
    public init(sequence: UInt64, segment: UInt64, event: Event) {
        self.sequence = sequence
        self.segment = segment
        self.event = event
    }
}

/// What a reader meets, in order.
public enum JournalItem: Sendable, Equatable {
    /// A segment begins; its clock pair and boot hold for what follows.
    case segment(SegmentHeader)
    /// State from before the part that was asked for: needed to understand it, not part of it.
    case context(StoredEvent)
    case event(StoredEvent)
    case damage(Damage)
    /// Chunks that were forgotten on purpose: nothing is missing.
    case forgotten(Forgotten)
}

/// What was removed from a segment because somebody asked for it.
public struct Forgotten: Sendable, Equatable {
    public var segment: UInt64
    /// Of all that was in chunks that stood one behind the other.
    public var sequences: Range<UInt64>
    public init(segment: UInt64, sequences: Range<UInt64>) {
        self.segment = segment
        self.sequences = sequences
    }
}

/// Something in a segment that cannot be read.
public struct Damage: Sendable, Equatable, CustomStringConvertible {
    public enum Reason: String, Sendable, Equatable {
        case notAFrame = "bytes that are no frame of this segment"
        case badPayload = "a chunk whose checksum or content is wrong"
        case sequenceGap = "chunks are missing"
        case deleted = "segments were deleted before they were read"
        case tornTail = "the file ends inside a chunk"
        case noSeal = "the seal is missing"
        case brokenChain = "the hash chain does not hold: something was changed, added or removed"
        case wrongTable = "the seal's table does not say what the file holds"
        case unreadableHeader = "the segment cannot be read"
        case unreadable = "the disk does not give these bytes"
    }
    public var segment: UInt64
    /// Byte offset in the segment's file.
    public var offset: UInt64
    public var reason: Reason
    /// Sequence numbers that are gone; nil where nobody can tell.
    public var missing: Range<UInt64>?
    /// More, for what cannot be read and broken chains.
    public var detail: String

    public init(segment: UInt64, offset: UInt64, reason: Reason, missing: Range<UInt64>?, detail: String = "") {
        self.segment = segment
        self.offset = offset
        self.reason = reason
        self.missing = missing
        self.detail = detail
    }

    public var description: String {
        var text = "segment \(segment), offset \(offset): \(reason.rawValue)"
        if !detail.isEmpty { text += " (\(detail))" }
        if let missing, !missing.isEmpty {
            text += "; sequence numbers \(missing.lowerBound) to \(missing.upperBound - 1) "
            text += reason == .unreadable ? "cannot be read" : "are gone"
        }
        return text
    }
}
