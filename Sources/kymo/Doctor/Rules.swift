import Glibc

/// udev's rule: there, in force, and not hidden by another of its name.
func checkRules() -> [Finding] {
    let name = "70-kymograph.rules"
    for directory in ["/etc/udev/rules.d", "/run/udev/rules.d"] where access("\(directory)/\(name)", F_OK) == 0 {
        return [
            .remark(
                "rules", "\(directory)/\(name) takes the place of the package's rule",
                "diff \(directory)/\(name) /usr/lib/udev/rules.d/\(name)")
        ]
    }
    guard ["/usr/lib", "/lib"].contains(where: { access("\($0)/udev/rules.d/\(name)", F_OK) == 0 }) else {
        return [
            .wrong(
                "rules", "\(name) is not there: security keys would be recorded", "apt install --reinstall kymograph")
        ]
    }
    return [.ok("rules", "\(name) is in place")]
}
