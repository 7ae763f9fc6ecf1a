import Bus
import CLinuxShim
import EventLoop
import Glibc
import Logging

/// The session's bus, as it comes and goes. Everything in the agent that needs it is told here.
final class SessionBus {
    struct Handlers {
        var connected: (Bus) -> Void
        /// It was there, and is lost.
        var lost: () -> Void
        /// There is none, and why.
        var absent: (String) -> Void
    }

    private let loop: EventLoop
    private let handlers: Handlers
    private let retry: Retry
    private var bus: Bus?

    init(loop: EventLoop, handlers: Handlers) {
        self.loop = loop
        self.handlers = handlers
        retry = Retry(loop: loop, directory: Surroundings.runtimeDirectory) { $0 == "bus" }
    }

    var deadlineMicroseconds: UInt64? { retry.deadlineMicroseconds }

    func actIfDue() {
        guard retry.isDue else { return }
        retry.pause()
        do throws(BusError) {
            let made = try Bus(.session, loop: loop) { [unowned self] in failed($0) }
            bus = made
            handlers.connected(made)
        } catch {
            failed(error)
        }
    }

    private func failed(_ error: BusError) {
        bus = nil
        guard case .noConnection(let code) = error, [ENOENT, ECONNREFUSED, ENOMEDIUM, ENXIO].contains(code) else {
            log(.notice, "\(error); which fields are passwords' is not known until the session's bus is back")
            handlers.lost()
            return retry.later()
        }
        // Nobody to wait for at any time: its socket appears, or it does not.
        handlers.absent("\(error)")
        retry.whenStirred()
    }
}
