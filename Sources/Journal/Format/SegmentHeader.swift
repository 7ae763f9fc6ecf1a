/// What a segment says of itself before its first chunk.
public struct SegmentHeader: Sendable, Equatable {
    public var segmentID: Identifier
    public var number: UInt64
    public var machineID: Identifier
    public var bootID: Identifier
    public var firstSequence: UInt64
    /// CLOCK_MONOTONIC and CLOCK_REALTIME at one moment, µs.
    public var monotonicMicroseconds: UInt64
    public var realtimeMicroseconds: UInt64
    /// The final hash of the segment before; zero: there was none, or it could not be sealed.
    public var previousHash = SHA256Hash.zero
    public var userID: UInt32
    /// Login name, at most 256 bytes.
    public var subject: String
    /// logind's id of the subject's session, at most 64 bytes; empty: not known.
    public var session = ""

    /// CLOCK_REALTIME, µs since 1970, of a moment of the segment's CLOCK_MONOTONIC.
    func realtime(_ monotonic: UInt64) -> UInt64 {
        monotonic < monotonicMicroseconds
            ? realtimeMicroseconds - min(monotonicMicroseconds - monotonic, realtimeMicroseconds)
            : realtimeMicroseconds &+ (monotonic - monotonicMicroseconds)
    }

    /// Content of the longest frame that a reader takes.
    static let contentLimit = 4096

    /// Appends the skippable frame.
    package func write(to buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.put(Frame.segmentHeader)
        buffer.put(UInt32(0))
        let body = buffer.count
        buffer.put(Frame.segmentMagic)
        buffer.put(FormatVersion.major)
        buffer.put(FormatVersion.minor)
        buffer.put(UInt32(0))  // compatible flags
        buffer.put(UInt32(0))  // incompatible flags
        buffer.put(UInt32(0))  // reserved
        buffer.put(segmentID)
        buffer.put(number)
        buffer.put(machineID)
        buffer.put(bootID)
        buffer.put(firstSequence)
        buffer.put(monotonicMicroseconds)
        buffer.put(realtimeMicroseconds)
        buffer.put(previousHash)
        buffer.put(userID)
        let subject = subject.cut(toBytes: FormatLimit.subjectBytes)
        let session = session.cut(toBytes: FormatLimit.sessionBytes)
        buffer.put(UInt16(subject.utf8.count))
        buffer.put(UInt16(session.utf8.count))
        buffer.append(subject)
        buffer.append(session)
        buffer.put(CRC32C.checksum(buffer.bytes[body...]))
        buffer.overwrite(UInt32(buffer.count - body), at: start + 4)
    }

    /// Reads the frame's content.
    init(_ content: UnsafeRawBufferPointer) throws(FormatError) {
        var cursor = ByteCursor(content)
        guard let magic: UInt64 = cursor.integer(), magic == Frame.segmentMagic else { throw .notASegment }
        guard let major: UInt16 = cursor.integer(), let minor: UInt16 = cursor.integer(),
            let compatible: UInt32 = cursor.integer(), let incompatible: UInt32 = cursor.integer(),
            let reserved: UInt32 = cursor.integer()
        else { throw .damagedHeader }
        _ = (minor, compatible, reserved)
        guard major == FormatVersion.major else { throw .unknownVersion(expected: FormatVersion.major, actual: major) }
        guard CRC32C.isRight(content) else { throw .damagedHeader }
        let unknown = incompatible & ~FormatVersion.knownIncompatibleFlags
        guard unknown & FormatVersion.sealedPayloads == 0 else { throw .sealedPayloads }
        guard unknown == 0 else { throw .incompatibleFlags(unknown) }
        guard let segmentID = cursor.identifier(), let number: UInt64 = cursor.integer(),
            let machineID = cursor.identifier(), let bootID = cursor.identifier(),
            let firstSequence: UInt64 = cursor.integer(), firstSequence < FormatLimit.numbers,
            let monotonic: UInt64 = cursor.integer(), let realtime: UInt64 = cursor.integer(),
            let previousHash = cursor.hash(), let user: UInt32 = cursor.integer(),
            let subjectBytes: UInt16 = cursor.integer(), subjectBytes <= FormatLimit.subjectBytes,
            let sessionBytes: UInt16 = cursor.integer(), sessionBytes <= FormatLimit.sessionBytes,
            let subject = cursor.text(Int(subjectBytes)), let session = cursor.text(Int(sessionBytes)),
            cursor.remaining == 4
        else { throw .damagedHeader }
        self.segmentID = segmentID
        self.number = number
        self.machineID = machineID
        self.bootID = bootID
        self.firstSequence = firstSequence
        monotonicMicroseconds = monotonic
        realtimeMicroseconds = realtime
        self.previousHash = previousHash
        userID = user
        self.subject = subject
        self.session = session
    }

    package init(
        segmentID: Identifier, number: UInt64, machineID: Identifier, bootID: Identifier, firstSequence: UInt64,
        monotonicMicroseconds: UInt64, realtimeMicroseconds: UInt64, previousHash: SHA256Hash = .zero, userID: UInt32,
        subject: String, session: String = ""
    ) {
        self.segmentID = segmentID
        self.number = number
        self.machineID = machineID
        self.bootID = bootID
        self.firstSequence = firstSequence
        self.monotonicMicroseconds = monotonicMicroseconds
        self.realtimeMicroseconds = realtimeMicroseconds
        self.previousHash = previousHash
        self.userID = userID
        self.subject = subject
        self.session = session
    }
}

extension String {
    /// As much of it as fits, in whole characters.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
