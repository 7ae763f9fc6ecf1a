import Glibc
import SystemPackage

/// Names of this machine and this boot, as systemd and the kernel give them.
struct Machine {
    let machineID: Identifier
    let bootID: Identifier

    init() throws(JournalError) {
        // A container may have no machine id; zero then says "not known", and the boot id still tells boots apart.
        machineID = Self.identifier(at: "/etc/machine-id") ?? Identifier(high: 0, low: 0)
        let boot = "/proc/sys/kernel/random/boot_id"
        guard let bootID = Self.identifier(at: boot) else { throw .noIdentity(path: boot) }
        self.bootID = bootID
    }

    private static func identifier(at path: String) -> Identifier? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? Identifier(hexadecimal: bytes.prefix(count)) : nil
    }

    static func randomIdentifier() -> Identifier {
        Identifier(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}
