import Events
import Policy

/// What is to be forgotten, and of whom. Whole chunks go: with what was asked for goes what was written in the same quarter
/// of a second.
public struct ForgetRequest: Sendable, Equatable {
    public enum Extent: Sendable, Equatable {
        /// All that was recorded until the request, as files where that can be.
        case everything
        /// What happened in this span of CLOCK_REALTIME, µs since 1970; with an app: only where that app had the keyboard,
        /// or may have had it.
        case span(ClosedRange<UInt64>, app: AppGlob? = nil)
    }
    public var extent: Extent
    /// Only what was recorded of this user: segments with their id. Nil: of everybody.
    public var userID: UInt32?
    /// Of a request for everything: the newest segment that there was. Where it fails, or the power does, and it is carried
    /// out later, what was recorded since then is no part of it. Nil: it was not noted yet.
    var lastSegment: UInt64?

    public init(_ extent: Extent, userID: UInt32? = nil) {
        self.extent = extent
        self.userID = userID
    }

    public static let everything = ForgetRequest(.everything)
    public static func span(_ span: ClosedRange<UInt64>, app: AppGlob? = nil) -> ForgetRequest {
        ForgetRequest(.span(span, app: app))
    }

    func concerns(_ userID: UInt32) -> Bool { self.userID.map { $0 == userID } ?? true }

    /// Whether that segment can have some of it.
    func reaches(segment number: UInt64) -> Bool {
        extent != .everything || lastSegment.map { number <= $0 } ?? true
    }
}

/// What was done.
public struct ForgettingReport: Sendable, Equatable {
    /// Chunks that are gone: in their place there is a tombstone, or their file is deleted.
    public var chunks: UInt64 = 0
    /// Records that were in them.
    public var records: UInt64 = 0
    /// Segments that some of them were in.
    public var segments: UInt64 = 0
    /// Files that were deleted: segments as a whole, and torn pieces that may have held some of it.
    public var files: UInt64 = 0
    /// Files that nobody can read, and that may be somebody else's: they were left.
    public var leftFiles: UInt64 = 0
    /// From the first to the last moment that went, CLOCK_REALTIME, µs since 1970; nil: none did.
    public var span: ClosedRange<UInt64>?

    mutating func widen(to other: ClosedRange<UInt64>) {
        span = span.map { min($0.lowerBound, other.lowerBound)...max($0.upperBound, other.upperBound) } ?? other
    }
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
            // Bit 0: a span; bit 1: one user's; bit 2: up to a segment.
            let flags: UInt8 =
                (request.extent == .everything ? 0 : 1) | (request.userID == nil ? 0 : 2)
                | (request.lastSegment == nil ? 0 : 4)
            buffer.put(flags)
            if let userID = request.userID { buffer.put(userID) }
            if let last = request.lastSegment { buffer.put(last) }
            switch request.extent {
            case .everything: break
            case .span(let span, let app):
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
        guard let flags: UInt8 = cursor.integer(), flags < 8 else { return nil }
        var owner: UInt32?
        if flags & 2 != 0 {
            guard let userID: UInt32 = cursor.integer() else { return nil }
            owner = userID
        }
        var bound: UInt64?
        if flags & 4 != 0 {
            guard let last: UInt64 = cursor.integer() else { return nil }
            bound = last
        }
        guard flags & 1 != 0 else {
            self.init(.everything, userID: owner)
            lastSegment = bound
            return
        }
        guard let first: UInt64 = cursor.integer(), let last: UInt64 = cursor.integer(), first <= last,
            let length: UInt16 = cursor.integer(), let pattern = cursor.text(Int(length))
        else { return nil }
        let app = AppGlob(pattern)
        guard app != nil || pattern.isEmpty else { return nil }
        self.init(.span(first...last, app: app), userID: owner)
        lastSegment = bound
    }
}
