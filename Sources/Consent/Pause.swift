/// A time in which a person does not want to be recorded. It ends when all clocks that count say so: one that is set
/// forward does not end it within a boot, one that is set back makes it longer.
public struct Pause: Sendable, Equatable {
    /// Microseconds since 1970; 0: until resumed.
    public var endRealtimeMicroseconds: UInt64
    /// CLOCK_BOOTTIME, µs, of the boot it was made in; 0 with no end.
    public var endBoottimeMicroseconds: UInt64
    /// The kernel's id of that boot.
    public var bootID: String

    public static let endless = Pause(endRealtimeMicroseconds: 0, endBoottimeMicroseconds: 0, bootID: "")

    public init(endRealtimeMicroseconds: UInt64, endBoottimeMicroseconds: UInt64, bootID: String) {
        self.endRealtimeMicroseconds = endRealtimeMicroseconds
        self.endBoottimeMicroseconds = endBoottimeMicroseconds
        self.bootID = bootID
    }

    /// - Parameter seconds: 0: until resumed.
    public init(seconds: UInt64, realtimeMicroseconds: UInt64, boottimeMicroseconds: UInt64, bootID: String) {
        guard seconds > 0 else {
            self = .endless
            return
        }
        let (length, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (realtime, isBeyond) = realtimeMicroseconds.addingReportingOverflow(length)
        // Longer than any clock: until resumed.
        guard !isTooLong, !isBeyond else {
            self = .endless
            return
        }
        self.init(
            endRealtimeMicroseconds: realtime, endBoottimeMicroseconds: boottimeMicroseconds &+ length, bootID: bootID)
    }

    /// How long it lasts from now, µs; 0: it is over; nil: until resumed.
    public func remaining(realtimeMicroseconds: UInt64, boottimeMicroseconds: UInt64, bootID: String) -> UInt64? {
        guard endRealtimeMicroseconds > 0 else { return nil }
        func left(_ end: UInt64, _ now: UInt64) -> UInt64 { end > now ? end - now : 0 }
        let byWall = left(endRealtimeMicroseconds, realtimeMicroseconds)
        guard bootID == self.bootID else { return byWall }
        return max(byWall, left(endBoottimeMicroseconds, boottimeMicroseconds))
    }

    var text: String { "kymograph pause 1\n\(endRealtimeMicroseconds)\n\(endBoottimeMicroseconds)\n\(bootID)\n" }

    /// Nil if it is none.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 5, lines[0] == "kymograph pause 1", let realtime = UInt64(lines[1]),
            let boottime = UInt64(lines[2])
        else { return nil }
        self.init(
            endRealtimeMicroseconds: realtime, endBoottimeMicroseconds: boottime, bootID: String(lines[3]))
    }
}
