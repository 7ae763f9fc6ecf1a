/// Who sits at the seat, as logind says.
func checkSeat() -> [Finding] {
    guard let session = properties(of: "loginctl show-seat seat0 --property=ActiveSession")["ActiveSession"] else {
        return [.wrong("seat", "logind does not know seat0", "systemctl status systemd-logind")]
    }
    guard !session.isEmpty else {
        return [.remark("seat", "nobody is logged in at seat0: nothing is recorded", "log in at the screen")]
    }
    let known = properties(
        of: "loginctl show-session --property=Name --property=Type --property=Class --property=LockedHint \(session)")
    let who = "session \(session) of \(known["Name"] ?? "?")"
    guard known["Class"] == "user" else {
        return [
            .remark("seat", "\(who) is of class \(known["Class"] ?? "?"): nothing is recorded", "log in at the screen")
        ]
    }
    guard known["Type"] == "wayland" else {
        return [
            .wrong(
                "seat", "\(who) is of type \(known["Type"] ?? "?"): its windows are not known, so no keys are recorded",
                "choose a Wayland session at the login screen")
        ]
    }
    guard known["LockedHint"] != "yes" else {
        return [.remark("seat", "\(who) is locked: nothing is recorded", "unlock it")]
    }
    return [.ok("seat", "\(who), Wayland, unlocked")]
}
