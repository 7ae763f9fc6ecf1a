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

    /// Hands out all of them, oldest first, and starts anew at the beginning.
    @inline(__always) func empty(_ body: (consuming Element) -> Void) {
        let end = tail
        while head < end {
            head += 1
            body((base + head - 1).move())
        }
        if head == tail {
            head = 0
            tail = 0
        }
    }
}
