import CLinuxShim
import Glibc
import Testing

@testable import Focus

/// A socket that listens, as a compositor's, and waits for its clients by epoll; in this process.
private final class Listener {
    let path = "/tmp/kymo-connections-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    private let socket: Int32
    private let epoll: Int32
    private var opened: [Int32] = []

    init(waitsByEpoll: Bool) {
        epoll = waitsByEpoll ? kymo_epoll() : -1
        // Close-on-exec, as the others: programs that other tests start must not keep what is hung up.
        socket = kymo_unix_listen(path, 0, 8)
    }

    deinit {
        for descriptor in opened + [socket, epoll] where descriptor >= 0 { close(descriptor) }
        unlink(path)
    }

    /// A client's end.
    func connect() -> Int32 {
        let client = kymo_unix_connect(path, 0)
        #expect(client >= 0)
        opened.append(client)
        return client
    }

    /// Takes the next one that waits: this end, and its inode.
    func accept() -> (descriptor: Int32, inode: UInt64) {
        let descriptor = kymo_unix_accept(socket)
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
        // A child of another test's has it, too, until it becomes another program.
        var isGone = false
        for _ in 0..<10_000 where !isGone {
            isGone = connections.look(isFresh: false) == Connections(accepted: [first.inode])
            if !isGone { usleep(1000) }
        }
        #expect(isGone)
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
