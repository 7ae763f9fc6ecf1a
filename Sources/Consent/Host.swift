import Crypto
import FoundationEssentials
import Glibc

/// The machine that shows notices and signs what is consented to.
struct Host: Sendable {
    /// 16 bytes in hexadecimal, made from the machine's id, which is to be kept confidential (machine-id(5)).
    let identity: String
    let key: Curve25519.Signing.PrivateKey
    var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// Reads the host's key, or makes it at the first start: `host.key`, 0600, and `host.pub` beside it.
    init(directory: PrivateDirectory, machineID: String) throws(ConsentError) {
        identity = Array(SHA256.hash(data: Array("kymograph host \(machineID)".utf8)).prefix(16)).hexadecimal
        if let bytes = try directory.read("host.key") {
            guard let text = String(validating: bytes, as: UTF8.self), let seed = [UInt8](hexadecimal: text.dropLast()),
                let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
            else {
                throw .badKey(path: directory.path(of: "host.key"))
            }
            self.key = key
        } else {
            key = Curve25519.Signing.PrivateKey()
            try directory.write("host.key", Array((Array(key.rawRepresentation).hexadecimal + "\n").utf8))
        }
        let line = Array((Array(key.publicKey.rawRepresentation).hexadecimal + "\n").utf8)
        if try directory.read("host.pub") != line { try directory.write("host.pub", line) }
    }

    static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
