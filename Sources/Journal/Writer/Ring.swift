import CLinuxShim
import Events
import Glibc
import Policy
import Synchronization

/// The way from the input thread to the journal's: one producer, one consumer, preallocated. Neither ever waits for
/// the other; a full ring refuses, and the producer counts.
package final class Ring: Sendable {
    /// Four 8 kHz mice for a second, the writer asleep.
    package static let capacity = 32_768
    private static let mask = capacity - 1

    // Positions grow for ever; the slot is the position modulo capacity. `head` is written by the consumer alone,
    // `tail` by the producer alone, and slots between them belong to the consumer.
    private let head = Atomic<Int>(0)
    private let tail = Atomic<Int>(0)
    private let isWaiting = Atomic<Int>(0)
    nonisolated(unsafe) private let slots: UnsafeMutablePointer<PermittedEvent>
    /// Readable when the consumer should look.
    let wakeDescriptor: Int32

    /// What the consumer waits for.
    enum Waiting: Int {
        case no = 0
        /// Asleep: any event wakes it.
        case anything = 1
        /// Gathering a chunk: only a ring that is half full wakes it.
        case half = 2
    }

    package init() {
        slots = .allocate(capacity: Self.capacity)
        wakeDescriptor = kymo_eventfd()
        precondition(wakeDescriptor >= 0, "no descriptor left for the journal's ring")
    }

    deinit {
        while take() != nil {}
        slots.deallocate()
        close(wakeDescriptor)
    }

    /// Position of the next event to be taken.
    var start: Int { head.load(ordering: .acquiring) }
    /// Position of the next event to be appended.
    package var end: Int { tail.load(ordering: .acquiring) }
    var count: Int { end - start }

    /// Producer: false when full.
    package func append(_ event: consuming PermittedEvent) -> Bool {
        let position = tail.load(ordering: .relaxed)
        let used = position - head.load(ordering: .acquiring)
        guard used < Self.capacity else { return false }
        (slots + (position & Self.mask)).initialize(to: event)
        // Sequentially consistent with the consumer's `wait(for:)`: either it sees the event, or we see that it waits.
        tail.store(position + 1, ordering: .sequentiallyConsistent)
        switch isWaiting.load(ordering: .sequentiallyConsistent) {
        case Waiting.anything.rawValue: wake()
        case Waiting.half.rawValue where used >= Self.capacity / 2: wake()
        default: break
        }
        return true
    }

    /// Any thread: makes the consumer look.
    func wake() {
        isWaiting.store(Waiting.no.rawValue, ordering: .sequentiallyConsistent)
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    /// Consumer: the next event.
    func take() -> PermittedEvent? {
        let position = head.load(ordering: .relaxed)
        guard position < tail.load(ordering: .acquiring) else { return nil }
        let event = (slots + (position & Self.mask)).move()
        head.store(position + 1, ordering: .releasing)
        return event
    }

    /// Consumer: shows events where they stand, and takes them out, up to that position (`end`, or one before it), or
    /// until the body says that it wants no more.
    @inline(__always) func take(upTo end: Int, while body: (UnsafePointer<PermittedEvent>) -> Bool) {
        let start = head.load(ordering: .relaxed)
        var position = start
        var wantsMore = true
        while position < end, wantsMore {
            let slot = slots + (position & Self.mask)
            wantsMore = body(UnsafePointer(slot))
            // Input is plain values, which nobody has to give back.
            if !slot.pointee.event.payload.isInput { slot.deinitialize(count: 1) }
            position += 1
            // The producer gets room back in pieces: for each event the two would fight for a cache line.
            if position & 0xFF == 0 { head.store(position, ordering: .releasing) }
        }
        if position != start { head.store(position, ordering: .releasing) }
    }

    /// Consumer: sleeps until the ring asks for attention or the time has come (CLOCK_MONOTONIC, µs; nil: never).
    func wait(for waiting: Waiting, untilMicroseconds deadline: UInt64?) {
        isWaiting.store(waiting.rawValue, ordering: .sequentiallyConsistent)
        let present = tail.load(ordering: .sequentiallyConsistent) - head.load(ordering: .relaxed)
        let isCalled = waiting == .anything ? present > 0 : present >= Self.capacity / 2
        if !isCalled {
            let now = kymo_monotonic_microseconds()
            let rest = deadline.map { $0 > now ? Int64(clamping: $0 - now) : 0 } ?? -1
            _ = kymo_wait_readable(wakeDescriptor, rest)
        }
        isWaiting.store(Waiting.no.rawValue, ordering: .sequentiallyConsistent)
        var counter: UInt64 = 0
        _ = read(wakeDescriptor, &counter, 8)
    }
}
