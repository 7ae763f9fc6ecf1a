/// Elements in memory that is there from the start, moved in and moved out: no more than what they cost themselves.
final class Queue<Element> {
    private let base: UnsafeMutablePointer<Element>
    private let capacity: Int
    @exclusivity(unchecked) private var head = 0
    @exclusivity(unchecked) private var tail = 0

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit {
        (base + head).deinitialize(count: tail - head)
        base.deallocate()
    }

    var count: Int { tail - head }

    @inline(__always) func append(_ element: consuming Element) {
        precondition(tail < capacity)
        (base + tail).initialize(to: element)
        tail += 1
    }

    /// The oldest, moved out; an empty queue starts anew at its beginning.
    @inline(__always) func next() -> Element? {
        guard head < tail else {
            head = 0
            tail = 0
            return nil
        }
        head += 1
        return (base + head - 1).move()
    }
}
