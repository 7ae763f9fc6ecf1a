/// Why bytes are no segment that can be read.
public enum FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    case notASegment
    case damagedHeader
    /// The header of another segment than the file is named after.
    case otherNumber(UInt64)
    case unknownVersion(expected: UInt16, actual: UInt16)
    case incompatibleFlags(UInt32)
    /// Payloads are encrypted, which this version only knows by name.
    case sealedPayloads

    public var description: String {
        switch self {
        case .notASegment: "not a kymograph segment"
        case .damagedHeader: "the segment's header is damaged"
        case .otherNumber(let number): "it has the header of segment \(number); give the file that number's name"
        case .unknownVersion(let expected, let actual):
            "written in format version \(actual), this reader knows \(expected); install a newer kymo"
        case .sealedPayloads:
            "payloads are sealed (encrypted); this kymo cannot open them, install one that can and ask for the key"
        case .incompatibleFlags(let flags):
            "uses features this reader does not know (flags 0x\(String(flags, radix: 16))); install a newer kymo"
        }
    }
}
