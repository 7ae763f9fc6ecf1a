import Testing

@testable import Journal

@Suite struct SeekTableTests {
    /// Equal, far apart, backwards, at both ends of what there is.
    @Test func everyEntryComesBackAsItWas() {
        let extremes: [UInt64] = [0, 1, 127, 128, 16_384, 1 << 62, 1 << 63, .max - 1, .max, 64, 63]
        var entries: [Seal.Entry] = []
        for (index, value) in extremes.enumerated() {
            let other = extremes[(index * 7 + 3) % extremes.count]
            entries.append(
                Seal.Entry(
                    offset: value, firstSequence: other, firstMicroseconds: .max - value, lastMicroseconds: other &+ 1,
                    flags: UInt32(truncatingIfNeeded: value)))
        }
        // More than one piece holds.
        for index in 0..<5000 {
            entries.append(
                Seal.Entry(
                    offset: UInt64(index) * 700, firstSequence: UInt64(index) * 250,
                    firstMicroseconds: 1_000_000 + UInt64(index) * 250_000 - UInt64(index % 3) * 400_000,
                    lastMicroseconds: 1_250_000 + UInt64(index) * 250_000, flags: UInt32(index % 4)))
        }
        var table = SeekTable()
        #expect(table.entries.isEmpty && table.count == 0)
        for entry in entries { table.append(entry) }
        #expect(table.count == entries.count && table.entries == entries)
    }
}
