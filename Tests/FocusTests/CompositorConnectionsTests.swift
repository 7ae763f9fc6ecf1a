import CLinuxShim
import Glibc
import Testing

@testable import Focus

/// A socket that listens, as a compositor's, and waits for its clients by epoll; in this process.
private final class Listener {
    let path = "/tmp/kymo-connections-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    private let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    private let epoll: Int32
    private var opened: [Int32] = []

    init(waitsByEpoll: Bool) {
        epoll = waitsByEpoll ? kymo_epoll() : -1
        _ = withAddress { bind(socket, $0, $1) }
        listen(socket, 8)
    }

    deinit {
        for descriptor in opened + [socket, epoll] where descriptor >= 0 { close(descriptor) }
        unlink(path)
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// A client's end.
    func connect() -> Int32 {
        let client = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(withAddress { Glibc.connect(client, $0, $1) } == 0)
        opened.append(client)
        return client
    }

    /// Takes the next one that waits: this end, and its inode.
    func accept() -> (descriptor: Int32, inode: UInt64) {
        let descriptor = Glibc.accept(socket, nil, nil)
        opened.append(descriptor)
        if epoll >= 0 { #expect(kymo_epoll_add(epoll, descriptor) == 0) }
        var status = stat()
        fstat(descriptor, &status)
        return (descriptor, UInt64(status.st_ino))
    }

    func hangUp(_ descriptor: Int32) {
        opened.removeAll { $0 == descriptor }
        close(descriptor)
    }
}

@Suite(.serialized) struct CompositorConnectionsTests {
    @Test(arguments: [true, false])
    func everybodyWhoIsAcceptedIsSeen(waitsByEpoll: Bool) {
        let listener = Listener(waitsByEpoll: waitsByEpoll)
        let own = listener.connect()
        let first = listener.accept()
        let connections = CompositorConnections(socket: own, process: getpid())
        #expect(connections.look(isFresh: false) == Connections(accepted: [first.inode]))
        _ = listener.connect()
        #expect(connections.look(isFresh: true) == Connections(accepted: [first.inode], waiting: 1))
        let second = listener.accept()
        #expect(connections.look(isFresh: false)?.accepted == [first.inode, second.inode])
        listener.hangUp(second.descriptor)
        #expect(connections.look(isFresh: false) == Connections(accepted: [first.inode]))
        // The number of the descriptor is the same again.
        _ = listener.connect()
        let third = listener.accept()
        #expect(connections.look(isFresh: false)?.accepted == [first.inode, third.inode])
    }

    @Test func aTableWithoutAnybodyIsNotTheCompositors() {
        let listener = Listener(waitsByEpoll: true)
        let connections = CompositorConnections(socket: listener.connect(), process: getpid())
        #expect(connections.look(isFresh: true) == nil, "it has not accepted anybody, so it cannot have answered")
        #expect(CompositorConnections(socket: -1, process: getpid()).look(isFresh: true) == nil)
    }
}
