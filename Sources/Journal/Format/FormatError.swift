/// Why bytes are no segment that can be read.
public enum FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    case notASegment
    case damagedHeader
    case unknownVersion(expected: UInt16, actual: UInt16)
    case incompatibleFlags(UInt32)
    /// Payloads are encrypted, which this version only knows by name.
    case sealedPayloads

    public var description: String {
        switch self {
        case .notASegment: "not a kymograph segment"
        case .damagedHeader: "the segment's header is damaged"
        case .unknownVersion(let expected, let actual):
            "written in format version \(actual), this reader knows \(expected); install a newer kymo"
        case .sealedPayloads:
            "payloads are sealed (encrypted); this kymo cannot open them, install one that can and ask for the key"
        case .incompatibleFlags(let flags):
            "uses features this reader does not know (flags 0x\(String(flags, radix: 16))); install a newer kymo"
        }
    }
}
