import Testing

@testable import kymographd

@Suite("How long reports may gather")
struct PaceTests {
    /// A mouse that is read each time it has said so much, for a while.
    private struct Mouse {
        var pace = Pace()
        private var now: UInt64 = 1_000_000
        let bufferEntries: Double
        /// Motion in two directions and SYN_REPORT.
        static let entriesPerReport = 3.0

        init(bufferEntries: Double) { self.bufferEntries = bufferEntries }

        mutating func report(_ count: Int, after microseconds: UInt64) {
            now += microseconds
            pace.dispatched(
                events: count, fullestShare: Double(count) * Self.entriesPerReport / bufferEntries,
                nowMicroseconds: now)
        }

        /// As the loop does: lets reports gather for as long as the pace says, and dispatches them.
        mutating func move(rate: Double, seconds: Double) {
            var left = seconds * 1_000_000
            var owed = 0.0
            while left > 0 {
                let wait = max(Double(pace.gatherMicroseconds), 1_000_000 / rate)
                owed += wait * rate / 1_000_000
                report(Int(owed), after: UInt64(wait))
                owed -= owed.rounded(.down)
                left -= wait
            }
        }
    }

    @Test(
        "the rate and the buffer decide",
        arguments: [
            // Every report at once: a person waits for it, and there is nothing to be saved.
            (rate: 125.0, bufferEntries: 64.0, gathers: 0...0 as ClosedRange<UInt64>),
            (1_000, 64, 0...0),
            // 3 of 64 entries a report would take 1.33 ms to fill half of them; 1 ms is the most.
            (8_000, 64, 1_000...1_000),
            (8_000, 128, 1_000...1_000),
            (16_000, 64, 600...667),
            (16_000, 128, 1_000...1_000),
            (32_000, 64, 300...334),
        ])
    func steady(rate: Double, bufferEntries: Double, gathers: ClosedRange<UInt64>) {
        var mouse = Mouse(bufferEntries: bufferEntries)
        mouse.move(rate: rate, seconds: 0.5)
        #expect(gathers.contains(mouse.pace.gatherMicroseconds), "\(mouse.pace.gatherMicroseconds) µs")
    }

    @Test("never so long that more than half of the buffer fills", arguments: [2_000.0, 4_000, 8_000, 16_000, 64_000])
    func neverFull(rate: Double) {
        for entries in [64.0, 128, 512] {
            var mouse = Mouse(bufferEntries: entries)
            mouse.move(rate: rate, seconds: 0.5)
            let gathered = Double(mouse.pace.gatherMicroseconds) * rate / 1_000_000 * Mouse.entriesPerReport
            #expect(gathered <= entries * Pace.share)
        }
    }

    @Test("two reports close to each other are no high rate")
    func pair() {
        var mouse = Mouse(bufferEntries: 64)
        mouse.report(1, after: 8_000)
        mouse.report(1, after: 250)
        #expect(mouse.pace.gatherMicroseconds == 0)
    }

    @Test("a burst's end is noticed with the first late report")
    func endOfABurst() {
        var mouse = Mouse(bufferEntries: 64)
        mouse.move(rate: 8_000, seconds: 0.5)
        mouse.report(1, after: 10_000)
        #expect(mouse.pace.gatherMicroseconds == 0)
    }

    @Test("a device that fills its buffer faster is believed at once, and slowly forgotten")
    func fillsFaster() {
        var mouse = Mouse(bufferEntries: 128)
        mouse.move(rate: 8_000, seconds: 0.5)
        // Another device's buffer was nearly full after a millisecond.
        mouse.pace.dispatched(events: 8, fullestShare: 0.9, nowMicroseconds: 2_000_000_000)
        mouse.pace.dispatched(events: 8, fullestShare: 0.9, nowMicroseconds: 2_000_001_000)
        #expect(mouse.pace.gatherMicroseconds <= 556)
        mouse.pace.dispatched(events: 8, fullestShare: 0.1, nowMicroseconds: 2_000_002_000)
        #expect((556...800).contains(mouse.pace.gatherMicroseconds))
    }

    @Test("a clock that stands still and a first report stop nothing")
    func clock() {
        var pace = Pace()
        pace.dispatched(events: 0, fullestShare: 0, nowMicroseconds: 0)
        #expect(pace.gatherMicroseconds == 0)
        for _ in 0..<3 { pace.dispatched(events: 5, fullestShare: 1, nowMicroseconds: 7) }
        #expect(pace.gatherMicroseconds <= Pace.longestMicroseconds)
    }
}
