import Crypto
import FoundationEssentials

/// A consent: who, when, to which notice and policy, word by word, signed by the host that showed them.
public struct Receipt: Sendable, Equatable {
    /// 16 random bytes in hexadecimal. Sessions in the journal name it.
    public var id: String
    /// Login name.
    public var subject: String
    public var userID: UInt32
    /// Counts the subject's consents and withdrawals on this host. What holds is decided by this, never by a clock.
    public var serial: UInt64
    /// Microseconds since 1970, by the host's clock.
    public var realtimeMicroseconds: UInt64
    /// Of Kymograph.
    public var version: String
    /// 16 bytes in hexadecimal, made from the machine's id (`Host.identity`).
    public var host: String
    public var notice: String
    /// In canonical form.
    public var policy: String
    /// The signer's public key.
    public var key: [UInt8]

    private static let firstLine = "kymograph receipt 1"

    private var body: String {
        [
            "\(Self.firstLine)\n", SignedText.line("id", id), SignedText.line("subject", subject),
            SignedText.line("uid", "\(userID)"), SignedText.line("serial", "\(serial)"),
            SignedText.line("time", "\(realtimeMicroseconds)"), SignedText.line("version", version),
            SignedText.line("host", host), SignedText.line("key", key.hexadecimal),
            SignedText.line("notice-sha256", Self.hash(notice)), SignedText.line("policy-sha256", Self.hash(policy)),
            SignedText.block("notice", notice), SignedText.block("policy", policy),
        ].joined()
    }

    public static func hash(_ text: String) -> String { SHA256.hash(data: Array(text.utf8)).hexadecimal }

    func signed(by key: Curve25519.Signing.PrivateKey) throws -> String { try SignedText.signed(body, by: key) }

    /// Reads a receipt and checks its signature with the key that it names itself: whether that key is the right one
    /// is for the caller to say.
    public init(verifying text: String) throws(ReceiptError) {
        guard text.utf8.count <= SignedText.sizeLimit else { throw .tooLong }
        var reader = SignedTextReader(text)
        guard try reader.line("kymograph") == "receipt 1" else { throw .malformed("it is no receipt of version 1") }
        id = try reader.bytes("id", count: 16).hexadecimal
        subject = try reader.line("subject")
        userID = try reader.number("uid")
        serial = try reader.number("serial")
        realtimeMicroseconds = try reader.number("time")
        version = try reader.line("version")
        host = try reader.bytes("host", count: 16).hexadecimal
        key = try reader.bytes("key", count: 32)
        let noticeHash = try reader.line("notice-sha256")
        let policyHash = try reader.line("policy-sha256")
        notice = try reader.block("notice")
        policy = try reader.block("policy")
        guard noticeHash == Self.hash(notice), policyHash == Self.hash(policy) else {
            throw .malformed("a hash is not that of the text")
        }
        guard let signer = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else {
            throw .malformed("its key is none")
        }
        // There is one way to write it: whatever else stood there would be signed, and not shown.
        guard try SignedText.checked(text, key: signer) == body else {
            throw .malformed("it has more in it than it should")
        }
    }

    init(
        subject: String, userID: UInt32, serial: UInt64, realtimeMicroseconds: UInt64, version: String, notice: String,
        policy: String, host: Host
    ) {
        id = Host.randomBytes(16).hexadecimal
        self.subject = subject
        self.userID = userID
        self.serial = serial
        self.realtimeMicroseconds = realtimeMicroseconds
        self.version = version
        self.host = host.identity
        self.notice = notice
        self.policy = policy
        key = host.publicKey
    }
}

/// The end of a consent, by the same hand.
struct Withdrawal: Equatable {
    var userID: UInt32
    var serial: UInt64
    var realtimeMicroseconds: UInt64
    var host: String
    var key: [UInt8]

    private var body: String {
        [
            "kymograph withdrawal 1\n", SignedText.line("uid", "\(userID)"), SignedText.line("serial", "\(serial)"),
            SignedText.line("time", "\(realtimeMicroseconds)"), SignedText.line("host", host),
            SignedText.line("key", key.hexadecimal),
        ].joined()
    }

    init(userID: UInt32, serial: UInt64, realtimeMicroseconds: UInt64, host: Host) {
        self.userID = userID
        self.serial = serial
        self.realtimeMicroseconds = realtimeMicroseconds
        self.host = host.identity
        key = host.publicKey
    }

    func signed(by key: Curve25519.Signing.PrivateKey) throws -> String { try SignedText.signed(body, by: key) }

    init(verifying text: String) throws(ReceiptError) {
        var reader = SignedTextReader(text)
        guard try reader.line("kymograph") == "withdrawal 1" else { throw .malformed("it is no withdrawal") }
        userID = try reader.number("uid")
        serial = try reader.number("serial")
        realtimeMicroseconds = try reader.number("time")
        host = try reader.bytes("host", count: 16).hexadecimal
        key = try reader.bytes("key", count: 32)
        guard let signer = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else {
            throw .malformed("its key is none")
        }
        guard try SignedText.checked(text, key: signer) == body else {
            throw .malformed("it has more in it than it should")
        }
    }
}
