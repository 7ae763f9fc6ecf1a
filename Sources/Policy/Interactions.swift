import Events

/// Which widgets clicks and the focus met, as the agent tells it: what waits for a decision, and the clicks of which it was
/// asked.
///
/// Beside the hold-back and not in it: what an app says comes a tenth of a second and more behind what was done, has texts,
/// and is seldom. Mice and keys pay nothing for it.
struct Interactions {
    struct Waiting {
        var interaction: Interaction
        /// The agent's number for the window that it was in.
        var window: UInt64
        var timeMicroseconds: UInt64
    }

    /// Nobody's hands are so quick: more than this in a hold-back are dropped, and counted as withheld.
    static let capacity = 64
    /// What is not confirmed so long after it happened is withheld. Later than of a key: nothing waits for it, an app has to be
    /// asked first, and who had the keyboard is kept for a second.
    static let deadlineMicroseconds: UInt64 = 900_000
    /// Clicks of which an answer is out; the oldest goes without one.
    static let clickCapacity = 32

    private var waiting: [Waiting] = []
    private var clicks: [(number: UInt64, timeMicroseconds: UInt64, window: UInt64)] = []
    private var lastClick: UInt64 = 0
    /// What happened before this is nobody's business any more: the gate was closed, or it was to be forgotten.
    private var notBeforeMicroseconds: UInt64 = 0

    init() {
        waiting.reserveCapacity(Self.capacity)
        clicks.reserveCapacity(Self.clickCapacity)
    }

    @inline(__always) var isEmpty: Bool { waiting.isEmpty }
    var first: Waiting? { waiting.first }

    mutating func removeFirst() { waiting.removeFirst() }

    /// - Returns: false where there is no room for it.
    mutating func add(_ next: Waiting) -> Bool {
        guard next.timeMicroseconds >= notBeforeMicroseconds else { return true }
        guard waiting.count < Self.capacity else { return false }
        waiting.append(next)
        return true
    }

    /// All that waits, and all answers that are out, mean nothing any more.
    mutating func discard(beforeMicroseconds time: UInt64) {
        waiting.removeAll(keepingCapacity: true)
        clicks.removeAll(keepingCapacity: true)
        notBeforeMicroseconds = max(notBeforeMicroseconds, time)
    }

    /// - Returns: the number to ask by, not used twice, and the click that will not be answered for want of room.
    mutating func askOfClick(atMicroseconds time: UInt64, window: UInt64) -> (number: UInt64, displaced: Waiting?) {
        var displaced: Waiting?
        if clicks.count == Self.clickCapacity {
            let oldest = clicks.removeFirst()
            displaced = Waiting(
                interaction: Interaction(cause: .click), window: oldest.window,
                timeMicroseconds: oldest.timeMicroseconds)
        }
        lastClick += 1
        clicks.append((lastClick, time, window))
        return (lastClick, displaced)
    }

    /// The click of that number, once; nil: nobody was asked of such a one.
    mutating func takeClick(_ number: UInt64) -> (timeMicroseconds: UInt64, window: UInt64)? {
        guard let index = clicks.firstIndex(where: { $0.number == number }) else { return nil }
        let click = clicks.remove(at: index)
        return (click.timeMicroseconds, click.window)
    }
}
