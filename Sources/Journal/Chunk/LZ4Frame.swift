import CLZ4

/// LZ4 frames with block and content checksums, level 1, blocks of up to 256 KiB, each decodable alone.
package final class LZ4Compressor {
    private let context: OpaquePointer
    private var preferences = LZ4F_preferences_t()

    package init() {
        var context: OpaquePointer?
        let result = LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(result) == 0, let context else { preconditionFailure("no memory for an LZ4 context") }
        self.context = context
        preferences.frameInfo.blockSizeID = LZ4F_max256KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled
        preferences.compressionLevel = 1
        preferences.autoFlush = 1
    }

    deinit { LZ4F_freeCompressionContext(context) }

    /// Room that a frame of so many bytes may need.
    func bound(_ count: Int) -> Int { LZ4F_compressFrameBound(count, &preferences) + 32 }

    /// Appends one frame. The context is reused: nothing is allocated once its buffers are there.
    package func compress(_ source: UnsafeRawBufferPointer, into target: inout ByteBuffer) {
        target.reserve(bound(source.count))
        let limit = target.capacity
        func check(_ result: Int) -> Int {
            // Only a bound that was computed wrongly can get here.
            precondition(LZ4F_isError(result) == 0, "LZ4 frame does not fit its own bound")
            return result
        }
        target.count += check(
            LZ4F_compressBegin(context, target.base + target.count, limit - target.count, &preferences))
        if source.count > 0 {
            target.count += check(
                LZ4F_compressUpdate(
                    context, target.base + target.count, limit - target.count, source.baseAddress, source.count, nil))
        }
        target.count += check(LZ4F_compressEnd(context, target.base + target.count, limit - target.count, nil))
    }
}

/// The way back, with the output capped by the caller.
final class LZ4Decompressor {
    private var context = LZ4Decompressor.makeContext()

    deinit { LZ4F_freeDecompressionContext(context) }

    private static func makeContext() -> OpaquePointer {
        var context: OpaquePointer?
        let result = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(result) == 0, let context else { preconditionFailure("no memory for an LZ4 context") }
        return context
    }

    /// Fills `target` exactly from one whole frame; false if the frame is damaged, longer or shorter.
    func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        if decode(frame, into: target) {
            LZ4F_resetDecompressionContext(context)
            return true
        }
        // A reset forgets not all: of a damaged header that promised a content size, liblz4 (1.9.4) keeps what is left of
        // that, and calls every later frame damaged.
        LZ4F_freeDecompressionContext(context)
        context = Self.makeContext()
        return false
    }

    private func decode(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        var read = 0
        var written = 0
        while true {
            var sourceCount = frame.count - read
            var targetCount = target.count - written
            let hint = LZ4F_decompress(
                context, target.baseAddress.map { $0 + written }, &targetCount, frame.baseAddress.map { $0 + read },
                &sourceCount, nil)
            guard LZ4F_isError(hint) == 0 else { return false }
            read += sourceCount
            written += targetCount
            if hint == 0 { return read == frame.count && written == target.count }
            if sourceCount == 0, targetCount == 0 { return false }
        }
    }
}
