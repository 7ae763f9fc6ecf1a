import Events

/// A run of motion of one device in one window, as one line; at most a second of it.
struct MotionFold {
    /// Reports further apart than this are two movements.
    private static let pauseMicroseconds: UInt64 = 500_000
    /// A movement that goes on for longer becomes several lines: nobody who waits for the first row of a query should
    /// wait until a hand rests, nor `kymo` read minutes of journal for it.
    static let longestMicroseconds: UInt64 = 1_000_000

    let first: Event
    private var last: Event
    private var count = 1
    private var dx: Int64 = 0
    private var dy: Int64 = 0
    private var x: Int32 = 0
    private var y: Int32 = 0

    /// Nil for anything that does not come in runs.
    init?(_ event: Event) {
        first = event
        last = event
        switch event.payload {
        case .motion, .position, .scroll: add(event.payload)
        case .touch(let touch) where touch.phase == .motion || touch.phase == .frame: break
        case .tabletTool(let tool) where tool.phase == .axis: break
        case .swipe(let swipe) where swipe.phase == .update: break
        case .pinch(let pinch) where pinch.phase == .update: break
        default: return nil
        }
    }

    /// False if the event does not belong to this run.
    mutating func add(_ event: Event) -> Bool {
        guard let other = MotionFold(event), event.device == first.device, event.focus == first.focus,
            event.marks == first.marks, event.payload.recordName == first.payload.recordName,
            event.timeMicroseconds < last.timeMicroseconds + Self.pauseMicroseconds,
            event.timeMicroseconds < first.timeMicroseconds + Self.longestMicroseconds,
            Self.direction(other.first) == Self.direction(first)
        else { return false }
        count += 1
        last = event
        add(event.payload)
        return true
    }

    private mutating func add(_ payload: Payload) {
        switch payload {
        case .motion(let motion):
            dx += Int64(motion.dx.raw)
            dy += Int64(motion.dy.raw)
        case .position(let position):
            x = position.x
            y = position.y
        case .scroll(let scroll):
            dx += Int64(scroll.source == .wheel ? scroll.horizontalV120 : scroll.horizontal.raw)
            dy += Int64(scroll.source == .wheel ? scroll.verticalV120 : scroll.vertical.raw)
        default: break
        }
    }

    /// Scrolling up and down again are two things to a person.
    private static func direction(_ event: Event) -> Int {
        guard case .scroll(let scroll) = event.payload else { return 0 }
        let sum = scroll.vertical.raw &+ scroll.horizontal.raw &+ scroll.verticalV120 &+ scroll.horizontalV120
        return Int(sum.signum()) + Int(scroll.source.rawValue) * 4
    }

    var text: String {
        let span = duration(last.timeMicroseconds - first.timeMicroseconds)
        let reports = count == 1 ? "" : "   \(count) reports in \(span)"
        return switch first.payload {
        case .motion: "\(arrow(dx, dy)) dx \(units(dx)) dy \(units(dy))\(reports)"
        case .position: "to \(percent(x)) \(percent(y))\(reports)"
        case .scroll(let scroll): scrollText(scroll) + reports
        default: first.payload.recordName.rawValue.replacing("_", with: " ") + " goes on\(reports)"
        }
    }

    private func scrollText(_ scroll: Scroll) -> String {
        var parts: [String] = []
        let scale = scroll.source == .wheel ? 120.0 : 256.0
        let unit = scroll.source == .wheel ? " clicks" : ""
        if dy != 0 || dx == 0 {
            parts.append((dy > 0 ? "down " : dy < 0 ? "up " : "stop ") + short(abs(Double(dy) / scale)) + unit)
        }
        if dx != 0 { parts.append((dx > 0 ? "right " : "left ") + short(abs(Double(dx) / scale)) + unit) }
        return "\(scroll.source.name) " + parts.joined(separator: ", ")
    }

    private func units(_ raw: Int64) -> String { (raw > 0 ? "+" : "") + short(Double(raw) / 256) }
    private func percent(_ value: Int32) -> String { short(Double(value) * 100 / 65_535) + "%" }

    private func arrow(_ dx: Int64, _ dy: Int64) -> String {
        if dx == 0 && dy == 0 { return "·" }
        if abs(dx) > 2 * abs(dy) { return dx > 0 ? "→" : "←" }
        if abs(dy) > 2 * abs(dx) { return dy > 0 ? "↓" : "↑" }
        return dx > 0 ? (dy > 0 ? "↘" : "↗") : (dy > 0 ? "↙" : "↖")
    }
}

/// With at most one decimal.
func short(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded)
}

/// A length of time for a person: `840 µs`, `12.5 ms`, `3.2 s`, `4 min`.
func duration(_ microseconds: UInt64) -> String {
    switch microseconds {
    case ..<1_000: "\(microseconds) µs"
    case ..<1_000_000: short(Double(microseconds) / 1_000) + " ms"
    case ..<120_000_000: short(Double(microseconds) / 1_000_000) + " s"
    default: "\(microseconds / 60_000_000) min"
    }
}
