import Events
import Policy

/// What is to be forgotten. Whole chunks go: with what was asked for goes what was written in the same quarter of a second.
public enum ForgetRequest: Sendable, Equatable {
    /// All closed segments, as files. Where it fails, or the power does, and it is carried out later, what was closed until
    /// then goes too: the record of it says so to whoever reads on.
    case everything
    /// What happened in this span of CLOCK_REALTIME, µs since 1970; with an app: only where that app had the keyboard, or
    /// may have had it.
    case span(ClosedRange<UInt64>, app: AppGlob? = nil)
}

/// What was done.
public struct ForgettingReport: Sendable, Equatable {
    /// Chunks in whose place there is a tombstone now.
    public var chunks: UInt64 = 0
    /// Records that were in them.
    public var records: UInt64 = 0
    /// Files that were deleted: segments as a whole, and torn pieces that may have held some of it.
    public var files: UInt64 = 0
}

/// The requests that are not carried out yet, as a file in the journal's directory: written before anything else happens, so
/// that a power cut in the middle leaves the rest to the next start. It is deleted when all is done, since it says what it
/// was about.
struct ForgetIntent: Equatable {
    var requests: [ForgetRequest]

    static let fileName = "forget"
    /// While it is written.
    static let newFileName = "forget.new"
    static let requestLimit = 1024
    static let byteLimit = 32 + requestLimit * 320

    private static let magic: UInt64 = 0x3154_4746_4F4D_594B  // "KYMOFGT1"

    func write(to buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.put(Self.magic)
        buffer.put(UInt32(requests.count))
        for request in requests {
            switch request {
            case .everything: buffer.put(UInt8(0))
            case .span(let span, let app):
                buffer.put(UInt8(1))
                buffer.put(span.lowerBound)
                buffer.put(span.upperBound)
                let pattern = app?.pattern ?? ""
                buffer.put(UInt16(pattern.utf8.count))
                buffer.append(pattern)
            }
        }
        buffer.put(CRC32C.checksum(buffer.bytes[start...]))
    }

    /// Nil unless whole.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard CRC32C.isRight(bytes) else { return nil }
        var cursor = ByteCursor(bytes)
        guard let magic: UInt64 = cursor.integer(), magic == Self.magic, let count: UInt32 = cursor.integer(),
            count <= Self.requestLimit
        else { return nil }
        requests = []
        for _ in 0..<count {
            guard let request = ForgetRequest(&cursor) else { return nil }
            requests.append(request)
        }
        guard cursor.remaining == 4 else { return nil }
    }

    init(requests: [ForgetRequest]) { self.requests = requests }
}

extension ForgetRequest {
    fileprivate init?(_ cursor: inout ByteCursor) {
        switch cursor.integer(UInt8.self) {
        case 0: self = .everything
        case 1:
            guard let first: UInt64 = cursor.integer(), let last: UInt64 = cursor.integer(), first <= last,
                let length: UInt16 = cursor.integer(), let pattern = cursor.text(Int(length))
            else { return nil }
            let app = AppGlob(pattern)
            guard app != nil || pattern.isEmpty else { return nil }
            self = .span(first...last, app: app)
        default: return nil
        }
    }
}
