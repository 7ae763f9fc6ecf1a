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
    /// Bits 0-1: encoding; bits 2-6: zero bits at the low end that all values share and that are not stored.
    mutating func putColumn(_ values: UnsafeBufferPointer<Int64>, hint: ColumnHint) {
        guard let first = values.first else { return }
        var union: Int64 = 0
        var isConstant = true
        for value in values {
            union |= value
            isConstant = isConstant && value == first
        }
        let shift = union == 0 ? 0 : min(union.trailingZeroBitCount, 31)
        let encoding: ColumnEncoding = isConstant ? .constant : hint.encoding
        reserve(1 + values.count * 10)
        put(encoding.rawValue | UInt8(shift) << 2)
        switch encoding {
        case .constant: zigzag(first >> Int64(shift))
        case .plain: for value in values { zigzag(value >> Int64(shift)) }
        case .delta, .deltaOfDelta:
            var last: Int64 = 0
            var lastStep: Int64 = 0
            for value in values {
                let shifted = value >> Int64(shift)
                let step = shifted &- last
                zigzag(step &- lastStep)
                last = shifted
                if encoding == .deltaOfDelta { lastStep = step }
            }
        }
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
        switch encoding {
        case .constant:
            guard let value = zigzag() else { return false }
            rows.update(repeating: value << shift)
        case .plain:
            for index in rows.indices {
                guard let value = zigzag() else { return false }
                rows[index] = value << shift
            }
        case .delta:
            var last: Int64 = 0
            for index in rows.indices {
                guard let step = zigzag() else { return false }
                last = last &+ step
                rows[index] = last << shift
            }
        case .deltaOfDelta:
            var last: Int64 = 0
            var lastStep: Int64 = 0
            for index in rows.indices {
                guard let change = zigzag() else { return false }
                lastStep = lastStep &+ change
                last = last &+ lastStep
                rows[index] = last << shift
            }
        }
        return true
    }
}
