/// Reads little-endian fields out of one packet and never beyond it.
struct WireReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    mutating func integer<T: FixedWidthInteger>(_ field: StaticString, as type: T.Type = T.self) throws(ProtocolError)
        -> T
    {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw .truncated(field: "\(field)", expected: size, actual: remaining) }
        defer { offset += size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// A length (u16) and so many bytes of UTF-8.
    mutating func string(_ field: StaticString, limit: Int) throws(ProtocolError) -> String {
        let length = Int(try integer(field, as: UInt16.self))
        guard length <= limit else { throw .tooLong(field: "\(field)", limit: limit, actual: length) }
        guard remaining >= length else { throw .truncated(field: "\(field)", expected: length, actual: remaining) }
        defer { offset += length }
        let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
        guard let text = String(validating: slice, as: UTF8.self) else { throw .notUTF8(field: "\(field)") }
        return text
    }

    mutating func bytes(_ field: StaticString, count: Int) throws(ProtocolError) -> UnsafeRawBufferPointer {
        guard remaining >= count else { throw .truncated(field: "\(field)", expected: count, actual: remaining) }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func raw<T: RawRepresentable>(_ field: StaticString, as type: T.Type) throws(ProtocolError) -> T
    where T.RawValue == UInt8 {
        let value = try integer(field, as: UInt8.self)
        guard let result = T(rawValue: value) else { throw .badValue(field: "\(field)", actual: UInt64(value)) }
        return result
    }

    mutating func flag(_ field: StaticString) throws(ProtocolError) -> Bool {
        let value = try integer(field, as: UInt8.self)
        guard value <= 1 else { throw .badValue(field: "\(field)", actual: UInt64(value)) }
        return value == 1
    }

    func finish() throws(ProtocolError) {
        guard remaining == 0 else { throw .trailingBytes(count: remaining) }
    }
}

extension [UInt8] {
    mutating func put<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Cut at a character's boundary if it is longer than the limit.
    mutating func put(_ text: String, limit: Int) {
        let cut = text.cut(toBytes: limit)
        put(UInt16(cut.utf8.count))
        append(contentsOf: cut.utf8)
    }
}

extension String {
    /// The longest prefix of whole scalars that fits into so many bytes of UTF-8.
    public func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > utf8.startIndex, String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
