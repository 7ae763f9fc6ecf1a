import CLinuxShim
import EventLoop
import Glibc
import Synchronization

/// What other threads hand to the loop, which is where everything but files is decided.
final class Deliveries {
    /// The part that other threads touch.
    private final class Post: Sendable {
        let bell: Int32
        let arrived = Mutex<[(ticket: Int, value: any Sendable)]>([])

        init() throws {
            bell = kymo_eventfd()
            guard bell >= 0 else { throw StartError.noEvents(errno: errno) }
        }

        deinit { close(bell) }

        func deliver(_ value: any Sendable, ticket: Int) {
            arrived.withLock { $0.append((ticket, value)) }
            var one: UInt64 = 1
            write(bell, &one, MemoryLayout<UInt64>.size)
        }

        func takeAll() -> [(ticket: Int, value: any Sendable)] {
            arrived.withLock { all in
                defer { all.removeAll() }
                return all
            }
        }
    }

    private let post: Post
    private let loop: EventLoop
    private var awaited: [Int: (any Sendable) -> Void] = [:]
    private var nextTicket = 0

    init(loop: EventLoop) throws {
        self.loop = loop
        post = try Post()
        try loop.add(post.bell) { [unowned self] in hand() }
    }

    deinit { loop.remove(post.bell) }

    /// What may be called once, on any thread, to have `then` called from the loop.
    func expect<T: Sendable>(_ then: @escaping (T) -> Void) -> @Sendable (T) -> Void {
        nextTicket += 1
        let ticket = nextTicket
        awaited[ticket] = { then($0 as! T) }
        return { [post] in post.deliver($0, ticket: ticket) }
    }

    private func hand() {
        var count: UInt64 = 0
        _ = read(post.bell, &count, MemoryLayout<UInt64>.size)
        for (ticket, value) in post.takeAll() { awaited.removeValue(forKey: ticket)?(value) }
    }
}
