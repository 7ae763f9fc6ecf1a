import CLinuxShim
import EventLoop
import Glibc
import Synchronization

/// Work that waits for the disk, one piece at a time, away from the input thread. What people decide is rare, so that each
/// has a thread of its own: at rest there is none.
final class Errands {
    /// What goes to the thread and comes back.
    private final class Carrier: Sendable {
        private let work: @Sendable () -> any Sendable
        private let bell: Int32
        let result = Mutex<(any Sendable)?>(nil)

        init(bell: Int32, work: @escaping @Sendable () -> any Sendable) {
            self.bell = bell
            self.work = work
        }

        func run() {
            let value = work()
            result.withLock { $0 = value }
            var one: UInt64 = 1
            write(bell, &one, MemoryLayout<UInt64>.size)
        }
    }

    private struct Errand {
        let carrier: Carrier
        let then: (any Sendable) -> Void
    }

    private let bell: Int32
    private let loop: EventLoop
    private var waiting: [Errand] = []
    private var running: (errand: Errand, thread: pthread_t)?

    init(loop: EventLoop) throws {
        self.loop = loop
        bell = kymo_eventfd()
        guard bell >= 0 else { throw StartError.noEvents(errno: errno) }
        try loop.add(bell) { [unowned self] in finish() }
    }

    deinit {
        if let running { pthread_join(running.thread, nil) }
        loop.remove(bell)
        close(bell)
    }

    /// - Parameter then: called from the loop with what `work` returned. Errands are done in the order of the calls.
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T, then: @escaping (T) -> Void) {
        waiting.append(Errand(carrier: Carrier(bell: bell, work: work), then: { then($0 as! T) }))
        start()
    }

    /// Ends when everything that was asked for is done: what was decided before a stop is kept.
    func settle() {
        while let current = running {
            pthread_join(current.thread, nil)
            running = nil
            conclude(current.errand)
            start()
        }
    }

    private func start() {
        guard running == nil, let next = waiting.first else { return }
        waiting.removeFirst()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(next.carrier)
        let result = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Carrier>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            // Without a thread it is done here: late is better than never.
            context.release()
            next.carrier.run()
            return conclude(next)
        }
        running = (next, thread)
    }

    private func finish() {
        var count: UInt64 = 0
        _ = read(bell, &count, MemoryLayout<UInt64>.size)
        guard let current = running, current.errand.carrier.result.withLock({ $0 != nil }) else { return }
        pthread_join(current.thread, nil)
        running = nil
        conclude(current.errand)
        start()
    }

    private func conclude(_ errand: Errand) {
        if let value = errand.carrier.result.withLock({ $0 }) { errand.then(value) }
    }
}
