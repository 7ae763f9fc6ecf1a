import Glibc

/// Room for the journal, where the package puts it.
func checkDisk(_ recorder: RecorderStatus?) -> [Finding] {
    var findings: [Finding] = []
    // Its parent: the journal's own directory is closed to others.
    var system = statvfs()
    if statvfs("/var/lib/kymograph", &system) == 0 {
        let free = (UInt64(system.f_bavail) * UInt64(system.f_frsize)) >> 20
        let size = (UInt64(system.f_blocks) * UInt64(system.f_frsize)) >> 20
        // A segment is 64 MiB, and the next is begun before the oldest is deleted.
        if free < 256 {
            findings.append(
                .wrong(
                    "disk", "\(free) of \(size) MiB are free under /var/lib/kymograph",
                    "lower retain_megabytes in the configuration, or kymo journal vacuum"))
        } else {
            findings.append(.ok("disk", "\(free) of \(size) MiB are free under /var/lib/kymograph"))
        }
    } else {
        findings.append(.wrong("disk", "there is no /var/lib/kymograph", "systemctl restart kymographd.service"))
    }
    if let recorder, recorder.write_failures > 0 {
        findings.append(
            .wrong(
                "disk", "\(recorder.write_failures) writes to the journal have failed since the recorder's start",
                "journalctl --boot --unit=kymographd.service"))
    }
    return findings
}
