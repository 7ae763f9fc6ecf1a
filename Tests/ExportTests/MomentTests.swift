import Export
import Testing

@Suite("Moments as people write them")
struct MomentTests {
    /// 2026-11-24 09:30 in Berlin.
    static let now = Int64(morning)
    static let minute: Int64 = 60_000_000

    @Test(
        "are understood",
        arguments: [
            ("now", 0),
            ("10 min ago", -10 * minute), ("10min ago", -10 * minute), ("2h ago", -120 * minute),
            ("1 hour 30 min ago", -90 * minute), ("1 day ago", -1440 * minute),
            ("today", -570 * minute), ("yesterday", -2010 * minute),
            ("09:00", -30 * minute), ("09:00:30", -30 * minute + 30_000_000),
            ("2026-11-24", -570 * minute), ("2026-11-24 09:29", -minute), ("2026-11-24T09:29", -minute),
            ("2026-11-24T08:29:00Z", -minute), ("2026-11-24T09:29:00+01:00", -minute),
            ("2026-11-24T03:29:00-05:00", -minute), ("2026-11-24T08:29:00.25Z", -minute + 250_000),
            // Summer time, by the zone's rules at that date.
            ("2026-07-01 00:00", -(146 * 1440 + 570 + 60) * minute),
            ("@1795509000", 0), ("@1795509000.5", 500_000),
        ] as [(String, Int64)])
    func understood(text: String, offset: Int64) {
        _ = berlin
        #expect(Moment.parse(text, nowMicroseconds: Self.now) == Self.now + offset)
    }

    @Test(
        "are refused, and not guessed",
        arguments: [
            "", "soon", "10", "ago", " ago", "10 ago", "10 parsecs ago", "-10 min ago", "25:00", "09:60", "9:00",
            "2026-13-01", "2026-02-30", "2026-11-24x", "2026-11-24T", "2026-11-24T09", "2026-11-24T09:30:00.Z",
            "2026-11-24T09:30:00+1", "@", "@x", "99999999999 min ago", "٣:00",
            // Overflowed once.
            String(repeating: "999999 weeks ", count: 30) + "ago",
        ])
    func refused(text: String) { #expect(Moment.parse(text, nowMicroseconds: Self.now) == nil) }

    @Test(
        "spans of time", arguments: [("30d", 43_200), ("12h", 720), ("2 weeks", 20_160), ("1 hour 30 min", 90)])
    func spans(text: String, minutes: Int64) { #expect(Moment.spanMicroseconds(text) == minutes * Self.minute) }

    @Test("are no spans", arguments: ["", "30", "d", "-1d", "1 d ago", "0.5h"])
    func noSpans(text: String) { #expect(Moment.spanMicroseconds(text) == nil) }
}
