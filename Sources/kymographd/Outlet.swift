import Events
import Journal
import Policy

/// The way from the gate to the journal's ring. When the ring is full the newest events are dropped, and a loss record
/// with their exact count takes their place as soon as there is room.
struct Outlet {
    private let journal: JournalWriter
    private var dropped: Loss?
    private(set) var lostCount: UInt64 = 0
    private(set) var tally = Tally()

    init(journal: JournalWriter) { self.journal = journal }

    mutating func write(_ event: consuming PermittedEvent) {
        let time = event.event.timeMicroseconds
        tally.count(event.event)
        if let loss = dropped {
            guard journal.append(PermittedEvent(loss: loss)) else { return drop(atMicroseconds: time) }
            dropped = nil
        }
        if !journal.append(event) { drop(atMicroseconds: time) }
    }

    /// Called when nothing else is to be written, so that a loss does not wait for the next event.
    mutating func settle() {
        if let loss = dropped, journal.append(PermittedEvent(loss: loss)) { dropped = nil }
    }

    var hasUnwrittenLoss: Bool { dropped != nil }

    private mutating func drop(atMicroseconds time: UInt64) {
        var loss =
            dropped ?? Loss(reason: .ringFull, startMicroseconds: time, endMicroseconds: time, count: 0)
        loss.startMicroseconds = min(loss.startMicroseconds, time)
        loss.endMicroseconds = max(loss.endMicroseconds, time)
        loss.count = (loss.count ?? 0) + 1
        dropped = loss
        lostCount += 1
    }
}
