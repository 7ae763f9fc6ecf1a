import Crypto
import FoundationEssentials

/// A document of lines `name value`, with texts of counted length where a line is not enough, signed as a whole:
///
///     kymograph receipt 1
///     subject ada
///     notice 12
///     Be informed.
///     signature 4f…
///
/// There is one way to write a document, and nothing else is read: what is signed is exactly what is there.
enum SignedText {
    static let sizeLimit = 1 << 18

    static func line(_ name: String, _ value: String) -> String { "\(name) \(value)\n" }
    static func block(_ name: String, _ text: String) -> String { "\(name) \(text.utf8.count)\n\(text)\n" }

    static func signed(_ body: String, by key: Curve25519.Signing.PrivateKey) throws -> String {
        let signature = try key.signature(for: Array(body.utf8))
        return body + line("signature", Array(signature).hexadecimal)
    }

    /// The part that the signature covers.
    static func checked(_ text: String, key: Curve25519.Signing.PublicKey) throws(ReceiptError) -> String {
        guard let start = text.range(ofLast: "\nsignature ") else { throw .malformed("it has no signature") }
        let body = String(text[...start])
        let rest = text[text.index(after: start)...].dropFirst("signature ".count)
        guard rest.last == "\n", let signature = [UInt8](hexadecimal: rest.dropLast()), signature.count == 64 else {
            throw .malformed("its signature is none")
        }
        guard key.isValidSignature(signature, for: Array(body.utf8)) else { throw .forged }
        return body
    }
}

/// Reads such a document, line by line, in the one order in which it was written.
struct SignedTextReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func line(_ name: String) throws(ReceiptError) -> String {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")), let line = String(rest[..<end]),
            line.hasPrefix(name + " ")
        else { throw .malformed("no line \"\(name)\" where one belongs") }
        rest = rest[rest.index(after: end)...]
        return String(line.dropFirst(name.count + 1))
    }

    mutating func number<T: FixedWidthInteger>(_ name: String, as type: T.Type = T.self) throws(ReceiptError) -> T {
        let text = try line(name)
        guard let value = T(text), "\(value)" == text else { throw .malformed("\(name) is no number") }
        return value
    }

    mutating func bytes(_ name: String, count: Int) throws(ReceiptError) -> [UInt8] {
        guard let bytes = [UInt8](hexadecimal: try line(name)[...]), bytes.count == count else {
            throw .malformed("\(name) is not \(count) bytes in hexadecimal")
        }
        return bytes
    }

    mutating func block(_ name: String) throws(ReceiptError) -> String {
        let count: Int = try number(name)
        guard count >= 0, count < rest.count, let text = String(rest.prefix(count)),
            rest.dropFirst(count).first == UInt8(ascii: "\n")
        else { throw .malformed("\(name) ends too early") }
        rest = rest.dropFirst(count + 1)
        return text
    }
}

/// Why a receipt or a withdrawal does not count.
public enum ReceiptError: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed(String)
    /// The signature is not that of this key over this text.
    case forged
    /// Signed by another key than this host's.
    case otherKey
    /// Signed by this key on another machine: a copy of its disk.
    case otherHost
    case tooLong

    public var description: String {
        switch self {
        case .malformed(let what): "it is damaged: \(what)"
        case .forged: "its signature does not fit: it was forged, or changed after it was signed"
        case .otherKey: "it was signed with another host's key"
        case .otherHost: "it was given on another machine"
        case .tooLong: "it is longer than \(SignedText.sizeLimit) bytes"
        }
    }
}

extension Sequence<UInt8> {
    public var hexadecimal: String {
        var result = ""
        for byte in self {
            for digit in [byte >> 4, byte & 15] {
                result.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit))
            }
        }
        return result
    }
}

extension [UInt8] {
    /// Lower case only: there is one way to write a number.
    init?(hexadecimal text: some StringProtocol) {
        let digits = Array<UInt8>(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        self = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            var value: UInt8 = 0
            for digit in digits[index...index + 1] {
                switch digit {
                case 0x30...0x39: value = value << 4 | (digit - 0x30)
                case 0x61...0x66: value = value << 4 | (digit - 0x57)
                default: return nil
                }
            }
            append(value)
        }
    }
}

extension String {
    /// Where the last occurrence of an ASCII text begins.
    fileprivate func range(ofLast text: String) -> String.Index? {
        let whole = Array(utf8)
        let part = Array(text.utf8)
        guard whole.count >= part.count else { return nil }
        for start in stride(from: whole.count - part.count, through: 0, by: -1)
        where whole[start..<start + part.count].elementsEqual(part) {
            return utf8.index(utf8.startIndex, offsetBy: start)
        }
        return nil
    }
}
