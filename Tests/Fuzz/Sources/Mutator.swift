import CLibFuzzer

@testable import Journal

nonisolated(unsafe) var mutatesSegments = false

/// libFuzzer's own mutations; for segments with their checksums made good again most of the time. Without that no change
/// to a header would ever get further than its CRC.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ maximum: Int, _ seed: UInt32) -> Int {
    let mutated = LLVMFuzzerMutate(bytes, count, maximum)
    if mutatesSegments, seed % 8 != 0 {
        repair(UnsafeMutableRawBufferPointer(start: bytes, count: mutated), adoptsID: seed & 0x100 != 0)
    }
    return mutated
}

/// Makes the CRC of each frame of ours good, wherever it stands; and gives each the segment's id, if asked to.
private func repair(_ bytes: UnsafeMutableRawBufferPointer, adoptsID: Bool) {
    // The empty frame, the header's prefix, and the id's place in the header.
    let idOffset = 15 + 8 + 24
    for place in 0..<max(0, bytes.count - 16) {
        let magic = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
        guard magic == Frame.segmentHeader || Frame.belongsToASegment(magic) else { continue }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)))
        let body = place + Frame.skippablePrefix
        guard length >= 28, length <= bytes.count - body else { continue }
        if magic != Frame.segmentHeader, adoptsID, bytes.count >= idOffset + 16 {
            let id = Array(bytes[idOffset..<idOffset + 16])
            for index in 0..<16 { bytes[body + index] = id[index] }
        }
        let content = UnsafeRawBufferPointer(rebasing: bytes[body..<body + length - 4])
        bytes.storeBytes(of: CRC32C.checksum(content).littleEndian, toByteOffset: body + length - 4, as: UInt32.self)
    }
}
