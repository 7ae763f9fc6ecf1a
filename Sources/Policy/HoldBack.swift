import Events
import Glibc

/// Events that wait for a decision, oldest first.
///
/// They may be keys that must never be written, so the memory is locked (never swapped), left out of core dumps and
/// zeroed as soon as a decision is made. Boxed payloads (devices, losses) live on the heap, and hold no keys.
final class HoldBack {
    let capacity: Int
    private let memory: LockedMemory<Event>
    private let slots: UnsafeMutablePointer<Event>
    @exclusivity(unchecked) private var head = 0
    @exclusivity(unchecked) private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count == capacity }

    /// - Parameter capacity: events; 300 ms of four 8 kHz mice are 9,600.
    /// - Throws: when the memory cannot be had or locked: unlocked hold-back memory is not an option.
    init(capacity: Int) throws(PolicyError) {
        self.capacity = capacity
        memory = try LockedMemory(capacity: capacity)
        slots = memory.slots
    }

    deinit { discard() }

    /// Whether the oldest is of somebody's hand. Only while not empty.
    var firstIsInput: Bool { slots[head].payload.isInput }

    /// Time of the oldest event, without copying it.
    var firstTimeMicroseconds: UInt64 { slots[head].timeMicroseconds }

    /// Whether the oldest is a pointer's event of that span. Only while not empty.
    @inline(__always) func firstIsPointer(since start: UInt64, before end: UInt64) -> Bool {
        let place = slots + head
        let time = place.pointee.timeMicroseconds
        return time >= start && time < end && place.pointee.payload.isPointer
    }

    /// Adds an event. Only while not full.
    @inline(__always) func append(_ event: consuming Event) {
        var tail = head + count
        if tail >= capacity { tail -= capacity }
        (slots + tail).initialize(to: event)
        count += 1
    }

    /// Takes the oldest event out and wipes its place. Only while not empty.
    @inline(__always) func removeFirst() -> Event {
        let place = slots + head
        let event = place.move()
        memset(UnsafeMutableRawPointer(place), 0, MemoryLayout<Event>.stride)
        head += 1
        if head == capacity { head = 0 }
        count -= 1
        return event
    }

    /// The same, attributed before it moves: an event that is changed on its way is copied.
    @inline(__always) func removeFirst(attributedTo focus: FocusID) -> Event {
        slots[head].focus = focus
        return removeFirst()
    }

    /// Forgets everything that waits.
    func discard() {
        while !isEmpty { _ = removeFirst() }
    }
}

extension Payload {
    /// Of anybody's hand, and no key.
    fileprivate var isPointer: Bool {
        switch self {
        case .key, .keyCounts: false
        default: isInput
        }
    }
}
