import Crypto
import FoundationEssentials
import Glibc

/// The key with which one person's titles are hashed. It never leaves the recorder's directory, and once it is destroyed
/// nobody can tell which title a hash in the journal is of, not even by trying titles.
public struct TitleKey: Sendable {
    static let byteCount = 32
    private let key: SymmetricKey

    init(bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

    /// The first 16 bytes of the title's HMAC-SHA-256, in hexadecimal: half of it tells titles apart just as well.
    public func hash(_ title: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(title.utf8), using: key).prefix(16).hexadecimal
    }
}

extension ConsentStore {
    private static let titleKey = "title.key"

    /// The key of a person's titles; makes one where there is none.
    /// - Throws: also for a file that is no such key: it is left, and titles are left out, until somebody looks at it.
    public func titleKey(userID: UInt32) throws(ConsentError) -> TitleKey {
        let directory = try directory(of: userID)
        if var bytes = try directory.read(Self.titleKey) {
            defer { bytes.wipe() }
            guard bytes.count == TitleKey.byteCount else { throw .badTitleKey(path: directory.path(of: Self.titleKey)) }
            return TitleKey(bytes: bytes)
        }
        var bytes = Host.randomBytes(TitleKey.byteCount)
        defer { bytes.wipe() }
        try directory.write(Self.titleKey, bytes)
        return TitleKey(bytes: bytes)
    }

    /// Durable when it returns. What a file system that copies on write, or worn flash, still holds of it is not reached.
    public func destroyTitleKey(userID: UInt32) throws(ConsentError) {
        try directory(of: userID).destroy(Self.titleKey, byteCount: TitleKey.byteCount)
    }
}

extension [UInt8] {
    /// Zeroes it in a way that no compiler leaves out.
    fileprivate mutating func wipe() {
        withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } }
    }
}
