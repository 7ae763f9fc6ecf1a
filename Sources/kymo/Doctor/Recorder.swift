import Events

/// Whether the recorder answers, records, and is of this release.
func checkRecorder(_ status: Result<RecorderStatus, StatusError>) -> [Finding] {
    let recorder: RecorderStatus
    switch status {
    case .success(let answer): recorder = answer
    case .failure(let error):
        return [.wrong("recorder", "\(error)", "systemctl start kymographd.service")]
    }
    var findings: [Finding] = []
    if recorder.version != kymographVersion {
        findings.append(
            .wrong(
                "versions", "kymographd that runs is \(recorder.version), kymo is \(kymographVersion)",
                "systemctl restart kymographd.service"))
    } else {
        findings.append(.ok("versions", "kymo and kymographd are \(kymographVersion)"))
    }
    if recorder.recording {
        findings.append(.ok("recorder", "records \(recorder.subject)"))
    } else {
        findings.append(
            .remark("recorder", "does not record: \(recorder.reason ?? "no reason told")", "kymo status"))
    }
    let lost = recorder.events_lost_ring + recorder.events_lost_disk
    if recorder.kernel_losses > 0 || lost > 0 {
        findings.append(
            .remark(
                "recorder",
                "lost \(lost) events, and \(recorder.kernel_losses) times some in the kernel, since its start",
                "kymo show --kind loss"))
    }
    return findings
}

/// Where the agent's reason names GNOME's extension or Weston's module: what switches it on. Nil: another desktop.
private func remedy(for reason: String) -> String? {
    if let command = reason.firstRange(of: "gnome-extensions ") {
        return "\(reason[command.lowerBound...].prefix { $0 != ";" }), in the session"
    }
    if reason.contains("kymograph-weston") {
        return "apt install kymograph-weston; modules=kymograph.so under [core] in weston.ini; then restart Weston"
    }
    return reason.contains("GNOME Shell") ? "log out and in" : nil
}

/// The session's agent, and whether it knows the compositor's windows.
func checkAgent(_ recorder: RecorderStatus?) -> [Finding] {
    // Without consent it is not waited for; why nothing is recorded is said above.
    guard let recorder, recorder.recording || recorder.isIndicatorMissing else { return [] }
    guard recorder.agent else {
        return [
            .wrong(
                "agent", "no agent reports from the session: nothing is recorded",
                "systemctl --user start kymograph-agent.service, in the session; desktops without graphical-session.target: "
                    + "OPERATIONS.md, \"Desktops\"")
        ]
    }
    guard recorder.agent_backend != "none" else {
        let reason = recorder.agent_backend_reason ?? ""
        return [
            .wrong(
                "compositor",
                "the agent finds no way to learn the focus from this compositor: no keys are recorded"
                    + (reason.isEmpty ? "" : " (\(reason))"),
                remedy(for: reason) ?? "journalctl --user --unit=kymograph-agent.service tells what it tried")
        ]
    }
    return [.ok("agent", "connected, and knows the focus by \(recorder.agent_backend)")]
}
