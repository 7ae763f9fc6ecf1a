import CLinuxShim

/// Watches for launchers where the compositor keeps the window below one activated.
final class LauncherWatch {
    private let connections: CompositorConnections
    private var doubt: LauncherDoubt

    /// - Parameters:
    ///   - socket: connected to the compositor.
    ///   - process: the compositor's.
    ///   - nextWindow: what the next window that is announced will be called.
    init(socket: Int32, process: Int32, nextWindow: UInt64) {
        connections = CompositorConnections(socket: socket, process: process)
        doubt = LauncherDoubt(atFirst: connections.look(isFresh: true), nextWindow: nextWindow)
    }

    /// Why it is not known whether the activated window has the keyboard; nil: it has.
    var reason: String? { doubt.reason }

    /// This process has connected once more.
    func connected() { doubt.connected() }

    /// Who is there now.
    ///
    /// - Parameter activations: what the compositor has said since the last look.
    func look(nextWindow: UInt64, activations: [Activation]) {
        let now = kymo_monotonic_microseconds()
        doubt.looked(
            connections.look(isFresh: doubt.expectsConnection), nextWindow: nextWindow, atMicroseconds: now,
            newcomer: PeerProcess.newcomer)
        doubt.activated(activations, atMicroseconds: now)
    }
}
