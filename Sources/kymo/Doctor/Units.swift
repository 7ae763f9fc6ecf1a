/// systemd's units: loaded, enabled, active.
func checkUnits() -> [Finding] {
    guard output(of: "systemctl show --property=Version") != nil else {
        return [.wrong("units", "systemd does not answer (systemctl)", "journalctl --boot --unit=init.scope")]
    }
    return checkUnit("kymograph.socket") + checkUnit("kymographd.service")
}

private func checkUnit(_ unit: String) -> [Finding] {
    let known = properties(
        of:
            "systemctl show --property=LoadState,ActiveState,UnitFileState,Result,ConditionResult,NeedDaemonReload \(unit)"
    )
    guard known["LoadState"] == "loaded" else {
        return known["LoadState"] == "masked"
            ? [.wrong("units", "\(unit) is masked", "systemctl unmask \(unit)")]
            : [.wrong("units", "\(unit) is not there", "apt install --reinstall kymograph")]
    }
    var findings: [Finding] = []
    if known["NeedDaemonReload"] == "yes" {
        findings.append(.remark("units", "\(unit) has changed on disk", "systemctl daemon-reload"))
    }
    if known["UnitFileState"] != "enabled" {
        findings.append(
            .wrong("units", "\(unit) is \(known["UnitFileState"] ?? "not enabled")", "systemctl enable \(unit)"))
    }
    switch known["ActiveState"] {
    case "active": if findings.isEmpty { findings.append(.ok("units", "\(unit) is enabled and active")) }
    case "failed":
        findings.append(
            .wrong(
                "units", "\(unit) has failed (\(known["Result"] ?? "unknown"))",
                "journalctl --boot --unit=\(unit) tells why; then systemctl restart \(unit)"))
    case let state:
        findings.append(.wrong("units", "\(unit) is \(state ?? "inactive")", "systemctl start \(unit)"))
    }
    return findings
}
