import Testing

@testable import Journal

/// Columns of the payload: docs/FORMAT.md, "Columns".
@Suite struct ColumnTests {
    private func stored(_ values: [Int64], _ encoding: ColumnEncoding) -> [UInt8] {
        var buffer = ByteBuffer(capacity: 16)
        defer { buffer.deallocate() }
        values.withUnsafeBufferPointer { buffer.putColumn($0, as: encoding) }
        return Array(buffer.bytes)
    }

    /// Nil: no such column, or bytes are left over.
    private func read(_ bytes: [UInt8], count: Int) -> [Int64]? {
        var values = [Int64](repeating: -77, count: count)
        let isWhole = values.withUnsafeMutableBufferPointer { rows in
            bytes.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes)
                return cursor.column(into: rows) && cursor.isAtEnd
            }
        }
        return isWhole ? values : nil
    }

    @Test(arguments: [1, 2, 3, 31, 32, 33, 63, 64, 65, 1000, FormatLimit.chunkEvents])
    func valuesOfEveryWidthComeBack(count: Int) throws {
        var random = SplitMix(state: UInt64(count))
        for width in 0...64 {
            let range = width == 0 ? 0 : UInt64.max >> UInt64(64 - width)
            for base in [0, 1000, -1000, Int64.min, Int64.max] {
                let values = (0..<count).map { _ in
                    base &+ Int64(bitPattern: UInt64.random(in: 0...range, using: &random))
                }
                for encoding in [ColumnEncoding.packed, .differences] {
                    #expect(read(stored(values, encoding), count: count) == values, "\(width) bits from \(base)")
                }
            }
        }
    }

    @Test func extremesComeBack() {
        let extremes: [Int64] = [
            .min, .max, 0, -1, 1, .max, .min, 1 << 30, (1 << 30) - 1, -(1 << 30), -(1 << 30) - 1, 1 << 31, -(1 << 31),
            1 << 32, .max - 1,
        ]
        for encoding in [ColumnEncoding.packed, .differences] {
            for shift in [0, 1, 8, 31, 33] {
                let values = extremes.map { $0 << Int64(shift) }
                #expect(read(stored(values, encoding), count: values.count) == values)
                // Each pair alone decides differently whether values are narrow.
                for (a, b) in zip(values, values.dropFirst()) {
                    #expect(read(stored([a, b], encoding), count: 2) == [a, b])
                }
            }
        }
    }

    @Test func oneValueOutOfLineMakesOneBlockWide() {
        var values = (0..<320).map { Int64($0 % 8) }
        let narrow = stored(values, .packed).count
        values[100] = 1 << 40
        // A reference and three bits to each value; one block has 41.
        #expect(narrow == 1 + 10 * (2 + 12))
        #expect(stored(values, .packed).count == narrow + 32 * (41 - 3) / 8)
    }

    @Test func equalValuesTakeTwoBytes() {
        for encoding in [ColumnEncoding.packed, .differences] {
            #expect(stored([Int64](repeating: 5, count: 8192), encoding).count == 2)
        }
        #expect(stored((0..<8192).map { $0 * 1000 }, .differences).count == 1 + 1 + 256 * 2 + 1)
    }

    @Test func whatNoWriterWritesIsNoColumn() {
        let good = stored([1, 2, 3, 4], .packed)
        #expect(read(good, count: 4) == [1, 2, 3, 4])
        #expect(read([3] + good.dropFirst(), count: 4) == nil, "an encoding that there is not")
        #expect(read([0x81] + good.dropFirst(), count: 4) == nil, "bit 7 of the head")
        #expect(read([1, 65, 0] + [UInt8](repeating: 0, count: 40), count: 4) == nil, "65 bits wide")
        #expect(read([1, 0xFF], count: 4) == nil, "wider than any number")
        // Near the end of the bytes and far from it.
        for count in [4, 64] {
            let whole = stored((0..<Int64(count)).map { $0 * $0 }, .packed)
            for length in 0..<whole.count { #expect(read(Array(whole.prefix(length)), count: count) == nil) }
        }
    }
}
