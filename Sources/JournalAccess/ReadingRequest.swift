/// What `kymo` asks of kymograph-reader where it may not read the journal itself: to be run over there with the same
/// arguments, and with its own standard output and error, which travel along as descriptors. One packet (SOCK_SEQPACKET):
/// texts, each ended by a zero byte.
///
/// Rejected: handing out descriptors of segments, which would stay readable after the segment was forgotten, and after
/// their holder has left the group.
public struct ReadingRequest: Sendable, Equatable {
    public static let socket = "/run/kymograph/reader.sock"
    /// Bytes of a packet, and so of all arguments together: they are written down.
    public static let limit = 8 << 10
    static let greeting = "kymograph-reader 1"

    /// Without the program's name.
    public var arguments: [String]
    /// Whether the short form is painted: the service does not know the terminal's kind.
    public var isColored: Bool

    public init(arguments: [String], isColored: Bool) {
        self.arguments = arguments
        self.isColored = isColored
    }

    /// Nil: too long, or a zero byte in an argument.
    public var bytes: [UInt8]? {
        var bytes: [UInt8] = []
        for text in [Self.greeting, isColored ? "colored" : "plain"] + arguments {
            guard !text.utf8.contains(0) else { return nil }
            bytes += Array(text.utf8) + [0]
        }
        return bytes.count <= Self.limit ? bytes : nil
    }

    /// Nil: not such a packet, or of another version.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count <= Self.limit else { return nil }
        var texts: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0) {
            guard let text = String(validating: rest[..<end], as: UTF8.self) else { return nil }
            texts.append(text)
            rest = rest[rest.index(after: end)...]
        }
        guard rest.isEmpty, texts.count >= 2, texts[0] == Self.greeting, ["colored", "plain"].contains(texts[1]) else {
            return nil
        }
        self.init(arguments: Array(texts[2...]), isColored: texts[1] == "colored")
    }
}

/// How it ended.
public enum ReadingReply: Sendable, Equatable {
    /// With the exit code of the `kymo` that ran.
    case finished(UInt8)
    /// Nothing was read, for this reason.
    case refused(String)

    public var bytes: [UInt8] {
        switch self {
        case .finished(let code): [0, code]
        case .refused(let reason): [1] + Array(reason.utf8)
        }
    }

    /// Nil: no such packet.
    public init?(_ bytes: some Collection<UInt8>) {
        switch bytes.first {
        case 0 where bytes.count == 2: self = .finished(bytes[bytes.index(after: bytes.startIndex)])
        case 1: self = .refused(String(decoding: bytes.dropFirst(), as: UTF8.self))
        default: return nil
        }
    }
}
