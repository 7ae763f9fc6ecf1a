import CLinuxShim
import Glibc

/// Watches for launchers where the compositor keeps the window below one activated.
final class LauncherWatch {
    private let connections: CompositorConnections
    private var doubt: LauncherDoubt

    /// - Parameters:
    ///   - socket: connected to the compositor.
    ///   - process: the compositor's.
    ///   - nextWindow: what the next window that is announced will be called.
    ///   - isActivated: whether a window is activated already.
    init(socket: Int32, process: Int32, nextWindow: UInt64, isActivated: Bool) {
        connections = CompositorConnections(socket: socket, process: process)
        doubt = LauncherDoubt(
            atFirst: connections.look(isFresh: true), nextWindow: nextWindow, isActivated: isActivated,
            atMicroseconds: kymo_monotonic_microseconds())
    }

    private static func newcomer(_ inode: UInt64, known: Set<UInt64>) -> Newcomer {
        var newcomer = PeerProcess.newcomer(inode, known: known)
        newcomer.isOurs = newcomer.program == getpid()
        return newcomer
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
            newcomer: Self.newcomer)
        doubt.activated(activations, atMicroseconds: now)
    }
}
