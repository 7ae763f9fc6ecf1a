import Testing

@testable import Devices
import Events

@Suite struct DropLogTests {
    /// Lines as libinput 1.22.1 (Debian 12) and 1.28.1 (Debian 13) write them.
    @Test(arguments: [
        (
            "event5  - Mock Mouse: SYN_DROPPED event - some input events have been lost.",
            DropNotice.dropped(sysname: "event5")
        ),
        (
            "event12 - A: SYN_DROPPED event: B: SYN_DROPPED event - some input events have been lost.",
            .dropped(sysname: "event12")
        ),
        (
            "event5  - Mock Mouse: WARNING: log rate limit exceeded (5 msgs per 30000ms). Discarding future messages.",
            .flood(sysname: "event5")
        ),
        ("event5  - Mock Mouse: is tagged by udev as: Mouse", nil),
        ("event5  - SYN_DROPPED event is my name: device is a pointer", nil),
        ("", nil),
        ("event", nil),
    ])
    func lines(line: String, expected: DropNotice?) { #expect(DropNotice(line) == expected) }

    @Test func aSpanRunsFromTheLastEventBeforeToTheFirstAfter() {
        var span = DropSpan()
        span.note(.dropped(sysname: "event1"), lastMicroseconds: 100, nowMicroseconds: 500)
        span.note(.dropped(sysname: "event1"), lastMicroseconds: 300, nowMicroseconds: 501)
        let loss = span.close(atMicroseconds: 600, detail: "event1")
        #expect(
            loss
                == Loss(
                    reason: .kernelBuffer, startMicroseconds: 100, endMicroseconds: 600, count: nil, detail: "event1"))
        #expect(span.close(atMicroseconds: 700, detail: "event1") == nil)
    }

    @Test func afterAFloodTheSpanStaysOpenUntilThirtyQuietSeconds() {
        var span = DropSpan()
        span.note(.flood(sysname: "event1"), lastMicroseconds: 100, nowMicroseconds: 1000)
        #expect(span.close(atMicroseconds: 2000, detail: "") == nil)
        #expect(span.deadlineMicroseconds == 30_001_000)
        #expect(span.expire(nowMicroseconds: 30_000_999, detail: "") == nil)
        #expect(span.expire(nowMicroseconds: 30_001_000, detail: "")?.endMicroseconds == 30_001_000)
    }

    @Test func aDeviceThatLeavesInAFloodTakesNoLossWithIt() {
        var span = DropSpan()
        span.note(.flood(sysname: "event1"), lastMicroseconds: 100, nowMicroseconds: 1000)
        #expect(span.finish(nowMicroseconds: 2000, detail: "event1")?.endMicroseconds == 2000)
        #expect(span.deadlineMicroseconds == nil)
        #expect(span.finish(nowMicroseconds: 3000, detail: "event1") == nil)
    }
}
