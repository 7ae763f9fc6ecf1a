/// Whether times of day can be compared between machines. Durations and order do not depend on it.
func checkClock() -> [Finding] {
    let known = properties(of: "timedatectl show --property=NTPSynchronized")
    guard known["NTPSynchronized"] == "yes" else {
        return [
            .remark(
                "clock", "no time service keeps it: dates in the journal are as right as the machine's clock",
                "timedatectl set-ntp true")
        ]
    }
    return [.ok("clock", "kept by a time service")]
}
