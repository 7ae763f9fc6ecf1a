import Events
import Testing

@testable import Policy

private let a: UInt16 = 30
private let c: UInt16 = 46
private let control: UInt16 = 29
private let altGr: UInt16 = 100

/// What was dropped on the way is accounted for, and makes the gate less sure, never more.
@Suite struct NothingVanishesTests {
    @Test(arguments: ["stop", "close"]) func pressesCountedBeforeTheEndAreWritten(ending: String) throws {
        let desk = try Desk([:])
        desk.focus("plain", at: 0)
        desk.confirm(at: 1)
        desk.press(a, at: 100)
        desk.confirm(at: 110)
        desk.advance(to: 111)
        #expect(desk.lines == [])
        if ending == "stop" { desk.stop(at: 112) } else { desk.close(at: 112) }
        #expect(desk.lines.first == "counts letter 1 plain")
    }

    @Test func theLossOfAFullHoldBackStandsWhereTheEventsAreMissing() throws {
        let desk = try Desk(capacity: 8)
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        for ms in 0..<10 { desk.move(at: 100 + Double(ms)) }
        desk.confirm(at: 160)
        desk.advance(to: 161)
        desk.move(at: 170)
        desk.confirm(at: 230)
        desk.advance(to: 231)
        #expect(desk.lines.suffix(3) == ["move full", "lost 2 holdBackFull", "move full"])
    }

    /// Control goes up unseen: without the loss every letter after it would look like a command.
    @Test func afterLostKeysNoCommandIsBelieved() throws {
        let desk = try Desk([:], capacity: 4)
        desk.focus("plain", at: 0)
        desk.confirm(at: 1)
        desk.press(control, at: 100)
        for ms in 1...3 { desk.move(at: 100 + Double(ms)) }
        desk.release(control, at: 104)
        desk.confirm(at: 110)
        desk.advance(to: 111)
        desk.press(c, at: 120)
        desk.confirm(at: 130)
        desk.advance(to: 201)
        #expect(desk.lines.contains("lost 1 holdBackFull"))
        #expect(desk.lines.contains("counts letter 1 plain"))
        #expect(!desk.lines.contains { $0.hasPrefix("press") })
        // Control may be down after all: it is pressed anew, and still nothing is certain.
        desk.press(control, at: 210)
        desk.press(c, at: 211)
        desk.confirm(at: 220)
        desk.advance(to: 301)
        #expect(!desk.lines.contains { $0.hasPrefix("press") })
    }

    /// The release of the first press went missing; that of the second, typed under `class`, is not the first's.
    @Test func aReleaseBelongsToTheLastPressOfItsKey() throws {
        let desk = try Desk()
        desk.focus("full", at: 0, window: 1)
        desk.confirm(at: 1)
        desk.press(a, at: 10)
        desk.confirm(at: 20)
        desk.focus("plain", at: 30, window: 2)
        desk.confirm(at: 31)
        desk.press(a, at: 40)
        desk.confirm(at: 50)
        desk.focus("full", at: 60, window: 1)
        desk.confirm(at: 61)
        desk.release(a, at: 70)
        desk.confirm(at: 80)
        desk.advance(to: 101)
        #expect(desk.lines == ["press 30 full", "counts letter 1 plain"])
    }

    @Test func aKeyboardThatIsUnpluggedTakesItsDoubtsAlong() throws {
        let desk = try Desk([:])
        desk.gate.keysWereDown([altGr], on: 9)
        desk.focus("plain", at: 0)
        desk.confirm(at: 1)
        desk.gate.hold(
            Event(
                timeMicroseconds: Desk.start + 50_000, device: 9,
                payload: .deviceRemoved(DeviceRemoval(sysname: "event9"))))
        desk.press(control, at: 100)
        desk.press(c, at: 101)
        desk.confirm(at: 110)
        desk.advance(to: 201)
        #expect(desk.lines == ["press 46 plain"])
    }

    @Test func devicesComeAndGoWhileTheGateIsClosed() throws {
        let desk = try Desk()
        desk.close(at: 1)
        desk.gate.hold(
            Event(
                timeMicroseconds: Desk.start + 2000, device: 3,
                payload: .deviceRemoved(DeviceRemoval(sysname: "event3"))))
        desk.press(a, at: 3)
        desk.advance(to: 4)
        #expect(desk.written.contains { $0.payload == .deviceRemoved(DeviceRemoval(sysname: "event3")) })
        #expect(desk.lines == ["(inactive"])
    }

    /// Many windows in one bucket are written in pieces that add up.
    @Test func aBucketOfManyWindowsAddsUp() throws {
        let desk = try Desk([:])
        for index in 0..<20 {
            let ms = 100 + Double(index) * 5
            desk.focus("app\(index)", at: ms, window: UInt64(index))
            desk.confirm(at: ms + 0.1)
            desk.press(a, at: ms + 1)
            desk.confirm(at: ms + 3)
            desk.advance(to: ms + 4)
        }
        desk.advance(to: 301)
        let counted = desk.written.reduce(0) { sum, event in
            if case .keyCounts(let counts) = event.payload { sum + Int(counts[.letter]) } else { sum }
        }
        #expect(counted == 20)
    }

    @Test func countsSaturate() {
        var buckets = KeyBuckets()
        for _ in 0..<70_000 { buckets.count(.letter, timeMicroseconds: 5, focus: 1, marks: []) }
        var taken: [Event] = []
        buckets.take { taken.append($0) }
        var counts = KeyCounts()
        counts[.letter] = .max
        #expect(taken.map(\.payload) == [.keyCounts(counts)])
        #expect(taken.map(\.timeMicroseconds) == [100_000])
    }
}
