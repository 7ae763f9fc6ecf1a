import Events
import Policy

/// A gate with an agent that answers each probe 200 µs later, fed as the recorder feeds it: reports gather for a
/// millisecond, and wait for the agent's word up to 50 ms.
final class Desk {
    static let gatherMicroseconds: UInt64 = 1_000
    private let gate: Gate
    private var nextTurn: UInt64 = 0
    private var outstanding: (probe: UInt64, sent: UInt64)?

    init(openedMicroseconds now: UInt64) throws {
        gate = try Gate(rules: RuleSet([AppRule(app: AppGlob("editor")!, keys: .full, titles: .off)]))
        gate.setOpen(true, nowMicroseconds: now) { _ in }
        gate.agentConnected(nowMicroseconds: now)
        gate.focusChanged(
            FocusDescription(id: 0, state: .window, appID: "editor", window: 1), receivedMicroseconds: now)
    }

    /// An event comes; whatever is decided by then goes to `body`.
    @inline(__always) func take(_ event: consuming Event, _ body: (consuming PermittedEvent) -> Void) {
        let now = event.timeMicroseconds
        if now >= nextTurn {
            turn(nowMicroseconds: now, body)
            nextTurn = now + Self.gatherMicroseconds
        }
        gate.hold(event)
    }

    func turn(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        if let (probe, sent) = outstanding, now >= sent + 200 {
            _ = gate.watermark(
                probe: probe, sentMicroseconds: sent, answeredMicroseconds: sent + 200,
                checkedMicroseconds: sent + 200, nowMicroseconds: now)
            outstanding = nil
        }
        gate.advance(nowMicroseconds: now, body)
        if let probe = gate.probeDue(nowMicroseconds: now) { outstanding = (probe, now) }
    }
}
