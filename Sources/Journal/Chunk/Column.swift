/// One column of integers: a byte that says how it is stored, then the values.
/// docs/FORMAT.md, "Columns".
enum ColumnEncoding: UInt8 {
    /// One value for all rows.
    case constant = 0
    case packed = 1
    /// The first value, then differences, packed.
    case differences = 2
}

/// Values are packed in blocks: each as the smallest of its block, then what each value is more than that, in as many
/// bits as the greatest needs.
enum PackedBlock {
    /// Few enough that one value out of line makes few others wide; eight of them fill whole bytes at any width.
    static let values = 32
    static let greatestWidth = 64
}

extension ByteBuffer {
    /// The longest varint of 64 bits.
    private static let varintBytes = 10

    /// Bits 0-1: encoding; bits 2-6: zero bits at the low end that all values share and that are not stored.
    mutating func putColumn(_ values: UnsafeBufferPointer<Int64>, as encoding: ColumnEncoding) {
        guard let base = values.baseAddress, let first = values.first else { return }
        var union: Int64 = 0
        var difference: Int64 = 0
        var magnitude: Int64 = 0
        for value in values {
            union |= value
            difference |= value ^ first
            magnitude |= value ^ value &>> 63
        }
        let shift = Int64(union == 0 ? 0 : min(union.trailingZeroBitCount, 31))
        let isConstant = difference == 0
        // Room for the worst case is made once, so that the loops only store: values whole, a width and a reference to each
        // block, and what the last store of bits writes beyond its block.
        let blocks = values.count / PackedBlock.values + 1
        fill(atMost: 1 + Self.varintBytes + 8 * values.count + blocks * (1 + Self.varintBytes) + 16) { place in
            place.pointee = (isConstant ? ColumnEncoding.constant : encoding).rawValue | UInt8(shift) << 2
            place += 1
            guard !isConstant else { return Self.putZigzag(first &>> shift, at: &place) }
            if encoding == .differences { Self.putZigzag(first &>> shift, at: &place) }
            // Differences of two such values fit into 32 bits as well, and nearly all columns are of them: the processor
            // compares four at once, and two are stored in one go.
            if magnitude &>> shift < 1 << 30 {
                Self.pack(base, values.count, encoding, shift, by: Int32.self, at: &place)
            } else {
                Self.pack(base, values.count, encoding, shift, by: Int64.self, at: &place)
            }
        }
    }

