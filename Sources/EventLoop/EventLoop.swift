import CLinuxShim
import Glibc

/// Why the loop cannot watch something.
public struct EventLoopError: Error, CustomStringConvertible {
    public let what: String
    public let code: Int32
    public var description: String { "cannot \(what): \(String(cString: strerror(code)))" }
}

/// One epoll descriptor; the thread that owns it owns everything registered with it.
public final class EventLoop {
    private let epoll: Int32
    /// By descriptor: small numbers, and looked up at every wake-up.
    private var handlers: [(() -> Void)?] = []
    private struct Preparation {
        let owner: ObjectIdentifier
        let prepare: () -> UInt64?
    }
    private var preparations: [Preparation] = []
    private var ready: [Int32] = Array(repeating: 0, count: 16)
    public var isRunning = true

    public init() throws(EventLoopError) {
        epoll = kymo_epoll()
        guard epoll >= 0 else { throw EventLoopError(what: "create an epoll descriptor", code: errno) }
    }

    deinit { close(epoll) }

    /// Calls `handler` whenever the descriptor is readable or broken. The descriptor stays the caller's.
    public func add(_ descriptor: Int32, _ handler: @escaping () -> Void) throws(EventLoopError) {
        guard kymo_epoll_add(epoll, descriptor) == 0 else {
            throw EventLoopError(what: "watch descriptor \(descriptor)", code: errno)
        }
        let index = Int(descriptor)
        while handlers.count <= index { handlers.append(nil) }
        handlers[index] = handler
    }

    /// Before the descriptor is closed.
    public func remove(_ descriptor: Int32) {
        kymo_epoll_remove(epoll, descriptor)
        if handlers.indices.contains(Int(descriptor)) { handlers[Int(descriptor)] = nil }
    }

    /// Whether the handler of a watched descriptor is also called when it can be written.
    public func wantsWriting(_ wants: Bool, _ descriptor: Int32) throws(EventLoopError) {
        guard kymo_epoll_writing(epoll, descriptor, wants ? 1 : 0) == 0 else {
            throw EventLoopError(what: "watch descriptor \(descriptor)", code: errno)
        }
    }

    /// Calls `prepare` before each wait, for a library that has work of its own beside its descriptor. It returns when
    /// it must be called again at the latest (CLOCK_MONOTONIC, µs; nil: when something happens).
    /// Every turn pays for it: it must look at its own state before it asks the kernel.
    public func addPreparation(of owner: AnyObject, _ prepare: @escaping () -> UInt64?) {
        preparations.append(Preparation(owner: ObjectIdentifier(owner), prepare: prepare))
    }

    public func removePreparation(of owner: AnyObject) {
        preparations.removeAll { $0.owner == ObjectIdentifier(owner) }
    }

    /// Waits until something is readable, at most until the deadline (CLOCK_MONOTONIC, µs; nil: for ever), and calls
    /// the handlers.
    public func turn(untilMicroseconds deadline: UInt64?) {
        var deadline = deadline
        for preparation in preparations {
            if let due = preparation.prepare() { deadline = min(deadline ?? .max, due) }
        }
        var wait: Int64 = -1
        if let deadline {
            let now = kymo_monotonic_microseconds()
            wait = deadline > now ? Int64(clamping: deadline - now) : 0
        }
        let count = kymo_epoll_wait(epoll, &ready, Int32(ready.count), wait)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            // A handler before may have closed it.
            handlers[Int(ready[index])]?()
        }
    }
}

/// Signals as a descriptor: they are handled where everything else is, one at a time.
public final class SignalDescriptor {
    public let descriptor: Int32

    /// Blocks those signals for the process; call before threads are started.
    public init(_ signals: [Int32]) throws(EventLoopError) {
        descriptor = kymo_signal_descriptor(signals, Int32(signals.count))
        guard descriptor >= 0 else { throw EventLoopError(what: "watch signals", code: errno) }
    }

    deinit { close(descriptor) }

    /// The next pending one, or nil.
    public func next() -> Int32? {
        let signal = kymo_next_signal(descriptor)
        return signal == 0 ? nil : signal
    }
}
