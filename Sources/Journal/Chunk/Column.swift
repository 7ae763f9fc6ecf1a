/// One column of integers: a byte that says how it is stored, then the values.
/// docs/FORMAT.md, "Columns".
enum ColumnEncoding: UInt8 {
    /// One value for all rows.
    case constant = 0
    case plain = 1
    /// Differences; the value before the first is 0.
    case delta = 2
    /// Differences of differences; value and difference before the first are 0.
    case deltaOfDelta = 3
}

/// What usually serves a field; the encoder looks at no other.
enum ColumnHint {
    case plain
    case steps
    case differences

    var encoding: ColumnEncoding {
        switch self {
        case .plain: .plain
        case .steps: .deltaOfDelta
        case .differences: .delta
        }
    }
}

extension ByteBuffer {
    /// The longest varint of 64 bits.
    private static let varintBytes = 10

    /// Bits 0-1: encoding; bits 2-6: zero bits at the low end that all values share and that are not stored.
    mutating func putColumn(_ values: UnsafeBufferPointer<Int64>, hint: ColumnHint) {
        guard let first = values.first else { return }
        var union: Int64 = 0
        var difference: Int64 = 0
        for value in values {
            union |= value
            difference |= value ^ first
        }
        let shift = Int64(union == 0 ? 0 : min(union.trailingZeroBitCount, 31))
        let encoding: ColumnEncoding = difference == 0 ? .constant : hint.encoding
        // Room for the worst case is made once, so that the loops only store.
        fill(atMost: 1 + values.count * Self.varintBytes) { place in
            place.pointee = encoding.rawValue | UInt8(shift) << 2
            place += 1
            switch encoding {
            case .constant: Self.put(first >> shift, at: &place)
            case .plain: for value in values { Self.put(value >> shift, at: &place) }
            case .delta, .deltaOfDelta:
                var last: Int64 = 0
                var lastStep: Int64 = 0
                for value in values {
                    let shifted = value >> shift
                    let step = shifted &- last
                    Self.put(step &- lastStep, at: &place)
                    last = shifted
                    if encoding == .deltaOfDelta { lastStep = step }
                }
            }
        }
    }

    /// Zigzag varint. Most are one byte long.
    @inline(__always) private static func put(_ value: Int64, at place: inout UnsafeMutablePointer<UInt8>) {
        var rest = UInt64(bitPattern: value &<< 1 ^ value &>> 63)
        while rest >= 0x80 {
            place.pointee = UInt8(truncatingIfNeeded: rest) | 0x80
            place += 1
            rest &>>= 7
        }
        place.pointee = UInt8(truncatingIfNeeded: rest)
        place += 1
    }
}

extension ByteCursor {
    /// Fills the rows; false if the bytes are no such column.
    mutating func column(into rows: UnsafeMutableBufferPointer<Int64>) -> Bool {
        guard !rows.isEmpty else { return true }
        guard let head: UInt8 = integer(), head < 0x80, let encoding = ColumnEncoding(rawValue: head & 3) else {
            return false
        }
        let shift = Int64(head >> 2)
        var last: Int64 = 0
        var lastStep: Int64 = 0
        switch encoding {
        case .constant:
            guard let value = zigzag() else { return false }
            rows.update(repeating: value &<< shift)
            return true
        case .plain: return zigzags(into: rows) { $0 &<< shift }
        case .delta:
            return zigzags(into: rows) { step in
                last &+= step
                return last &<< shift
            }
        case .deltaOfDelta:
            return zigzags(into: rows) { change in
                lastStep &+= change
                last &+= lastStep
                return last &<< shift
            }
        }
    }

    /// As many values as there are rows, each as `decoded` makes it of what is stored.
    @inline(__always) private mutating func zigzags(
        into rows: UnsafeMutableBufferPointer<Int64>, _ decoded: (Int64) -> Int64
    ) -> Bool {
        var index = 0
        while index < rows.count {
            // Eight varints of one byte each, which is the usual case, are known by one comparison.
            if rows.count - index >= 8, var word = nextEightSingles() {
                for place in index..<index + 8 {
                    rows[place] = decoded(Int64(bitPattern: word &>> 1 & 0x3F) ^ -Int64(bitPattern: word & 1))
                    word &>>= 8
                }
                index += 8
                continue
            }
            guard let value = zigzag() else { return false }
            rows[index] = decoded(value)
            index += 1
        }
        return true
    }
}
