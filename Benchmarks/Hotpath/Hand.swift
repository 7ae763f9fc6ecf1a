import Events

/// One report of a mouse.
struct Report {
    var timeMicroseconds: UInt64
    var dx: Int32
    var dy: Int32
}

/// A hand on a mouse, the same every time: strokes that start and end slowly, with rests between them in which nothing is
/// reported. Integers and exact fractions only, so that every machine makes the same reports.
struct Hand {
    private var random: SplitMix
    private let rate: Int
    private var clock: UInt64
    private var carry = (x: 0.0, y: 0.0)
    private var stroke: (length: Int, place: Int, distance: Double, direction: (Double, Double))?

    private static let directions: [(Double, Double)] = [
        (1, 0), (0.75, 0.625), (0, 1), (-0.75, 0.625), (-1, 0), (-0.75, -0.625), (0, -1), (0.75, -0.625), (0.9375, 0.25),
        (-0.9375, 0.25), (0.25, -0.9375),
    ]

    /// - Parameter rate: reports per second while the mouse moves.
    init(rate: Int, seed: UInt64 = 1) {
        random = SplitMix(state: seed)
        self.rate = rate
        clock = 1_000_000_000
    }

    mutating func next() -> Report {
        while true {
            var current = stroke ?? begin()
            guard current.place < current.length else {
                stroke = nil
                clock += UInt64.random(in: 50_000...550_000, using: &random)
                continue
            }
            let x = (Double(current.place) + 0.5) / Double(current.length)
            // Minimum jerk: what arms do.
            let speed = 30 * x * x * (1 - x) * (1 - x) / Double(current.length) * current.distance
            current.place += 1
            stroke = current
            clock += UInt64(1_000_000 / rate)
            carry.x += speed * current.direction.0
            carry.y += speed * current.direction.1
            let dx = carry.x.rounded(.towardZero)
            let dy = carry.y.rounded(.towardZero)
            if dx == 0, dy == 0 { continue }
            carry.x -= dx
            carry.y -= dy
            // The kernel stamps when the interrupt is handled: a few microseconds late, seldom more.
            let late = UInt64.random(in: 0...6, using: &random)
            let seldom = UInt64.random(in: 0..<100, using: &random) == 0 ? UInt64.random(in: 0...40, using: &random) : 0
            return Report(timeMicroseconds: clock + late + seldom, dx: Int32(dx), dy: Int32(dy))
        }
    }

    private mutating func begin() -> (length: Int, place: Int, distance: Double, direction: (Double, Double)) {
        let milliseconds = Int.random(in: 150...750, using: &random)
        let distance = Double(Int.random(in: 200...1700, using: &random))
        return (milliseconds * rate / 1000, 0, distance, Self.directions.randomElement(using: &random)!)
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

extension Report {
    /// As the devices hand it over: whole device units.
    var event: Event {
        Event(
            timeMicroseconds: timeMicroseconds, device: 1,
            payload: .motion(Motion(dx: Fixed8(raw: dx << 8), dy: Fixed8(raw: dy << 8))))
    }
}

/// A session at the desk: strokes, and between them, every fortieth event, a key, a button or a click of the wheel.
func session(rate: Int, count: Int) -> [Event] {
    var hand = Hand(rate: rate)
    var events: [Event] = []
    events.reserveCapacity(count)
    for index in 0..<count {
        var event = hand.next().event
        switch index % 80 {
        case 38: event.payload = .key(Key(code: UInt16(30 + index / 80 % 8), press: .pressed))
        case 39: event.payload = .key(Key(code: UInt16(30 + index / 80 % 8), press: .released))
        case 78: event.payload = .button(Button(code: 0x110, press: index / 80 % 2 == 0 ? .pressed : .released))
        case 79:
            event.payload = .scroll(
                Scroll(source: .wheel, axes: .vertical, verticalV120: 120, vertical: Fixed8(raw: 15 << 8)))
        default: break
        }
        events.append(event)
    }
    return events
}
