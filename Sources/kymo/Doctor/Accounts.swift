import Glibc

/// The service's user, and the group that owns the device nodes.
func checkAccounts() -> [Finding] {
    guard getpwnam("kymograph") != nil else {
        return [.wrong("accounts", "there is no user kymograph", "systemd-sysusers kymograph.conf")]
    }
    guard getgrnam("input") != nil else {
        return [
            .wrong(
                "accounts", "there is no group input, to which the device nodes should belong",
                "apt install --reinstall udev")
        ]
    }
    return [.ok("accounts", "user kymograph and group input exist")]
}

/// What the recorder itself says of its configuration.
func checkConfiguration(_ path: String) -> [Finding] {
    let quoted = "'" + path.replacing("'", with: "'\\''") + "'"
    guard access("/usr/bin/kymographd", X_OK) == 0 else {
        return [.wrong("configuration", "there is no /usr/bin/kymographd", "apt install --reinstall kymograph")]
    }
    guard output(of: "/usr/bin/kymographd --check-config --config \(quoted)") != nil else {
        return [.wrong("configuration", "\(path) is not valid", "kymographd --check-config --config \(path)")]
    }
    guard access("/etc/kymograph/notice.md", F_OK) == 0 else {
        return [
            .ok("configuration", "\(path) is valid"),
            .wrong(
                "configuration", "there is no /etc/kymograph/notice.md, so that nobody can consent",
                "cp /usr/share/doc/kymograph/examples/notice.md /etc/kymograph/"),
        ]
    }
    return [.ok("configuration", "\(path) is valid")]
}
