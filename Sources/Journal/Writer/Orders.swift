import Synchronization

/// What the input thread asks of the journal's thread besides writing events. An order keeps its place among them: what was
/// appended before it is written before it is carried out, and what comes later, after.
final class Orders: Sendable {
    enum Order: Sendable {
        /// Begin a new segment, of that origin if there is one.
        case rotate(SegmentOrigin?)
        /// Forget in what was written so far. Told once how it went.
        case forget(ForgetRequest, @Sendable (Result<ForgettingReport, JournalError>) -> Void)
    }

    private struct Placed: Sendable {
        /// Of the first event behind it.
        var position: Int
        var order: Order
    }
    private let placed = Mutex<[Placed]>([])

    /// Input thread.
    func place(_ order: Order, at position: Int) {
        placed.withLock { $0.append(Placed(position: position, order: order)) }
    }

    /// Journal's thread: where to stop taking events; nil: nowhere yet.
    var firstPosition: Int? { placed.withLock { $0.first?.position } }

    /// Journal's thread: the first order, if all events before it were taken.
    func take(at position: Int) -> Order? {
        placed.withLock { orders in
            guard let first = orders.first, first.position <= position else { return nil }
            return orders.removeFirst().order
        }
    }
}
