/// What the seal of the open segment will say of its chunks, kept as what each differs in from the one before it: some 11
/// bytes a chunk and not 40, of which an hour at 1 kHz makes 14,000. In pieces, since an array that doubles holds old
/// and new at once, and touches both.
struct SeekTable {
    private static let pieceBytes = 4096
    /// Of one entry: five numbers of at most ten bytes.
    private static let entryBytes = 50
    private static let none = Seal.Entry(
        offset: 0, firstSequence: 0, firstMicroseconds: 0, lastMicroseconds: 0, flags: 0)

    private var pieces: [[UInt8]] = []
    private var last = Self.none
    private(set) var count = 0

    mutating func append(_ entry: Seal.Entry) {
        if pieces.last.map({ $0.count + Self.entryBytes > Self.pieceBytes }) ?? true {
            pieces.append([])
            pieces[pieces.count - 1].reserveCapacity(Self.pieceBytes)
        }
        let piece = pieces.count - 1
        pieces[piece].put(varying: entry.offset &- last.offset)
        pieces[piece].put(varying: entry.firstSequence &- last.firstSequence)
        pieces[piece].put(varying: entry.firstMicroseconds &- last.firstMicroseconds)
        pieces[piece].put(varying: entry.lastMicroseconds &- last.lastMicroseconds)
        pieces[piece].put(varying: UInt64(entry.flags))
        last = entry
        count += 1
    }

    /// All of them, in the order in which they came.
    var entries: [Seal.Entry] {
        var entries: [Seal.Entry] = []
        entries.reserveCapacity(count)
        var last = Self.none
        for piece in pieces {
            var position = 0
            while position < piece.count {
                last = Seal.Entry(
                    offset: last.offset &+ piece.varying(at: &position),
                    firstSequence: last.firstSequence &+ piece.varying(at: &position),
                    firstMicroseconds: last.firstMicroseconds &+ piece.varying(at: &position),
                    lastMicroseconds: last.lastMicroseconds &+ piece.varying(at: &position),
                    flags: UInt32(truncatingIfNeeded: piece.varying(at: &position)))
                entries.append(last)
            }
        }
        return entries
    }
}

extension [UInt8] {
    /// Seven bits a byte, the lowest first. Times may go back: as two's complement, with the sign in the lowest bit.
    fileprivate mutating func put(varying difference: UInt64) {
        let signed = Int64(bitPattern: difference)
        var rest = UInt64(bitPattern: (signed << 1) ^ (signed >> 63))
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    fileprivate func varying(at position: inout Int) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = self[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        return (value >> 1) ^ (0 &- (value & 1))
    }
}
