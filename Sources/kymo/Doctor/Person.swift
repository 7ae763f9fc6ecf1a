import Glibc

extension RecorderStatus {
    /// All is well but for this.
    var isIndicatorMissing: Bool { reason_kind == "no_indicator" }
}

/// Whether the person at the seat has consented to the notice and the policy in force, by the recorder's word. Where it
/// records for another reason not, and has not looked, there is nothing to say.
func checkConsent(_ recorder: RecorderStatus?) -> [Finding] {
    guard let recorder else { return [] }
    if recorder.reason_kind == "no_consent" {
        return [
            .wrong(
                "consent", recorder.reason ?? "no consent",
                "kymo consent grant, by \(recorder.subject) alone, at a terminal")
        ]
    }
    // Asked for after the consent was found.
    guard recorder.recording || recorder.isIndicatorMissing || recorder.reason_kind == "paused" else { return [] }
    return [.ok("consent", "\(recorder.subject) has consented to the notice and the policy in force")]
}

/// Whether the person sees that it records: else it does not.
func checkIndicator(_ recorder: RecorderStatus?) -> [Finding] {
    guard let recorder else { return [] }
    if recorder.indicator { return [.ok("indicator", "shown to \(recorder.subject)")] }
    guard recorder.isIndicatorMissing else { return [] }
    return [
        .wrong(
            "indicator", "not shown to \(recorder.subject): nothing is recorded",
            recorder.agent
                ? "journalctl --user --unit=kymograph-agent.service, in the session, tells what it tried; GNOME: "
                    + "gnome-extensions enable kymograph@kymograph.org (before 45: kymograph-legacy@kymograph.org); "
                    + "Weston: the package kymograph-weston"
                : "systemctl --user start kymograph-agent.service, in the session")
    ]
}

/// Whether apps can tell which of their fields are passwords': a rule `full` holds only where one has said that it is none.
/// In the session itself its own bus is asked; as root, that of whoever owns the seat.
func checkAccessibility() -> [Finding] {
    guard access("/usr/share/dbus-1/services/org.a11y.Bus.service", F_OK) == 0 else {
        return [
            .remark(
                "accessibility", "not installed: keys are counts at most, whatever the rules say",
                "apt install at-spi2-core")
        ]
    }
    var session = "--user"
    if geteuid() == 0 {
        let owner = properties(of: "loginctl show-seat seat0 --property=ActiveSession")["ActiveSession"] ?? ""
        let known = properties(of: "loginctl show-session --property=User --property=Class '\(owner)'")
        // A number: it becomes part of a command.
        guard !owner.isEmpty, known["Class"] == "user", let user = known["User"].flatMap({ UInt32($0) }) else {
            return [.ok("accessibility", "installed; nobody has a session in which it could be asked")]
        }
        session = "--user --machine=\(user)@"
    }
    let question = "org.a11y.Bus /org/a11y/bus org.a11y.Bus GetAddress"
    guard output(of: "busctl \(session) --timeout=5 call \(question)") != nil else {
        return [
            .wrong(
                "accessibility", "does not answer in the session: keys are counts at most, whatever the rules say",
                "systemctl --user restart at-spi-dbus-bus.service, in the session")
        ]
    }
    return [.ok("accessibility", "its bus answers in the session")]
}
