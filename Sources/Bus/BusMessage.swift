import CSystemd
import Glibc

/// A message that was received, decoded whole, bounded.
public struct BusMessage: Sendable, Equatable {
    /// The sender's unique name (`:1.5`), given by the bus: nobody can choose it. Empty on a connection without a bus.
    public let sender: String
    public let path: String
    public let interface: String
    public let member: String
    public let arguments: [BusValue]

    /// The argument as that type.
    /// - Throws: `unexpectedType`, also where there are fewer arguments.
    public subscript<T: BusReadable>(_ index: Int, as type: T.Type) -> T {
        get throws(BusError) {
            guard index < arguments.count, let value = arguments[index].read(as: type) else {
                throw .unexpectedType(
                    expected: "\(type)", actual: index < arguments.count ? arguments[index].signature : "",
                    index: index, message: name)
            }
            return value
        }
    }

    /// For messages to people.
    var name: String { interface.isEmpty && member.isEmpty ? "the reply" : "\(interface).\(member)" }
}

/// The C message in and out of values. No pointer leaves this file but the messages themselves, whose owner is `Bus`.
enum BusCoding {
    /// Values in one message, containers included. The bus allows 128 MiB; nothing we ask for comes near this.
    static let valueLimit = 65_536
    static let depthLimit = 16

    static func decode(_ message: OpaquePointer) throws(BusError) -> BusMessage {
        let header = BusMessage(
            sender: text(sd_bus_message_get_sender(message)), path: text(sd_bus_message_get_path(message)),
            interface: text(sd_bus_message_get_interface(message)),
            member: text(sd_bus_message_get_member(message)), arguments: [])
        var left = valueLimit
        let arguments = try values(of: message, depth: 0, left: &left, name: header.name)
        return BusMessage(
            sender: header.sender, path: header.path, interface: header.interface, member: header.member,
            arguments: arguments)
    }

    static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

    /// Everything up to the end of the container that was entered.
    private static func values(
        of message: OpaquePointer, depth: Int, left: inout Int, name: String
    ) throws(BusError) -> [BusValue] {
        guard depth < depthLimit else { throw .tooLarge(message: name) }
        var result: [BusValue] = []
        while true {
            var type: CChar = 0
            var contents: UnsafePointer<CChar>?
            let found = sd_bus_message_peek_type(message, &type, &contents)
            guard found >= 0 else { throw .malformed(message: name, errno: -found) }
            guard found > 0 else { return result }
            left -= 1
            guard left >= 0 else { throw .tooLarge(message: name) }
            result.append(
                try value(
                    of: message, type: type, contents: text(contents), depth: depth, left: &left, name: name))
        }
    }

    private static func value(
        of message: OpaquePointer, type: CChar, contents: String, depth: Int, left: inout Int, name: String
    ) throws(BusError) -> BusValue {
        func basic<T: BitwiseCopyable>(_ initial: T) throws(BusError) -> T {
            var value = initial
            let result = withUnsafeMutablePointer(to: &value) { sd_bus_message_read_basic(message, type, $0) }
            guard result > 0 else { throw .malformed(message: name, errno: -result) }
            return value
        }
        func string() throws(BusError) -> String { text(try basic(UnsafePointer<CChar>?.none)) }
        switch UInt8(bitPattern: type) {
        case UInt8(ascii: "y"): return .byte(try basic(0))
        // sd-bus reads a boolean into an int.
        case UInt8(ascii: "b"): return .bool(try basic(Int32(0)) != 0)
        case UInt8(ascii: "n"): return .int16(try basic(0))
        case UInt8(ascii: "q"): return .uint16(try basic(0))
        case UInt8(ascii: "i"): return .int32(try basic(0))
        case UInt8(ascii: "u"): return .uint32(try basic(0))
        case UInt8(ascii: "x"): return .int64(try basic(0))
        case UInt8(ascii: "t"): return .uint64(try basic(0))
        case UInt8(ascii: "d"): return .double(try basic(0))
        case UInt8(ascii: "s"): return .string(try string())
        case UInt8(ascii: "o"): return .objectPath(try string())
        case UInt8(ascii: "g"): return .signature(try string())
        default: break
        }
        let entered = sd_bus_message_enter_container(message, type, contents)
        guard entered > 0 else { throw .malformed(message: name, errno: -entered) }
        let inner = try values(of: message, depth: depth + 1, left: &left, name: name)
        let exited = sd_bus_message_exit_container(message)
        guard exited >= 0 else { throw .malformed(message: name, errno: -exited) }
        switch UInt8(bitPattern: type) {
        case UInt8(ascii: "a"): return .array(element: contents, inner)
        case UInt8(ascii: "r"): return .structure(inner)
        case UInt8(ascii: "e") where inner.count == 2: return .entry(key: inner[0], value: inner[1])
        case UInt8(ascii: "v") where inner.count == 1: return .variant(inner[0])
        default: throw .unexpectedType(expected: "a known type", actual: contents, index: 0, message: name)
        }
    }

    // MARK: out

    static func append(_ values: [BusValue], to message: OpaquePointer) throws(BusError) {
        for value in values { try append(value, to: message) }
    }

    private static func append(_ value: BusValue, to message: OpaquePointer) throws(BusError) {
        switch value {
        case .byte(let number): try basic("y", number, message)
        case .bool(let flag): try basic("b", Int32(flag ? 1 : 0), message)
        case .int16(let number): try basic("n", number, message)
        case .uint16(let number): try basic("q", number, message)
        case .int32(let number): try basic("i", number, message)
        case .uint32(let number): try basic("u", number, message)
        case .int64(let number): try basic("x", number, message)
        case .uint64(let number): try basic("t", number, message)
        case .double(let number): try basic("d", number, message)
        case .string(let string): try text("s", string, message)
        case .objectPath(let string): try text("o", string, message)
        case .signature(let string): try text("g", string, message)
        case .array(let element, let elements): try container("a", element, elements, message)
        case .structure(let fields): try container("r", fields.map(\.signature).joined(), fields, message)
        case .entry(let key, let value): try container("e", key.signature + value.signature, [key, value], message)
        case .variant(let value): try container("v", value.signature, [value], message)
        }
    }

    private static func basic<T: BitwiseCopyable>(
        _ type: Unicode.Scalar, _ value: T, _ message: OpaquePointer
    ) throws(BusError) {
        let result = withUnsafePointer(to: value) { sd_bus_message_append_basic(message, CChar(type.value), $0) }
        try check(result, "a value of type \(type)")
    }

    private static func text(_ type: Unicode.Scalar, _ string: String, _ message: OpaquePointer) throws(BusError) {
        // C would end the text there, and the peer would read another one than was meant.
        guard !string.utf8.contains(0) else { throw .invalid(what: "a text with a zero byte", errno: EINVAL) }
        let result = string.withCString { sd_bus_message_append_basic(message, CChar(type.value), $0) }
        try check(result, "a value of type \(type)")
    }

    private static func container(
        _ type: Unicode.Scalar, _ contents: String, _ values: [BusValue], _ message: OpaquePointer
    ) throws(BusError) {
        let what = "a container of \"\(contents)\""
        try check(sd_bus_message_open_container(message, CChar(type.value), contents), what)
        try append(values, to: message)
        try check(sd_bus_message_close_container(message), what)
    }

    private static func check(_ result: Int32, _ what: String) throws(BusError) {
        guard result >= 0 else { throw .invalid(what: what, errno: -result) }
    }
}
