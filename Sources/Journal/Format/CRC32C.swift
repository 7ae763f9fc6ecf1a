/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as in iSCSI, ext4 and LevelDB. Headers only: payloads carry LZ4's own
/// checksums, so a table of one kilobyte is fast enough.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(~UInt32(0)) { value, byte in
                table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value &>> 8
            }
        }
    }

    /// Whether the last four bytes of a frame's content are the checksum of what stands before them.
    static func isRight(_ content: UnsafeRawBufferPointer) -> Bool {
        guard content.count >= 4 else { return false }
        let stored = content.loadUnaligned(fromByteOffset: content.count - 4, as: UInt32.self)
        return checksum(UnsafeRawBufferPointer(rebasing: content.dropLast(4))) == UInt32(littleEndian: stored)
    }
}
