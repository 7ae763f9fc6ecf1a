import Glibc

/// The device nodes: which may be recorded, and whether the service's group may read them.
func checkDevices(_ recorder: RecorderStatus?) -> [Finding] {
    let nodes = directoryEntries("/dev/input").filter { $0.hasPrefix("event") }
    guard !nodes.isEmpty else {
        return [.wrong("devices", "there is no input device (/dev/input/event*)", "plug one in; a server has none")]
    }
    // Named after the node's numbers: c13:64.
    let tagged = directoryEntries("/run/udev/tags/kymograph").count { $0.hasPrefix("c13:") }
    guard tagged > 0 else {
        return [
            .wrong(
                "devices", "udev's rule has let none of \(nodes.count) devices through",
                "udevadm control --reload && udevadm trigger --subsystem-match=input")
        ]
    }
    let closed = nodes.filter { !isReadableByGroupInput("/dev/input/\($0)") }
    guard closed.isEmpty else {
        return [
            .wrong(
                "devices", "group input may not read \(closed.sorted().joined(separator: ", "))",
                "udevadm info /dev/input/\(closed[0]) shows which rule changed it; Debian's own gives group input, mode 660"
            )
        ]
    }
    var findings = [Finding.ok("devices", "\(tagged) of \(nodes.count) input devices may be recorded, and can be read")]
    if let recorder, recorder.recording, recorder.devices == 0 {
        findings.append(
            .wrong("devices", "the recorder has opened none", "journalctl --boot --unit=kymographd.service"))
    }
    return findings
}

private func isReadableByGroupInput(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, let group = getgrnam("input") else { return false }
    return status.st_gid == group.pointee.gr_gid && status.st_mode & S_IRGRP != 0
}

private func directoryEntries(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        names.append(
            withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
}
