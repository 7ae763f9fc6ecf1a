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
    // Until there is consent, a file says whose input is recorded.
    guard access("/etc/kymograph/subject", F_OK) == 0 else {
        return [
            .ok("configuration", "\(path) is valid"),
            .wrong(
                "configuration", "nobody is to be recorded", "echo KYMOGRAPH_SUBJECT=LOGIN > /etc/kymograph/subject"),
        ]
    }
    return [.ok("configuration", "\(path) is valid")]
}
