/// A value of D-Bus's type system, whole: no pointer into a message.
///
/// File descriptors (`h`) are left out: nothing here passes any, and one that a peer passes would need an owner.
public indirect enum BusValue: Sendable, Equatable {
    case byte(UInt8)
    case bool(Bool)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case double(Double)
    case string(String)
    case objectPath(String)
    case signature(String)
    /// Elements of one type, whose signature an empty array needs.
    case array(element: String, [BusValue])
    case structure([BusValue])
    /// One entry of a dictionary, which is an array of these.
    case entry(key: BusValue, value: BusValue)
    case variant(BusValue)

    /// `s`, `a{sv}`, `(so)`…
    public var signature: String {
        switch self {
        case .byte: "y"
        case .bool: "b"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .array(let element, _): "a" + element
        case .structure(let fields): "(" + fields.map(\.signature).joined() + ")"
        case .entry(let key, let value): "{" + key.signature + value.signature + "}"
        case .variant: "v"
        }
    }

    /// `a{ss}`.
    public static func strings(_ pairs: [(String, String)]) -> BusValue {
        .array(element: "{ss}", pairs.map { .entry(key: .string($0.0), value: .string($0.1)) })
    }

    /// `a{sv}`.
    public static func properties(_ pairs: [(String, BusValue)]) -> BusValue {
        .array(element: "{sv}", pairs.map { .entry(key: .string($0.0), value: .variant($0.1)) })
    }
}

/// A Swift type that stands for exactly one type of D-Bus's, so that `try message[0, as: String.self]` says what is
/// expected where it is read.
public protocol BusReadable {
    /// Nil if the value is of another type: nothing is converted.
    init?(exactly value: BusValue)
}

extension String: BusReadable {
    /// A string, an object path or a signature: all three are text.
    public init?(exactly value: BusValue) {
        switch value {
        case .string(let text), .objectPath(let text), .signature(let text): self = text
        default: return nil
        }
    }
}

extension Bool: BusReadable {
    public init?(exactly value: BusValue) {
        guard case .bool(let flag) = value else { return nil }
        self = flag
    }
}

extension Int32: BusReadable {
    public init?(exactly value: BusValue) {
        guard case .int32(let number) = value else { return nil }
        self = number
    }
}

extension UInt32: BusReadable {
    public init?(exactly value: BusValue) {
        guard case .uint32(let number) = value else { return nil }
        self = number
    }
}

extension UInt64: BusReadable {
    public init?(exactly value: BusValue) {
        guard case .uint64(let number) = value else { return nil }
        self = number
    }
}

extension BusValue: BusReadable {
    public init?(exactly value: BusValue) { self = value }
}

extension Array: BusReadable where Element: BusReadable {
    /// The elements of an array, or the fields of a structure whose fields all are of that type.
    public init?(exactly value: BusValue) {
        let values: [BusValue]
        switch value {
        case .array(_, let elements): values = elements
        case .structure(let fields): values = fields
        default: return nil
        }
        self = []
        reserveCapacity(values.count)
        for value in values {
            guard let element = Element(exactly: value) else { return nil }
            append(element)
        }
    }
}

extension Dictionary: BusReadable where Key: BusReadable, Value: BusReadable {
    /// A dictionary; of variants, when that is what its values are, the contents.
    public init?(exactly value: BusValue) {
        guard case .array(_, let entries) = value else { return nil }
        self = [:]
        for case .entry(let key, let value) in entries {
            guard let key = Key(exactly: key), let value = Value(exactly: value.unwrapped) else { return nil }
            self[key] = value
        }
        guard count == entries.count else { return nil }
    }
}

extension BusValue {
    /// What a variant holds; anything else is itself.
    public var unwrapped: BusValue {
        if case .variant(let value) = self { return value }
        return self
    }

    /// The value as a Swift type, from a variant too; nil if it is of another type.
    public func read<T: BusReadable>(as type: T.Type = T.self) -> T? { T(exactly: self) ?? T(exactly: unwrapped) }
}