    /// - Parameter type: what all values and differences fit into.
    @inline(__always) private static func pack<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Int64>, _ count: Int, _ encoding: ColumnEncoding, _ shift: Int64, by type: Value.Type,
        at place: inout UnsafeMutablePointer<UInt8>
    ) {
        // One more than a block: what makes an odd number of values even.
        withUnsafeTemporaryAllocation(of: Value.self, capacity: PackedBlock.values + 1) { block in
            guard let block = block.baseAddress else { return }
            var reference: Int64 = 0
            var start = encoding == .differences ? 1 : 0
            while start < count {
                let length = min(PackedBlock.values, count &- start)
                let source = values + start
                for index in 0..<length { block[index] = Value(truncatingIfNeeded: source[index] &>> shift) }
                if encoding == .differences {
                    for index in 0..<length { block[index] &-= Value(truncatingIfNeeded: source[index &- 1] &>> shift) }
                }
                putBlock(block, length, after: &reference, at: &place)
                start &+= length
            }
        }
    }

    /// - Parameter reference: the block's before; this one's afterwards.
    @inline(__always) private static func putBlock<Value: FixedWidthInteger & SignedInteger>(
        _ block: UnsafeMutablePointer<Value>, _ length: Int, after reference: inout Int64,
        at place: inout UnsafeMutablePointer<UInt8>
    ) {
        var least = block[0]
        var greatest = block[0]
        for index in 0..<length {
            least = min(least, block[index])
            greatest = max(greatest, block[index])
        }
        let width = Value.bitWidth &- (greatest &- least).leadingZeroBitCount
        place.pointee = UInt8(truncatingIfNeeded: width)
        place += 1
        putZigzag(Int64(least) &- reference, at: &place)
        reference = Int64(least)
        guard width > 0 else { return }
        block[length] = least
        putBits(block, length, above: least, width: UInt64(width), at: place)
        place += (length &* width &+ 7) &>> 3
    }

    /// Lowest bits first. Stores whole words: up to fifteen bytes behind the last bit are written over.
    @inline(__always) private static func putBits<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, _ count: Int, above least: Value, width: UInt64,
        at place: UnsafeMutablePointer<UInt8>
    ) {
        func above(_ index: Int) -> UInt64 {
            UInt64(Value.Magnitude(truncatingIfNeeded: values[index] &- least))
        }
        let pairs = Value.bitWidth == 32
        let taken = pairs ? 2 : 1
        let bits = width &* UInt64(taken)
        var target = UnsafeMutableRawPointer(place)
        var word: UInt64 = 0
        var filled: UInt64 = 0
        var index = 0
        while index < count {
            let value = pairs ? above(index) | above(index &+ 1) &<< width : above(index)
            index &+= taken
            word |= value &<< filled
            filled &+= bits
            guard filled >= 64 else { continue }
            target.storeBytes(of: word.littleEndian, as: UInt64.self)
            target += 8
            filled &-= 64
            word = filled == 0 ? 0 : value &>> (bits &- filled)
        }
        target.storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    /// Most are one byte long.
    @inline(__always) private static func putZigzag(_ value: Int64, at place: inout UnsafeMutablePointer<UInt8>) {
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
        guard let base = rows.baseAddress, !rows.isEmpty else { return true }
        guard let head: UInt8 = integer(), head < 0x80, let encoding = ColumnEncoding(rawValue: head & 3) else {
            return false
        }
        let shift = Int64(head >> 2)
        switch encoding {
        case .constant:
            guard let value = zigzag() else { return false }
            rows.update(repeating: value &<< shift)
        case .packed:
            guard unpack(into: rows) else { return false }
            if shift > 0 { for index in rows.indices { base[index] &<<= shift } }
        case .differences:
            guard var value = zigzag(), unpack(into: UnsafeMutableBufferPointer(rebasing: rows.dropFirst())) else {
                return false
            }
            base[0] = value &<< shift
            for index in 1..<rows.count {
                value &+= base[index]
                base[index] = value &<< shift
            }
        }
        return true
    }

    private mutating func unpack(into rows: UnsafeMutableBufferPointer<Int64>) -> Bool {
        var reference: Int64 = 0
        var start = 0
        while start < rows.count {
            let end = min(start + PackedBlock.values, rows.count)
            guard let width: UInt8 = integer(), width <= PackedBlock.greatestWidth, let step = zigzag() else {
                return false
            }
            reference &+= step
            let block = UnsafeMutableBufferPointer(rebasing: rows[start..<end])
            if width == 0 {
                block.update(repeating: reference)
            } else if !bits(into: block, above: reference, width: Int(width)) {
                return false
            }
            start = end
        }
        return true
    }

    private mutating func bits(into block: UnsafeMutableBufferPointer<Int64>, above least: Int64, width: Int) -> Bool {
        let bytes = (block.count &* width &+ 7) &>> 3
        if remaining >= bytes + Self.window {
            Self.unpack(following, into: block, above: least, width: width)
            return slice(bytes) != nil
        }
        // Near the end from a copy that has room behind it.
        return withUnsafeTemporaryAllocation(byteCount: PackedBlock.values * 8 + Self.window, alignment: 8) { copy in
            guard let stored = slice(bytes) else { return false }
            copy.initializeMemory(as: UInt8.self, repeating: 0)
            copy.copyMemory(from: stored)
            Self.unpack(UnsafeRawBufferPointer(copy), into: block, above: least, width: width)
            return true
        }
    }

    /// What is read at once: the eight bytes from the one on in which a value begins. All of it is in them, unless it is
    /// wider than 57 bits: then it may reach into a ninth, which is the block's own.
    private static let window = 8

    /// - Parameter bytes: the block's, and a window behind them.
    @inline(__always) private static func unpack(
        _ bytes: UnsafeRawBufferPointer, into block: UnsafeMutableBufferPointer<Int64>, above least: Int64, width: Int
    ) {
        guard let target = block.baseAddress, let source = bytes.baseAddress else { return }
        let mask: UInt64 = ~0 &>> UInt64(64 &- width)
        var bit = 0
        func next() -> UInt64 {
            defer { bit &+= width }
            return UInt64(littleEndian: source.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self))
                &>> UInt64(bit & 7)
        }
        if width <= 14 {
            // Four values are in one window, whatever bit the first begins at: nearly all columns of motion are so narrow.
            let step = UInt64(width)
            var index = 0
            while index &+ 4 <= block.count {
                var word =
                    UInt64(littleEndian: source.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self))
                    &>> UInt64(bit & 7)
                for place in index..<index &+ 4 {
                    target[place] = least &+ Int64(bitPattern: word & mask)
                    word &>>= step
                }
                bit &+= 4 &* width
                index &+= 4
            }
            while index < block.count {
                target[index] = least &+ Int64(bitPattern: next() & mask)
                index &+= 1
            }
        } else if width <= 57 {
            for index in 0..<block.count { target[index] = least &+ Int64(bitPattern: next() & mask) }
        } else {
            for index in 0..<block.count {
                let ninth = bytes[bit &>> 3 &+ window]
                let skipped = UInt64(bit & 7)
                // A shift by 64, where nothing is skipped, gives 0.
                let value = next() | UInt64(ninth) << (64 &- skipped)
                target[index] = least &+ Int64(bitPattern: value & mask)
            }
        }
    }
}
