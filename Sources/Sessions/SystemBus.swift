import Bus
import CLinuxShim
import EventLoop

/// The system bus for as long as the program runs: what hangs on a connection is made anew with each, and while there is
/// none nothing is known.
public final class SystemBus {
    /// Between attempts; doubled with each that fails, up to the limit.
    private static let firstWaitMicroseconds: UInt64 = 1_000_000
    private static let longestWaitMicroseconds: UInt64 = 32_000_000

    private let address: Bus.Address
    private let loop: EventLoop
    private let connected: (Bus) throws(BusError) -> Void
    private let lost: (BusError) -> Void
    private var wait = SystemBus.firstWaitMicroseconds
    private var retryMicroseconds: UInt64?
    public private(set) var bus: Bus?

    /// - Parameters:
    ///   - connected: makes what hangs on a connection. Called again after each loss.
    ///   - lost: the connection is gone, or was never there; once for each attempt.
    public init(
        _ address: Bus.Address = .system, loop: EventLoop, connected: @escaping (Bus) throws(BusError) -> Void,
        lost: @escaping (BusError) -> Void
    ) {
        self.address = address
        self.loop = loop
        self.connected = connected
        self.lost = lost
        retryMicroseconds = 0
        loop.addPreparation(of: self) { [weak self] in self?.prepare() }
    }

    deinit { loop.removePreparation(of: self) }

    /// What was asked works: the next loss is met with the shortest wait again.
    public func works() { wait = Self.firstWaitMicroseconds }

    /// Gives the connection up, since what is behind it does not work, and tries again after a while.
    public func abandon(_ error: BusError) {
        bus?.close()
        bus = nil
        retryMicroseconds = kymo_monotonic_microseconds() + wait
        wait = min(wait * 2, Self.longestWaitMicroseconds)
        lost(error)
    }

    private func prepare() -> UInt64? {
        guard let due = retryMicroseconds else { return nil }
        guard kymo_monotonic_microseconds() >= due else { return due }
        retryMicroseconds = nil
        do throws(BusError) {
            let bus = try Bus(address, loop: loop) { [weak self] in self?.abandon($0) }
            self.bus = bus
            try connected(bus)
        } catch {
            abandon(error)
        }
        // What was added to the loop just now has not been asked yet: the loop is to turn at once.
        return retryMicroseconds ?? 0
    }
}
