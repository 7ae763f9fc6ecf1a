/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as in iSCSI, ext4 and LevelDB. Headers only: payloads carry LZ4's own
/// checksums. At 1 kHz there is a header to every 160 records, and byte by byte its checksum took a tenth of a whole
/// verification; so eight bytes go at a time, by tables of 8 KiB.
enum CRC32C {
    /// Table `k` has the remainders of a byte with `k` zero bytes behind it, one table behind the other.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
        }
        for index in 0..<7 * 256 {
            let value = tables[index]
            tables.append(value >> 8 ^ tables[Int(value & 0xFF)])
        }
        return tables
    }()

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.withContiguousStorageIfAvailable { checksum(of: UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { checksum(of: $0) }
    }

    private static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let start = bytes.baseAddress else { return 0 }
        return tables.withUnsafeBufferPointer { tables in
            // Every index is below 8 * 256.
            func entry(_ table: Int, _ byte: UInt64) -> UInt32 {
                tables.baseAddress.unsafelyUnwrapped[table &* 256 &+ Int(byte & 0xFF)]
            }
            var value = ~UInt32(0)
            var place = 0
            while place &+ 8 <= bytes.count {
                let word =
                    UInt64(littleEndian: start.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ UInt64(value)
                let low = entry(7, word) ^ entry(6, word &>> 8) ^ entry(5, word &>> 16) ^ entry(4, word &>> 24)
                let high = entry(3, word &>> 32) ^ entry(2, word &>> 40) ^ entry(1, word &>> 48) ^ entry(0, word &>> 56)
                value = low ^ high
                place &+= 8
            }
            while place < bytes.count {
                let byte = start.load(fromByteOffset: place, as: UInt8.self)
                value = entry(0, UInt64(value) ^ UInt64(byte)) ^ value &>> 8
                place &+= 1
            }
            return ~value
        }
    }

    /// Whether the last four bytes of a frame's content are the checksum of what stands before them.
    static func isRight(_ content: UnsafeRawBufferPointer) -> Bool {
        guard content.count >= 4 else { return false }
        let stored = content.loadUnaligned(fromByteOffset: content.count - 4, as: UInt32.self)
        return checksum(UnsafeRawBufferPointer(rebasing: content.dropLast(4))) == UInt32(littleEndian: stored)
    }
}
